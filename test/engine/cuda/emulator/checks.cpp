// Looks at every read and write of a kernel: whether it is inside of a buffer, aligned, and in a certain
// order with those of other threads.

#include "emulator.h"

namespace {

std::vector<Cell> staticCells, dynamicCells;

constexpr uint16_t severalWarps = 0xffff, severalLanes = 0x8000;
constexpr unsigned warpSize = 32;

[[noreturn]] void complain(int result, const char *access, unsigned long size, const std::string &what) {
  abandonLaunch(result, text("%s of %lu bytes %s", access, size, what.c_str()));
}

bool sameWarp(unsigned thread, unsigned warp) {
  if (thread == severalWarps) return false;
  return (thread & severalLanes ? thread & ~severalLanes : thread / warpSize) == warp;
}

// Whether an access of this block by `thread` in the phase and epoch is unordered with one made now.
bool isUnordered(uint32_t phase, uint32_t epoch, uint16_t thread) {
  unsigned warp = running.thread / warpSize;
  if (phase != running.phase || thread == running.thread) return false;
  return sameWarp(thread, warp) ? epoch == running.epochs[warp] : true;
}

// Whether it was made by another block of this launch.
bool isOfOtherBlock(uint32_t phase) { return phase >= running.launchPhase && phase < running.blockPhase; }

uint16_t joinReaders(const Cell &cell) {
  unsigned warp = running.thread / warpSize;
  if (cell.readPhase != running.phase || cell.readThread == running.thread) return (uint16_t)running.thread;
  if (!sameWarp(cell.readThread, warp)) return severalWarps;
  return cell.readEpoch == running.epochs[warp] ? (uint16_t)(severalLanes | warp) : (uint16_t)running.thread;
}

const char *findRace(const Cell &cell, uint8_t mask, bool isWrite) {
  if (cell.writeMask & mask) {
    if (isUnordered(cell.writePhase, cell.writeEpoch, cell.writeThread)) return "that another thread wrote, without a barrier between";
    if (isOfOtherBlock(cell.writePhase)) return "that another block of the launch wrote";
  }
  if (isWrite && cell.readMask & mask) {
    if (isUnordered(cell.readPhase, cell.readEpoch, cell.readThread))
      return "that another thread reads, without a barrier between";
    if (isOfOtherBlock(cell.firstRead)) return "that another block of the launch reads";
  }
  return nullptr;
}

void note(Cell &cell, uint8_t mask, bool isWrite) {
  uint32_t epoch = running.epochs[running.thread / warpSize];
  if (isWrite) {
    bool joins = cell.writePhase == running.phase && cell.writeThread == running.thread;
    cell.writeMask = joins ? cell.writeMask | mask : mask;
    cell.writePhase = running.phase;
    cell.writeEpoch = epoch;
    cell.writeThread = (uint16_t)running.thread;
    return;
  }
  if (cell.firstRead < running.launchPhase) cell.firstRead = running.phase;
  cell.readThread = joinReaders(cell);
  cell.readMask = cell.readPhase == running.phase ? cell.readMask | mask : mask;
  cell.readPhase = running.phase;
  cell.readEpoch = epoch;
}

void followCells(std::vector<Cell> &cells, size_t offset, size_t size, bool isWrite, const char *access) {
  for (size_t at = offset; at < offset + size;) {
    size_t word = at / 4, first = at % 4;
    size_t count = offset + size - at < 4 - first ? offset + size - at : 4 - first;
    auto mask = (uint8_t)(((1u << count) - 1) << first);
    Cell &cell = cells[word];
    if (const char *race = findRace(cell, mask, isWrite)) complain(launchFailed, access, size, race);
    note(cell, mask, isWrite);
    at += count;
  }
}

} // namespace

void resetSharedCells(size_t staticBytes, size_t dynamicBytes) {
  staticCells.assign((staticBytes + 3) / 4, Cell{});
  dynamicCells.assign((dynamicBytes + 3) / 4, Cell{});
}

void checkAccess(const void *pointer, unsigned long size, bool isWrite, bool isAtomic) {
  auto address = (uint64_t)pointer;
  if (address >= running.stacksStart && address < running.stacksEnd) return;
  const Launch &launch = *running.launch;
  const EmulatedPlaces &places = launch.places;
  const char *access = isAtomic ? "an atomic access" : isWrite ? "a write" : "a read";
  bool aligned = size > 16 || address % size == 0;

  uint64_t dynamicOffset = address - (uint64_t)places.dynamicShared;
  if (dynamicOffset < places.dynamicSharedCapacity) {
    if (dynamicOffset + size > launch.sharedBytes)
      complain(illegalAddress, access, size,
               text("at byte %llu of %zu of dynamic shared memory", (unsigned long long)dynamicOffset, launch.sharedBytes));
    if (!aligned) complain(misalignedAddress, access, size, "in shared memory is not aligned");
    if (!isAtomic) followCells(dynamicCells, dynamicOffset, size, isWrite, access);
    return;
  }
  uint64_t staticOffset = address - (uint64_t)places.staticShared;
  if (staticOffset < (uint64_t)(places.staticSharedEnd - places.staticShared)) {
    if (!isAtomic) followCells(staticCells, staticOffset, size, isWrite, access);
    return;
  }
  if (address >= launch.moduleStart && address < launch.moduleEnd) return;

  Allocation *allocation = findAllocation(address);
  if (!allocation || address + size > (uint64_t)allocation->start + allocation->bytes)
    complain(illegalAddress, access, size, describeAddress(address));
  if (!aligned) complain(misalignedAddress, access, size, describeAddress(address) + " is not aligned");
  if (isAtomic) return;
  if (allocation->cells.empty()) allocation->cells.resize((allocation->bytes + 3) / 4);
  followCells(allocation->cells, address - (uint64_t)allocation->start, size, isWrite, access);
}
