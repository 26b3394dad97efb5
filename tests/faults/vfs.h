/*
** vfs.h - a VFS over the default one whose files fail when told to, and whose clock is set by hand.
*/
#ifndef FAULTS_VFS_H
#define FAULTS_VFS_H

#include <sqlite3.h>
#include <stdbool.h>

/* What a file of this VFS can be asked for. */
enum vfs_operation {
    VFS_READ = 1,
    VFS_WRITE = 2,
    VFS_TRUNCATE = 4,
    VFS_SYNC = 8,
    VFS_SIZE = 16,
    VFS_LOCK = 32,
    VFS_SHARED_MEMORY = 64,
    VFS_OPEN = 128,
    VFS_DELETE = 256,
    VFS_ALL = 511,
};

#define FAULTY_VFS "faulty"

/* Registers the VFS under the name FAULTY_VFS; not as the default. */
void vfs_install(void);

/*
** From now on operation `at` of those in `operations` fails with `code` (1 is the next one); with `lasting`
** so does every one after it. A write that fails with SQLITE_FULL has written its first half.
*/
void vfs_fail(long at, int operations, int code, bool lasting);

/* Nothing fails any more. True where something did since vfs_fail(). */
bool vfs_heal(void);

/* Operations since vfs_fail(), of those that it named. */
long vfs_count(void);

/* The clock stands at these seconds since 1970; below 0 it is the machine's, NaN: it fails. */
void vfs_set_clock(double seconds);

/* What the VFS says that it is: before version 2 its clock has only days, and later it may lack the other form. */
void vfs_set_version(int version, bool has_milliseconds);

#endif
