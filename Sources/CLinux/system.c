#define _GNU_SOURCE
#include "CLinuxSystem.h"

#include <errno.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_poll(struct pollfd *descriptors, unsigned long count, int64_t nanoseconds) {
    struct timespec span = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return ppoll(descriptors, count, nanoseconds < 0 ? NULL : &span, NULL);
}

_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR && EPOLLHUP == POLLHUP,
               "the events of epoll are those of poll");

int clinux_set_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_set_watch(int set, int fd, short events, uint32_t tag) {
    struct epoll_event event = {.events = (uint32_t)events, .data.u32 = tag};
    if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
    if (errno == ENOENT && epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
    return -errno;
}

int clinux_set_ready(int set, struct clinux_ready *ready, int limit) {
    struct epoll_event events[256];
    int count = epoll_wait(set, events, limit < 256 ? limit : 256, 0);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        ready[i].tag = events[i].data.u32;
        ready[i].events = (short)events[i].events;
    }
    return count;
}

int64_t clinux_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
    return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}

void clinux_sharpen_timers(void) { prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0); }

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// the kernel keeps this of each thread, whatever POSIX says
void clinux_stand_back(void) { setpriority(PRIO_PROCESS, 0, 10); }

int clinux_is_clock_disciplined(void) {
    struct timex state = {0};
    return adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;
}

int clinux_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void clinux_limit_arenas(int count) { mallopt(M_ARENA_MAX, count); }

void clinux_trim_heap(void) { malloc_trim(0); }

int clinux_syncfs(int descriptor) { return syncfs(descriptor); }

int clinux_confine(uint64_t bytes, uint64_t seconds) {
    struct rlimit space = {bytes, bytes}, time = {seconds, seconds + 1}, core = {0, 0};
    setpriority(PRIO_PROCESS, 0, 15);
    if (setrlimit(RLIMIT_CORE, &core) || setrlimit(RLIMIT_CPU, &time) ||
        setrlimit(RLIMIT_AS, &space))
        return -errno;
    return 0;
}

int clinux_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
