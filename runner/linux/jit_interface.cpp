#include "linux/jit_interface.hpp"

#include <cstring>
#include <mutex>
#include <utility>

extern "C" {

struct jit_code_entry {
    jit_code_entry *next_entry;
    jit_code_entry *prev_entry;
    const char *symfile_addr;
    std::uint64_t symfile_size;
};

struct jit_descriptor {
    std::uint32_t version;
    std::uint32_t action_flag;
    jit_code_entry *relevant_entry;
    jit_code_entry *first_entry;
};

// A debugger has a breakpoint here, and looks for both by these names.
__attribute__((noinline, visibility("default"))) void __jit_debug_register_code();
void __jit_debug_register_code() {
    __asm__ volatile("" ::: "memory");
}
__attribute__((visibility("default"))) extern jit_descriptor __jit_debug_descriptor;
jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
}

namespace hotrun {
namespace {

// Patches of a library that is closed go on the runner's thread.
std::mutex mutex;

enum Action : std::uint32_t { kNone = 0, kRegister = 1, kUnregister = 2 };

void tell_debugger(Action action, jit_code_entry &entry) {
    __jit_debug_descriptor.action_flag = action;
    __jit_debug_descriptor.relevant_entry = &entry;
    __jit_debug_register_code();
    __jit_debug_descriptor.action_flag = kNone;
}

} // namespace

struct JitObject::Entry {
    jit_code_entry code{};
    bool is_told = false;
};

JitObject::JitObject(const ObjectFile &object, std::span<const std::uint64_t> section_addresses)
    : entry_(std::make_unique<Entry>()) {
    auto bytes =
        std::make_shared<std::vector<std::byte>>(object.bytes().begin(), object.bytes().end());
    Elf64_Ehdr header;
    std::memcpy(&header, bytes->data(), sizeof header);
    for (std::size_t i = 0; i < section_addresses.size(); ++i)
        std::memcpy(bytes->data() + header.e_shoff + i * sizeof(Elf64_Shdr) +
                        offsetof(Elf64_Shdr, sh_addr),
                    &section_addresses[i], sizeof section_addresses[i]);
    entry_->code.symfile_addr = reinterpret_cast<const char *>(bytes->data());
    entry_->code.symfile_size = bytes->size();
    bytes_ = std::move(bytes);
}

JitObject::JitObject(JitObject &&) noexcept = default;
JitObject &JitObject::operator=(JitObject &&) noexcept = default;

JitObject::~JitObject() {
    forget();
}

void JitObject::tell() {
    if (std::exchange(entry_->is_told, true))
        return;
    const std::lock_guard lock(mutex);
    jit_code_entry &code = entry_->code;
    code.prev_entry = nullptr;
    code.next_entry = __jit_debug_descriptor.first_entry;
    if (code.next_entry != nullptr)
        code.next_entry->prev_entry = &code;
    __jit_debug_descriptor.first_entry = &code;
    tell_debugger(kRegister, code);
}

void JitObject::forget() {
    if (entry_ == nullptr || !std::exchange(entry_->is_told, false))
        return;
    const std::lock_guard lock(mutex);
    jit_code_entry &code = entry_->code;
    if (code.prev_entry != nullptr)
        code.prev_entry->next_entry = code.next_entry;
    else
        __jit_debug_descriptor.first_entry = code.next_entry;
    if (code.next_entry != nullptr)
        code.next_entry->prev_entry = code.prev_entry;
    tell_debugger(kUnregister, code);
}

} // namespace hotrun
