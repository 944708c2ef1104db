// Modules for tests: what the linker writes, and what the loader makes of it.
#pragma once

#include "core/handover.hpp"
#include "support/elf_builder.hpp"
#include "support/fake_file_system.hpp"
#include "support/fake_library_loader.hpp"

namespace hotrun {

// A library that passes every check; `mark` makes its content different.
ElfBuilder stepping_library(const std::string &mark);
std::string content_of(const ElfBuilder &library);
std::string mark_of(const std::string &content); // empty: no library

// The number-th generation of a module "game" in /b.
std::unique_ptr<Generation> make_generation(FakeFileSystem &files, std::uint64_t number,
                                            const FakeSymbols &symbols = {});

// A host that switches when it is told to.
class FakeHost {
  public:
    FakeHost(Handover &handover, const Clock &clock) : handover_(handover), clock_(clock) {}

    // The safe point and the first steps, with the reports of them not delivered yet.
    std::vector<SwitchReport> switch_now();

    const Generation *live(std::size_t module) const {
        const auto found = live_.find(module);
        return found == live_.end() ? nullptr : found->second.get();
    }

  private:
    Handover &handover_;
    const Clock &clock_;
    std::map<std::size_t, std::unique_ptr<Generation>> live_;
};

} // namespace hotrun
