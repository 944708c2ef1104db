#include "linux/stack_walk.hpp"

#include "linux/patch_places.hpp"

#include <algorithm>
#include <cstring>

#include <dlfcn.h>
#include <link.h>
#include <ucontext.h>
#include <unwind.h>

namespace hotrun {

namespace {

// All by the C library's own symbols: a sanitizer has some of the same name, which do more.

// Functions that only read and write the memory that they are given.
constexpr std::array kLeaves = {
    "memchr",  "memcmp",    "memcpy",    "memmem",  "memmove",      "mempcpy",       "memrchr",
    "memset",  "bcmp",      "rawmemchr", "stpcpy",  "stpncpy",      "strcasecmp",    "strcat",
    "strchr",  "strchrnul", "strcmp",    "strcpy",  "strcspn",      "strlen",        "strncasecmp",
    "strncat", "strncmp",   "strncpy",   "strnlen", "strpbrk",      "strrchr",       "strspn",
    "strstr",  "wcslen",    "wmemcpy",   "wmemset", "__memcpy_chk", "__memmove_chk", "__memset_chk",
};
// Those that call back and keep nothing that needs to be given back.
constexpr std::array kCallers = {"qsort", "qsort_r", "bsearch", "lfind"};
// Those that hold a lock or have a structure half changed, whoever calls them.
constexpr std::array kAllocators = {"malloc",        "calloc",   "realloc",       "free",
                                    "aligned_alloc", "memalign", "posix_memalign"};
// Those that end the program, after whatever they had to lock is unlocked again.
constexpr std::array kEnders = {
    "abort",      "raise",          "__assert_fail", "__assert_perror_fail", "__stack_chk_fail",
    "__chk_fail", "__fortify_fail",
};
constexpr std::array kRuntimes = {"libstdc++.so", "libgcc_s.so", "libc++.so", "libc++abi.so",
                                  "libunwind.so"};

// Sorted addresses of functions, fixed after prepare().
template <std::size_t Size>
class Functions {
  public:
    void resolve(void *libc, const std::array<const char *, Size> &names) {
        for (std::size_t i = 0; i < Size; ++i)
            addresses_[i] = reinterpret_cast<std::uintptr_t>(::dlsym(libc, names[i]));
        std::sort(addresses_.begin(), addresses_.end());
    }
    bool contains(std::uintptr_t address) const {
        return address != 0 && std::binary_search(addresses_.begin(), addresses_.end(), address);
    }

  private:
    std::array<std::uintptr_t, Size> addresses_{};
};

struct Known {
    const char *mark = nullptr;
    const link_map *libc = nullptr;
    Functions<kLeaves.size()> leaves;
    Functions<kCallers.size()> callers;
    Functions<kAllocators.size()> allocators;
    Functions<kEnders.size()> enders;
};
std::array<char, 32> mark_text;
Known known;

const link_map *map_of(std::uintptr_t address) {
    dl_find_object found;
    return address != 0 && _dl_find_object(reinterpret_cast<void *>(address), &found) == 0
               ? found.dlfo_link_map
               : library_patched_at(address);
}

bool is_in_runtime(const link_map *map) {
    const char *slash = std::strrchr(map->l_name, '/');
    const char *name = slash == nullptr ? map->l_name : slash + 1;
    return std::any_of(kRuntimes.begin(), kRuntimes.end(), [&](const char *runtime) {
        return std::strncmp(name, runtime, std::strlen(runtime)) == 0;
    });
}

enum class Room { kHot, kLibc, kRuntime, kOther };

Room room_of(const link_map *map) {
    if (map == nullptr)
        return Room::kOther;
    if (map == known.libc)
        return Room::kLibc;
    if (std::strstr(map->l_name, known.mark) != nullptr)
        return Room::kHot;
    return is_in_runtime(map) ? Room::kRuntime : Room::kOther;
}

// The registers of the interrupted code, put back at the end of the scope: the handler may return
// to them.
class Registers {
  public:
    using Word = unsigned long long; // as the kernel has them, or their signs
    explicit Registers(void *context)
        : machine_(static_cast<ucontext_t *>(context)->uc_mcontext),
          instruction_before_(instruction()), stack_before_(stack()) {}
    Registers(const Registers &) = delete;
    Registers &operator=(const Registers &) = delete;
    ~Registers() {
        instruction() = instruction_before_;
        stack() = stack_before_;
    }

#if defined(__x86_64__)
    Word &instruction() {
        return at(REG_RIP);
    }
    Word &stack() {
        return at(REG_RSP);
    }

    // There is no code that could be run: a page fault (14) while an instruction was fetched. A
    // signal that is no fault comes with what the last fault has left.
    bool is_nowhere() {
        constexpr std::uintptr_t kFetch = 0x10;
        const bool cant_be_fetched = at(REG_TRAPNO) == 14 && (at(REG_ERR) & kFetch) != 0 &&
                                     at(REG_CR2) == instruction();
        return cant_be_fetched || map_of(instruction()) == nullptr;
    }
    // What a call has left: the address to return to is still at hand.
    void step_back_to_caller() {
        instruction() = *reinterpret_cast<const std::uintptr_t *>(stack()) - 1;
        stack() += sizeof(std::uintptr_t);
    }

  private:
    Word &at(int which) {
        return reinterpret_cast<Word &>(machine_.gregs[which]);
    }
#elif defined(__aarch64__)
    Word &instruction() {
        return machine_.pc;
    }
    Word &stack() {
        return machine_.sp;
    }
    bool is_nowhere() {
        return map_of(instruction()) == nullptr;
    }
    void step_back_to_caller() {
        instruction() = machine_.regs[30] - 4;
    }

  private:
#else
#error "add where this machine keeps the instruction and the stack pointer"
#endif
    mcontext_t &machine_;
    const Word instruction_before_;
    const Word stack_before_;
};

} // namespace

// Judges frame by frame, from the inside out. A run of frames of the C library is judged by its
// outermost one, which is what the module has called.
struct StackVisitor {
    StackWalk &walk;
    int signal;
    StackWalk::Cause cause;
    std::uintptr_t start; // the interrupted instruction
    std::uintptr_t boundary;
    bool started = false;
    bool reached = false;
    bool safe = true;
    bool last_is_safe = true; // of the outermost frame so far, which may be the guard's own
    bool in_libc = false;
    bool libc_call_is_known = true;

    _Unwind_Reason_Code visit(_Unwind_Context *context);
    void judge(Room room, std::uintptr_t function);
    bool is_known_call(std::uintptr_t function) const {
        if (known.callers.contains(function))
            return true;
        return cause == StackWalk::Cause::kFault &&
               (known.leaves.contains(function) ||
                (signal == SIGABRT && known.enders.contains(function)));
    }
};

_Unwind_Reason_Code StackVisitor::visit(_Unwind_Context *context) {
    int exact = 0; // the instruction itself, not the one to return to
    std::uintptr_t address = _Unwind_GetIPInfo(context, &exact);
    started |= address == start;
    if (!started) // the handler's own frames
        return _URC_NO_REASON;
    if (_Unwind_GetCFA(context) > boundary) {
        reached = true; // the frame before this one was the guard's
        return _URC_END_OF_STACK;
    }
    if (exact == 0)
        --address;
    const link_map *map = map_of(address);
    if (walk.depth_ < StackWalk::kKept)
        walk.frames_[walk.depth_] = {address, map};
    safe &= last_is_safe;
    judge(room_of(map), _Unwind_GetRegionStart(context));
    ++walk.depth_;
    return _URC_NO_REASON;
}

void StackVisitor::judge(Room room, std::uintptr_t function) {
    if (in_libc && room != Room::kLibc)
        safe &= libc_call_is_known;
    const bool innermost = walk.depth_ == 0;
    in_libc = room == Room::kLibc;
    safe &= !in_libc || !known.allocators.contains(function);
    libc_call_is_known = !in_libc || is_known_call(function);
    last_is_safe = room == Room::kHot || in_libc || (room == Room::kRuntime && signal == SIGABRT);
    if (innermost && cause == StackWalk::Cause::kInterrupt)
        last_is_safe = room == Room::kHot;
}

void StackWalk::prepare(const char *mark) {
    if (known.mark != nullptr)
        return;
    std::strncpy(mark_text.data(), mark, mark_text.size() - 1);
    known.mark = mark_text.data();
    void *libc = ::dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (libc == nullptr)
        return;
    ::dlinfo(libc, RTLD_DI_LINKMAP, &known.libc);
    known.leaves.resolve(libc, kLeaves);
    known.callers.resolve(libc, kCallers);
    known.allocators.resolve(libc, kAllocators);
    known.enders.resolve(libc, kEnders);
    ::dlclose(libc); // it stays, for it is the host's own
    // The first walk sets up the unwinder.
    _Unwind_Backtrace([](_Unwind_Context *, void *) { return _URC_END_OF_STACK; }, nullptr);
}

void StackWalk::walk(int signal, Cause cause, void *context, std::uintptr_t boundary) {
    depth_ = 0;
    can_be_left_ = false;
    Registers registers(context);
    if (registers.is_nowhere())
        registers.step_back_to_caller();
    const std::uintptr_t start = registers.instruction();
    const link_map *map = map_of(start);
    frames_[0] = {start, map};
    if (map == nullptr || room_of(map) == Room::kRuntime) { // the unwinder may be at work itself
        depth_ = 1;
        return;
    }
    StackVisitor visitor{*this, signal, cause, start, boundary};
    _Unwind_Backtrace(
        [](_Unwind_Context *frame, void *argument) {
            return static_cast<StackVisitor *>(argument)->visit(frame);
        },
        &visitor);
    can_be_left_ = visitor.reached && visitor.safe;
    if (visitor.reached)
        --depth_; // the guard's
}

std::vector<CodeAddress> StackWalk::code_addresses() const {
    std::vector<CodeAddress> addresses;
    for (std::size_t i = 0; i < frame_count(); ++i) {
        const Frame &frame = frames_[i];
        if (frame.map == nullptr)
            addresses.push_back({frame.address, 0, {}});
        else
            addresses.push_back({frame.address, frame.map->l_addr, frame.map->l_name});
    }
    return addresses;
}

} // namespace hotrun
