/* Peer for FleetStore on SQLite: the same rows by prepared statements in C, and nothing else.
 *
 *   ingest_sqlite FILE BATCHES GATEWAYS RECORDS EPOCH
 *
 * A batch is one transaction (WAL, FULL) of RECORDS measurements of 16 packs, of GATEWAYS gateways by
 * turns, which makes 17 rows a record. The primary keys keep out what comes twice. Prints rows per
 * second.
 *
 * gcc -O2 -o ingest_sqlite ingest_sqlite.c -lsqlite3 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sqlite3 *database;
static sqlite3_stmt *statement;
static int column;

static void run(const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(database));
        exit(1);
    }
}
/* A table of integers with some texts and blobs, and the statement that fills it. */
static sqlite3_stmt *table(const char *name, const char *key, int columns) {
    char sql[4096], marks[512] = "?";
    int end = sprintf(sql, "CREATE TABLE IF NOT EXISTS %s (gateway, epoch, seq, time_ms, time_quality", name);
    for (int index = 5; index < columns; index++) end += sprintf(sql + end, ", c%d", index);
    sprintf(sql + end, ", PRIMARY KEY (%s))", key);
    run(sql);
    for (int index = 1; index < columns; index++) strcat(marks, ",?");
    sprintf(sql, "INSERT INTO %s VALUES (%s) ON CONFLICT DO NOTHING", name, marks);
    sqlite3_stmt *prepared;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(database));
        exit(1);
    }
    return prepared;
}
static void number(int64_t value) { sqlite3_bind_int64(statement, ++column, value); }
static void text(const char *value) { sqlite3_bind_text(statement, ++column, value, -1, SQLITE_STATIC); }
static void shorts(int count, int16_t first) {
    int16_t values[16];
    for (int index = 0; index < count; index++) values[index] = first + index;
    sqlite3_bind_blob(statement, ++column, values, count * 2, SQLITE_TRANSIENT);
}
static void key(sqlite3_stmt *into, int gateway, int64_t epoch, int64_t seq) {
    statement = into, column = 0;
    number(gateway), number(epoch), number(seq), number(1790000000000 + seq * 10000), number(0);
}
static void step(void) {
    if (sqlite3_step(statement) != SQLITE_DONE) {
        fprintf(stderr, "insert: %s\n", sqlite3_errmsg(database));
        exit(1);
    }
    sqlite3_reset(statement);
}
static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

int main(int count, char **words) {
    if (count != 6) {
        fprintf(stderr, "usage: ingest_sqlite FILE BATCHES GATEWAYS RECORDS EPOCH\n");
        return 2;
    }
    int batches = atoi(words[2]), gateways = atoi(words[3]), records = atoi(words[4]);
    int64_t epoch = atoll(words[5]), seq = 0;
    sqlite3_open(words[1], &database);
    sqlite3_busy_timeout(database, 10000);
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = FULL");
    run("PRAGMA cache_size = -16384");
    sqlite3_stmt *bank = table("peer_bank", "gateway, epoch, seq", 32);
    sqlite3_stmt *pack = table("peer_pack", "gateway, epoch, seq, c5", 26);
    double start = now();
    for (int batch = 0; batch < batches; batch++) {
        run("BEGIN IMMEDIATE");
        for (int index = 0; index < records; index++, seq++) {
            key(bank, seq % gateways, epoch, seq / gateways);
            text("running"), number(16), number(16);
            for (int value = 0; value < 16; value++) number(52000 + value);
            text("cells"), text("cells"), text(""), text(""), text(""), text("acme"), text("present"), text("");
            step();
            for (int unit = 1; unit <= 16; unit++) {
                key(pack, seq % gateways, epoch, seq / gateways);
                number(unit), text("PACK0001"), text("online"), number(120);
                for (int value = 0; value < 7; value++) number(52000 + value);
                shorts(16, 3300), shorts(4, 250);
                number(260), number(240), number(0), number(1), number(1), text(""), text(""), text("");
                step();
            }
        }
        run("COMMIT");
    }
    printf("%.0f rows/s\n", 17.0 * batches * records / (now() - start));
    sqlite3_finalize(bank);
    sqlite3_finalize(pack);
    sqlite3_close(database);
}
