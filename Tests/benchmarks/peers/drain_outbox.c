/* Drains an outbox by hand: reads rows in their order, publishes them with QoS 1 and deletes what is
 * acknowledged in chunks, in one thread.
 *
 *     drain_outbox FILE PORT WINDOW READ_AT_ONCE DELETE_AT_ONCE SECONDS [HOST]
 *
 * Ends when the file is empty or the time is over. Prints one JSON object. */
#include <mosquitto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

static long long numberOf[65536], lowest, top;
static unsigned char isDone[1 << 18];
static long answered;
static int isUp;

static void connected(struct mosquitto *client, void *context, int code) {
    (void)client, (void)context;
    isUp = code == 0;
}

static void taken(struct mosquitto *client, void *context, int id) {
    (void)client, (void)context;
    isDone[numberOf[id & 65535] & ((1 << 18) - 1)] = 1;
    answered++;
    while (lowest <= top && isDone[lowest & ((1 << 18) - 1)]) isDone[lowest++ & ((1 << 18) - 1)] = 0;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **words) {
    if (count != 7 && count != 8) return 2;
    sqlite3 *db;
    if (sqlite3_open(words[1], &db) != SQLITE_OK) return 1;
    sqlite3_exec(db, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
    sqlite3_stmt *next, *clear, *first;
    if (sqlite3_prepare_v2(db, "SELECT sequence, payload FROM record WHERE sequence > ?1 ORDER BY sequence LIMIT ?2", -1, &next, NULL) ||
        sqlite3_prepare_v2(db, "DELETE FROM record WHERE sequence < ?1", -1, &clear, NULL) ||
        sqlite3_prepare_v2(db, "SELECT min(sequence) FROM record", -1, &first, NULL))
        return 1;
    sqlite3_step(first);
    lowest = sqlite3_column_int64(first, 0);
    sqlite3_reset(first);
    top = lowest - 1;
    long long deleted = lowest;
    int window = atoi(words[3]), atOnce = atoi(words[4]), chunk = atoi(words[5]);
    double limit = atof(words[6]);
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new("drain", true, NULL);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_max_inflight_messages_set(client, window);
    mosquitto_connect_callback_set(client, connected);
    mosquitto_publish_callback_set(client, taken);
    if (mosquitto_connect(client, count == 8 ? words[7] : "127.0.0.1", atoi(words[2]), 60) != MOSQ_ERR_SUCCESS) return 1;
    while (!isUp) mosquitto_loop(client, 100, 1);
    long sent = 0;
    int isEmpty = 0;
    double start = now();
    while (now() - start < limit && !(isEmpty && answered == sent)) {
        if (!isEmpty && sent - answered <= window - atOnce) {
            int found = 0;
            sqlite3_bind_int64(next, 1, top);
            sqlite3_bind_int(next, 2, atOnce);
            while (sqlite3_step(next) == SQLITE_ROW) {
                int id;
                top = sqlite3_column_int64(next, 0);
                mosquitto_publish(client, &id, "amphora/v1/bench/up/telemetry", sqlite3_column_bytes(next, 1), sqlite3_column_blob(next, 1), 1, false);
                numberOf[id & 65535] = top;
                sent++;
                found++;
            }
            sqlite3_reset(next);
            isEmpty = found == 0;
        }
        mosquitto_loop(client, isEmpty ? 20 : 1, 1);
        int one = 1; /* as ours: a broker with Nagle's rule would wait 40 ms for it */
        setsockopt(mosquitto_socket(client), IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
        if (lowest - deleted >= chunk) {
            sqlite3_bind_int64(clear, 1, lowest);
            sqlite3_step(clear);
            sqlite3_reset(clear);
            deleted = lowest;
        }
    }
    double seconds = now() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("{\"drained_s\":%.0f,\"cpu_us\":%.2f}\n", answered / seconds, cpu * 1e6 / answered);
    return 0;
}
