// Serial ports: what needs ioctl or termios macros.
#ifndef CLINUX_SERIAL_H
#define CLINUX_SERIAL_H

#include <stdint.h>

// Parity of a character.
enum { CLINUX_PARITY_NONE = 0, CLINUX_PARITY_EVEN = 1, CLINUX_PARITY_ODD = 2 };

// Opens a serial device raw, 8 data bits, non-blocking, exclusively. An idle read fails with EAGAIN;
// one that reads nothing means that the device is gone. Returns the descriptor, or
// -errno; -EINVAL when the driver has no such rate, -EBUSY when another process holds the port.
int clinux_serial_open(const char *path, unsigned baud, int parity, int stop_bits);

// Turns the driver's RS-485 direction switching on (1) or off (0). 0, or -errno; -ENOTTY when the
// driver has none.
int clinux_serial_rs485(int fd, int on);

// Throws away what has been received and not read.
void clinux_serial_discard(int fd);

#endif
