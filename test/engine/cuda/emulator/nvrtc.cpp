// The functions of libnvrtc that the program calls: the system's C++ compiler makes a shared library,
// which is the image.

#include "emulator.h"

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace {

enum NvrtcResult { nvrtcSuccess = 0, invalidOption = 5, compilation = 6, noArchitecture = 5 };

struct Program {
  std::string source, name, log, image;
};

std::string ownFolder() {
  Dl_info information;
  dladdr((void *)&ownFolder, &information);
  std::string path = information.dli_fname;
  return path.substr(0, path.rfind('/'));
}

std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool isWord(char letter) { return isalnum((unsigned char)letter) || letter == '_'; }

size_t skipSpace(const std::string &text, size_t at) {
  while (at < text.size() && isspace((unsigned char)text[at])) at += 1;
  return at;
}

std::string wordAt(const std::string &text, size_t at) {
  size_t end = at;
  while (end < text.size() && isWord(text[end])) end += 1;
  return text.substr(at, end - at);
}

// Names behind __global__: the word before a parenthesis, unless it is launch bounds.
std::set<std::string> findKernels(const std::string &source) {
  std::set<std::string> names;
  const std::string mark = "__global__";
  for (size_t at = source.find(mark); at != std::string::npos; at = source.find(mark, at)) {
    at += mark.size();
    for (;;) {
      at = skipSpace(source, at);
      std::string word = wordAt(source, at);
      if (word.empty()) break;
      at = skipSpace(source, at + word.size());
      if (at >= source.size() || source[at] != '(') continue;
      if (word != "__launch_bounds__") {
        names.insert(word);
        break;
      }
      at = source.find(')', at);
      if (at == std::string::npos) return names;
      at += 1;
    }
  }
  return names;
}

// `extern __shared__ T name[]` becomes a pointer to the place that all blocks use one after another.
std::string replaceDynamicShared(const std::string &source) {
  std::string text;
  size_t from = 0;
  for (size_t at = source.find("extern"); at != std::string::npos; at = source.find("extern", at + 1)) {
    size_t shared = skipSpace(source, at + strlen("extern"));
    if (wordAt(source, shared) != "__shared__") continue;
    size_t type = skipSpace(source, shared + strlen("__shared__"));
    size_t bracket = source.find('[', type), end = source.find(';', type);
    if (end == std::string::npos || bracket > end) continue;
    size_t nameEnd = bracket;
    while (isspace((unsigned char)source[nameEnd - 1])) nameEnd -= 1;
    size_t name = nameEnd;
    while (isWord(source[name - 1])) name -= 1;
    std::string called = source.substr(name, nameEnd - name);
    text += source.substr(from, at - from) + source.substr(type, name - type) + "* const " + called + " = (decltype(" + called +
            "))emulatedDynamicShared;";
    from = end + 1;
  }
  return text + source.substr(from);
}

std::string translate(const Program &program) {
  std::string text = "#line 1 \"" + program.name + "\"\n" + replaceDynamicShared(program.source) + "\n#line 1 \"kernels\"\n";
  for (const std::string &kernel : findKernels(program.source)) text += "EMULATED_KERNEL(" + kernel + ")\n";
  return text;
}

int runCompiler(std::vector<std::string> words, const std::string &logPath) {
  const char *chosen = getenv("CXX");
  words.insert(words.begin(), chosen && *chosen ? chosen : "c++");
  std::vector<char *> pointers;
  for (std::string &word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, logPath.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  // Messages in plain English.
  std::vector<char *> variables;
  for (char **variable = environ; *variable; variable += 1)
    if (strncmp(*variable, "LC_ALL=", 7) != 0) variables.push_back(*variable);
  char plain[] = "LC_ALL=C";
  variables.push_back(plain);
  variables.push_back(nullptr);
  pid_t child;
  int failed = posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed) return failed;
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return errno;
  return status;
}

// Options that mean something here, and those that change speed alone.
int readOptions(Program &program, int count, const char *const *options, std::vector<std::string> &words) {
  static const char *ignored[] = {"--std=", "--fmad=", "--maxrregcount=", "--generate-line-info", "-lineinfo", "--use_fast_math",
                                  "--extra-device-vectorization", "--device-debug", "-G", "--restrict", "-default-device", "-w"};
  for (int index = 0; index < count; index += 1) {
    std::string option = options[index];
    auto begins = [&option](const std::string &start) { return option.compare(0, start.size(), start) == 0; };
    bool known = false;
    for (const char *start : ignored) known = known || begins(start);
    if (begins("--gpu-architecture=")) {
      std::string digits = option.substr(option.find('_') + 1);
      words.push_back("-D__CUDA_ARCH__=" + digits + "0");
    } else if (begins("--define-macro=")) {
      words.push_back("-D" + option.substr(strlen("--define-macro=")));
    } else if (begins("-D")) {
      words.push_back(option);
    } else if (!known) {
      program.log = "nvrtc: error: invalid value for option: " + option;
      return invalidOption;
    }
  }
  return nvrtcSuccess;
}

std::string packImage(const std::string &library) {
  uint64_t size = library.size();
  return "EMULATED" + std::string(reinterpret_cast<char *>(&size), 8) + library + std::string(1, '\0');
}

} // namespace

bool checksAccesses() {
  static const char *chosen = getenv("EMULATOR_CHECKS");
  return !chosen || strcmp(chosen, "0") != 0;
}

extern "C" {

// No version of CUDA: images of the emulator and of NVRTC must not be taken for each other. The minor one
// changes with the emulator.
int nvrtcVersion(int *major, int *minor) {
  *major = 99;
  *minor = EMULATOR_VERSION * 2 + checksAccesses();
  return nvrtcSuccess;
}

int nvrtcGetNumSupportedArchs(int *count) {
  *count = 3;
  return nvrtcSuccess;
}

int nvrtcGetSupportedArchs(int *architectures) {
  architectures[0] = 75;
  architectures[1] = 80;
  architectures[2] = 90;
  return nvrtcSuccess;
}

int nvrtcCreateProgram(Program **program, const char *source, const char *name, int, const char *const *, const char *const *) {
  *program = new Program{source, name, "", ""};
  return nvrtcSuccess;
}

int nvrtcDestroyProgram(Program **program) {
  delete *program;
  *program = nullptr;
  return nvrtcSuccess;
}

int nvrtcCompileProgram(Program *program, int count, const char *const *options) {
  std::string folder = ownFolder();
  char workspace[] = "/tmp/makertaker-nvrtc-XXXXXX";
  if (!mkdtemp(workspace)) return compilation;
  auto in = [&workspace](const char *name) { return std::string(workspace) + "/" + name; };
  std::vector<std::string> words = {"-std=c++17", "-O1", "-fPIC", "-w", "-ffp-contract=off", "-fno-strict-aliasing", "-fwrapv",
                                    "-fno-exceptions", "-fno-rtti", "-fno-asynchronous-unwind-tables",
                                    "-include", folder + "/shim.h", "-x", "c++", "-c", in("kernel.cu"), "-o", in("kernel.o")};
  // Vectors are read and written as a whole, not member by member, so that their alignment is looked at.
  if (checksAccesses()) words.insert(words.begin(), {"-fsanitize=thread", "-fno-tree-sra"});
  int result = readOptions(*program, count, options, words);
  if (result == nvrtcSuccess) {
    std::ofstream(in("kernel.cu")) << translate(*program);
    // The sanitizer's calls are answered by the shim, so that its own library is not linked.
    bool compiled = runCompiler(words, in("log")) == 0 &&
                    runCompiler({"-shared", "-Wl,-Bsymbolic", in("kernel.o"), "-o", in("kernel.so"), "-lm"}, in("log")) == 0;
    program->log = readFile(in("log"));
    if (compiled) program->image = packImage(readFile(in("kernel.so")));
    result = compiled ? nvrtcSuccess : compilation;
  }
  for (const char *name : {"kernel.cu", "kernel.o", "kernel.so", "log"}) unlink(in(name).c_str());
  rmdir(workspace);
  return result;
}

int nvrtcGetProgramLogSize(Program *program, size_t *size) {
  *size = program->log.size() + 1;
  return nvrtcSuccess;
}

int nvrtcGetProgramLog(Program *program, char *log) {
  memcpy(log, program->log.c_str(), program->log.size() + 1);
  return nvrtcSuccess;
}

int nvrtcGetCUBINSize(Program *program, size_t *size) {
  *size = program->image.size();
  return nvrtcSuccess;
}

int nvrtcGetCUBIN(Program *program, char *image) {
  memcpy(image, program->image.data(), program->image.size());
  return nvrtcSuccess;
}

int nvrtcGetPTXSize(Program *program, size_t *size) { return nvrtcGetCUBINSize(program, size); }

int nvrtcGetPTX(Program *program, char *image) { return nvrtcGetCUBIN(program, image); }

} // extern "C"
