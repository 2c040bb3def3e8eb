#include "CLinuxCAN.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int named(struct ifreq *request, const char *interface) {
    memset(request, 0, sizeof *request);
    if (strlen(interface) >= IFNAMSIZ) return -ENODEV;
    strcpy(request->ifr_name, interface);
    return 0;
}

static int bound(int fd, const char *interface) {
    struct ifreq request;
    struct sockaddr_can address;
    can_err_mask_t errors = CAN_ERR_MASK;
    int least = 0;
    int rc = named(&request, interface);
    if (rc < 0) return rc;
    if (ioctl(fd, SIOCGIFINDEX, &request) < 0) return -errno;
    if (setsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &errors, sizeof errors) < 0) return -errno;
    // The kernel's least buffer holds six or seven frames, fewer than an interface's queue (10):
    // a full bus shows as EAGAIN and POLLOUT instead of ENOBUFS, and few old frames wait in line.
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    memset(&address, 0, sizeof address);
    address.can_family = AF_CAN;
    address.can_ifindex = request.ifr_ifindex;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return -errno;
    return 0;
}

int clinux_can_open(const char *interface) {
    int fd = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, CAN_RAW);
    int rc;
    if (fd < 0) return -errno;
    rc = bound(fd, interface);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return fd;
}

int clinux_can_accept(int fd, const uint32_t *ids, unsigned count) {
    struct can_filter filters[CLINUX_CAN_FILTERS];
    unsigned i;
    if (count > CLINUX_CAN_FILTERS) return -EINVAL;
    for (i = 0; i < count; i++) {
        filters[i].can_id = ids[i];
        filters[i].can_mask = CAN_EFF_FLAG | CAN_RTR_FLAG | (ids[i] & CAN_EFF_FLAG ? CAN_EFF_MASK : CAN_SFF_MASK);
    }
    return setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, filters, count * sizeof *filters) < 0 ? -errno : 0;
}

static int cycled(int fd, const char *interface) {
    struct ifreq request;
    int rc = named(&request, interface);
    if (rc < 0) return rc;
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) return -errno;
    request.ifr_flags &= ~IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) < 0) return -errno;
    request.ifr_flags |= IFF_UP;
    return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

int clinux_can_cycle(const char *interface) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int rc;
    if (fd < 0) return -errno;
    rc = cycled(fd, interface);
    close(fd);
    return rc;
}

int clinux_can_is_up(const char *interface) {
    struct ifreq request;
    int rc = named(&request, interface);
    int fd;
    if (rc < 0) return rc;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    rc = ioctl(fd, SIOCGIFFLAGS, &request) < 0 ? -errno : (request.ifr_flags & IFF_UP ? 1 : 0);
    close(fd);
    return rc;
}

int clinux_can_send(int fd, const struct clinux_can_frame *frame) {
    struct can_frame raw;
    ssize_t count;
    memset(&raw, 0, sizeof raw);
    raw.can_id = frame->id;
    raw.can_dlc = frame->length > CAN_MAX_DLEN ? CAN_MAX_DLEN : frame->length;
    memcpy(raw.data, frame->data, sizeof raw.data);
    count = write(fd, &raw, sizeof raw);
    if (count < 0) return -errno;
    return count == sizeof raw ? 0 : -EIO;
}

int clinux_can_receive(int fd, struct clinux_can_frame *frame) {
    struct can_frame raw;
    ssize_t count = read(fd, &raw, sizeof raw);
    if (count < 0) return errno == EAGAIN ? 0 : -errno;
    if (count != sizeof raw) return -EIO;
    frame->id = raw.can_id;
    frame->length = raw.can_dlc > CAN_MAX_DLEN ? CAN_MAX_DLEN : raw.can_dlc;
    memcpy(frame->data, raw.data, sizeof frame->data);
    return 1;
}
