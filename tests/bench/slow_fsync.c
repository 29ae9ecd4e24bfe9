/* Preloaded, it makes each fsync and fdatasync take SLOWSYNC_US microseconds longer: a cloud disk on a machine whose own
   disk acknowledges from a cache. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef int (*sync_call)(int);

static void wait_longer(void)
{
    const char *asked = getenv("SLOWSYNC_US");
    long micros = asked ? atol(asked) : 0;
    struct timespec pause = { micros / 1000000, (micros % 1000000) * 1000 };
    nanosleep(&pause, NULL);
}

int fsync(int file)
{
    sync_call real = (sync_call)dlsym(RTLD_NEXT, "fsync");
    int done = real(file);
    wait_longer();
    return done;
}

int fdatasync(int file)
{
    sync_call real = (sync_call)dlsym(RTLD_NEXT, "fdatasync");
    int done = real(file);
    wait_longer();
    return done;
}
