/**
 * The library that runs programs: it opens them, keeps threads parked between runs, and lends memory.
 * It is never unloaded. One run at a time.
 *
 * Items of a run are handed out one by one; what an item computes does not depend on the thread.
 */
export const poolSource = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define MOST_THREADS 256
#define EXPORT __attribute__((visibility("default")))

typedef struct Runtime {
  void (*parallel)(void (*work)(void *, int64_t item, int thread), void *context, int64_t items);
  float *(*scratch)(int thread, int64_t bytes);
  char *(*workspace)(int64_t bytes);
} Runtime;
typedef int32_t (*Program)(void **, int64_t, const Runtime *);

static pthread_mutex_t one_run = PTHREAD_MUTEX_INITIALIZER, lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t begin = PTHREAD_COND_INITIALIZER;
static atomic_int generation, running;
static atomic_long next_item;
static int workers, wanted = 1, born[MOST_THREADS];
static struct { void (*work)(void *, int64_t, int); void *context; int64_t items; } job;

static struct Block { char *at; int64_t bytes; } blocks[2 * MOST_THREADS + 1];
static char *block(int index, int64_t bytes) {
  struct Block *b = &blocks[index];
  if (b->bytes < bytes) {
    free(b->at);
    b->bytes = (bytes + 4095) / 4096 * 4096;
    b->at = aligned_alloc(4096, (size_t)b->bytes);
    if (!b->at) b->bytes = 0;
  }
  return b->at;
}
static float *scratch(int thread, int64_t bytes) {
  float *p = (float *)block(thread >= 0 ? thread : MOST_THREADS - 1 - thread, bytes);
  if (!p) { fprintf(stderr, "makertaker: no memory for a tile of %lld bytes\\n", (long long)bytes); abort(); }
  return p;
}
static char *workspace(int64_t bytes) { return block(2 * MOST_THREADS, bytes < 64 ? 64 : bytes); }

static void take_items(int thread) {
  for (;;) {
    int64_t item = atomic_fetch_add(&next_item, 1);
    if (item >= job.items) return;
    job.work(job.context, item, thread);
  }
}
static void *worker(void *argument) {
  int thread = (int)(intptr_t)argument, seen = born[thread];
  for (;;) {
    int spins = 0;
    while (atomic_load_explicit(&generation, memory_order_acquire) == seen) {
      if (++spins < 4000) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
        continue;
      }
      pthread_mutex_lock(&lock);
      while (atomic_load(&generation) == seen) pthread_cond_wait(&begin, &lock);
      pthread_mutex_unlock(&lock);
    }
    seen = atomic_load(&generation);
    if (thread < wanted) take_items(thread);
    atomic_fetch_sub(&running, 1);
  }
  return 0;
}
static void parallel(void (*work)(void *, int64_t, int), void *context, int64_t items) {
  if (wanted == 1 || items <= 1) {
    for (int64_t item = 0; item < items; item++) work(context, item, 0);
    return;
  }
  while (workers < wanted - 1) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    born[workers + 1] = atomic_load(&generation);
    if (pthread_create(&thread, &attributes, worker, (void *)(intptr_t)(workers + 1))) break;
    workers++;
  }
  job.work = work;
  job.context = context;
  job.items = items;
  atomic_store(&next_item, 0);
  atomic_store(&running, workers);
  pthread_mutex_lock(&lock);
  atomic_fetch_add(&generation, 1);
  pthread_cond_broadcast(&begin);
  pthread_mutex_unlock(&lock);
  take_items(0);
  int spins = 0;
  while (atomic_load_explicit(&running, memory_order_acquire) > 0) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
    if (++spins > 20000) { sched_yield(); }
  }
}
static const Runtime runtime = {parallel, scratch, workspace};

/* Opens a program; 0 and the reason where that fails. */
EXPORT int64_t mt_open(const char *path, char *reason, int64_t size) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void *entry = library ? dlsym(library, "mt_run") : 0;
  if (!entry) {
    const char *why = dlerror();
    snprintf(reason, (size_t)size, "%s", why ? why : "no entry");
    return 0;
  }
  return (int64_t)(intptr_t)entry;
}
/* @returns 0, or 1 where memory ran out */
EXPORT int32_t mt_start(int64_t program, void **pointers, int64_t rows, int32_t threads) {
  pthread_mutex_lock(&one_run);
  wanted = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
  int32_t result = ((Program)(intptr_t)program)(pointers, rows, &runtime);
  pthread_mutex_unlock(&one_run);
  return result;
}
/* Bytes lent at present. */
EXPORT int64_t mt_memory(void) {
  int64_t sum = 0;
  for (int i = 0; i < 2 * MOST_THREADS + 1; i++) sum += blocks[i].bytes;
  return sum;
}
`;
