#include "linux/dwarf_patch_loader.hpp"

#include "core/code_difference.hpp"
#include "linux/closed_libraries.hpp"
#include "linux/dwarf_read_object.hpp"
#include "linux/patched_library.hpp"
#include "linux/tracer.hpp"

#include <utility>

namespace hotrun {

// It writes into code and takes back what it wrote, and looks for new code in new libraries.
std::string DwarfPatchLoader::obstacle() const {
    return is_traced() ? "a debugger is attached, whose breakpoints follow to a new library"
                       : std::string();
}

Result<std::shared_ptr<ReadObject>> DwarfPatchLoader::read(const std::string &path,
                                                           std::vector<std::byte> bytes) {
    auto file = ObjectFile::read(path, std::move(bytes));
    if (!file)
        return file.error();
    return std::shared_ptr<ReadObject>(std::make_shared<DwarfReadObject>(std::move(*file)));
}

std::string DwarfPatchLoader::difference(ReadObject &one, ReadObject &other) {
    std::string why = difference_of_code(ObjectMatch(one.file(), other.file()));
    if (!why.empty())
        return why;
    return difference_of_types(static_cast<DwarfReadObject &>(one).types(),
                               static_cast<DwarfReadObject &>(other).types());
}

Result<std::unique_ptr<LibraryPatches>> DwarfPatchLoader::open(const LiveLibrary &library,
                                                               SymbolCache::Shared symbols) {
    auto patched = PatchedLibrary::make({.symbols = std::move(symbols),
                                         .handle = library.library->handle(),
                                         .place = library.library->place(),
                                         .exit_hook = exit_hook_,
                                         .path = library.copy.path(),
                                         .holders = &holders_});
    if (!patched)
        return patched.error();
    return std::unique_ptr<LibraryPatches>(std::move(*patched));
}

std::uint64_t DwarfPatchLoader::reserve_lost(std::uint64_t bytes, const std::string &path) {
    return reserve_as_closed(bytes, path.c_str());
}

} // namespace hotrun
