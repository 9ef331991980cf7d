// A stand-in for NVIDIA's driver and NVRTC: kernels run on the CPU, one thread after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "table.h"

// Results that the emulator gives, by their numbers in cuda.h.
enum Result {
  success = 0,
  invalidValue = 1,
  outOfMemory = 2,
  invalidDevice = 101,
  invalidImage = 200,
  invalidContext = 201,
  notFound = 500,
  notReady = 600,
  illegalAddress = 700,
  launchOutOfResources = 701,
  misalignedAddress = 716,
  launchFailed = 719,
};

// Puts down what is the matter, for cuGetErrorString, and gives the result back.
int fail(int result, const std::string &detail);

// Whether kernels are compiled so that every read and write is looked at.
bool checksAccesses();

std::string text(const char *format, ...) __attribute__((format(printf, 1, 2)));

// ---- memory.cpp

constexpr size_t guardBytes = 256;
constexpr int poison = 0xff; // NaN, and -1

// What is remembered of four bytes, to find threads that use them in no certain order.
struct Cell {
  uint32_t writePhase, writeEpoch, readPhase, readEpoch, firstRead;
  uint16_t writeThread, readThread;
  uint8_t writeMask, readMask;
};

struct Allocation {
  unsigned char *start;
  size_t bytes;
  std::vector<Cell> cells;
};

int allocateMemory(uint64_t *pointer, size_t bytes);
int freeMemory(uint64_t pointer);
size_t bytesAllocated();
// @returns the allocation that holds the address, or null
Allocation *findAllocation(uint64_t address);
// @returns success if all the bytes lie in one allocation
int checkRange(const char *what, uint64_t pointer, size_t bytes);
// @returns success if nothing wrote around the allocations
int checkGuards(const std::string &when);
// For messages: which allocation the address is closest to.
std::string describeAddress(uint64_t address);

// ---- fibres.cpp

struct Launch {
  std::string name;
  void (*call)(void *parameters);
  std::vector<unsigned char> parameters;
  EmulatedExtent grid, block;
  size_t sharedBytes;
  EmulatedPlaces places;
  // The module's own memory: constants and variables.
  uint64_t moduleStart, moduleEnd;
};

int runLaunch(const Launch &launch);
const EmulatedTable &emulatedTable();

// The state that checks.cpp looks at while a launch runs.
struct Running {
  const Launch *launch = nullptr;
  unsigned thread = 0;
  // Numbers of the first phase of the launch and of the block, and of the present one: what lies between
  // two barriers.
  uint32_t launchPhase = 0, blockPhase = 0, phase = 0;
  // Per warp, a number that changes at each of its own barriers.
  uint32_t epochs[32] = {};
  uint64_t stacksStart = 0, stacksEnd = 0;
};
extern Running running;

// Gives the launch up from within a thread; does not return.
[[noreturn]] void abandonLaunch(int result, const std::string &detail);

// ---- checks.cpp

void checkAccess(const void *address, unsigned long size, bool isWrite, bool isAtomic);
// Forgets what earlier blocks did to the shared memory.
void resetSharedCells(size_t staticBytes, size_t dynamicBytes);
