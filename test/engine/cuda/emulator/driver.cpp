// The functions of libcuda that the program calls, with the signatures of cuda.h.

#include "emulator.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <map>
#include <unistd.h>

namespace {

constexpr size_t deviceBytes = (size_t)1 << 30;
constexpr unsigned mostSharedBytes = 227 * 1024, mostThreads = 1024;

struct Module;

struct Function {
  std::string name;
  Module *module;
  void (*call)(void *);
  size_t parameterBytes;
  int allowedSharedBytes;
};

struct Module {
  void *library;
  EmulatedPlaces places;
  uint64_t start, end;
  std::map<std::string, Function> functions;
};

std::string lastDetail, lastText;

// Contexts belong to threads.
thread_local bool hasContext = false;
// How often a query is still told that the launch is not done, though it is.
int pendingQueries = 0;

#define NEEDS_CONTEXT                                                                                                  \
  if (!hasContext) return fail(invalidContext, "this thread has no context");

template <class T> T find(void *library, const std::string &name) { return reinterpret_cast<T>(dlsym(library, name.c_str())); }

// The memory into which a library was loaded.
void findExtent(Module &module, const void *inside) {
  struct Search {
    uint64_t address, start, end;
  } search = {(uint64_t)inside, 0, 0};
  dl_iterate_phdr(
      [](dl_phdr_info *information, size_t, void *data) {
        auto &search = *static_cast<Search *>(data);
        uint64_t start = ~0ull, end = 0;
        for (int index = 0; index < information->dlpi_phnum; index += 1) {
          const auto &header = information->dlpi_phdr[index];
          if (header.p_type != PT_LOAD) continue;
          uint64_t from = information->dlpi_addr + header.p_vaddr;
          start = from < start ? from : start;
          end = from + header.p_memsz > end ? from + header.p_memsz : end;
        }
        if (search.address < start || search.address >= end) return 0;
        search.start = start;
        search.end = end;
        return 1;
      },
      &search);
  module.start = search.start;
  module.end = search.end;
}

void *openImage(const void *bytes, uint64_t size) {
  char path[] = "/tmp/makertaker-emulated-XXXXXX";
  int file = mkstemp(path);
  if (file < 0) return nullptr;
  bool written = write(file, bytes, size) == (ssize_t)size;
  close(file);
  void *library = written ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (!library) lastDetail = written ? dlerror() : "cannot write to /tmp";
  unlink(path);
  return library;
}

} // namespace

std::string text(const char *format, ...) {
  char buffer[1024];
  va_list list;
  va_start(list, format);
  vsnprintf(buffer, sizeof buffer, format, list);
  va_end(list);
  return buffer;
}

int fail(int result, const std::string &detail) {
  lastDetail = detail;
  return result;
}

extern "C" {

int cuGetErrorName(int code, const char **name) {
  static const std::map<int, const char *> names = {
      {invalidValue, "CUDA_ERROR_INVALID_VALUE"},
      {outOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
      {invalidDevice, "CUDA_ERROR_INVALID_DEVICE"},
      {invalidImage, "CUDA_ERROR_INVALID_IMAGE"},
      {invalidContext, "CUDA_ERROR_INVALID_CONTEXT"},
      {notFound, "CUDA_ERROR_NOT_FOUND"},
      {illegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {launchOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"},
      {misalignedAddress, "CUDA_ERROR_MISALIGNED_ADDRESS"},
      {launchFailed, "CUDA_ERROR_LAUNCH_FAILED"},
  };
  auto found = names.find(code);
  *name = found == names.end() ? nullptr : found->second;
  return *name ? success : invalidValue;
}

int cuGetErrorString(int, const char **string) {
  lastText = "emulated error: " + lastDetail;
  lastDetail.clear();
  *string = lastText.c_str();
  return success;
}

int cuInit(unsigned) { return success; }

int cuDriverGetVersion(int *version) {
  *version = 99000;
  return success;
}

int cuDeviceGetCount(int *count) {
  *count = 1;
  return success;
}

int cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return ordinal == 0 ? success : invalidDevice;
}

int cuDeviceGetName(char *name, int length, int) {
  snprintf(name, length, "Emulated GPU");
  return success;
}

int cuDeviceGetAttribute(int *value, int attribute, int) {
  static const std::map<int, int> values = {{1, mostThreads}, {13, 1'000'000}, {16, 4}, {36, 1'000'000}, {37, 256}, {75, 9}, {76, 0}, {81, mostSharedBytes + 1024}, {97, mostSharedBytes}};
  auto found = values.find(attribute);
  if (found == values.end()) return fail(invalidValue, text("the emulator has no attribute %d", attribute));
  *value = found->second;
  return success;
}

int cuDeviceTotalMem_v2(size_t *bytes, int) {
  *bytes = deviceBytes;
  return success;
}

int cuDevicePrimaryCtxRetain(void **context, int) {
  static int place;
  *context = &place;
  return success;
}

int cuDevicePrimaryCtxRelease_v2(int) { return checkGuards("at the end"); }

int cuCtxSetCurrent(void *context) {
  hasContext = context != nullptr;
  return success;
}

int cuCtxSynchronize() {
  NEEDS_CONTEXT
  pendingQueries = 0;
  return checkGuards("at synchronize");
}

int cuStreamQuery(void *) {
  NEEDS_CONTEXT
  if (pendingQueries == 0) return checkGuards("at synchronize");
  pendingQueries -= 1;
  return notReady;
}

int cuMemAlloc_v2(uint64_t *pointer, size_t bytes) {
  NEEDS_CONTEXT
  if (bytes == 0) return fail(invalidValue, "no bytes were asked for");
  if (bytesAllocated() + bytes > deviceBytes) return fail(outOfMemory, "");
  return allocateMemory(pointer, bytes);
}

int cuMemFree_v2(uint64_t pointer) {
  NEEDS_CONTEXT
  return freeMemory(pointer);
}

int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
  NEEDS_CONTEXT
  if (int result = checkRange("a copy to the device", to, bytes)) return result;
  memcpy((void *)to, from, bytes);
  return success;
}

int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
  NEEDS_CONTEXT
  if (int result = checkRange("a copy from the device", from, bytes)) return result;
  memcpy(to, (const void *)from, bytes);
  return success;
}

int cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t bytes) {
  NEEDS_CONTEXT
  if (int result = checkRange("a copy on the device, its source", from, bytes)) return result;
  if (int result = checkRange("a copy on the device, its target", to, bytes)) return result;
  if (to < from + bytes && from < to + bytes) return fail(invalidValue, "source and target of a copy overlap");
  memcpy((void *)to, (const void *)from, bytes);
  return success;
}

int cuMemsetD8_v2(uint64_t pointer, unsigned char value, size_t bytes) {
  NEEDS_CONTEXT
  if (int result = checkRange("a fill", pointer, bytes)) return result;
  memset((void *)pointer, value, bytes);
  return success;
}

int cuMemGetInfo_v2(size_t *free, size_t *total) {
  NEEDS_CONTEXT
  *total = deviceBytes;
  *free = deviceBytes - bytesAllocated();
  return success;
}

int cuModuleLoadData(Module **module, const unsigned char *image) {
  NEEDS_CONTEXT
  if (memcmp(image, "EMULATED", 8) != 0) return fail(invalidImage, "an image that the emulator's NVRTC has not made");
  uint64_t size;
  memcpy(&size, image + 8, 8);
  void *library = openImage(image + 16, size);
  if (!library) return fail(invalidImage, lastDetail);
  auto *loaded = new Module{library, {}, 0, 0, {}};
  auto bind = find<void (*)(const EmulatedTable *, EmulatedPlaces *)>(library, "emulatedBind");
  bind(&emulatedTable(), &loaded->places);
  findExtent(*loaded, (const void *)bind);
  *module = loaded;
  return success;
}

int cuModuleUnload(Module *module) {
  dlclose(module->library);
  delete module;
  return success;
}

int cuModuleGetFunction(Function **function, Module *module, const char *name) {
  auto call = find<void (*)(void *)>(module->library, std::string("emulatedCall_") + name);
  auto size = find<unsigned long (*)()>(module->library, std::string("emulatedSize_") + name);
  if (!call || !size) return fail(notFound, name);
  auto [place, added] = module->functions.insert({name, {name, module, call, size(), 48 * 1024}});
  *function = &place->second;
  return success;
}

int cuFuncSetAttribute(Function *function, int attribute, int value) {
  // How the memory of a multiprocessor is to be divided.
  if (attribute == 9) return value >= -1 && value <= 100 ? success : fail(invalidValue, text("%d per cent", value));
  if (attribute != 8) return fail(invalidValue, text("the emulator has no attribute %d", attribute));
  // Which of its kernels declares how much a module does not say.
  if (value < 0 || value > (int)mostSharedBytes) return fail(invalidValue, text("%d bytes of dynamic shared memory", value));
  function->allowedSharedBytes = value > 48 * 1024 ? value : 48 * 1024;
  return success;
}

int cuFuncGetAttribute(int *value, int attribute, Function *function) {
  const EmulatedPlaces &places = function->module->places;
  const std::map<int, int> values = {{0, mostThreads}, {1, (int)(places.staticSharedEnd - places.staticShared)}, {3, 0}, {4, 32}};
  auto found = values.find(attribute);
  if (found == values.end()) return fail(invalidValue, text("the emulator has no attribute %d", attribute));
  *value = found->second;
  return success;
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, Function *, int threads, size_t sharedBytes) {
  size_t byThreads = 2048 / threads, byMemory = (mostSharedBytes + 1024) / (sharedBytes + 1024);
  *blocks = (int)(byThreads < byMemory ? byThreads : byMemory);
  return success;
}

int cuLaunchKernel(Function *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                   unsigned blockZ, unsigned sharedBytes, void *, void **pointers, void **extra) {
  NEEDS_CONTEXT
  uint64_t threads = (uint64_t)blockX * blockY * blockZ;
  if (threads == 0 || threads > mostThreads || (uint64_t)gridX * gridY * gridZ == 0)
    return fail(invalidValue, "the sizes of the grid or the blocks");
  if (pointers || !extra || extra[0] != (void *)1 || extra[2] != (void *)2 || extra[4])
    return fail(invalidValue, "the arguments are no packed buffer");
  size_t bytes = *static_cast<size_t *>(extra[3]);
  if (bytes != function->parameterBytes)
    return fail(invalidValue, text("kernel %s takes %zu bytes of arguments and was given %zu", function->name.c_str(),
                                   function->parameterBytes, bytes));
  if ((int)sharedBytes > function->allowedSharedBytes)
    return fail(invalidValue, text("%u bytes of shared memory, %d were allowed", sharedBytes, function->allowedSharedBytes));
  auto *buffer = static_cast<unsigned char *>(extra[1]);
  Launch launch = {function->name,
                   function->call,
                   {buffer, buffer + bytes},
                   {gridX, gridY, gridZ},
                   {blockX, blockY, blockZ},
                   sharedBytes,
                   function->module->places,
                   function->module->start,
                   function->module->end};
  if (int result = runLaunch(launch)) return result;
  pendingQueries = 3;
  return checkGuards("kernel " + launch.name);
}

} // extern "C"
