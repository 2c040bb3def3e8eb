#ifndef DISK_H
#define DISK_H

#include "CFaultyDisk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/types.h>

// Bytes of a file; grows.
typedef struct {
    unsigned char *data;
    size_t size, room;
} Bytes;

// A file apart from its names.
typedef struct Node {
    ino_t inode;
    Bytes synced;
    struct Node *next;
} Node;

typedef enum { WRITE, TRUNCATE, LINK, UNLINK } ChangeKind;

// Something done to a file or to the folder that no sync has made safe.
typedef struct {
    ChangeKind kind;
    Node *node;
    char *name;
    size_t offset, size;
    unsigned char *data;
} Change;

typedef struct {
    Change *items;
    size_t count, room;
} Changes;

// Names of the folder and what they stand for.
typedef struct {
    struct { char *name; Node *node; } *items;
    size_t count, room;
} Names;

struct cfaultydisk {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    char *name, *folder;
    pthread_mutex_t mutex;
    Node *nodes;
    // Names as they are now, and as they were when the folder was last synced.
    Names now, durable;
    Changes pending;
    uint64_t random;
    cfaultydisk_fault fault;
    int64_t at, length, counters[5];
    int met, dead;
    // After a settle, until the next plan, nothing is recorded.
    int recording;
};

// Images (Image.c). Callers hold the mutex.
uint64_t disk_random(uint64_t *state);
Node *disk_node(cfaultydisk *disk, const char *name);
Node *disk_opened(cfaultydisk *disk, const char *name, int created);
void disk_absorb_renames(cfaultydisk *disk);
void disk_write(cfaultydisk *disk, Node *node, const void *data, size_t size, size_t offset);
void disk_truncate(cfaultydisk *disk, Node *node, size_t size);
void disk_delete(cfaultydisk *disk, const char *name);
void disk_synced(cfaultydisk *disk, Node *node);
void disk_folder_synced(cfaultydisk *disk);
void disk_forget(cfaultydisk *disk);

#endif
