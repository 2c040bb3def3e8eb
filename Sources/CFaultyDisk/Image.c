#include "Disk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512 };

// A test that has no memory left cannot say anything useful any more.
static void *need(void *block) {
    if (!block) abort();
    return block;
}

uint64_t disk_random(uint64_t *state) {
    uint64_t mixed = *state += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
}

// Bytes

static void resize(Bytes *bytes, size_t size) {
    if (size > bytes->room) {
        bytes->room = size * 2;
        bytes->data = need(realloc(bytes->data, bytes->room));
    }
    if (size > bytes->size) memset(bytes->data + bytes->size, 0, size - bytes->size);
    bytes->size = size;
}

static void put(Bytes *bytes, const unsigned char *data, size_t size, size_t offset) {
    if (offset + size > bytes->size) resize(bytes, offset + size);
    if (size) memcpy(bytes->data + offset, data, size);
}

static void apply(Bytes *bytes, const Change *change) {
    if (change->kind == WRITE) put(bytes, change->data, change->size, change->offset);
    if (change->kind == TRUNCATE) resize(bytes, change->size);
}

// Names

static Node *find(const Names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i].name, name) == 0) return names->items[i].node;
    return NULL;
}

static void drop(Names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].name, name) != 0) continue;
        free(names->items[i].name);
        names->items[i] = names->items[--names->count];
        return;
    }
}

static void set(Names *names, const char *name, Node *node) {
    drop(names, name);
    if (names->count == names->room) {
        names->room = names->room * 2 + 8;
        names->items = need(realloc(names->items, names->room * sizeof *names->items));
    }
    names->items[names->count].name = need(strdup(name));
    names->items[names->count++].node = node;
}

static void clear(Names *names) {
    while (names->count) drop(names, names->items[0].name);
}

static void follow(Names *names, const Change *change) {
    if (change->kind == LINK) set(names, change->name, change->node);
    if (change->kind == UNLINK) drop(names, change->name);
}

// Changes

static void record(cfaultydisk *disk, Change change) {
    if (!disk->recording) return;
    Changes *all = &disk->pending;
    if (all->count == all->room) {
        all->room = all->room * 2 + 64;
        all->items = need(realloc(all->items, all->room * sizeof *all->items));
    }
    if (change.name) change.name = need(strdup(change.name));
    if (change.data) {
        change.data = memcpy(need(malloc(change.size + 1)), change.data, change.size);
    }
    all->items[all->count++] = change;
}

static int isOfFolder(const Change *change) {
    return change->kind == LINK || change->kind == UNLINK;
}

// Makes the changes of a file, or of the folder when `node` is null, safe.
static void settle(cfaultydisk *disk, Node *node) {
    Changes *all = &disk->pending;
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        Change change = all->items[i];
        if (node ? isOfFolder(&change) || change.node != node : !isOfFolder(&change)) {
            all->items[kept++] = change;
            continue;
        }
        if (node) apply(&node->synced, &change);
        else follow(&disk->durable, &change);
        free(change.data);
        free(change.name);
    }
    all->count = kept;
}

void disk_synced(cfaultydisk *disk, Node *node) { settle(disk, node); }
void disk_folder_synced(cfaultydisk *disk) { settle(disk, NULL); }

void disk_write(cfaultydisk *disk, Node *node, const void *data, size_t size, size_t offset) {
    record(disk, (Change){.kind = WRITE, .node = node, .offset = offset, .size = size,
                          .data = (unsigned char *)data});
}

void disk_truncate(cfaultydisk *disk, Node *node, size_t size) {
    record(disk, (Change){.kind = TRUNCATE, .node = node, .size = size});
}

void disk_delete(cfaultydisk *disk, const char *name) {
    if (!disk->recording) return;
    disk_absorb_renames(disk);
    Node *node = find(&disk->now, name);
    if (!node) return;
    node->inode = 0;
    drop(&disk->now, name);
    record(disk, (Change){.kind = UNLINK, .name = (char *)name});
}

// Files

static ino_t inodeOf(const char *name) {
    struct stat status;
    return stat(name, &status) == 0 ? status.st_ino : 0;
}

static Node *add(cfaultydisk *disk, const char *name) {
    Node *node = need(calloc(1, sizeof *node));
    node->inode = inodeOf(name);
    node->next = disk->nodes;
    disk->nodes = node;
    set(&disk->now, name, node);
    return node;
}

// A file that was there before the disk: all of it counts as synced.
static Node *adopt(cfaultydisk *disk, const char *name) {
    Node *node = add(disk, name);
    set(&disk->durable, name, node);
    FILE *file = fopen(name, "rb");
    if (!file) return node;
    unsigned char buffer[65536];
    for (size_t size; (size = fread(buffer, 1, sizeof buffer, file)) > 0;)
        put(&node->synced, buffer, size, node->synced.size);
    fclose(file);
    return node;
}

Node *disk_opened(cfaultydisk *disk, const char *name, int created) {
    if (!disk->recording) return NULL;
    if (created) {
        Node *node = add(disk, name);
        record(disk, (Change){.kind = LINK, .node = node, .name = (char *)name});
        return node;
    }
    Node *node = find(&disk->now, name);
    return node ? node : adopt(disk, name);
}

static void rename_in(Names *names, const char *old, const char *new, Node *node) {
    if (find(names, old) != node) return;
    drop(names, old);
    set(names, new, node);
}

// The name an inode bears now; null when it has none. The caller frees it.
static char *nameOf(cfaultydisk *disk, ino_t inode) {
    DIR *folder = opendir(disk->folder);
    char *name = NULL;
    for (struct dirent *entry; folder && !name && (entry = readdir(folder));) {
        if (entry->d_ino != inode) continue;
        name = need(malloc(strlen(disk->folder) + strlen(entry->d_name) + 2));
        sprintf(name, "%s/%s", disk->folder, entry->d_name);
    }
    if (folder) closedir(folder);
    return name;
}

// Takes over one rename; a name that another file still seems to have waits until that one went.
static int absorbOne(cfaultydisk *disk) {
    for (size_t i = 0; i < disk->now.count; i++) {
        Node *node = disk->now.items[i].node;
        if (inodeOf(disk->now.items[i].name) == node->inode) continue;
        char *old = need(strdup(disk->now.items[i].name));
        char *new = nameOf(disk, node->inode);
        int waits = new && find(&disk->now, new);
        if (new && !waits) {
            disk_folder_synced(disk);
            rename_in(&disk->now, old, new, node);
            rename_in(&disk->durable, old, new, node);
        }
        if (!new) {
            drop(&disk->now, old);
            drop(&disk->durable, old);
        }
        free(old);
        free(new);
        if (!waits) return 1;
    }
    return 0;
}

// Renames happen outside SQLite. They count as safe at once: the outbox syncs the folder after one.
void disk_absorb_renames(cfaultydisk *disk) {
    while (disk->recording && absorbOne(disk)) {}
}

void disk_forget(cfaultydisk *disk) {
    for (size_t i = 0; i < disk->pending.count; i++) {
        free(disk->pending.items[i].data);
        free(disk->pending.items[i].name);
    }
    disk->pending.count = 0;
    clear(&disk->now);
    clear(&disk->durable);
    while (disk->nodes) {
        Node *node = disk->nodes;
        disk->nodes = node->next;
        free(node->synced.data);
        free(node);
    }
}

// After the cut

// A third of the writes is gone, a third whole, a third torn.
static void applySome(Bytes *bytes, const Change *change, uint64_t *random) {
    uint64_t lot = disk_random(random);
    if (change->kind == TRUNCATE) {
        if (lot % 2) apply(bytes, change);
        return;
    }
    if (lot % 3 == 0) return;
    if (lot % 3 == 1) return apply(bytes, change);
    int isPrefix = lot & 0x100;
    for (size_t start = change->offset; start < change->offset + change->size;) {
        size_t end = (start / SECTOR + 1) * SECTOR;
        if (end > change->offset + change->size) end = change->offset + change->size;
        int isLost = disk_random(random) % 3 == 0;
        if (isLost && isPrefix) return;
        if (!isLost) put(bytes, change->data + (start - change->offset), end - start, start);
        start = end;
    }
}

static void wipe(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));) unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
}

static int materialise(const char *name, const Bytes *bytes) {
    FILE *file = fopen(name, "wb");
    if (!file) return errno;
    size_t written = bytes->size ? fwrite(bytes->data, 1, bytes->size, file) : 0;
    int isClosed = fclose(file) == 0;
    return written == bytes->size && isClosed ? 0 : EIO;
}

int cfaultydisk_settle(cfaultydisk *disk, cfaultydisk_mode mode, uint64_t seed) {
    pthread_mutex_lock(&disk->mutex);
    disk_absorb_renames(disk);
    disk->recording = disk->dead = 0;
    disk->at = 0;
    wipe(disk->folder);
    Names names = {0};
    for (size_t i = 0; i < disk->durable.count; i++)
        set(&names, disk->durable.items[i].name, disk->durable.items[i].node);
    // The folder's own journal keeps their order.
    int isFolderCut = mode == CFAULTYDISK_SYNCED_ONLY;
    for (size_t i = 0; i < disk->pending.count; i++) {
        if (!isOfFolder(&disk->pending.items[i])) continue;
        if (mode == CFAULTYDISK_SOME && disk_random(&seed) % 3 == 0) isFolderCut = 1;
        if (!isFolderCut) follow(&names, &disk->pending.items[i]);
    }
    int error = 0;
    for (size_t n = 0; n < names.count && !error; n++) {
        Node *node = names.items[n].node;
        Bytes bytes = {0};
        put(&bytes, node->synced.data, node->synced.size, 0);
        for (size_t i = 0; i < disk->pending.count; i++) {
            Change *change = &disk->pending.items[i];
            if (isOfFolder(change) || change->node != node) continue;
            if (mode == CFAULTYDISK_ALL) apply(&bytes, change);
            if (mode == CFAULTYDISK_SOME) applySome(&bytes, change, &seed);
        }
        error = materialise(names.items[n].name, &bytes);
        free(bytes.data);
    }
    clear(&names);
    free(names.items);
    pthread_mutex_unlock(&disk->mutex);
    return error;
}
