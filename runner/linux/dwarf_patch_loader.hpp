// Reads object files of x86-64, and loads them beside the libraries that they belong to.
#pragma once

#include "core/code_holders.hpp"
#include "core/code_patch.hpp"

#include <cstdint>

namespace hotrun {

class DwarfPatchLoader final : public PatchLoader {
  public:
    // `exit_hook` as in LibraryLoader.
    DwarfPatchLoader(const CodeHolders &holders, std::uint64_t exit_hook)
        : holders_(holders), exit_hook_(exit_hook) {}

    std::string obstacle() const override;
    Result<std::shared_ptr<ReadObject>> read(const std::string &path,
                                             std::vector<std::byte> bytes) override;
    std::string difference(ReadObject &one, ReadObject &other) override;
    Result<std::unique_ptr<LibraryPatches>> open(const LiveLibrary &library,
                                                 SymbolCache::Shared symbols) override;
    std::uint64_t reserve_lost(std::uint64_t bytes, const std::string &path) override;

  private:
    const CodeHolders &holders_;
    const std::uint64_t exit_hook_;
};

} // namespace hotrun
