#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

/// How many blocks of memory this thread has asked for since it began; -1 where another tool, such as a
/// sanitizer, owns the allocator.
///
/// Linking this target replaces malloc, calloc and realloc of the whole program by ones that count.
long callocations_of_thread(void);

#endif
