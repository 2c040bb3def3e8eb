/* The plain design: SQLite in WAL mode with FULL, rows of JSON, each transaction first deletes the rows
 * of the one before, then inserts its own.
 *
 *     append_free FILE TRANSACTIONS RECORDS PAYLOADS PAGE_SIZE same|own|none
 *
 * own frees in a transaction of its own, none never. Prints one JSON object. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static sqlite3 *db;

static void run(const char *sql) {
    char *fault = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &fault) != SQLITE_OK) {
        fprintf(stderr, "append_free: %s: %s\n", sql, fault);
        exit(1);
    }
}

static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) {
        fprintf(stderr, "append_free: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    sqlite3_reset(statement);
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) exit(1);
    return statement;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int count, char **words) {
    if (count != 7) return 2;
    int transactions = atoi(words[2]), each = atoi(words[3]), lines = 0;
    char **line = malloc(sizeof *line * 100000);
    FILE *file = fopen(words[4], "r");
    if (!file || transactions < 1 || each < 1) return 2;
    char *text = NULL;
    size_t room = 0;
    ssize_t length;
    while (lines < 100000 && (length = getline(&text, &room, file)) > 0) {
        if (text[length - 1] == '\n') text[length - 1] = 0;
        line[lines++] = strdup(text);
    }
    fclose(file);
    if (sqlite3_open(words[1], &db) != SQLITE_OK || lines == 0) return 1;
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA page_size = %d", atoi(words[5]));
    run(sql);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    run("CREATE TABLE record(sequence INTEGER PRIMARY KEY, payload TEXT NOT NULL)");
    sqlite3_stmt *begin = prepare("BEGIN IMMEDIATE"), *commit = prepare("COMMIT");
    sqlite3_stmt *insert = prepare("INSERT INTO record VALUES(?1, ?2)");
    sqlite3_stmt *clear = prepare("DELETE FROM record WHERE sequence <= ?1");
    int isOwn = strcmp(words[6], "own") == 0, isSame = strcmp(words[6], "same") == 0;
    double *times = malloc(sizeof *times * transactions), bytes = 0, start = now();
    long long next = 1;
    for (int round = 0; round < transactions; round++) {
        double from = now();
        if (isOwn && round) {
            step(begin);
            sqlite3_bind_int64(clear, 1, next - 1);
            step(clear);
            step(commit);
        }
        step(begin);
        if (isSame && round) {
            sqlite3_bind_int64(clear, 1, next - 1);
            step(clear);
        }
        for (int index = 0; index < each; index++) {
            const char *payload = line[(round * each + index) % lines];
            sqlite3_bind_int64(insert, 1, next++);
            sqlite3_bind_text(insert, 2, payload, -1, SQLITE_STATIC);
            bytes += strlen(payload);
            step(insert);
        }
        step(commit);
        times[round] = now() - from;
    }
    double seconds = now() - start;
    qsort(times, transactions, sizeof *times, ascending);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    double rows = (double)transactions * each;
    printf("{\"rows_s\":%.1f,\"p50_us\":%.1f,\"cpu_us_row\":%.3f,\"payload_bytes\":%.0f}\n", rows / seconds,
           times[transactions / 2] * 1e6, cpu * 1e6 / rows, bytes);
    return 0;
}
