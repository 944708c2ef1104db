#include "linux/patched_library.hpp"

#include "core/object_diff.hpp"
#include "linux/line_starts.hpp"
#include "linux/object_types.hpp"

#include <deque>

#include <dlfcn.h>

namespace hotrun {
namespace {

LibraryCode::Lookup lookup_for(void *handle, std::uint64_t exit_hook) {
    return [handle, exit_hook](const std::string &name) {
        if (name == "__cxa_atexit" && exit_hook != 0)
            return exit_hook;
        const void *found = ::dlsym(RTLD_DEFAULT, name.c_str());
        if (found == nullptr)
            found = ::dlsym(handle, name.c_str());
        return address_of(found);
    };
}

Status why_not(const ObjectMatch &match, const ObjectDiff &diff) {
    if (!diff.why.empty())
        return Error{ErrorKind::kFailed, diff.why, 0};
    if (std::string why = difference_of_types(match.before(), match.after()); !why.empty())
        return Error{ErrorKind::kFailed, std::move(why), 0};
    return Done{};
}

} // namespace

PatchedLibrary::PatchedLibrary(const SymbolTable &symbols, void *handle,
                               const Library::Place &place, std::uint64_t exit_hook,
                               std::unique_ptr<PatchArea> area)
    : library_(symbols, place, memory_, lookup_for(handle, exit_hook)), code_(library_),
      area_(std::move(area)) {}

Result<std::unique_ptr<PatchedLibrary>> PatchedLibrary::make(const SymbolTable &symbols,
                                                             void *handle,
                                                             const Library::Place &place,
                                                             std::uint64_t exit_hook) {
    if (!symbols.has_local_symbols())
        return Error{ErrorKind::kFailed, "the library has no symbols of its own (is it stripped?)",
                     0};
    auto area = PatchArea::reserve(place);
    if (!area)
        return area.error();
    return std::unique_ptr<PatchedLibrary>(
        new PatchedLibrary(symbols, handle, place, exit_hook, std::move(*area)));
}

Result<std::unique_ptr<LivePatch>>
PatchedLibrary::prepare_all(std::span<const ObjectChange> changes) {
    std::deque<ObjectMatch> matches;
    std::vector<ObjectPatch> patches;
    for (const ObjectChange &change : changes) {
        const ObjectMatch &match = matches.emplace_back(*change.before, *change.after);
        const ObjectDiff diff = diff_objects(match);
        if (Status checked = why_not(match, diff); !checked)
            return checked.error();
        auto patch = ObjectPatch::lay_out(
            match, diff, {line_starts_of(match.before()), line_starts_of(match.after())}, code_);
        if (!patch)
            return patch.error();
        const auto code = area_->take_pages(patch->code_bytes());
        const auto constants = area_->take_pages(patch->constant_bytes());
        if (!code || !constants)
            return Error{ErrorKind::kFailed, "the memory beside the library is full of patches", 0};
        if (Status placed = patch->place(*code, *constants, code_); !placed)
            return placed.error();
        code_.add_patch(patch->definitions());
        ++prepared_;
        patches.push_back(std::move(*patch));
    }
    for (ObjectPatch &patch : patches) {
        if (Status relocated = patch.relocate(code_); !relocated)
            return relocated.error();
    }
    return LivePatch::load(patches);
}

Result<std::unique_ptr<LivePatch>> PatchedLibrary::prepare(std::span<const ObjectChange> changes) {
    prepared_ = 0;
    auto patch = prepare_all(changes);
    object_counts_.push_back(prepared_);
    if (!patch)
        drop_last_patch();
    return patch;
}

void PatchedLibrary::drop_last_patch() {
    for (; object_counts_.back() > 0; --object_counts_.back())
        code_.drop_last_patch();
    object_counts_.pop_back();
}

} // namespace hotrun
