#include "Disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// An open file; the system's own stands behind it.
typedef struct {
    sqlite3_file base;
    cfaultydisk *disk;
    Node *node;
    // The folder has to be synced with the first sync of a new journal, as SQLite does it.
    int owesFolder;
    sqlite3_file *real;
} File;

static File *of(sqlite3_file *file) { return (File *)file; }

// What becomes of a call.
typedef enum { GO, DEAD, CUT, FULL, READ_ONLY, BROKEN } Fate;

static Fate fateAt(cfaultydisk *disk, int64_t number, int isRead) {
    if (disk->dead) return DEAD;
    int isReadFault = disk->fault == CFAULTYDISK_READ_ERROR;
    if (!disk->at || isRead != isReadFault) return GO;
    if (number < disk->at || number - disk->at >= disk->length) return GO;
    disk->met = 1;
    switch (disk->fault) {
    case CFAULTYDISK_CUT: disk->dead = 1; return CUT;
    case CFAULTYDISK_FULL: errno = ENOSPC; return FULL;
    case CFAULTYDISK_READ_ONLY: errno = EROFS; return READ_ONLY;
    default: errno = EIO; return BROKEN;
    }
}

// Counts an operation. The mutex stays locked until `leave`.
static Fate enter(cfaultydisk *disk) {
    pthread_mutex_lock(&disk->mutex);
    return fateAt(disk, disk->dead ? 0 : ++disk->counters[CFAULTYDISK_OPERATIONS], 0);
}

static int leave(cfaultydisk *disk, int code) {
    pthread_mutex_unlock(&disk->mutex);
    return code;
}

// Files

static int fileClose(sqlite3_file *file) {
    int code = of(file)->real->pMethods ? of(file)->real->pMethods->xClose(of(file)->real) : 0;
    free(of(file)->real);
    return code;
}

static int fileRead(sqlite3_file *file, void *into, int size, sqlite3_int64 offset) {
    cfaultydisk *disk = of(file)->disk;
    pthread_mutex_lock(&disk->mutex);
    Fate fate = fateAt(disk, disk->dead ? 0 : ++disk->counters[CFAULTYDISK_READS], 1);
    leave(disk, 0);
    if (fate != GO) return SQLITE_IOERR_READ;
    return of(file)->real->pMethods->xRead(of(file)->real, into, size, offset);
}

static int writeThrough(File *file, const void *from, int size, sqlite3_int64 offset) {
    if (file->node) disk_write(file->disk, file->node, from, (size_t)size, (size_t)offset);
    return file->real->pMethods->xWrite(file->real, from, size, offset);
}

static int fileWrite(sqlite3_file *base, const void *from, int size, sqlite3_int64 offset) {
    File *file = of(base);
    cfaultydisk *disk = file->disk;
    Fate fate = enter(disk);
    switch (fate) {
    case GO:
        disk->counters[CFAULTYDISK_WRITES]++;
        disk->counters[CFAULTYDISK_BYTES] += size;
        return leave(disk, writeThrough(file, from, size, offset));
    case FULL: {
        int fits = (int)(disk_random(&disk->random) % (uint64_t)(size + 1));
        writeThrough(file, from, fits, offset);
        return leave(disk, SQLITE_FULL);
    }
    case CUT:
        if (file->node) disk_write(disk, file->node, from, (size_t)size, (size_t)offset);
        return leave(disk, SQLITE_IOERR_WRITE);
    default: return leave(disk, SQLITE_IOERR_WRITE);
    }
}

static int fileTruncate(sqlite3_file *base, sqlite3_int64 size) {
    File *file = of(base);
    Fate fate = enter(file->disk);
    if ((fate == GO || fate == CUT) && file->node)
        disk_truncate(file->disk, file->node, (size_t)size);
    // Making a file shorter works on a full disk.
    if (fate != GO && fate != FULL) return leave(file->disk, SQLITE_IOERR_TRUNCATE);
    if (fate == FULL && file->node) disk_truncate(file->disk, file->node, (size_t)size);
    return leave(file->disk, file->real->pMethods->xTruncate(file->real, size));
}

static int fileSync(sqlite3_file *base, int flags) {
    (void)flags;
    File *file = of(base);
    Fate fate = enter(file->disk);
    // Nothing new is written, so a full disk and a read-only one have nothing to say.
    if (fate != GO && fate != FULL && fate != READ_ONLY) return leave(file->disk, SQLITE_IOERR_FSYNC);
    file->disk->counters[CFAULTYDISK_SYNCS]++;
    if (file->node) disk_synced(file->disk, file->node);
    if (file->owesFolder) disk_folder_synced(file->disk);
    file->owesFolder = 0;
    return leave(file->disk, SQLITE_OK);
}

static int fileSize(sqlite3_file *file, sqlite3_int64 *size) {
    if (of(file)->disk->dead) return SQLITE_IOERR_FSTAT;
    return of(file)->real->pMethods->xFileSize(of(file)->real, size);
}

static int fileLock(sqlite3_file *file, int level) {
    if (of(file)->disk->dead) return SQLITE_IOERR_LOCK;
    return of(file)->real->pMethods->xLock(of(file)->real, level);
}

static int fileUnlock(sqlite3_file *file, int level) {
    return of(file)->real->pMethods->xUnlock(of(file)->real, level);
}

static int fileCheckLock(sqlite3_file *file, int *isReserved) {
    return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, isReserved);
}

static int fileControl(sqlite3_file *file, int operation, void *argument) {
    return of(file)->real->pMethods->xFileControl(of(file)->real, operation, argument);
}

static int fileSectorSize(sqlite3_file *file) {
    return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int fileDevice(sqlite3_file *file) {
    return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int fileShmMap(sqlite3_file *file, int page, int size, int extend, void volatile **at) {
    if (of(file)->disk->dead) return SQLITE_IOERR_SHMMAP;
    return of(file)->real->pMethods->xShmMap(of(file)->real, page, size, extend, at);
}

static int fileShmLock(sqlite3_file *file, int offset, int count, int flags) {
    if (of(file)->disk->dead && flags & SQLITE_SHM_LOCK) return SQLITE_IOERR_SHMLOCK;
    return of(file)->real->pMethods->xShmLock(of(file)->real, offset, count, flags);
}

static void fileShmBarrier(sqlite3_file *file) {
    of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int fileShmUnmap(sqlite3_file *file, int delete) {
    return of(file)->real->pMethods->xShmUnmap(of(file)->real, delete);
}

static const sqlite3_io_methods fileMethods = {
    .iVersion = 2,
    .xClose = fileClose,
    .xRead = fileRead,
    .xWrite = fileWrite,
    .xTruncate = fileTruncate,
    .xSync = fileSync,
    .xFileSize = fileSize,
    .xLock = fileLock,
    .xUnlock = fileUnlock,
    .xCheckReservedLock = fileCheckLock,
    .xFileControl = fileControl,
    .xSectorSize = fileSectorSize,
    .xDeviceCharacteristics = fileDevice,
    .xShmMap = fileShmMap,
    .xShmLock = fileShmLock,
    .xShmBarrier = fileShmBarrier,
    .xShmUnmap = fileShmUnmap,
};

// The folder

static cfaultydisk *behind(sqlite3_vfs *vfs) { return vfs->pAppData; }

static int openReal(cfaultydisk *disk, sqlite3_filename name, File *file, int flags, int *out) {
    file->real = calloc(1, (size_t)disk->real->szOsFile);
    if (!file->real) return SQLITE_NOMEM;
    int code = disk->real->xOpen(disk->real, name, file->real, flags, out);
    if (code == SQLITE_OK) {
        file->base.pMethods = &fileMethods;
        return code;
    }
    free(file->real);
    file->real = NULL;
    return code;
}

static int vfsOpen(
    sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags, int *out) {
    cfaultydisk *disk = behind(vfs);
    File *file = of(base);
    *file = (File){.disk = disk};
    int creates = flags & SQLITE_OPEN_CREATE && (!name || access(name, F_OK) != 0);
    Fate fate = GO;
    if (creates) fate = enter(disk);
    else pthread_mutex_lock(&disk->mutex);
    if (disk->dead && fate != CUT) return leave(disk, SQLITE_CANTOPEN);
    if (fate == FULL || fate == READ_ONLY || fate == BROKEN) return leave(disk, SQLITE_CANTOPEN);
    if (name) disk_absorb_renames(disk);
    int code = openReal(disk, name, file, flags, out);
    if (code != SQLITE_OK || !name) return leave(disk, code);
    file->node = disk_opened(disk, name, creates);
    int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    file->owesFolder = creates && flags & journals;
    if (fate != CUT) return leave(disk, SQLITE_OK);
    fileClose(base);
    file->base.pMethods = NULL;
    return leave(disk, SQLITE_CANTOPEN);
}

static int vfsDelete(sqlite3_vfs *vfs, const char *name, int syncsFolder) {
    cfaultydisk *disk = behind(vfs);
    if (access(name, F_OK) != 0) return SQLITE_IOERR_DELETE_NOENT;
    Fate fate = enter(disk);
    if (fate != GO && fate != FULL && fate != CUT) return leave(disk, SQLITE_IOERR_DELETE);
    disk_delete(disk, name);
    if (fate == CUT) return leave(disk, SQLITE_IOERR_DELETE);
    int code = disk->real->xDelete(disk->real, name, 0);
    if (syncsFolder) disk_folder_synced(disk);
    return leave(disk, code);
}

static int vfsAccess(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    cfaultydisk *disk = behind(vfs);
    if (disk->dead) return SQLITE_IOERR_ACCESS;
    return disk->real->xAccess(disk->real, name, flags, result);
}

static int vfsFullPathname(sqlite3_vfs *vfs, const char *name, int size, char *out) {
    return behind(vfs)->real->xFullPathname(behind(vfs)->real, name, size, out);
}

static int vfsRandomness(sqlite3_vfs *vfs, int size, char *out) {
    return behind(vfs)->real->xRandomness(behind(vfs)->real, size, out);
}

static int vfsSleep(sqlite3_vfs *vfs, int microseconds) {
    return behind(vfs)->real->xSleep(behind(vfs)->real, microseconds);
}

static int vfsTime(sqlite3_vfs *vfs, double *time) {
    return behind(vfs)->real->xCurrentTime(behind(vfs)->real, time);
}

static int vfsLastError(sqlite3_vfs *vfs, int size, char *out) {
    return behind(vfs)->real->xGetLastError(behind(vfs)->real, size, out);
}

// The disk

cfaultydisk *cfaultydisk_make(const char *name, const char *folder, uint64_t seed) {
    cfaultydisk *disk = calloc(1, sizeof *disk);
    if (!disk) return NULL;
    disk->real = sqlite3_vfs_find(NULL);
    disk->name = strdup(name);
    disk->folder = strdup(folder);
    disk->random = seed;
    disk->recording = 1;
    pthread_mutex_init(&disk->mutex, NULL);
    if (!disk->real || !disk->name || !disk->folder) return cfaultydisk_end(disk), NULL;
    disk->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(File),
        .mxPathname = disk->real->mxPathname,
        .zName = disk->name,
        .pAppData = disk,
        .xOpen = vfsOpen,
        .xDelete = vfsDelete,
        .xAccess = vfsAccess,
        .xFullPathname = vfsFullPathname,
        .xRandomness = vfsRandomness,
        .xSleep = vfsSleep,
        .xCurrentTime = vfsTime,
        .xGetLastError = vfsLastError,
    };
    if (sqlite3_vfs_register(&disk->vfs, 0) != SQLITE_OK) return cfaultydisk_end(disk), NULL;
    return disk;
}

void cfaultydisk_end(cfaultydisk *disk) {
    if (!disk) return;
    sqlite3_vfs_unregister(&disk->vfs);
    disk_forget(disk);
    free(disk->pending.items);
    free(disk->now.items);
    free(disk->durable.items);
    free(disk->name);
    free(disk->folder);
    pthread_mutex_destroy(&disk->mutex);
    free(disk);
}

void cfaultydisk_plan(cfaultydisk *disk, cfaultydisk_fault fault, int64_t at, int64_t count) {
    pthread_mutex_lock(&disk->mutex);
    if (!disk->recording) disk_forget(disk);
    disk->recording = 1;
    disk->fault = fault;
    disk->at = at;
    disk->length = fault == CFAULTYDISK_CUT ? INT64_MAX : count;
    disk->met = disk->dead = 0;
    memset(disk->counters, 0, sizeof disk->counters);
    pthread_mutex_unlock(&disk->mutex);
}

int64_t cfaultydisk_count(cfaultydisk *disk, cfaultydisk_counter counter) {
    pthread_mutex_lock(&disk->mutex);
    int64_t count = disk->counters[counter];
    pthread_mutex_unlock(&disk->mutex);
    return count;
}

int cfaultydisk_met(cfaultydisk *disk) {
    pthread_mutex_lock(&disk->mutex);
    int met = disk->met;
    pthread_mutex_unlock(&disk->mutex);
    return met;
}

int cfaultydisk_checkpoint(cfaultydisk *disk, const char *path) {
    sqlite3 *database = NULL;
    int code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, disk->name);
    if (code == SQLITE_OK)
        code = sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_close(database);
    return code;
}
