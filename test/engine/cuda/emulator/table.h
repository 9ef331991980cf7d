// What a module of kernels and the emulator know of each other. The module is compiled without any
// standard header, as NVRTC compiles.
#pragma once

struct EmulatedExtent {
  unsigned x, y, z;
};

// Functions that kernels call; each may switch to another thread of the block.
struct EmulatedTable {
  void (*barrier)(int line);
  // 0: and, 1: or, 2: count
  int (*vote)(int line, int kind, int predicate);
  // Puts a word of 64 bits up for the lanes of the mask, and waits for theirs.
  void (*exchange)(int line, unsigned mask, unsigned long long word);
  // What a lane of this warp put up; all ones if it took no part.
  unsigned long long (*lane)(unsigned lane);
  // Lanes of this warp that took part.
  unsigned (*lanes)();
  // A read or write is about to happen. Atomic ones race with no other.
  void (*access)(const void *address, unsigned long size, bool isWrite, bool isAtomic);
};

// Places in a module that the emulator writes to.
struct EmulatedPlaces {
  EmulatedExtent *threadIndex, *blockIndex, *blockExtent, *gridExtent;
  unsigned char *staticShared, *staticSharedEnd;
  unsigned char *dynamicShared;
  unsigned long dynamicSharedCapacity;
};
