// A serial line with battery packs, and the CAN bus of an inverter: the neutral judge of benchmarks.
//
//   pack_bus LINK [option=value …]
//
// LINK becomes a symbolic link to a pseudo-terminal on which `packs` units answer Modbus RTU reads as
// PACE V1.3 packs do. Whoever reads them is timed here, so every client is measured alike.
//
//   baud=N       emulates the wire: the request takes its own time, then 3.5 characters of silence,
//                then the answer comes in pieces of at most 1 ms, as from a UART. 0 answers at once.
//   packs=N      units 1…N (16)
//   gap_us=N     silence the map asks for between an answer and the next request; goes into the limit
//   mute=U       unit U never answers
//   mute_after=S seconds after the start at which unit U falls silent (0)
//   slcan=LINK   a second pseudo-terminal that takes SLCAN frames and sends the inverter's 0x305
//   step=1       each read of register 0 raises that pack's current by 0.1 A, so that the bank's
//                current tells which answer a frame 0x356 carries
//   cycle_ms=N   period of the CAN frames, for jitter (1000)
//   log=FILE     every cycle: its start, its duration and the wire limit, seconds
//
// SIGUSR1 prints what was counted so far as one line of JSON and forgets it, which ends a warm-up or
// a phase; SIGTERM prints it and ends.
// One thread owns the line and one the CAN side; what they share is behind `lock`.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PACKS = 247, REGISTERS = 200, MOST_SAMPLES = 400000, MOST_IDS = 64, PENDING = 4096 };

static volatile sig_atomic_t stopping, forgetting;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
    double baud, gap, mute_after;
    int packs, mute, step, cycle_ms;
    const char *slcan, *log;
} options = {.packs = 16, .mute = -1, .cycle_ms = 1000};

static uint16_t registers[MOST_PACKS + 1][REGISTERS];

// A growing list of durations in seconds; beyond its room it forgets the rest and keeps counting.
struct samples {
    double *values;
    long count, room;
};
static struct samples cycles, ratios, latencies, jitters;
static long requests, damaged, violations, refused, frames, coalesced, mute_requests, mute_cycles;
static double mute_extra_total, mute_extra_cycle, mute_extra_most, first_frame_at, started_at, began_at;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void sleep_until(double at) {
    struct timespec t = {(time_t)at, (long)((at - (time_t)at) * 1e9)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR && !stopping) {}
}

static void add(struct samples *list, double value) {
    if (list->count == list->room && list->room < MOST_SAMPLES) {
        list->room = list->room ? list->room * 2 : 1024;
        list->values = realloc(list->values, list->room * sizeof(double));
        if (!list->values) exit(1);
    }
    if (list->count < list->room) list->values[list->count++] = value;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(struct samples *list, double share) {
    if (!list->count) return 0;
    qsort(list->values, list->count, sizeof(double), ascending);
    long index = (long)(share * (list->count - 1) + 0.5);
    return list->values[index];
}

static uint16_t crc16(const uint8_t *bytes, int count) {
    uint16_t crc = 0xFFFF;
    for (int i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xA001 : crc >> 1;
    }
    return crc;
}

// Fills one unit with the values of a healthy 16-cell pack of 100 Ah at rest.
static void fill_pack(int unit) {
    uint16_t *r = registers[unit];
    int sum = 0;
    for (int cell = 0; cell < 16; cell++) {
        r[15 + cell] = 3270 + (unit * 7 + cell * 3) % 25;  // mV
        sum += r[15 + cell];
    }
    r[0] = (uint16_t)(-300 + unit * 10);       // 0.01 A, positive charges
    r[1] = sum / 10;                           // 0.01 V
    r[2] = 55 + unit % 10;                     // state of charge, %
    r[3] = 99;                                 // state of health, %
    r[4] = 5500 + unit * 10;                   // remaining capacity, 0.01 Ah
    r[5] = r[6] = 10000;                       // full and design capacity, 0.01 Ah
    r[7] = 120 + unit;                         // cycles
    r[11] = 1 << 10 | 1 << 11;                 // both MOSFETs on
    for (int probe = 31; probe <= 36; probe++) r[probe] = 215 + (unit + probe) % 20;  // 0.1 degC
    for (int setting = 60; setting <= 114; setting++) r[setting] = 3000 + setting;
    char text[61];
    snprintf(text, sizeof text, "P16S100A-1.30       PACE-BENCH          BENCH%015d", unit);
    for (int i = 0; i < 30; i++) r[150 + i] = (uint16_t)(text[2 * i] << 8 | text[2 * i + 1]);
}

static int open_terminal(const char *link) {
    int master, other;
    char name[128];
    if (openpty(&master, &other, name, NULL, NULL)) { perror("pack_bus: openpty"); exit(1); }
    struct termios mode;
    tcgetattr(other, &mode);
    cfmakeraw(&mode);
    tcsetattr(other, TCSANOW, &mode);  // `other` stays open so that the terminal outlives its clients
    unlink(link);
    if (symlink(name, link)) { perror("pack_bus: symlink"); exit(1); }
    return master;
}

// When each frame was last seen, for its period.
static struct { int identifier; double at; } last_sent[MOST_IDS];

// What the line carried lately: changes of the bank's current that no frame has shown yet.
static struct { int decis; double at; } pending[PENDING];
static unsigned pending_head, pending_tail;

static void note_change(double at) {
    int centis = 0;
    for (int unit = 1; unit <= options.packs; unit++)
        if (unit != options.mute) centis += (int16_t)registers[unit][0];
    pthread_mutex_lock(&lock);
    pending[pending_head % PENDING].decis = centis / 10;
    pending[pending_head % PENDING].at = at;
    pending_head++;
    if (pending_head - pending_tail > PENDING) pending_tail = pending_head - PENDING;
    pthread_mutex_unlock(&lock);
}

// Matches a frame's current with the answer that made it; older changes it skipped are coalesced.
static void note_current(int decis, double at) {
    for (unsigned i = pending_head; i != pending_tail; i--) {
        if (pending[(i - 1) % PENDING].decis != decis) continue;
        add(&latencies, at - pending[(i - 1) % PENDING].at);
        coalesced += i - 1 - pending_tail;
        pending_tail = i;
        return;
    }
}

static void note_frame(const char *line, double at) {
    int identifier = 0, length = 0;
    unsigned byte[8] = {0};
    if (sscanf(line, "t%3x%1d", &identifier, &length) != 2 || length > 8) return;
    for (int i = 0; i < length; i++) sscanf(line + 5 + 2 * i, "%2x", &byte[i]);
    pthread_mutex_lock(&lock);
    if (!frames++) first_frame_at = at;
    for (int i = 0; i < MOST_IDS; i++) {
        if (last_sent[i].at && last_sent[i].identifier != identifier) continue;
        double period = at - last_sent[i].at, wanted = options.cycle_ms / 1e3;
        if (last_sent[i].at) add(&jitters, period > wanted ? period - wanted : wanted - period);
        last_sent[i].identifier = identifier;
        last_sent[i].at = at;
        break;
    }
    if (identifier == 0x356 && options.step) note_current((int16_t)(byte[2] | byte[3] << 8), at);
    pthread_mutex_unlock(&lock);
}

// Answers an SLCAN command as an adapter would.
static void answer_command(int terminal, const char *line, double at) {
    const char *answer = "\r";
    switch (line[0]) {
    case 't': note_frame(line, at); answer = "z\r"; break;
    case 'T': answer = "Z\r"; break;
    case 'V': answer = "V1013\r"; break;
    case 'N': answer = "NB001\r"; break;
    case 'F': answer = "F00\r"; break;
    }
    if (write(terminal, answer, strlen(answer)) < 0) {}
}

static void *run_can(void *argument) {
    int terminal = *(int *)argument, length = 0;
    char line[64], bytes[512];
    double next_keep_alive = now();
    prctl(PR_SET_TIMERSLACK, 1);
    while (!stopping) {
        struct pollfd p = {terminal, POLLIN, 0};
        double left = next_keep_alive - now();
        if (left <= 0) {
            if (frames && write(terminal, "t30580000000000000000\r", 22) < 0) {}
            next_keep_alive += 1;
            continue;
        }
        if (poll(&p, 1, (int)(left * 1000) + 1) <= 0) continue;
        double at = now();
        ssize_t count = read(terminal, bytes, sizeof bytes);
        for (ssize_t i = 0; i < count; i++) {
            if (bytes[i] != '\r') {
                if (length < (int)sizeof line - 1) line[length++] = bytes[i];
                continue;
            }
            line[length] = 0;
            length = 0;
            answer_command(terminal, line, at);
        }
    }
    return NULL;
}

// The line's own state; used by its thread alone.
static double character, silence, free_at, cycle_began, cycle_limit, mute_asked_at, mute_limit;
static uint16_t cycle_address;
static FILE *cycle_log;

static void forget(void) {
    pthread_mutex_lock(&lock);
    cycles.count = ratios.count = latencies.count = jitters.count = 0;
    requests = damaged = violations = refused = frames = coalesced = 0;
    mute_requests = mute_cycles = 0;
    mute_extra_total = mute_extra_cycle = mute_extra_most = cycle_began = mute_asked_at = 0;
    pending_tail = pending_head;
    memset(last_sent, 0, sizeof last_sent);
    began_at = now();
    pthread_mutex_unlock(&lock);
}

// The shortest time one exchange can take: both frames, the unit's silence and the master's.
static double exchange_limit(int count) {
    double before = options.gap > silence ? options.gap : silence;
    return (8 + 5 + 2 * count) * character + silence + before;
}

static int is_mute(int unit, double at) {
    return unit == options.mute && at - started_at >= options.mute_after;
}

// A cycle runs from one request for the first block of unit 1 to the next one.
static void note_request(int unit, uint16_t address, int count, double at) {
    requests++;
    if (mute_asked_at) {
        double extra = at - mute_asked_at - mute_limit;
        mute_extra_cycle += extra;
        if (extra > mute_extra_most) mute_extra_most = extra;
        mute_asked_at = 0;
    }
    if (unit == 1 && (!cycle_began || address == cycle_address)) {
        if (cycle_began) {
            add(&cycles, at - cycle_began);
            mute_extra_total += mute_extra_cycle;
            if (options.mute >= 0 && is_mute(options.mute, cycle_began)) mute_cycles++;
            if (cycle_limit > 0) add(&ratios, (at - cycle_began) / cycle_limit);
            if (cycle_log)
                fprintf(cycle_log, "%.6f %.6f %.6f\n", cycle_began, at - cycle_began, cycle_limit);
        }
        cycle_began = at;
        cycle_limit = mute_extra_cycle = 0;
        cycle_address = address;
    }
    cycle_limit += exchange_limit(count);
    if (options.baud > 0 && at < free_at + silence - 0.0002) violations++;  // 0.2 ms for scheduling
}

// Sends the answer at the pace of the wire; `from` is when its first character begins.
static void send_answer(int line, const uint8_t *answer, int length, double from, int has_change) {
    int piece = options.baud > 0 ? (int)(0.001 / character) : length;
    if (piece < 1) piece = 1;
    for (int i = 0; i < length; i += piece) {
        int part = length - i < piece ? length - i : piece;
        if (options.baud > 0) sleep_until(from + (i + part) * character);
        free_at = now();  // before the write: a client cannot have seen the last character sooner
        if (i + part == length && has_change) note_change(free_at);
        if (write(line, answer + i, part) != part) return;
    }
}

static void answer_request(int line, const uint8_t *request, double at) {
    int unit = request[0], address = request[2] << 8 | request[3];
    int count = request[4] << 8 | request[5];
    note_request(unit, address, count, at);
    if (is_mute(unit, at)) {
        mute_requests++;
        mute_asked_at = at;
        mute_limit = exchange_limit(count);
        return;
    }
    if (unit < 1 || unit > options.packs) return;
    uint8_t answer[260] = {unit, request[1]};
    int length = 3, has_change = 0;
    if (request[1] != 3 || count < 1 || count > 125 || address + count > REGISTERS) {
        refused++;
        answer[1] |= 0x80;
        answer[2] = request[1] == 3 ? 2 : 1;
    } else {
        if (options.step && address == 0) {
            int16_t current = (int16_t)registers[unit][0] + 10;
            registers[unit][0] = (uint16_t)(current > 3000 ? -3000 : current);
            has_change = 1;
        }
        answer[2] = 2 * count;
        for (int i = 0; i < count; i++) {
            answer[length++] = registers[unit][address + i] >> 8;
            answer[length++] = registers[unit][address + i] & 255;
        }
    }
    uint16_t crc = crc16(answer, length);
    answer[length++] = crc & 255;
    answer[length++] = crc >> 8;
    send_answer(line, answer, length, at + 8 * character + silence, has_change);
}

static void print_result(void);

static void run_line(int line) {
    uint8_t bytes[512];
    int count = 0;
    while (!stopping) {
        if (forgetting) { forgetting = 0; print_result(); forget(); }
        struct pollfd p = {line, POLLIN, 0};
        if (poll(&p, 1, 100) <= 0) continue;
        double at = now();
        ssize_t more = read(line, bytes + count, sizeof bytes - count);
        if (more <= 0) continue;
        count += more;
        while (count >= 8) {
            uint16_t crc = crc16(bytes, 6);
            int used = 8;
            if ((crc & 255) == bytes[6] && crc >> 8 == bytes[7]) answer_request(line, bytes, at);
            else { damaged++; used = 1; }
            memmove(bytes, bytes + used, count -= used);
        }
    }
}

static void print_spread(const char *name, struct samples *list, double scale) {
    printf("\"%s_n\":%ld,\"%s_p50\":%.4f,\"%s_p99\":%.4f,\"%s_max\":%.4f,", name, list->count, name,
           quantile(list, 0.5) * scale, name, quantile(list, 0.99) * scale, name,
           quantile(list, 1) * scale);
}

static void print_result(void) {
    pthread_mutex_lock(&lock);
    double span = now() - began_at;
    printf("{\"requests\":%ld,\"requests_s\":%.2f,\"crc_errors\":%ld,\"violations\":%ld,\"refused\":%ld,",
           requests, requests / span, damaged, violations, refused);
    printf("\"cycles\":%ld,\"cycle_s\":%.6f,\"cycle_max_s\":%.6f,\"x_wire\":%.5f,\"x_wire_max\":%.5f,",
           cycles.count, quantile(&cycles, 0.5), quantile(&cycles, 1), quantile(&ratios, 0.5),
           quantile(&ratios, 1));
    printf("\"mute_requests\":%ld,\"mute_extra_max_s\":%.5f,\"mute_extra_per_cycle_s\":%.5f,",
           mute_requests, mute_extra_most, mute_cycles ? mute_extra_total / mute_cycles : 0);
    print_spread("latency_ms", &latencies, 1e3);
    print_spread("jitter_ms", &jitters, 1e3);
    printf("\"coalesced\":%ld,\"frames\":%ld,\"first_frame_at\":%.6f,\"span_s\":%.3f}\n", coalesced,
           frames, first_frame_at, span);
    fflush(stdout);
    pthread_mutex_unlock(&lock);
}

static void on_signal(int signal) {
    if (signal == SIGUSR1) forgetting = 1; else stopping = 1;
}

static void read_option(const char *word) {
    if (!strncmp(word, "baud=", 5)) options.baud = atof(word + 5);
    else if (!strncmp(word, "packs=", 6)) options.packs = atoi(word + 6);
    else if (!strncmp(word, "gap_us=", 7)) options.gap = atof(word + 7) / 1e6;
    else if (!strncmp(word, "mute=", 5)) options.mute = atoi(word + 5);
    else if (!strncmp(word, "mute_after=", 11)) options.mute_after = atof(word + 11);
    else if (!strncmp(word, "slcan=", 6)) options.slcan = word + 6;
    else if (!strncmp(word, "step=", 5)) options.step = atoi(word + 5);
    else if (!strncmp(word, "cycle_ms=", 9)) options.cycle_ms = atoi(word + 9);
    else if (!strncmp(word, "log=", 4)) options.log = word + 4;
    else { fprintf(stderr, "pack_bus: unknown option '%s'\n", word); exit(2); }
}

int main(int count, char **words) {
    if (count < 2) { fprintf(stderr, "usage: pack_bus LINK [option=value …]\n"); return 2; }
    for (int i = 2; i < count; i++) read_option(words[i]);
    if (options.packs < 1 || options.packs > MOST_PACKS) {
        fprintf(stderr, "pack_bus: packs is %d, allowed 1…%d\n", options.packs, MOST_PACKS);
        return 2;
    }
    for (int unit = 1; unit <= options.packs; unit++) fill_pack(unit);
    if (options.baud > 0) {
        character = 10 / options.baud;
        silence = options.baud <= 19200 ? 3.5 * character : 0.00175;
    }
    if (options.log) cycle_log = fopen(options.log, "w");
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    prctl(PR_SET_TIMERSLACK, 1);
    began_at = started_at = now();
    pthread_t can;
    int bus = options.slcan ? open_terminal(options.slcan) : -1;
    if (bus >= 0) pthread_create(&can, NULL, run_can, &bus);
    int line = open_terminal(words[1]);
    run_line(line);
    if (bus >= 0) pthread_join(can, NULL);
    print_result();
    if (cycle_log) fclose(cycle_log);
    unlink(words[1]);
    if (options.slcan) unlink(options.slcan);
    return 0;
}
