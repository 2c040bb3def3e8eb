// SocketCAN: sockets, error frames and interface state.
#ifndef CLINUX_CAN_H
#define CLINUX_CAN_H

#include <stdint.h>

// One frame as the kernel hands it over; `id` carries the EFF, RTR and ERR flags in its top bits.
struct clinux_can_frame {
    uint32_t id;
    uint8_t length;
    uint8_t data[8];
};

// Opens a raw, non-blocking socket with error frames on. Returns the descriptor, or -errno:
// -ENODEV when there is no such interface, -EAFNOSUPPORT when the kernel has no CAN.
int clinux_can_open(const char *interface);

// The most identifiers a socket can be limited to.
enum { CLINUX_CAN_FILTERS = 64 };

// Lets only data frames with these identifiers through, and error frames; CAN_EFF_FLAG in the top
// bit of an id asks for 29 bits. 0, or -errno; -EINVAL when there are too many.
int clinux_can_accept(int fd, const uint32_t *ids, unsigned count);

// Switches the interface off and on, which restarts a controller that is bus-off. Waits for the
// driver, which takes milliseconds. 0, or -errno; -EPERM without CAP_NET_ADMIN.
int clinux_can_cycle(const char *interface);

// 1 when the interface is up, 0 when it is down, -errno otherwise.
int clinux_can_is_up(const char *interface);

// Sends one frame. 0, or -errno; -ENOBUFS or -EAGAIN when the queue is full.
int clinux_can_send(int fd, const struct clinux_can_frame *frame);

// Receives one frame. 1 when there was one, 0 when there is none, -errno otherwise.
int clinux_can_receive(int fd, struct clinux_can_frame *frame);

#endif
