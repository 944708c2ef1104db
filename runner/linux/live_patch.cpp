#include "linux/live_patch.hpp"

#include "linux/system_error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <thread>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

// Of libgcc: code that no library has been loaded for.
extern "C" void __register_frame(void *begin);
extern "C" void __deregister_frame(void *begin);
extern "C" const void *_Unwind_Find_FDE(void *code, void *bases);

namespace hotrun {
namespace {

constexpr std::byte kLongJump{0xe9}; // and a distance of 32 bits
constexpr std::byte kBreakpoint{0xcc};
constexpr std::byte kShortJump{0xeb}; // and one of 8 bits

void *pointer(std::uint64_t address) {
    return reinterpret_cast<void *>(address);
}

std::uint64_t page_of(std::uint64_t address) {
    return address & ~(static_cast<std::uint64_t>(::getpagesize()) - 1);
}

Status copy_to(std::uint64_t address, std::span<const std::byte> bytes, int protection) {
    if (bytes.empty())
        return Done{};
    const std::uint64_t size = page_bytes(bytes.size());
    if (::mprotect(pointer(address), size, PROT_READ | PROT_WRITE) != 0)
        return system_error("no memory beside the library can be written");
    std::memcpy(pointer(address), bytes.data(), bytes.size());
    if (::mprotect(pointer(address), size, protection) != 0)
        return system_error("no memory beside the library can be made code");
    return Done{};
}

std::vector<std::byte> jump_of(std::byte operation, std::uint64_t distance, std::size_t bytes) {
    std::vector<std::byte> jump(bytes, operation);
    std::memcpy(jump.data() + 1, &distance, bytes - 1);
    return jump;
}

std::vector<PatchSections::Section> code_sections_of(const ObjectPatch &patch) {
    const std::uint64_t begin = patch.code_address();
    const AddressRange code{begin, begin + patch.code_bytes()};
    std::vector<PatchSections::Section> sections;
    for (std::uint32_t i = 0; i < patch.section_addresses().size(); ++i) {
        const std::uint64_t address = patch.section_addresses()[i];
        if (code.contains(address))
            sections.push_back({{address, address + patch.object().sections()[i].size_bytes}, i});
    }
    return sections;
}

// libgcc sorts what was registered when it first looks there. That takes memory, which a signal
// handler that walks the stack must not wait for.
void sort_unwinding() {
    std::array<void *, 3> bases{};
    static_cast<void>(::_Unwind_Find_FDE(nullptr, bases.data()));
}

constexpr int kMostLooks = 10; // at a thread that may be anywhere, since it runs

} // namespace

Result<std::unique_ptr<LivePatch>> LivePatch::load(std::span<const ObjectPatch> patches,
                                                   Surroundings surroundings) {
    std::unique_ptr<LivePatch> live(new LivePatch(std::move(surroundings)));
    std::map<std::uint64_t, PatchEntry> entries; // by the place; the last one counts
    for (const ObjectPatch &patch : patches) {
        if (Status copied = live->copy(patch); !copied)
            return copied.error();
        for (const PatchEntry &entry : patch.entries()) {
            const auto [known, is_new] = entries.emplace(entry.from, entry);
            known->second.to = entry.to; // the first one has to write the jump
        }
        if (patch.unwinding_address() != 0)
            live->unwinding_.push_back(patch.unwinding_address());
        live->objects_.emplace_back(patch.object(), patch.section_addresses());
        live->sections_.emplace_back(live->objects_.back().bytes(), code_sections_of(patch));
    }
    for (const auto &[from, entry] : entries)
        live->add_entry(entry);
    return live;
}

Status LivePatch::copy(const ObjectPatch &patch) {
    if (Status copied = copy_to(patch.code_address(), patch.code(), PROT_READ | PROT_EXEC); !copied)
        return copied;
    return copy_to(patch.constants_address(), patch.constants(), PROT_READ);
}

void LivePatch::add_entry(const PatchEntry &entry) {
    const std::uint64_t jump = entry.from + entry.jump_at;
    std::vector<std::byte> bytes = jump_of(kLongJump, entry.to - jump - ObjectPatch::kLongJumpBytes,
                                           ObjectPatch::kLongJumpBytes);
    if (entry.is_led_already) { // a debugger may have a breakpoint at the jump itself by now
        writes_.push_back({jump + 1, {bytes.begin() + 1, bytes.end()}, {}});
        return;
    }
    if (entry.jump_at != 0)
        writes_.push_back({entry.from,
                           jump_of(kShortJump, entry.jump_at - ObjectPatch::kShortJumpBytes,
                                   ObjectPatch::kShortJumpBytes),
                           {}});
    writes_.push_back({jump, std::move(bytes), {}});
}

// What a debugger has written there it puts back later, over a jump.
bool LivePatch::has_breakpoint() const {
    return std::ranges::any_of(writes_, [](const Write &write) {
        const bool is_jump = write.bytes[0] == kLongJump || write.bytes[0] == kShortJump;
        return is_jump && *static_cast<const std::byte *>(pointer(write.at)) == kBreakpoint;
    });
}

// Pages that follow each other at once.
bool LivePatch::make_writable(bool writable) const {
    const int protection = PROT_READ | PROT_EXEC | (writable ? PROT_WRITE : 0);
    const auto page = static_cast<std::uint64_t>(::getpagesize());
    const auto protect = [protection](std::uint64_t begin, std::uint64_t end) {
        return begin == end || ::mprotect(pointer(begin), end - begin, protection) == 0;
    };
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    for (const Write &write : writes_) {
        const std::uint64_t first = page_of(write.at);
        if (first > end && !protect(begin, end))
            return false;
        begin = first > end ? first : begin;
        end = page_of(write.at + write.bytes.size() - 1) + page;
    }
    return protect(begin, end);
}

Status LivePatch::write_entries() {
    if (has_breakpoint())
        return Error{ErrorKind::kFailed, "a breakpoint lies at the entry of a changed function", 0};
    if (!make_writable(true)) {
        const Error error = system_error("the code of the library can't be written");
        static_cast<void>(make_writable(false));
        return error;
    }
    for (Write &write : writes_) {
        const auto *code = static_cast<const std::byte *>(pointer(write.at));
        write.before.assign(code, code + write.bytes.size());
        std::memcpy(pointer(write.at), write.bytes.data(), write.bytes.size());
    }
    static_cast<void>(make_writable(false));
    return Done{};
}

// One that only waits for its turn lets itself be seen once it has had it.
std::string LivePatch::thread_in_code() const {
    std::vector<std::string> threads;
    for (int i = 0; surroundings_.holders != nullptr && i < kMostLooks; ++i) {
        if (i > 0)
            std::this_thread::yield();
        threads = surroundings_.holders->threads_in(surroundings_.code);
        if (threads.empty())
            return {};
    }
    return threads.empty() ? std::string() : threads.front();
}

Status LivePatch::apply() {
    if (const std::string thread = thread_in_code(); !thread.empty())
        return Error{ErrorKind::kFailed, refusal_for(thread), 0};
    if (Status written = write_entries(); !written)
        return written;
    for (const std::uint64_t begin : unwinding_)
        ::__register_frame(pointer(begin));
    sort_unwinding();
    for (JitObject &object : objects_)
        object.tell();
    is_applied_ = true;
    return Done{};
}

void LivePatch::forget() {
    if (!std::exchange(is_applied_, false))
        return;
    for (JitObject &object : objects_)
        object.forget();
    for (const std::uint64_t begin : unwinding_)
        ::__deregister_frame(pointer(begin));
}

Status LivePatch::undo() {
    if (!is_applied_)
        return Done{};
    if (!make_writable(true))
        return system_error("the code of the library can't be written");
    for (const Write &write : writes_)
        std::memcpy(pointer(write.at), write.before.data(), write.before.size());
    static_cast<void>(make_writable(false));
    forget();
    return Done{};
}

LivePatch::~LivePatch() {
    forget();
}

} // namespace hotrun
