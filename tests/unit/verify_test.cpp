#include "core/verify.hpp"

#include "support/elf_builder.hpp"
#include "support/memory_file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace hotrun {
namespace {

// A process that only has the named symbols.
class HostSymbols final : public LibraryLoader {
  public:
    explicit HostSymbols(std::set<std::string> names, std::string mapped = {})
        : names_(std::move(names)), mapped_(std::move(mapped)) {}

    Result<std::unique_ptr<Library>> load(const std::string &, const Origin &) override {
        return Error{};
    }
    bool is_mapped(const std::string &name) const override { return name == mapped_; }
    bool host_has_symbol(const char *name) const override { return names_.contains(name); }
    std::uint64_t exit_hook() const override { return 0; }
    GetProc get_proc() const override { return nullptr; }

  private:
    std::set<std::string> names_;
    std::string mapped_;
};

ElfBuilder stepping_module() {
    ElfBuilder builder;
    builder.machine(host_machine()).function("hotrun_step");
    return builder;
}

VerifyRules rules() {
    VerifyRules rules;
    rules.abi_version = 3;
    return rules;
}

std::optional<Rejection> verdict_on(std::vector<std::byte> bytes, const VerifyRules &rules) {
    const MemoryFile file(std::move(bytes));
    const auto outcome = ElfImage::read(file, "/build/libgame.so");
    return verify(std::get<ElfImage>(outcome), rules);
}

void expect_rejection(const std::optional<Rejection> &verdict, RejectReason reason,
                      const std::string &sentence) {
    ASSERT_TRUE(verdict.has_value());
    EXPECT_EQ(to_word(verdict->reason), to_word(reason));
    EXPECT_EQ(verdict->detail, sentence);
}

TEST(Verify, ModuleWithStepPasses) {
    EXPECT_EQ(host_machine(), rules().machine);
    EXPECT_FALSE(verdict_on(stepping_module().build(), rules()).has_value());
}

TEST(Verify, LibraryOfAnotherMachineIsRefused) {
    VerifyRules here = rules();
    here.machine = EM_X86_64;
    expect_rejection(verdict_on(stepping_module().machine(EM_AARCH64).build(), here),
                     RejectReason::kWrongMachine,
                     "/build/libgame.so is built for AArch64, but this host runs on x86-64: build "
                     "both for the same machine");
    expect_rejection(verdict_on(stepping_module().machine(4711).build(), here),
                     RejectReason::kWrongMachine,
                     "/build/libgame.so is built for machine number 4711, but this host runs on "
                     "x86-64: build both for the same machine");
}

TEST(Verify, LibraryOfAnotherWordSizeIsRefused) {
    VerifyRules here = rules();
    here.machine = EM_X86_64;
    std::vector<std::byte> bytes = stepping_module().machine(EM_386).build();
    bytes[EI_CLASS] = std::byte{ELFCLASS32};
    expect_rejection(verdict_on(bytes, here), RejectReason::kWrongMachine,
                     "/build/libgame.so is built for 32-bit little-endian x86, but this host runs "
                     "on 64-bit x86-64: build both for the same machine");
}

TEST(Verify, WhatIsNoSharedLibraryIsRefused) {
    expect_rejection(verdict_on(stepping_module().type(ET_REL).build(), rules()),
                     RejectReason::kWrongMachine,
                     "/build/libgame.so is an object file, not a shared library: build it as a "
                     "shared_module or shared_library");
    const auto kinds = std::to_array<std::pair<std::uint16_t, std::string>>({
        {ET_EXEC, "a program with fixed addresses"},
        {ET_CORE, "a core dump"},
        {0xfe00, "an ELF file of type 65024"},
    });
    for (const auto &[type, name] : kinds)
        expect_rejection(verdict_on(stepping_module().type(type).build(), rules()),
                         RejectReason::kWrongMachine,
                         "/build/libgame.so is " + name +
                             ", not a shared library: build it as a shared_module or "
                             "shared_library");
}

TEST(Verify, NewerContractIsRefusedAndOlderIsNot) {
    const auto with_version = [](std::uint32_t version) {
        return stepping_module().u32("hotrun_module_abi_version", version).build();
    };
    EXPECT_FALSE(verdict_on(with_version(2), rules()).has_value());
    EXPECT_FALSE(verdict_on(with_version(3), rules()).has_value());
    expect_rejection(verdict_on(with_version(4), rules()), RejectReason::kAbi,
                     "/build/libgame.so was compiled with version 4 of hotrun/module.h, but this "
                     "host knows versions up to 3: build both with the header of one hotrun");
}

TEST(Verify, MissingStepIsRefusedOnlyWhereItIsCalled) {
    ElfBuilder builder;
    builder.machine(host_machine()).function("_Z11hotrun_stepP14hotrun_context");
    expect_rejection(verdict_on(builder.build(), rules()), RejectReason::kNoStep,
                     "/build/libgame.so exports no hotrun_step: include hotrun/module.h and define "
                     "hotrun_step as extern \"C\" with default visibility");
    VerifyRules embedding = rules();
    embedding.needs_step = false;
    EXPECT_FALSE(verdict_on(builder.build(), embedding).has_value());
}

TEST(Verify, UndefinedStepIsNoStep) {
    ElfBuilder builder;
    builder.machine(host_machine()).undefined("hotrun_step");
    const auto verdict = verdict_on(builder.build(), rules());
    ASSERT_TRUE(verdict.has_value());
    EXPECT_EQ(verdict->reason, RejectReason::kNoStep);
}

TEST(Verify, SanitizedModuleNeedsASanitizedHost) {
    const auto bytes = stepping_module().undefined("__asan_init").build();
    const HostSymbols plain({"malloc"});
    const HostSymbols other({"__tsan_init"});
    const HostSymbols same({"__asan_init"});
    VerifyRules host = rules();
    for (const LibraryLoader *loader :
         {static_cast<const LibraryLoader *>(nullptr), static_cast<const LibraryLoader *>(&plain),
          static_cast<const LibraryLoader *>(&other)}) {
        host.loader = loader;
        expect_rejection(verdict_on(bytes, host), RejectReason::kSanitizer,
                         "/build/libgame.so is built with AddressSanitizer, but this host is not: "
                         "build both with -Db_sanitize=address");
    }
    host.loader = &same;
    EXPECT_FALSE(verdict_on(bytes, host).has_value());
}

TEST(Verify, SanitizersOfTwoCompilersDoNotMeet) {
    const auto bytes = stepping_module().undefined("__asan_init").needed("libasan.so.8").build();
    const HostSymbols clangs({"__asan_init"});
    const HostSymbols gccs({"__asan_init"}, "libasan.so.8");
    VerifyRules host = rules();
    host.loader = &clangs;
    expect_rejection(verdict_on(bytes, host), RejectReason::kSanitizer,
                     "/build/libgame.so needs the sanitizer's library libasan.so.8, which this "
                     "host does not use: build both with one compiler");
    host.loader = &gccs;
    EXPECT_FALSE(verdict_on(bytes, host).has_value());
}

TEST(Verify, EachSanitizerNamesItsOption) {
    const std::pair<std::string, std::string> sanitizers[] = {
        {"__asan_init", "-Db_sanitize=address"},
        {"__tsan_init", "-Db_sanitize=thread"},
        {"__msan_init", "-Db_sanitize=memory"},
    };
    for (const auto &[symbol, option] : sanitizers) {
        const auto verdict = verdict_on(stepping_module().undefined(symbol).build(), rules());
        ASSERT_TRUE(verdict.has_value());
        EXPECT_EQ(verdict->reason, RejectReason::kSanitizer);
        EXPECT_TRUE(verdict->detail.ends_with(option)) << verdict->detail;
    }
}

TEST(Verify, FirstBrokenRuleIsTold) {
    ElfBuilder builder;
    builder.machine(EM_AARCH64).u32("hotrun_module_abi_version", 99).undefined("__asan_init");
    VerifyRules here = rules();
    here.machine = EM_X86_64;
    EXPECT_EQ(verdict_on(builder.build(), here)->reason, RejectReason::kWrongMachine);
    here.machine = EM_AARCH64;
    EXPECT_EQ(verdict_on(builder.build(), here)->reason, RejectReason::kAbi);
    here.abi_version = 99;
    EXPECT_EQ(verdict_on(builder.build(), here)->reason, RejectReason::kNoStep);
    here.needs_step = false;
    EXPECT_EQ(verdict_on(builder.build(), here)->reason, RejectReason::kSanitizer);
}

} // namespace
} // namespace hotrun
