#include "linux/patched_library.hpp"

#include "core/object_diff.hpp"
#include "linux/dwarf_read_object.hpp"

#include <deque>
#include <filesystem>

#include <dlfcn.h>
#include <link.h>

namespace hotrun {
namespace {

// Debuggers read the whole object files for as long as their code is there.
constexpr std::uint64_t kMostObjectBytes = std::uint64_t{512} << 20;

Error full() {
    return {ErrorKind::kFailed, "the memory beside the library is full of patches", 0};
}

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

const link_map *link_map_of(void *handle) {
    link_map *map = nullptr;
    ::dlinfo(handle, RTLD_DI_LINKMAP, &map);
    return map;
}

DwarfReadObject &dwarf_object(ReadObject *object) {
    return static_cast<DwarfReadObject &>(*object);
}

Status why_not(const ObjectChange &change, const ObjectDiff &diff) {
    if (!diff.why.empty())
        return Error{ErrorKind::kFailed, diff.why, 0};
    std::string why = difference_of_types(dwarf_object(change.before).types(),
                                          dwarf_object(change.after).types());
    if (!why.empty())
        return Error{ErrorKind::kFailed, std::move(why), 0};
    return Done{};
}

bool may_have_literals(const ObjectSection &section) {
    return section.role == SectionRole::kConstant && section.relocations.empty() &&
           !section.content.empty();
}

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

} // namespace

PatchedLibrary::PatchedLibrary(Loaded library, std::unique_ptr<PatchArea> area)
    : loaded_(std::move(library)), library_(*loaded_.symbols, loaded_.place, memory_,
                                            lookup_for(loaded_.handle, loaded_.exit_hook)),
      code_(library_), area_(std::move(area)), room_(area_->range(), link_map_of(loaded_.handle)),
      names_(area_->range()) {}

Result<std::unique_ptr<PatchedLibrary>> PatchedLibrary::make(Loaded library) {
    if (!library.symbols->has_local_symbols())
        return Error{ErrorKind::kFailed, "the library has no symbols of its own (is it stripped?)",
                     0};
    auto area = PatchArea::reserve(library.place, library.path);
    if (!area)
        return area.error();
    std::unique_ptr<PatchedLibrary> patched(
        new PatchedLibrary(std::move(library), std::move(*area)));
    if (!patched->room_.is_known())
        return Error{ErrorKind::kFailed, "too many libraries have patches", 0};
    return patched;
}

Result<std::unique_ptr<LivePatch>>
PatchedLibrary::prepare_all(std::span<const ObjectChange> changes) {
    std::deque<ObjectMatch> matches;
    std::vector<ObjectPatch> patches;
    std::uint64_t object_bytes = object_bytes_;
    for (const ObjectChange &change : changes) {
        code_.add_left(matches.emplace_back(change.before->file(), change.after->file()).left());
        ++added_count_;
    }
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const ObjectChange &change = changes[i];
        const ObjectMatch &match = matches[i];
        const ObjectDiff diff = diff_objects(match);
        if (Status checked = why_not(change, diff); !checked)
            return checked.error();
        auto patch = ObjectPatch::lay_out(
            match, diff,
            {dwarf_object(change.before).line_starts(), dwarf_object(change.after).line_starts()},
            code_);
        if (!patch)
            return patch.error();
        const auto code = area_->take_pages(patch->code_bytes());
        const auto constants = area_->take_pages(patch->constant_bytes());
        object_bytes += match.after().bytes().size();
        if (!code || !constants || object_bytes > kMostObjectBytes)
            return full();
        if (Status placed = patch->place(*code, *constants, code_); !placed)
            return placed.error();
        code_.add_patch(patch->definitions());
        ++added_count_;
        patches.push_back(std::move(*patch));
    }
    for (ObjectPatch &patch : patches) {
        if (Status relocated = patch.relocate(code_); !relocated)
            return relocated.error();
    }
    const AddressRange area = area_->range();
    auto live = LivePatch::load(
        patches, {loaded_.holders, {loaded_.place, {area.begin, area.begin, area.end}}});
    if (!live)
        return live;
    object_bytes_ = object_bytes;
    for (const ObjectPatch &patch : patches)
        note_names(patch);
    return live;
}

// Functions that the library has are known by their entries there.
void PatchedLibrary::note_names(const ObjectPatch &patch) {
    const AddressRange area = area_->range();
    for (const LiveDefinition &definition : patch.definitions()) {
        const LiveSymbol &symbol = definition.symbol;
        names_.add({symbol.newest, symbol.size_bytes, definition.name, definition.source,
                    definition.is_local, symbol.is_function});
    }
    const std::span<const ObjectSection> sections = patch.object().sections();
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const std::uint64_t address = patch.section_addresses()[i];
        if (area.contains(address) && may_have_literals(sections[i]))
            names_.add_constants(address, text_of(sections[i].content));
    }
}

Result<CodePatch *> PatchedLibrary::prepare(std::span<const ObjectChange> changes) {
    added_count_ = 0;
    auto patch = prepare_all(changes);
    added_counts_.push_back(added_count_);
    if (!patch) {
        drop_names_of_last();
        return patch.error();
    }
    patches_.push_back(std::move(*patch));
    return patches_.back().get();
}

void PatchedLibrary::drop_last() {
    patches_.pop_back();
    drop_names_of_last();
}

void PatchedLibrary::drop_names_of_last() {
    for (; added_counts_.back() > 0; --added_counts_.back())
        code_.drop_last_patch();
    added_counts_.pop_back();
}

} // namespace hotrun
