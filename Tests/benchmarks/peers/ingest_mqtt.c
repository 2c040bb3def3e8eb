/* What one would write by hand to bring records from MQTT into SQLite: a subscriber, a scanner that picks
 * numbers and texts in their order, one row for the bank and one for each pack, transactions of up to
 * ROWS rows or what came within 200 ms, FULL. It checks nothing and answers nothing.
 *
 *     ingest_mqtt PORT FILE RECORDS ROWS
 *
 * Says "ready" when it is subscribed; prints one JSON object after RECORDS records. */
#define _GNU_SOURCE
#include <mosquitto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { BANK = 30, PACK = 40 };
static sqlite3 *db;
static sqlite3_stmt *bank, *pack, *begin, *commit;
static long stored;
static int rows, mostRows;
static double first, last, due;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) {
        fprintf(stderr, "ingest_mqtt: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    sqlite3_reset(statement);
}

static sqlite3_stmt *table(const char *name, int values, const char *key) {
    char sql[2048];
    int end = sprintf(sql, "CREATE TABLE %s(gateway TEXT, epoch, seq, number", name);
    for (int index = 0; index < values; index++) end += sprintf(sql + end, ", v%d", index);
    sprintf(sql + end, ", PRIMARY KEY (%s))", key);
    sqlite3_exec(db, sql, NULL, NULL, NULL);
    end = sprintf(sql, "INSERT OR IGNORE INTO %s VALUES(?1,?2,?3,?4", name);
    for (int index = 0; index < values; index++) end += sprintf(sql + end, ",?%d", index + 5);
    strcpy(sql + end, ")");
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) exit(1);
    return statement;
}

/* Binds the values between two places in their order; member names are passed over. */
static void scan(sqlite3_stmt *into, const char *at, const char *end, int most) {
    int column = 5;
    while (at < end && column < most + 5) {
        if (*at == '"') {
            const char *from = ++at;
            while (at < end && *at != '"') at++;
            if (at + 1 < end && at[1] != ':') sqlite3_bind_text(into, column++, from, (int)(at - from), SQLITE_TRANSIENT);
            at++;
        } else if ((*at >= '0' && *at <= '9') || *at == '-') {
            char *rest;
            sqlite3_bind_double(into, column++, strtod(at, &rest));
            at = rest;
        } else {
            at++;
        }
    }
}

static void finish(void) {
    if (rows) step(commit);
    rows = 0;
    last = now();
}

static void received(struct mosquitto *client, void *context, const struct mosquitto_message *message) {
    (void)client, (void)context;
    const char *text = message->payload, *end = text + message->payloadlen;
    const char *name = memmem(text, end - text, "\"gateway\":\"", 11), *epoch = memmem(text, end - text, "\"epoch\":", 8);
    const char *seq = memmem(text, end - text, "\"seq\":", 6), *body = memmem(text, end - text, "\"bank\":", 7);
    const char *packs = memmem(text, end - text, "\"packs\":[", 9);
    if (!name || !epoch || !seq || !body || !packs) exit(1);
    if (!stored) first = now();
    if (!rows) step(begin), due = now() + 0.2;
    name += 11;
    int length = (int)(strchr(name, '"') - name);
    long long keys[2] = {atoll(epoch + 8), atoll(seq + 6)};
    sqlite3_bind_text(bank, 1, name, length, SQLITE_TRANSIENT);
    sqlite3_bind_int64(bank, 2, keys[0]), sqlite3_bind_int64(bank, 3, keys[1]), sqlite3_bind_int(bank, 4, 0);
    scan(bank, body, packs, BANK);
    step(bank), rows++;
    int number = 0;
    for (const char *at = packs + 9; at < end && *at != ']'; number++) {
        const char *next = memmem(at + 1, end - at - 1, "{\"pack\":", 8);
        if (!next) next = end - 2;
        sqlite3_bind_text(pack, 1, name, length, SQLITE_TRANSIENT);
        sqlite3_bind_int64(pack, 2, keys[0]), sqlite3_bind_int64(pack, 3, keys[1]), sqlite3_bind_int(pack, 4, number);
        scan(pack, at, next, PACK);
        step(pack), rows++;
        at = next == end - 2 ? end : next;
    }
    stored++;
    if (rows >= mostRows) finish();
}

static void connected(struct mosquitto *client, void *context, int code) {
    (void)context, (void)code;
    mosquitto_subscribe(client, NULL, "amphora/v1/+/up/telemetry", 1);
}

static void subscribed(struct mosquitto *client, void *context, int id, int count, const int *granted) {
    (void)client, (void)context, (void)id, (void)count, (void)granted;
    puts("ready");
    fflush(stdout);
}

int main(int count, char **words) {
    if (count != 5) return 2;
    long wanted = atol(words[3]);
    mostRows = atoi(words[4]);
    if (sqlite3_open(words[2], &db) != SQLITE_OK) return 1;
    sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384", NULL, NULL, NULL);
    bank = table("bank", BANK, "gateway, epoch, seq");
    pack = table("pack", PACK, "gateway, epoch, seq, number");
    sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, NULL);
    sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL);
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new("ingest-by-hand", true, NULL);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_callback_set(client, connected);
    mosquitto_subscribe_callback_set(client, subscribed);
    mosquitto_message_callback_set(client, received);
    if (mosquitto_connect(client, "127.0.0.1", atoi(words[1]), 60) != MOSQ_ERR_SUCCESS) return 1;
    double limit = now() + 120;
    while (stored < wanted && now() < limit) {
        mosquitto_loop(client, 20, 1);
        if (rows && now() > due) finish();
    }
    finish();
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("{\"records\":%ld,\"rows_s\":%.0f,\"records_s\":%.0f,\"cpu_us_row\":%.2f}\n", stored, 17.0 * stored / (last - first),
           stored / (last - first), cpu * 1e6 / (17.0 * stored));
    return stored == wanted ? 0 : 1;
}
