#ifndef AMPHORA_FLEET_WEB_H
#define AMPHORA_FLEET_WEB_H

#include <stddef.h>

/// A file of the web app as it lies in Sources/FleetWeb/App.
struct amphora_web_file {
    /// Its path below App, such as "core/api.js".
    const char *_Nonnull path;
    const unsigned char *_Nonnull bytes;
    size_t count;
};

/// How many files there are.
size_t amphora_web_file_count(void);

/// The file at a place below the count; the first one for any other place.
const struct amphora_web_file *_Nonnull amphora_web_file_at(size_t place);

#endif
