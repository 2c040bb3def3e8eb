#define _GNU_SOURCE
#include "CLinuxSystem.h"

#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timex.h>

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_poll(struct pollfd *descriptors, unsigned long count, int64_t nanoseconds) {
    struct timespec span = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return ppoll(descriptors, count, nanoseconds < 0 ? NULL : &span, NULL);
}

void clinux_sharpen_timers(void) { prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0); }

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int clinux_is_clock_disciplined(void) {
    struct timex state = {0};
    return adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;
}

int clinux_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void clinux_limit_arenas(int count) { mallopt(M_ARENA_MAX, count); }

void clinux_trim_heap(void) { malloc_trim(0); }
