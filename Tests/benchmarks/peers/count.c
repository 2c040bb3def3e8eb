/* Counts the messages of a broker, subscribed to all with QoS 0, and says how fast they came.
 *
 *     count PORT MESSAGES
 *
 * The first one starts the clock. Prints one JSON object. */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long seen, wanted;
static double began;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void connected(struct mosquitto *client, void *context, int code) {
    (void)context;
    if (code == 0) mosquitto_subscribe(client, NULL, "#", 0);
}

static void came(struct mosquitto *client, void *context, const struct mosquitto_message *message) {
    (void)client, (void)context, (void)message;
    if (seen++ == 0) began = now();
}

int main(int count, char **words) {
    if (count != 3) return 2;
    wanted = atol(words[2]);
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new("count", true, NULL);
    mosquitto_connect_callback_set(client, connected);
    mosquitto_message_callback_set(client, came);
    if (mosquitto_connect(client, "127.0.0.1", atoi(words[1]), 60) != MOSQ_ERR_SUCCESS) return 1;
    while (seen < wanted)
        if (mosquitto_loop(client, 1000, 1) != MOSQ_ERR_SUCCESS) return 1;
    printf("{\"drained_s\":%.0f}\n", seen / (now() - began));
    return 0;
}
