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

// 1 when the interface is up, 0 when it is down, -errno otherwise.
int clinux_can_is_up(const char *interface);

// Sends one frame. 0, or -errno; -ENOBUFS or -EAGAIN when the queue is full.
int clinux_can_send(int fd, const struct clinux_can_frame *frame);

// Receives one frame. 1 when there was one, 0 when there is none, -errno otherwise.
int clinux_can_receive(int fd, struct clinux_can_frame *frame);

#endif
