/* A network interface at whose far end this machine stands again, some way off: real TCP over a real distance.
 *
 *     distance NAME DELAY_MS [LOSS_PERCENT [RATE_BYTES_S PORT]]
 *
 * Makes the TUN interface NAME with the address 10.77.0.1/30. A packet to 10.77.0.2 comes back after DELAY_MS with both
 * addresses exchanged (the checksums do not change by that), so a client that connects to 10.77.0.2 reaches the server
 * that listens on 10.77.0.1, and both see a round trip of twice the delay. LOSS_PERCENT of all packets vanish; those to
 * PORT pass at RATE_BYTES_S, through a buffer of 300 ms. Needs root. Prints "up" when it is; ends with SIGTERM, and the
 * interface with it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PLACES = 8192, LONGEST = 1600 };

struct packet {
    int64_t due;
    int length;
    unsigned char bytes[LONGEST];
};

/* One queue a direction: within each, what came first leaves first. */
struct way {
    struct packet *packets;
    unsigned first, count;
    int64_t freeAt;
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int setAddress(int control, const char *name, unsigned long what, const char *address) {
    struct ifreq request = {0};
    snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
    struct sockaddr_in *place = (struct sockaddr_in *)&request.ifr_addr;
    place->sin_family = AF_INET;
    inet_pton(AF_INET, address, &place->sin_addr);
    return ioctl(control, what, &request);
}

static int openInterface(const char *name) {
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK), control = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {0};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
    if (tun < 0 || control < 0 || ioctl(tun, TUNSETIFF, &request)) return -1;
    if (setAddress(control, name, SIOCSIFADDR, "10.77.0.1") || setAddress(control, name, SIOCSIFNETMASK, "255.255.255.252")) return -1;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(control, SIOCSIFFLAGS, &request)) return -1;
    close(control);
    return tun;
}

int main(int count, char **words) {
    if (count != 3 && count != 4 && count != 6) return 2;
    int64_t delay = atof(words[2]) * 1e6;
    double loss = count > 3 ? atof(words[3]) / 100 : 0, rate = count > 4 ? atof(words[4]) : 0;
    int port = count > 5 ? atoi(words[5]) : 0;
    int tun = openInterface(words[1]);
    if (tun < 0) {
        perror("distance");
        return 1;
    }
    srand48(1);
    struct way ways[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) ways[i].packets = malloc(PLACES * sizeof(struct packet));
    puts("up");
    fflush(stdout);
    for (;;) {
        int64_t next = INT64_MAX, time = now();
        for (int i = 0; i < 2; i++) {
            struct way *way = &ways[i];
            while (way->count && way->packets[way->first].due <= time) {
                struct packet *packet = &way->packets[way->first];
                if (write(tun, packet->bytes, packet->length) < 0) perror("distance: write");
                way->first = (way->first + 1) % PLACES, way->count--;
            }
            if (way->count && way->packets[way->first].due < next) next = way->packets[way->first].due;
        }
        struct pollfd ready = {.fd = tun, .events = POLLIN};
        int64_t rest = next == INT64_MAX ? 3600000000000LL : next - now();
        if (rest < 0) rest = 0;
        struct timespec wait = {rest / 1000000000, rest % 1000000000};
        if (ppoll(&ready, 1, &wait, NULL) < 1) continue;
        unsigned char bytes[LONGEST];
        int length;
        while ((length = read(tun, bytes, sizeof bytes)) > 0) {
            if (length < 24 || bytes[0] >> 4 != 4 || (loss > 0 && drand48() < loss)) continue;
            int head = (bytes[0] & 15) * 4, isUp = length >= head + 4 && (bytes[head + 2] << 8 | bytes[head + 3]) == port;
            struct way *way = &ways[isUp];
            int64_t start = now();
            if (rate > 0 && isUp) {
                if (way->freeAt < start) way->freeAt = start;
                if (way->freeAt - start > 300000000) continue;
                start = way->freeAt += length / rate * 1e9;
            }
            if (way->count == PLACES) continue;
            struct packet *packet = &way->packets[(way->first + way->count++) % PLACES];
            packet->due = start + delay, packet->length = length;
            memcpy(packet->bytes, bytes, length);
            memcpy(packet->bytes + 12, bytes + 16, 4);
            memcpy(packet->bytes + 16, bytes + 12, 4);
        }
    }
}
