#include "emulator.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

namespace {

constexpr size_t alignment = 256;
constexpr unsigned char guardByte = 0xa5;

std::map<uint64_t, std::unique_ptr<Allocation>> allocations;
size_t allocated = 0;
Allocation *lastFound = nullptr;

// Where a guard was overwritten, or -1.
long damage(const unsigned char *guard) {
  for (size_t index = 0; index < guardBytes; index += 1)
    if (guard[index] != guardByte) return (long)index;
  return -1;
}

int checkGuard(const Allocation &allocation, const std::string &when) {
  long behind = damage(allocation.start + allocation.bytes);
  long before = damage(allocation.start - guardBytes);
  if (behind < 0 && before < 0) return success;
  std::string where = behind >= 0 ? text("%ld bytes behind", behind) : text("%ld bytes before", (long)guardBytes - before);
  memset(allocation.start + allocation.bytes, guardByte, guardBytes);
  memset(allocation.start - guardBytes, guardByte, guardBytes);
  return fail(illegalAddress, when + text(": a write %s a buffer of %zu bytes", where.c_str(), allocation.bytes));
}

} // namespace

int allocateMemory(uint64_t *pointer, size_t bytes) {
  size_t whole = (bytes + 2 * guardBytes + alignment - 1) / alignment * alignment;
  auto *memory = static_cast<unsigned char *>(aligned_alloc(alignment, whole));
  if (!memory) return fail(outOfMemory, "");
  unsigned char *start = memory + guardBytes;
  memset(memory, guardByte, guardBytes);
  memset(start, poison, bytes);
  memset(start + bytes, guardByte, guardBytes);
  auto allocation = std::make_unique<Allocation>();
  allocation->start = start;
  allocation->bytes = bytes;
  allocations[(uint64_t)start] = std::move(allocation);
  allocated += bytes;
  *pointer = (uint64_t)start;
  return success;
}

int freeMemory(uint64_t pointer) {
  auto found = allocations.find(pointer);
  if (found == allocations.end()) return fail(invalidValue, "freed what is no buffer, or twice");
  int result = checkGuard(*found->second, "at free");
  allocated -= found->second->bytes;
  free(found->second->start - guardBytes);
  allocations.erase(found);
  lastFound = nullptr;
  return result;
}

size_t bytesAllocated() { return allocated; }

Allocation *findAllocation(uint64_t address) {
  auto holds = [address](const Allocation &allocation) {
    return address - (uint64_t)allocation.start < allocation.bytes;
  };
  if (lastFound && holds(*lastFound)) return lastFound;
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin()) return nullptr;
  Allocation *allocation = std::prev(after)->second.get();
  return holds(*allocation) ? lastFound = allocation : nullptr;
}

int checkRange(const char *what, uint64_t pointer, size_t bytes) {
  if (bytes == 0) return success;
  Allocation *allocation = findAllocation(pointer);
  if (allocation && pointer + bytes <= (uint64_t)allocation->start + allocation->bytes) return success;
  return fail(invalidValue, text("%s of %zu bytes, %s", what, bytes, describeAddress(pointer).c_str()));
}

int checkGuards(const std::string &when) {
  for (auto &[address, allocation] : allocations)
    if (int result = checkGuard(*allocation, when)) return result;
  return success;
}

std::string describeAddress(uint64_t address) {
  if (address < 4096) return text("at address %llu, next to null", (unsigned long long)address);
  auto after = allocations.upper_bound(address);
  if (after != allocations.begin()) {
    const Allocation &below = *std::prev(after)->second;
    long long offset = (long long)(address - (uint64_t)below.start);
    if (offset < (long long)below.bytes + (1 << 20))
      return text("at byte %lld of a buffer of %zu", offset, below.bytes);
  }
  if (after != allocations.end() && after->first - address < (1 << 20))
    return text("%llu bytes before a buffer of %zu", (unsigned long long)(after->first - address), after->second->bytes);
  return text("at %#llx, which is no memory of the device", (unsigned long long)address);
}
