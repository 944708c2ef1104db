// Shared libraries by way of the dynamic linker.
#pragma once

#include "core/library_loader.hpp"

namespace hotrun {

class DlLibraryLoader : public LibraryLoader {
  public:
    Result<std::unique_ptr<Library>> load(const std::string &path, const Origin &origin) override;
    bool is_mapped(const std::string &path) const override;
    bool host_has_symbol(const char *name) const override;
    std::uint64_t exit_hook() const override;
    GetProc get_proc() const override;
};

} // namespace hotrun
