// The gateway's main job in plain C, as the floor for processor time and memory.
//
//   gateway DEVICE BAUD CAN_DEVICE BROKER_PORT DATABASE SECONDS [relay]
//
// With `relay` it does nothing but read without pause and send the bank's current as soon as a
// pack's first block is there: the floor for the time from a reply to a frame.
//
// Every second: three blocks of 16 packs over Modbus RTU, six frames to an SLCAN device, one JSON
// record of about 9 kB into a SQLite outbox (WAL, synchronous FULL), published by QoS 1; rows that
// the broker acknowledged leave in the next record's transaction. One thread, no error handling
// beyond counting: less than the product does, on purpose.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PACKS = 16, BLOCKS = 3, REGISTERS = 82, RECORD = 16384, IN_FLIGHT = 1024 };

static const struct { int address, count; } blocks[BLOCKS] = {{0, 15}, {15, 42}, {57, 25}};
static uint16_t values[PACKS][REGISTERS];
static long failures;
static volatile sig_atomic_t stopping;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void sleep_until(double at) {
    struct timespec t = {(time_t)at, (long)((at - (time_t)at) * 1e9)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR && !stopping) {}
}

static uint16_t crc16(const uint8_t *bytes, int count) {
    uint16_t crc = 0xFFFF;
    for (int i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xA001 : crc >> 1;
    }
    return crc;
}

static int open_raw(const char *path) {
    int port = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (port < 0) { perror(path); exit(1); }
    struct termios mode;
    tcgetattr(port, &mode);
    cfmakeraw(&mode);
    tcsetattr(port, TCSANOW, &mode);
    return port;
}

// One read; sleeps until the answer's last character is due.
static void read_block(int line, int baud, int pack, int block) {
    static double free_at;
    double character = 10.0 / baud, silence = baud <= 19200 ? 3.5 * character : 0.00175;
    int address = blocks[block].address, count = blocks[block].count, wanted = 5 + 2 * count, got = 0;
    uint8_t request[8] = {pack + 1, 3, address >> 8, address & 255, 0, count}, answer[260];
    uint16_t crc = crc16(request, 6);
    request[6] = crc & 255;
    request[7] = crc >> 8;
    sleep_until(free_at + silence);
    double began = now();
    if (write(line, request, 8) != 8) failures++;
    sleep_until(began + (8 + wanted) * character + silence);
    while (got < wanted && now() < began + 1) {
        struct pollfd p = {line, POLLIN, 0};
        if (poll(&p, 1, 1000) <= 0) break;
        ssize_t more = read(line, answer + got, wanted - got);
        if (more > 0) got += more;
    }
    free_at = now();
    if (got != wanted || crc16(answer, wanted - 2) != (answer[wanted - 2] | answer[wanted - 1] << 8)) {
        failures++;
        return;
    }
    for (int i = 0; i < count; i++) values[pack][address + i] = answer[3 + 2 * i] << 8 | answer[4 + 2 * i];
}

static void send_frame(int bus, int identifier, const uint8_t *data, int length) {
    char line[32];
    int used = snprintf(line, sizeof line, "t%03X%d", identifier, length);
    for (int i = 0; i < length; i++) used += snprintf(line + used, sizeof line - used, "%02X", data[i]);
    line[used++] = '\r';
    if (write(bus, line, used) != used) failures++;
}

static void put(uint8_t *data, int value) { data[0] = value & 255; data[1] = value >> 8 & 255; }

static void send_frames(int bus) {
    long voltage = 0, current = 0, charge = 0;
    int alarms = 0;
    for (int pack = 0; pack < PACKS; pack++) {
        current += (int16_t)values[pack][0];
        voltage += values[pack][1];
        charge += values[pack][2];
        alarms |= values[pack][10];
    }
    uint8_t alarm[7] = {alarms & 255, alarms >> 8, 0, 0, PACKS, 'P', 'N'}, limit[8], state[4], measured[6];
    uint8_t request[2] = {0xC0, 0};
    put(limit, 560); put(limit + 2, 8000); put(limit + 4, 16000); put(limit + 6, 448);
    put(state, charge / PACKS); put(state + 2, values[0][3]);
    put(measured, voltage / PACKS); put(measured + 2, current / 10); put(measured + 4, values[0][31]);
    send_frame(bus, 0x359, alarm, 7);
    send_frame(bus, 0x351, limit, 8);
    send_frame(bus, 0x355, state, 4);
    send_frame(bus, 0x356, measured, 6);
    send_frame(bus, 0x35C, request, 2);
    send_frame(bus, 0x35E, (const uint8_t *)"PYLON   ", 8);
    char drained[512];
    while (read(bus, drained, sizeof drained) > 0) {}
}

static void relay(int line, int bus, int baud, double end) {
    while (now() < end && !stopping)
        for (int pack = 0; pack < PACKS; pack++)
            for (int block = 0; block < BLOCKS; block++) {
                read_block(line, baud, pack, block);
                if (block > 0) continue;
                uint8_t measured[6] = {0};
                long current = 0;
                for (int i = 0; i < PACKS; i++) current += (int16_t)values[i][0];
                put(measured + 2, current / 10);
                send_frame(bus, 0x356, measured, 6);
            }
}

static int write_record(char *out, long sequence) {
    int used = snprintf(out, RECORD, "{\"schema\":\"bench\",\"seq\":%ld,\"packs\":[", sequence);
    for (int pack = 0; pack < PACKS; pack++) {
        const uint16_t *r = values[pack];
        used += snprintf(out + used, RECORD - used,
            "%s{\"pack\":%d,\"serial\":\"BENCH%015d\",\"status\":\"online\",\"age_ms\":{\"values\":120,\"cells\":120,"
            "\"flags\":120},\"voltage_v\":%d.%02d,\"current_a\":%.2f,\"soc_pct\":%d,\"soh_pct\":%d,"
            "\"remaining_ah\":%d.%02d,\"full_ah\":%d.%02d,\"cycles\":%d,\"charge_current_limit_a\":null,"
            "\"discharge_current_limit_a\":null,\"mosfet_temperature_c\":%.1f,\"ambient_temperature_c\":%.1f,"
            "\"cells_mv\":[", pack ? "," : "", pack + 1, pack + 1, r[1] / 100, r[1] % 100,
            (int16_t)r[0] / 100.0, r[2], r[3], r[4] / 100, r[4] % 100, r[5] / 100, r[5] % 100, r[7],
            (int16_t)r[35] / 10.0, (int16_t)r[36] / 10.0);
        for (int cell = 0; cell < 16; cell++)
            used += snprintf(out + used, RECORD - used, "%s%d", cell ? "," : "", r[15 + cell]);
        used += snprintf(out + used, RECORD - used, "],\"probes_c\":[%.1f,%.1f,%.1f,%.1f],\"balancing\":%d,"
            "\"charge_switch\":true,\"discharge_switch\":true,\"warnings\":[],\"protections\":[],\"faults\":[],"
            "\"flag_words\":[%d,%d,%d]}", (int16_t)r[31] / 10.0, (int16_t)r[32] / 10.0, (int16_t)r[33] / 10.0,
            (int16_t)r[34] / 10.0, r[12], r[9], r[10], r[11]);
    }
    return used + snprintf(out + used, RECORD - used, "]}");
}

static sqlite3_int64 row_of[65536], freed[IN_FLIGHT];
static int freed_count;

static void on_acknowledged(struct mosquitto *link, void *context, int identifier) {
    (void)link; (void)context;
    if (freed_count < IN_FLIGHT) freed[freed_count++] = row_of[identifier & 65535];
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *text) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, text, -1, &statement, NULL) == SQLITE_OK) return statement;
    fprintf(stderr, "gateway: %s\n", sqlite3_errmsg(database));
    exit(1);
}

static void execute(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) failures++;
    sqlite3_reset(statement);
}

static void on_signal(int signal) { (void)signal; stopping = 1; }

int main(int count, char **words) {
    if (count < 7) { fprintf(stderr, "usage: gateway DEVICE BAUD CAN_DEVICE BROKER_PORT DATABASE SECONDS\n"); return 2; }
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    prctl(PR_SET_TIMERSLACK, 1);
    int line = open_raw(words[1]), bus = open_raw(words[3]), baud = atoi(words[2]);
    double seconds = atof(words[6]), next = now(), end = next + seconds;
    if (write(bus, "S6\rO\r", 5) != 5) failures++;
    if (count > 7) {
        relay(line, bus, baud, end);
        return failures > 0;
    }
    sqlite3 *database;
    if (sqlite3_open(words[5], &database)) return 1;
    sqlite3_exec(database, "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
        "CREATE TABLE IF NOT EXISTS record(id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB)", NULL, NULL, NULL);
    sqlite3_stmt *begin = prepare(database, "BEGIN IMMEDIATE"), *commit = prepare(database, "COMMIT");
    sqlite3_stmt *insert = prepare(database, "INSERT INTO record(body) VALUES(?1)");
    sqlite3_stmt *forget = prepare(database, "DELETE FROM record WHERE id=?1");
    mosquitto_lib_init();
    struct mosquitto *link = mosquitto_new("bench-c", true, NULL);
    mosquitto_publish_callback_set(link, on_acknowledged);
    if (mosquitto_connect(link, "127.0.0.1", atoi(words[4]), 60)) return 1;
    static char record[RECORD];
    for (long cycle = 0; now() < end && !stopping; cycle++) {
        for (int pack = 0; pack < PACKS; pack++)
            for (int block = 0; block < BLOCKS; block++) read_block(line, baud, pack, block);
        send_frames(bus);
        int length = write_record(record, cycle), identifier;
        execute(begin);
        while (freed_count > 0) {
            sqlite3_bind_int64(forget, 1, freed[--freed_count]);
            execute(forget);
        }
        sqlite3_bind_blob(insert, 1, record, length, SQLITE_STATIC);
        execute(insert);
        sqlite3_int64 row = sqlite3_last_insert_rowid(database);
        execute(commit);
        if (mosquitto_publish(link, &identifier, "bench/telemetry", length, record, 1, false)) failures++;
        else row_of[identifier & 65535] = row;
        next += 1;
        for (double left; (left = next - now()) > 0 && !stopping;)
            mosquitto_loop(link, (int)(left * 1000) + 1, 1);
    }
    fprintf(stderr, "gateway: %ld failures\n", failures);
    return failures > 0;
}
