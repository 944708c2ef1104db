// Modules for tests: what the linker writes, and what the loader makes of it.
#pragma once

#include "core/handover.hpp"
#include "core/snapshot.hpp"
#include "support/elf_builder.hpp"
#include "support/fake_file_system.hpp"
#include "support/fake_library_loader.hpp"

#include <set>

namespace hotrun {

// A library that passes every check; `mark` makes its content different.
ElfBuilder stepping_library(const std::string &mark);
std::string content_of(const ElfBuilder &library);
std::string mark_of(const std::string &content); // empty: no library

// Code of the module "game" in /b; `statics` are its variables.
LiveLibrary make_code(FakeFileSystem &files, std::uint64_t number, const FakeSymbols &symbols = {},
                      const Statics &statics = {});
std::unique_ptr<Generation> generation_of(LiveLibrary code, std::uint64_t number);

// The number-th generation of it, with code of its own.
std::unique_ptr<Generation> make_generation(FakeFileSystem &files, std::uint64_t number,
                                            const FakeSymbols &symbols = {},
                                            const Statics &statics = {});

// A host that switches when it is told to.
class FakeHost {
  public:
    FakeHost(Handover &handover, const Clock &clock) : handover_(handover), clock_(clock) {}

    // The safe point and the first steps, with the reports of them not delivered yet.
    std::vector<SwitchReport> switch_now();

    // In place of a report: the code that it tells of has failed in its first step.
    FailureReport roll_back(SwitchReport report);

    // What is live has failed in a later step.
    FailureReport park(std::size_t module) const;

    const Generation *live(std::size_t module) const {
        const auto found = live_.find(module);
        return found == live_.end() ? nullptr : found->second.get();
    }

    // Whether what it has taken last of that module is parked.
    bool is_parked(std::size_t module) const { return parked_.contains(module); }

  private:
    std::set<std::size_t> parked_;
    Handover &handover_;
    const Clock &clock_;
    std::map<std::size_t, std::unique_ptr<Generation>> live_;
    std::map<std::size_t, CodePatch *> patches_; // of what is live
};

} // namespace hotrun
