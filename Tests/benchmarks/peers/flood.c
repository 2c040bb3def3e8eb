/* Publishes the lines of a file as records of the gateways they name, QoS 1, as fast as a window of
 * unacknowledged ones allows.
 *
 *     flood PORT FILE WINDOW
 *
 * Prints the seconds it took. */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long answered;
static int isUp;

static void connected(struct mosquitto *client, void *context, int code) {
    (void)client, (void)context;
    isUp = code == 0;
}

static void taken(struct mosquitto *client, void *context, int id) {
    (void)client, (void)context, (void)id;
    answered++;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **words) {
    if (count != 4) return 2;
    FILE *file = fopen(words[2], "r");
    int window = atoi(words[3]);
    if (!file || window < 1) return 2;
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new("flood", true, NULL);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_max_inflight_messages_set(client, window);
    mosquitto_connect_callback_set(client, connected);
    mosquitto_publish_callback_set(client, taken);
    if (mosquitto_connect(client, "127.0.0.1", atoi(words[1]), 60) != MOSQ_ERR_SUCCESS) return 1;
    while (!isUp) mosquitto_loop(client, 100, 1);
    char *line = NULL, topic[160];
    size_t room = 0;
    ssize_t length;
    long sent = 0;
    double start = now();
    while ((length = getline(&line, &room, file)) > 0) {
        char *name = strstr(line, "\"gateway\":\"");
        if (!name) return 1;
        name += 11;
        snprintf(topic, sizeof topic, "amphora/v1/%.*s/up/telemetry", (int)(strchr(name, '"') - name), name);
        if (line[length - 1] == '\n') length--;
        if (mosquitto_publish(client, NULL, topic, length, line, 1, false) != MOSQ_ERR_SUCCESS) return 1;
        sent++;
        while (sent - answered >= window)
            if (mosquitto_loop(client, 20, 1) != MOSQ_ERR_SUCCESS) return 1;
    }
    while (answered < sent)
        if (mosquitto_loop(client, 20, 1) != MOSQ_ERR_SUCCESS) return 1;
    printf("{\"records\":%ld,\"seconds\":%.3f}\n", sent, now() - start);
    return 0;
}
