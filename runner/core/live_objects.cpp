#include "core/live_objects.hpp"

#include "core/demangle.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace hotrun {
namespace {

constexpr std::size_t kMostInMemory = 32; // object files that were patched

Error why_not(std::string sentence) {
    return {ErrorKind::kFailed, std::move(sentence), 0};
}

// What others look up by name, which they would not find in a patch.
std::set<std::string_view> names_for_others(const ObjectFile &object, bool exports_count) {
    std::set<std::string_view> names;
    for (const ObjectSymbol &symbol : object.symbols()) {
        const bool is_visible =
            symbol.binding == STB_GLOBAL &&
            (symbol.visibility == STV_DEFAULT || symbol.visibility == STV_PROTECTED);
        if (symbol.is_function() && is_visible && object.is_defined(symbol) &&
            (exports_count || symbol.name.starts_with("hotrun_")))
            names.insert(symbol.name);
    }
    return names;
}

// Empty: all of them are still there, and no more.
std::string difference_for_others(const ObjectFile &before, const ObjectFile &after,
                                  bool exports_count) {
    const auto old_names = names_for_others(before, exports_count);
    const auto new_names = names_for_others(after, exports_count);
    std::vector<std::string_view> different;
    std::ranges::set_symmetric_difference(old_names, new_names, std::back_inserter(different));
    return different.empty() ? std::string()
                             : std::string(after.source()) + ": the exported function " +
                                   demangle(different.front()) + " is new or gone";
}

} // namespace

void LiveObjects::set_library(LiveLibrary::Shared code) {
    code_ = std::move(code);
    linked_ns_ = code_ == nullptr ? 0 : code_->origin.mtime_ns;
    taken_.clear();
    used_.clear();
    kept_.clear();
    in_question_.clear();
    has_patch_ = false;
}

void LiveObjects::linked_again(const Timestamp &library) {
    if (taken_.empty())
        linked_ns_ = std::max(linked_ns_, library.mtime_ns);
    kept_.clear();
}

Result<LiveObjects::Version> LiveObjects::read(const std::string &path,
                                               const std::string &stand_in) const {
    const auto file = services_.files.open(stand_in.empty() ? path : stand_in);
    if (!file)
        return file.error();
    Version version{(*file)->timestamp(), nullptr, !stand_in.empty()};
    std::vector<std::byte> bytes(version.timestamp.size_bytes);
    if (!(*file)->read_at(0, bytes))
        return why_not(path + " is being written");
    auto object = services_.loader->read(path, std::move(bytes));
    if (!object)
        return object.error();
    version.object = std::move(*object);
    return version;
}

std::string LiveObjects::keep(const std::vector<std::string> &paths) {
    for (const std::string &path : paths) {
        if (kept_.contains(path))
            continue;
        const auto taken = taken_.find(path);
        if (taken != taken_.end() && taken->second.is_stand_in) {
            kept_.emplace(path, taken->second);
            continue;
        }
        const auto now = services_.files.timestamp(path);
        const bool is_live = now && (taken == taken_.end() ? now->mtime_ns <= linked_ns_
                                                           : *now == taken->second.timestamp);
        if (!is_live)
            return path + " is not what the live code was made from";
        if (taken != taken_.end() && taken->second.object != nullptr) {
            kept_.emplace(path, taken->second);
            continue;
        }
        auto version = read(path);
        if (!version)
            return version.error().message;
        kept_.emplace(path, std::move(*version));
    }
    return {};
}

Status LiveObjects::open_patches() {
    if (code_->code_patches != nullptr)
        return Done{};
    auto opened =
        services_.loader->open(*code_, code_->symbols->get(services_.files, code_->copy.path()));
    if (!opened)
        return opened.error();
    code_->code_patches = std::move(*opened);
    return Done{};
}

// What hinders is told by the patch.
void LiveObjects::read_ahead() {
    if (kept_.empty())
        return;
    static_cast<void>(open_patches());
    for (auto &[path, version] : kept_)
        version.object->read_ahead();
}

Result<CodePatch *> LiveObjects::patch(const std::vector<std::string> &paths, bool exports_count,
                                       const std::string &stand_in) {
    std::vector<ObjectChange> changes;
    Versions now;
    for (const std::string &path : paths) {
        const auto kept = kept_.find(path);
        if (kept == kept_.end())
            return why_not(path + " was not kept before it was compiled");
        auto version = read(path, stand_in);
        if (!version)
            return version.error();
        const ObjectFile &before = kept->second.object->file();
        const ObjectFile &after = version->object->file();
        if (std::string why = difference_for_others(before, after, exports_count); !why.empty())
            return why_not(std::move(why));
        if (!std::ranges::equal(before.bytes(), after.bytes()))
            changes.push_back({kept->second.object.get(), version->object.get()});
        now.insert_or_assign(path, std::move(*version));
    }
    CodePatch *patch = nullptr;
    if (!changes.empty()) {
        if (Status opened = open_patches(); !opened)
            return opened.error();
        auto prepared = code_->code_patches->prepare(changes);
        if (!prepared)
            return prepared.error();
        patch = *prepared;
    }
    in_question_ = std::move(now);
    has_patch_ = patch != nullptr;
    kept_.clear();
    if (!has_patch_)
        took();
    return patch;
}

void LiveObjects::took() {
    for (auto &[path, version] : in_question_) {
        std::erase(used_, path);
        used_.push_back(path);
        taken_.insert_or_assign(path, std::move(version));
    }
    in_question_.clear();
    has_patch_ = false;
    for (; used_.size() > kMostInMemory; used_.pop_front()) {
        Version &oldest = taken_.at(used_.front());
        if (!oldest.is_stand_in) // of which there is no other copy
            oldest.object = nullptr;
    }
}

void LiveObjects::drop() {
    if (std::exchange(has_patch_, false))
        code_->code_patches->drop_last();
    in_question_.clear();
}

std::string LiveObjects::confirm(const std::string &path) {
    const auto taken = taken_.find(path);
    if (taken == taken_.end() || !taken->second.is_stand_in)
        return {};
    const auto version = read(path);
    if (!version)
        return version.error().message;
    std::string why = services_.loader->difference(*version->object, *taken->second.object);
    if (why.empty()) {
        taken->second.timestamp = version->timestamp;
        taken->second.is_stand_in = false;
    }
    return why;
}

std::string LiveObjects::difference(const std::string &one, const std::string &other) const {
    const auto first = read(one);
    if (!first)
        return first.error().message;
    const auto second = read(other);
    return second ? services_.loader->difference(*first->object, *second->object)
                  : second.error().message;
}

} // namespace hotrun
