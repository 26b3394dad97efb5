#include "vfs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/revocation/harness.h"

static long fail_in;
static int failing_operations, failing_code;
static bool fail_all_after, has_failed;
static long counted;
static double clock_seconds = -1;

/* The code with which this operation fails, or SQLITE_OK. */
static int fault_of(enum vfs_operation operation)
{
    if ((failing_operations & operation) == 0) return SQLITE_OK;
    counted++;
    if (fail_in == 0 || --fail_in > 0) return SQLITE_OK;
    fail_in = fail_all_after ? 1 : 0;
    has_failed = true;
    return failing_code;
}

/* An I/O error of the code that this operation's own has. */
static int fault_as(enum vfs_operation operation, int own)
{
    int code = fault_of(operation);
    return code == SQLITE_IOERR ? own : code;
}

/* ---- files: the real one behind ours ---- */

struct file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

static int file_close(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    int code = real->pMethods != NULL ? real->pMethods->xClose(real) : SQLITE_OK;
    free(real);
    return code;
}

static int file_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    int code = fault_as(VFS_READ, SQLITE_IOERR_READ);
    return code != SQLITE_OK ? code : real_of(file)->pMethods->xRead(real_of(file), out, size, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    int code = fault_as(VFS_WRITE, SQLITE_IOERR_WRITE);
    if (code == SQLITE_FULL) size /= 2;
    if (code == SQLITE_OK || code == SQLITE_FULL) {
        int written = real_of(file)->pMethods->xWrite(real_of(file), bytes, size, at);
        if (code == SQLITE_OK) code = written;
    }
    return code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = fault_as(VFS_TRUNCATE, SQLITE_IOERR_TRUNCATE);
    return code != SQLITE_OK ? code : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    int code = fault_as(VFS_SYNC, SQLITE_IOERR_FSYNC);
    return code != SQLITE_OK ? code : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = fault_as(VFS_SIZE, SQLITE_IOERR_FSTAT);
    return code != SQLITE_OK ? code : real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    int code = fault_as(VFS_LOCK, SQLITE_IOERR_LOCK);
    return code != SQLITE_OK ? code : real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_lock(sqlite3_file *file, int *out)
{
    int code = fault_as(VFS_LOCK, SQLITE_IOERR_CHECKRESERVEDLOCK);
    if (code == SQLITE_BUSY) code = SQLITE_OK; /* that is not how this one says so */
    return code != SQLITE_OK ? code
                             : real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
    /* The VFS of the connection is ours, also where SQLite asks the file itself. */
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    int code = fault_as(VFS_SHARED_MEMORY, SQLITE_IOERR_SHMMAP);
    return code != SQLITE_OK
               ? code
               : real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    int code =
        (flags & SQLITE_SHM_UNLOCK) != 0 ? SQLITE_OK : fault_as(VFS_LOCK, SQLITE_IOERR_SHMLOCK);
    return code != SQLITE_OK
               ? code
               : real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    2, /* no memory mapping: what it reads would not pass here */
    file_close,
    file_read,
    file_write,
    file_truncate,
    file_sync,
    file_size,
    file_lock,
    file_unlock,
    file_check_lock,
    file_control,
    file_sector_size,
    file_characteristics,
    file_shm_map,
    file_shm_lock,
    file_shm_barrier,
    file_shm_unmap,
    NULL,
    NULL,
};

/* ---- the VFS ---- */

static sqlite3_vfs *real_vfs;

static int vfs_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *opened, int flags, int *out_flags)
{
    struct file *file = (struct file *)opened;
    int code = fault_as(VFS_OPEN, SQLITE_CANTOPEN);
    (void)vfs;
    file->base.pMethods = NULL;
    if (code != SQLITE_OK) return code;
    file->real = calloc(1, (size_t)real_vfs->szOsFile);
    code = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
    if (code != SQLITE_OK) {
        free(file->real);
        return code;
    }
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    int code = fault_as(VFS_DELETE, SQLITE_IOERR_DELETE);
    (void)vfs;
    return code != SQLITE_OK ? code : real_vfs->xDelete(real_vfs, name, sync);
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *milliseconds)
{
    (void)vfs;
    if (isnan(clock_seconds)) return SQLITE_ERROR;
    if (clock_seconds < 0) return real_vfs->xCurrentTimeInt64(real_vfs, milliseconds);
    *milliseconds = 210866760000000LL + (sqlite3_int64)(clock_seconds * 1000);
    return SQLITE_OK;
}

/* The older form, in days. */
static int vfs_time_in_days(sqlite3_vfs *vfs, double *days)
{
    sqlite3_int64 milliseconds;
    int code = vfs_time(vfs, &milliseconds);
    if (code == SQLITE_OK) *days = (double)milliseconds / 86400000.0;
    return code;
}

/* Who waits for a lock that never comes need not wait in truth. */
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static sqlite3_vfs faulty;

void vfs_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    faulty = *real_vfs;
    faulty.iVersion = 2;
    faulty.szOsFile = sizeof(struct file);
    faulty.zName = FAULTY_VFS;
    faulty.pNext = NULL;
    faulty.xOpen = vfs_open;
    faulty.xDelete = vfs_delete;
    faulty.xSleep = vfs_sleep;
    faulty.xCurrentTime = vfs_time_in_days;
    faulty.xCurrentTimeInt64 = vfs_time;
    if (sqlite3_vfs_register(&faulty, 0) != SQLITE_OK) give_up("no VFS of our own");
}

void vfs_fail(long at, int operations, int code, bool lasting)
{
    fail_in = at;
    failing_operations = operations;
    failing_code = code;
    fail_all_after = lasting;
    has_failed = false;
    counted = 0;
}

bool vfs_heal(void)
{
    fail_in = 0;
    failing_operations = 0;
    return has_failed;
}

long vfs_count(void)
{
    return counted;
}

void vfs_set_clock(double seconds)
{
    clock_seconds = seconds;
}

void vfs_set_version(int version, bool has_milliseconds)
{
    faulty.iVersion = version;
    faulty.xCurrentTimeInt64 = has_milliseconds ? vfs_time : NULL;
}
