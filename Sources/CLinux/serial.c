#include "CLinuxSerial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static speed_t speed_of(unsigned baud) {
    switch (baud) {
    case 1200: return B1200;
    case 2400: return B2400;
    case 4800: return B4800;
    case 9600: return B9600;
    case 19200: return B19200;
    case 38400: return B38400;
    case 57600: return B57600;
    case 115200: return B115200;
    case 230400: return B230400;
    case 460800: return B460800;
    case 500000: return B500000;
    case 921600: return B921600;
    case 1000000: return B1000000;
    case 2000000: return B2000000;
    case 3000000: return B3000000;
    default: return 0;
    }
}

static int configure(int fd, unsigned baud, int parity, int stop_bits) {
    speed_t speed = speed_of(baud);
    struct termios t;
    if (speed == 0) return -EINVAL;
    if (tcgetattr(fd, &t) < 0) return -errno;
    cfmakeraw(&t);
    t.c_cflag &= ~(CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS);
    t.c_cflag |= CS8 | CLOCAL | CREAD;
    if (stop_bits == 2) t.c_cflag |= CSTOPB;
    if (parity != CLINUX_PARITY_NONE) t.c_cflag |= PARENB;
    if (parity == CLINUX_PARITY_ODD) t.c_cflag |= PARODD;
    /* With 1 an idle read fails with EAGAIN, and one that reads nothing means that the device is gone. */
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    if (cfsetspeed(&t, speed) < 0) return -errno;
    if (tcsetattr(fd, TCSANOW, &t) < 0) return -errno;
    return 0;
}

int clinux_serial_open(const char *path, unsigned baud, int parity, int stop_bits) {
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int rc;
    if (fd < 0) return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return -EBUSY;
    }
    rc = configure(fd, baud, parity, stop_bits);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    tcflush(fd, TCIOFLUSH);
    return fd;
}

int clinux_serial_rs485(int fd, int on) {
    struct serial_rs485 mode;
    memset(&mode, 0, sizeof mode);
    if (ioctl(fd, TIOCGRS485, &mode) < 0) return -errno;
    if (on && (mode.flags & SER_RS485_ENABLED)) return 0; // as the device tree has set it
    if (on) mode.flags |= SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
    else mode.flags &= ~SER_RS485_ENABLED;
    mode.flags &= ~SER_RS485_RX_DURING_TX;
    return ioctl(fd, TIOCSRS485, &mode) < 0 ? -errno : 0;
}

void clinux_serial_discard(int fd) { tcflush(fd, TCIFLUSH); }
