// The threads of a block as fibres: each runs until it reaches a barrier or its end.

#include "emulator.h"

#include <csetjmp>
#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <ucontext.h>

Running running;

namespace {

constexpr unsigned mostThreads = 1024, warpSize = 32;
constexpr size_t stackBytes = 256 * 1024, pageBytes = 65536;

enum class State { ready, atBarrier, atExchange, done };

struct Fibre {
  State state;
  bool started;
  int line;
  unsigned mask;
  unsigned long long word;
  ucontext_t entry;
  jmp_buf place;
};

Fibre fibres[mostThreads];
// What lanes put up at the last exchange they took part in, and who did.
unsigned long long snapshot[mostThreads];
unsigned participants[mostThreads];
jmp_buf scheduler;
unsigned char *stacks = nullptr;

struct Vote {
  int all, any, count;
};
Vote votes[2];
unsigned votePlace = 0;

int result;
std::string detail;

std::string coordinates(const EmulatedExtent &place) { return text("(%u, %u, %u)", place.x, place.y, place.z); }

EmulatedExtent threadPlace(unsigned thread) {
  const EmulatedExtent &block = running.launch->block;
  return {thread % block.x, thread / block.x % block.y, thread / block.x / block.y};
}

unsigned threadCount() {
  const EmulatedExtent &block = running.launch->block;
  return block.x * block.y * block.z;
}

// Back to the scheduler, until it resumes this thread.
void pause(State state, int line) {
  Fibre &fibre = fibres[running.thread];
  fibre.state = state;
  fibre.line = line;
  if (!_setjmp(fibre.place)) _longjmp(scheduler, 1);
}

void runFibre() {
  for (;;) {
    running.launch->call(const_cast<unsigned char *>(running.launch->parameters.data()));
    pause(State::done, 0);
  }
}

void start(Fibre &fibre, unsigned thread) {
  if (!stacks) {
    stacks = static_cast<unsigned char *>(mmap(nullptr, mostThreads * stackBytes, PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    // Stacks grow downwards, into a page that cannot be used.
    for (unsigned index = 0; index < mostThreads; index += 1)
      mprotect(stacks + index * stackBytes, pageBytes, PROT_NONE);
    running.stacksStart = (uint64_t)stacks;
    running.stacksEnd = running.stacksStart + mostThreads * stackBytes;
  }
  getcontext(&fibre.entry);
  fibre.entry.uc_stack.ss_sp = stacks + thread * stackBytes;
  fibre.entry.uc_stack.ss_size = stackBytes;
  fibre.entry.uc_link = nullptr;
  makecontext(&fibre.entry, runFibre, 0);
  fibre.started = true;
}

__attribute__((noinline)) void resume(unsigned thread) {
  running.thread = thread;
  *running.launch->places.threadIndex = threadPlace(thread);
  Fibre &fibre = fibres[thread];
  if (_setjmp(scheduler)) return;
  if (fibre.started) _longjmp(fibre.place, 1);
  start(fibre, thread);
  setcontext(&fibre.entry);
}

void stop(int code, const std::string &what) {
  if (result == success) {
    result = code;
    detail = what;
  }
}

std::string describeThread(unsigned thread) { return "thread " + coordinates(threadPlace(thread)); }

// Lets the lanes go on that wait for each other and are all there.
bool releaseExchanges(unsigned threads) {
  bool released = false;
  for (unsigned first = 0; first < threads; first += warpSize) {
    unsigned size = threads - first < warpSize ? threads - first : warpSize;
    for (unsigned lane = 0; lane < size; lane += 1) {
      if (fibres[first + lane].state != State::atExchange) continue;
      unsigned mask = fibres[first + lane].mask, present = 0, gone = 0;
      for (unsigned other = 0; other < size; other += 1) {
        const Fibre &fibre = fibres[first + other];
        if (!(mask >> other & 1)) continue;
        if (fibre.state == State::done) gone |= 1u << other;
        if (fibre.state == State::atExchange && fibre.mask == mask) present |= 1u << other;
      }
      unsigned expected = size == warpSize ? mask : mask & ((1u << size) - 1);
      if (gone) {
        stop(launchFailed, text("line %d: %s waits for lanes of its warp that have ended (mask %#x, ended %#x)",
                                fibres[first + lane].line, describeThread(first + lane).c_str(), mask, gone));
        return false;
      }
      if (present != expected) continue;
      for (unsigned other = 0; other < size; other += 1) {
        if (!(present >> other & 1)) continue;
        fibres[first + other].state = State::ready;
        snapshot[first + other] = fibres[first + other].word;
        participants[first + other] = present;
      }
      running.epochs[first / warpSize] += 1;
      released = true;
    }
  }
  return released;
}

// All threads have to stand at the same barrier.
bool releaseBarrier(unsigned threads) {
  unsigned at = 0, ended = 0, waiting = 0;
  int line = -1;
  for (unsigned thread = 0; thread < threads; thread += 1) {
    const Fibre &fibre = fibres[thread];
    if (fibre.state == State::done) ended += 1;
    if (fibre.state == State::atExchange) waiting += 1;
    if (fibre.state != State::atBarrier) continue;
    at += 1;
    if (line >= 0 && fibre.line != line) {
      stop(launchFailed, text("threads stand at different barriers, lines %d and %d", line, fibre.line));
      return false;
    }
    line = fibre.line;
  }
  if (at == threads) {
    for (unsigned thread = 0; thread < threads; thread += 1) fibres[thread].state = State::ready;
    running.phase += 1;
    for (uint32_t &epoch : running.epochs) epoch += 1;
    votePlace ^= 1;
    votes[votePlace] = {1, 0, 0};
    return true;
  }
  stop(launchFailed, text("%u of %u threads wait at the barrier in line %d, %u have ended, %u wait for lanes of their warp", at,
                          threads, line, ended, waiting));
  return false;
}

// Runs the threads of a block to their end. Every other phase goes from the last thread to the first, so
// that a barrier that is missing shows.
void runBlock() {
  unsigned threads = threadCount();
  for (unsigned thread = 0; thread < threads; thread += 1) fibres[thread].state = State::ready;
  votes[votePlace] = {1, 0, 0};
  unsigned done = 0;
  while (done < threads && result == success) {
    bool backwards = running.phase % 2 == 1;
    bool ran = false;
    for (unsigned step = 0; step < threads && result == success; step += 1) {
      unsigned thread = backwards ? threads - 1 - step : step;
      if (fibres[thread].state != State::ready) continue;
      ran = true;
      resume(thread);
      if (fibres[thread].state == State::done) done += 1;
    }
    if (done == threads || result != success) break;
    if (!releaseExchanges(threads) && result == success) releaseBarrier(threads);
    (void)ran;
  }
}

void poisonShared(const Launch &launch) {
  const EmulatedPlaces &places = launch.places;
  memset(places.staticShared, poison, places.staticSharedEnd - places.staticShared);
  memset(places.dynamicShared, poison, launch.sharedBytes);
  memset(places.dynamicShared + launch.sharedBytes, 0xa5, guardBytes);
  if (checksAccesses()) resetSharedCells(places.staticSharedEnd - places.staticShared, launch.sharedBytes);
}

bool sharedGuardHolds(const Launch &launch) {
  const unsigned char *guard = launch.places.dynamicShared + launch.sharedBytes;
  for (size_t index = 0; index < guardBytes; index += 1)
    if (guard[index] != 0xa5) return false;
  return true;
}

void onSignal(int number, siginfo_t *information, void *) {
  auto address = (unsigned long long)information->si_addr;
  if (number == SIGFPE) abandonLaunch(launchFailed, "an integer division by zero");
  if (address >= running.stacksStart && address < running.stacksEnd)
    abandonLaunch(launchFailed, "local variables need over 192 KiB, more than the emulator has");
  abandonLaunch(illegalAddress, "an access " + describeAddress(address));
}

constexpr int signals[] = {SIGSEGV, SIGBUS, SIGFPE};

// While a launch runs, faults end it and not the process.
class Faults {
public:
  Faults() {
    static unsigned char *stack = new unsigned char[65536];
    stack_t alternative{};
    alternative.ss_sp = stack;
    alternative.ss_size = 65536;
    sigaltstack(&alternative, &previousStack);
    struct sigaction action{};
    action.sa_sigaction = onSignal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int index = 0; index < 3; index += 1) sigaction(signals[index], &action, &previous[index]);
  }
  ~Faults() {
    for (int index = 0; index < 3; index += 1) sigaction(signals[index], &previous[index], nullptr);
    sigaltstack(&previousStack, nullptr);
  }

private:
  stack_t previousStack;
  struct sigaction previous[3];
};

// ---- what kernels call

void barrier(int line) { pause(State::atBarrier, line); }

int vote(int line, int kind, int predicate) {
  Vote &place = votes[votePlace];
  place.all &= predicate != 0;
  place.any |= predicate != 0;
  place.count += predicate != 0;
  pause(State::atBarrier, line);
  return kind == 0 ? place.all : kind == 1 ? place.any : place.count;
}

void exchange(int line, unsigned mask, unsigned long long word) {
  unsigned lane = running.thread % warpSize;
  if (!(mask >> lane & 1))
    abandonLaunch(launchFailed, text("line %d: the mask %#x does not hold the lane itself", line, mask));
  fibres[running.thread].mask = mask;
  fibres[running.thread].word = word;
  pause(State::atExchange, line);
}

unsigned long long readLane(unsigned lane) {
  unsigned first = running.thread / warpSize * warpSize;
  return participants[running.thread] >> lane & 1 ? snapshot[first + lane] : ~0ull;
}

unsigned lanes() { return participants[running.thread]; }

} // namespace

void abandonLaunch(int code, const std::string &what) {
  stop(code, describeThread(running.thread) + ": " + what);
  _longjmp(scheduler, 1);
}

const EmulatedTable &emulatedTable() {
  static const EmulatedTable table = {barrier, vote, exchange, readLane, lanes, checkAccess};
  return table;
}

int runLaunch(const Launch &launch) {
  running.launch = &launch;
  running.launchPhase = running.phase += 1;
  *launch.places.blockExtent = launch.block;
  *launch.places.gridExtent = launch.grid;
  result = success;
  Faults faults;
  EmulatedExtent &place = *launch.places.blockIndex;
  for (place.z = 0; place.z < launch.grid.z; place.z += 1)
    for (place.y = 0; place.y < launch.grid.y; place.y += 1)
      for (place.x = 0; place.x < launch.grid.x; place.x += 1) {
        running.blockPhase = running.phase += 1;
        for (uint32_t &epoch : running.epochs) epoch += 1;
        poisonShared(launch);
        runBlock();
        if (result == success && !sharedGuardHolds(launch))
          stop(illegalAddress, text("a write behind the %zu bytes of dynamic shared memory", launch.sharedBytes));
        if (result != success) {
          // Threads that were left in the middle begin anew at the next launch.
          for (Fibre &fibre : fibres) fibre.started = false;
          return fail(result, "kernel " + launch.name + ", block " + coordinates(place) + ": " + detail);
        }
      }
  return success;
}
