// Event descriptors and the like.
#ifndef CLINUX_SYSTEM_H
#define CLINUX_SYSTEM_H

#include <poll.h>
#include <spawn.h>
#include <stdint.h>

// A non-blocking, close-on-exec event descriptor, or -1 with errno set.
int clinux_eventfd(void);

// As ppoll, with the longest wait in nanoseconds; negative waits without end. The number of ready
// descriptors, 0 when the time is over, -1 with errno set (EINTR: look again).
int clinux_poll(struct pollfd *descriptors, unsigned long count, int64_t nanoseconds);

// A set of descriptors to wait for; itself one that poll calls readable while any of them is ready.
// Close-on-exec; -1 with errno set.
int clinux_set_make(void);

// Waits in `set` for `events` (POLLIN, POLLOUT) of `fd` and calls it `tag`; a descriptor that is
// closed leaves by itself. 0, or -errno.
int clinux_set_watch(int set, int fd, short events, uint32_t tag);

// One descriptor of a set that is ready.
struct clinux_ready {
    uint32_t tag;
    short events;
};

// Which are ready now, `limit` or 256 at most; never waits. Their number, or -errno.
int clinux_set_ready(int set, struct clinux_ready *ready, int limit);

// Allows this process as many open descriptors as it may ask for; how many that are, or -errno.
int64_t clinux_raise_descriptor_limit(void);

// Lets timers of the calling thread fire within a microsecond instead of the usual 50.
void clinux_sharpen_timers(void);

// Names the calling thread for top and ps; at most 15 characters are kept.
void clinux_name_thread(const char *name);

// 1 when the kernel says that a time service keeps the clock, else 0.
int clinux_is_clock_disciplined(void);

// Takes a waiting connection, non-blocking and closed on exec; -1 with errno set when there is none.
int clinux_accept(int listener);

// Limits the allocator to `count` arenas, so that idle threads hold no memory of their own.
void clinux_limit_arenas(int count);

// Keeps this process to so many bytes of address space and seconds of CPU, without a core file, and
// behind all others; for work that must not disturb. 0, or -errno.
int clinux_confine(uint64_t bytes, uint64_t seconds);

// Puts the calling thread behind the others of the machine; for work that may wait.
void clinux_stand_back(void);

// Gives free memory back to the kernel.
void clinux_trim_heap(void);

// Brings everything written to the file system of a descriptor to the disk; 0, or -1 with errno.
int clinux_syncfs(int descriptor);

// A child that is started so has no open descriptor from `first` on; 0, or an error number.
int clinux_close_from(posix_spawn_file_actions_t *actions, int first);

#endif
