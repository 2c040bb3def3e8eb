/* Peer for FleetStore on PostgreSQL: the same rows by the quickest idempotent way there is in C, binary
 * COPY to temporary tables and INSERT … ON CONFLICT DO NOTHING, and nothing else.
 *
 *   ingest_postgres CONNECTION BATCHES GATEWAYS RECORDS EPOCH
 *
 * A batch is one transaction of RECORDS measurements of 16 packs, of GATEWAYS gateways by turns, which
 * makes 17 rows a record. EPOCH tells workers apart. Makes its tables where they are missing. Prints
 * rows per second of the time in libpq and of the whole time.
 *
 * gcc -O2 -o ingest_postgres ingest_postgres.c -I/usr/include/postgresql -lpq */
#include <endian.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLE                                                                                      \
    "gateway integer NOT NULL, epoch bigint NOT NULL, seq bigint NOT NULL, time_ms bigint NOT NULL, " \
    "time_quality smallint NOT NULL"
#define BANK                                                                                        \
    "mode text NOT NULL, packs_configured integer NOT NULL, packs_online integer NOT NULL, "         \
    "voltage_mv integer, current_ma integer, power_w integer, soc_cpct integer, soh_cpct integer, "   \
    "remaining_mah bigint, full_mah bigint, temperature_mean_ddegc integer, "                        \
    "temperature_max_ddegc integer, temperature_min_ddegc integer, cell_max_mv integer, "             \
    "cell_min_mv integer, charge_voltage_mv integer, discharge_voltage_mv integer, "                 \
    "charge_current_ma integer, discharge_current_ma integer, charge_rule text NOT NULL, "           \
    "discharge_rule text NOT NULL, warnings text NOT NULL, protections text NOT NULL, "              \
    "faults text NOT NULL, profile text NOT NULL, keep_alive text NOT NULL, bus text NOT NULL"
#define PACK                                                                                        \
    "pack integer NOT NULL, serial text, status text NOT NULL, age_ms bigint, voltage_mv integer, "   \
    "current_ma integer, soc_cpct integer, soh_cpct integer, remaining_mah integer, "                \
    "full_mah integer, cycles integer, cells_mv smallint[] NOT NULL, "                               \
    "probes_ddegc smallint[] NOT NULL, mosfet_ddegc integer, ambient_ddegc integer, "                \
    "balancing bigint NOT NULL, charge_switch boolean, discharge_switch boolean, "                   \
    "warnings text NOT NULL, protections text NOT NULL, faults text NOT NULL"

static char buffer[64 << 20];
static size_t used;

static void bytes(const void *from, size_t count) {
    memcpy(buffer + used, from, count);
    used += count;
}
static void i16(int16_t value) { value = htobe16(value); bytes(&value, 2); }
static void i32(int32_t value) { value = htobe32(value); bytes(&value, 4); }
static void i64(int64_t value) { value = htobe64(value); bytes(&value, 8); }
static void small(int value) { i32(2); i16(value); }
static void number(int32_t value) { i32(4); i32(value); }
static void wide(int64_t value) { i32(8); i64(value); }
static void text(const char *value) { i32(strlen(value)); bytes(value, strlen(value)); }
static void flag(char value) { i32(1); bytes(&value, 1); }
static void shorts(int count, int first) {
    i32(20 + count * 6);
    i32(1), i32(0), i32(21), i32(count), i32(1);
    for (int index = 0; index < count; index++) i32(2), i16(first + index);
}
static void begin(void) {
    used = 0;
    bytes("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
}
static void key(int gateway, int64_t epoch, int64_t seq, int64_t time) {
    number(gateway), wide(epoch), wide(seq), wide(time), small(0);
}
static void bank_row(int gateway, int64_t epoch, int64_t seq, int64_t time) {
    i16(32);
    key(gateway, epoch, seq, time);
    text("running"), number(16), number(16);
    for (int index = 0; index < 5; index++) number(52000 + index);
    wide(1600000), wide(1600000);
    for (int index = 0; index < 9; index++) number(250 + index);
    text("cells"), text("cells"), text(""), text(""), text(""), text("acme"), text("present"), text("");
}
static void pack_row(int gateway, int64_t epoch, int64_t seq, int64_t time, int pack) {
    i16(26);
    key(gateway, epoch, seq, time);
    number(pack), text("PACK0001"), text("online"), wide(120);
    for (int index = 0; index < 7; index++) number(52000 + index);
    shorts(16, 3300), shorts(4, 250);
    number(260), number(240), wide(0), flag(1), flag(1), text(""), text(""), text("");
}

static PGconn *connection;
static double in_libpq;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}
static void run(const char *sql) {
    double start = now();
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) {
        fprintf(stderr, "%s: %s", sql, PQerrorMessage(connection));
        exit(1);
    }
    PQclear(result);
    in_libpq += now() - start;
}
static void copy(const char *sql) {
    i16(-1);
    run(sql);
    double start = now();
    PQputCopyData(connection, buffer, used);
    PQputCopyEnd(connection, NULL);
    for (PGresult *result; (result = PQgetResult(connection)); PQclear(result))
        if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            fprintf(stderr, "copy: %s", PQerrorMessage(connection));
            exit(1);
        }
    in_libpq += now() - start;
}

int main(int count, char **words) {
    if (count != 6) {
        fprintf(stderr, "usage: ingest_postgres CONNECTION BATCHES GATEWAYS RECORDS EPOCH\n");
        return 2;
    }
    int batches = atoi(words[2]), gateways = atoi(words[3]), records = atoi(words[4]);
    int64_t epoch = atoll(words[5]);
    connection = PQconnectdb(words[1]);
    if (PQstatus(connection) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(connection));
        return 1;
    }
    run("SET client_min_messages = warning");
    run("SELECT pg_advisory_lock(1)");
    run("CREATE TABLE IF NOT EXISTS peer_bank (" SAMPLE ", " BANK ", PRIMARY KEY (gateway, epoch, seq))");
    run("CREATE TABLE IF NOT EXISTS peer_pack (" SAMPLE ", " PACK
        ", PRIMARY KEY (gateway, epoch, seq, pack))");
    run("SELECT pg_advisory_unlock(1)");
    run("CREATE TEMPORARY TABLE stage_bank (LIKE peer_bank) ON COMMIT DELETE ROWS");
    run("CREATE TEMPORARY TABLE stage_pack (LIKE peer_pack) ON COMMIT DELETE ROWS");
    in_libpq = 0;
    double start = now();
    int64_t seq = 0;
    for (int batch = 0; batch < batches; batch++) {
        int64_t first = seq;
        run("BEGIN");
        begin();
        for (int index = 0; index < records; index++)
            bank_row((first + index) % gateways, epoch, (first + index) / gateways,
                     1790000000000 + (first + index) / gateways * 10000);
        copy("COPY stage_bank FROM STDIN (FORMAT binary)");
        begin();
        for (int index = 0; index < records; index++)
            for (int pack = 1; pack <= 16; pack++)
                pack_row((first + index) % gateways, epoch, (first + index) / gateways,
                         1790000000000 + (first + index) / gateways * 10000, pack);
        copy("COPY stage_pack FROM STDIN (FORMAT binary)");
        run("INSERT INTO peer_bank SELECT * FROM stage_bank ON CONFLICT DO NOTHING");
        run("INSERT INTO peer_pack SELECT * FROM stage_pack ON CONFLICT DO NOTHING");
        run("COMMIT");
        seq += records;
    }
    double rows = 17.0 * batches * records;
    printf("%.0f rows/s in libpq, %.0f in all\n", rows / in_libpq, rows / (now() - start));
    PQfinish(connection);
}
