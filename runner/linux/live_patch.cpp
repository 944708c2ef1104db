#include "linux/live_patch.hpp"

#include "linux/system_error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

// Of libgcc: code that no library has been loaded for.
extern "C" void __register_frame(void *begin);
extern "C" void __deregister_frame(void *begin);

namespace hotrun {
namespace {

constexpr std::byte kLongJump{0xe9};  // and a distance of 32 bits
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

std::uint64_t size_of(const PatchEntry &entry) {
    return entry.jump_at + ObjectPatch::kLongJumpBytes;
}

// Pages that follow each other.
std::vector<AddressRange> pages_of(std::span<const PatchEntry> entries) {
    std::vector<AddressRange> runs;
    const auto page = static_cast<std::uint64_t>(::getpagesize());
    for (const PatchEntry &entry : entries) {
        const std::uint64_t begin = page_of(entry.from);
        const std::uint64_t end = page_of(entry.from + size_of(entry) - 1) + page;
        if (!runs.empty() && begin <= runs.back().end)
            runs.back().end = std::max(runs.back().end, end);
        else
            runs.push_back({begin, end});
    }
    return runs;
}

} // namespace

Result<std::unique_ptr<LivePatch>> LivePatch::load(std::span<const ObjectPatch> patches) {
    std::unique_ptr<LivePatch> live(new LivePatch);
    std::map<std::uint64_t, PatchEntry> entries; // by the place; the last one counts
    for (const ObjectPatch &patch : patches) {
        if (Status copied = live->copy(patch); !copied)
            return copied.error();
        for (const PatchEntry &entry : patch.entries())
            entries[entry.from] = entry;
        if (patch.unwinding_address() != 0)
            live->unwinding_.push_back(patch.unwinding_address());
        live->objects_.emplace_back(patch.object(), patch.section_addresses());
    }
    for (const auto &[from, entry] : entries)
        live->entries_.push_back(entry);
    return live;
}

Status LivePatch::copy(const ObjectPatch &patch) {
    if (Status copied = copy_to(patch.code_address(), patch.code(), PROT_READ | PROT_EXEC); !copied)
        return copied;
    return copy_to(patch.constants_address(), patch.constants(), PROT_READ);
}

bool LivePatch::make_writable(bool writable) const {
    const int protection = PROT_READ | PROT_EXEC | (writable ? PROT_WRITE : 0);
    return std::ranges::all_of(pages_of(entries_), [protection](const AddressRange &run) {
        return ::mprotect(pointer(run.begin), run.end - run.begin, protection) == 0;
    });
}

LivePatch::EntryBytes LivePatch::bytes_for(const PatchEntry &entry, EntryBytes bytes) {
    if (entry.jump_at != 0) {
        bytes[0] = kShortJump;
        bytes[1] = static_cast<std::byte>(entry.jump_at - ObjectPatch::kShortJumpBytes);
    }
    const auto distance = static_cast<std::int32_t>(entry.to - entry.from - bytes.size());
    bytes[entry.jump_at] = kLongJump;
    std::memcpy(bytes.data() + entry.jump_at + 1, &distance, sizeof distance);
    return bytes;
}

Status LivePatch::write_entries() {
    if (!make_writable(true)) {
        const Error error = system_error("the code of the library can't be written");
        static_cast<void>(make_writable(false));
        return error;
    }
    before_.resize(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const PatchEntry &entry = entries_[i];
        const auto *code = static_cast<const std::byte *>(pointer(entry.from));
        before_[i].assign(code, code + size_of(entry));
        const EntryBytes bytes = bytes_for(entry, before_[i]);
        std::memcpy(pointer(entry.from), bytes.data(), bytes.size());
    }
    static_cast<void>(make_writable(false));
    return Done{};
}

Status LivePatch::apply() {
    if (Status written = write_entries(); !written)
        return written;
    for (const std::uint64_t begin : unwinding_)
        ::__register_frame(pointer(begin));
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
    for (std::size_t i = 0; i < entries_.size(); ++i)
        std::memcpy(pointer(entries_[i].from), before_[i].data(), before_[i].size());
    static_cast<void>(make_writable(false));
    forget();
    return Done{};
}

LivePatch::~LivePatch() {
    forget();
}

} // namespace hotrun
