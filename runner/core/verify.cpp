#include "core/verify.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace hotrun {
namespace {

using Verdict = std::optional<Rejection>;

struct MachineName {
    std::uint16_t machine;
    std::string_view name;
};
constexpr std::array kMachineNames = {
    MachineName{EM_X86_64, "x86-64"},   MachineName{EM_386, "x86"},
    MachineName{EM_AARCH64, "AArch64"}, MachineName{EM_ARM, "ARM"},
    MachineName{EM_RISCV, "RISC-V"},    MachineName{EM_PPC64, "PowerPC 64"},
    MachineName{EM_PPC, "PowerPC"},     MachineName{EM_S390, "S/390"},
};

// A run-time library that has to be in the process before anything that was built for it.
struct Sanitizer {
    const char *entry;
    std::string_view name;
    std::string_view option;
};
constexpr std::array kSanitizers = {
    Sanitizer{"__asan_init", "AddressSanitizer", "-Db_sanitize=address"},
    Sanitizer{"__tsan_init", "ThreadSanitizer", "-Db_sanitize=thread"},
    Sanitizer{"__msan_init", "MemorySanitizer", "-Db_sanitize=memory"},
};

// Two run-time libraries of one kind, gcc's and clang's, end the process when they meet.
constexpr std::array<std::string_view, 5> kRuntimes = {
    "libasan.so", "libtsan.so", "liblsan.so", "libhwasan.so", "libclang_rt.",
};

std::string machine_name(std::uint16_t machine) {
    const auto found = std::ranges::find(kMachineNames, machine, &MachineName::machine);
    if (found == kMachineNames.end())
        return "machine number " + std::to_string(machine);
    return std::string(found->name);
}

std::string type_name(std::uint16_t type) {
    switch (type) {
    case ET_REL:
        return "an object file";
    case ET_EXEC:
        return "a program with fixed addresses";
    case ET_CORE:
        return "a core dump";
    default:
        return "an ELF file of type " + std::to_string(type);
    }
}

std::string format_name(const ElfImage &image) {
    const std::string bits = image.word_size == ELFCLASS64 ? "64-bit" : "32-bit";
    const std::string order = image.byte_order == ELFDATA2LSB ? "little-endian" : "big-endian";
    return bits + ' ' + order + ' ' + machine_name(image.machine);
}

Verdict check_machine(const ElfImage &image, const VerifyRules &rules) {
    if (image.has_host_format() && image.machine == rules.machine)
        return std::nullopt;
    const std::string ours = machine_name(rules.machine);
    const std::string theirs =
        image.has_host_format() ? machine_name(image.machine) : format_name(image);
    return Rejection{RejectReason::kWrongMachine,
                     image.path + " is built for " + theirs + ", but this host runs on " +
                         (image.has_host_format() ? ours : "64-bit " + ours) +
                         ": build both for the same machine"};
}

Verdict check_type(const ElfImage &image, const VerifyRules & /*rules*/) {
    if (image.type == ET_DYN)
        return std::nullopt;
    return Rejection{RejectReason::kWrongMachine,
                     image.path + " is " + type_name(image.type) +
                         ", not a shared library: build it as a shared_module or shared_library"};
}

Verdict check_abi(const ElfImage &image, const VerifyRules &rules) {
    const auto version = image.read_u32("hotrun_module_abi_version");
    if (!version || *version <= rules.abi_version)
        return std::nullopt;
    return Rejection{RejectReason::kAbi,
                     image.path + " was compiled with version " + std::to_string(*version) +
                         " of hotrun/module.h, but this host knows versions up to " +
                         std::to_string(rules.abi_version) +
                         ": build both with the header of one hotrun"};
}

Verdict check_step(const ElfImage &image, const VerifyRules &rules) {
    if (!rules.needs_step || image.defines("hotrun_step"))
        return std::nullopt;
    return Rejection{RejectReason::kNoStep,
                     image.path + " exports no hotrun_step: include hotrun/module.h and define " +
                         "hotrun_step as extern \"C\" with default visibility"};
}

Verdict check_sanitizer(const ElfImage &image, const VerifyRules &rules) {
    for (const Sanitizer &sanitizer : kSanitizers) {
        if (!image.needs(sanitizer.entry))
            continue;
        if (rules.loader != nullptr && rules.loader->host_has_symbol(sanitizer.entry))
            continue;
        return Rejection{RejectReason::kSanitizer, image.path + " is built with " +
                                                       std::string(sanitizer.name) +
                                                       ", but this host is not: build both with " +
                                                       std::string(sanitizer.option)};
    }
    return std::nullopt;
}

Verdict check_runtime(const ElfImage &image, const VerifyRules &rules) {
    for (const std::string &name : image.needed) {
        const bool runtime = std::ranges::any_of(
            kRuntimes, [&](std::string_view prefix) { return name.starts_with(prefix); });
        if (!runtime || (rules.loader != nullptr && rules.loader->is_mapped(name)))
            continue;
        return Rejection{RejectReason::kSanitizer,
                         image.path + " needs the sanitizer's library " + name +
                             ", which this host does not use: build both with one compiler"};
    }
    return std::nullopt;
}

} // namespace

std::uint16_t host_machine() {
#if defined(__x86_64__)
    return EM_X86_64;
#elif defined(__aarch64__)
    return EM_AARCH64;
#elif defined(__riscv)
    return EM_RISCV;
#elif defined(__powerpc64__)
    return EM_PPC64;
#elif defined(__s390x__)
    return EM_S390;
#else
#error "add the e_machine of this machine"
#endif
}

// In this order: what comes first makes the later questions pointless.
std::optional<Rejection> verify(const ElfImage &image, const VerifyRules &rules) {
    for (const auto check :
         {check_machine, check_type, check_abi, check_step, check_sanitizer, check_runtime}) {
        if (Verdict verdict = check(image, rules))
            return verdict;
    }
    return std::nullopt;
}

} // namespace hotrun
