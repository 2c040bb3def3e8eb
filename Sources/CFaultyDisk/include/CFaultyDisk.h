#ifndef CFAULTYDISK_H
#define CFAULTYDISK_H

#include <stdint.h>

/// A disk that keeps apart what was synced and what was only written; tests put it under SQLite.
///
/// It covers one folder and is an SQLite VFS over the system's own. Everything is written to real
/// files as well, so that `stat`, `rename` and copies outside SQLite meet what a process would meet;
/// a sync is only noted, which keeps thousands of runs quick.
typedef struct cfaultydisk cfaultydisk;

/// What the disk does when a plan comes due.
typedef enum {
    /// The power is cut: this call and all later ones fail, nothing reaches the disk any more.
    CFAULTYDISK_CUT = 0,
    /// Writes stop in the middle with ENOSPC, files cannot be made.
    CFAULTYDISK_FULL = 1,
    /// Whatever changes a file fails with EROFS.
    CFAULTYDISK_READ_ONLY = 2,
    /// The call fails with EIO.
    CFAULTYDISK_ERROR = 3,
    /// A read fails with EIO; counted among the reads.
    CFAULTYDISK_READ_ERROR = 4,
} cfaultydisk_fault;

/// What `cfaultydisk_count` counts since the last plan.
typedef enum {
    /// Writes, syncs, truncations, deletions and files made: the places where a plan comes due.
    CFAULTYDISK_OPERATIONS = 0,
    /// Reads of files.
    CFAULTYDISK_READS = 1,
    /// Writes.
    CFAULTYDISK_WRITES = 2,
    /// Syncs of files.
    CFAULTYDISK_SYNCS = 3,
    /// Bytes written.
    CFAULTYDISK_BYTES = 4,
} cfaultydisk_counter;

/// How much of what was not synced reaches the disk.
typedef enum {
    /// Nothing: only synced content is left.
    CFAULTYDISK_SYNCED_ONLY = 0,
    /// Some writes, whole or torn between sectors of 512 bytes, as the seed says.
    CFAULTYDISK_SOME = 1,
    /// Everything: the process was killed, the power stayed.
    CFAULTYDISK_ALL = 2,
} cfaultydisk_mode;

/// Makes a disk for the files of `folder` and registers it with SQLite as the VFS `name`.
///
/// Null when memory or SQLite fails. The seed decides where a write stops on a full disk.
cfaultydisk *cfaultydisk_make(const char *name, const char *folder, uint64_t seed);

/// Forgets the disk; its files must be closed.
void cfaultydisk_end(cfaultydisk *disk);

/// Plans a fault at operation `at`, counted from 1 and from now, for `count` operations; a cut lasts.
///
/// `at` 0 plans nothing. Counters begin again.
void cfaultydisk_plan(cfaultydisk *disk, cfaultydisk_fault fault, int64_t at, int64_t count);

/// One of the counters.
int64_t cfaultydisk_count(cfaultydisk *disk, cfaultydisk_counter counter);

/// Whether the planned fault was met.
int cfaultydisk_met(cfaultydisk *disk);

/// Puts the folder into the state after the cut; may be called again with another mode or seed.
///
/// Removes every other file of the folder. All files must be closed. Returns 0 or an errno. Calls
/// succeed again until the next plan; what they change is forgotten by the next call of this.
int cfaultydisk_settle(cfaultydisk *disk, cfaultydisk_mode mode, uint64_t seed);

/// Folds the log of a database back into it over a second connection, as far as readers allow; a
/// restarted log is cut to nothing. Returns an SQLite code.
int cfaultydisk_checkpoint(cfaultydisk *disk, const char *path);

#endif
