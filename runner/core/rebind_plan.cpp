#include "core/rebind_plan.hpp"

#include "core/code_patch.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hotrun {

namespace {

std::uint64_t loaded_word(const std::byte *place) {
    std::uint64_t word = 0;
    std::memcpy(&word, place, sizeof word);
    return word;
}

} // namespace

RebindPlan::RebindPlan(const FileSystem &files, const std::vector<LiveLibrary::Shared> &olds,
                       const LiveLibrary::Shared &code)
    : files_(files) {
    std::vector<LiveLibrary::Shared> now;
    add_with_links(code, now);
    std::vector<LiveLibrary::Shared> old;
    for (const LiveLibrary::Shared &each : olds)
        add_with_links(each, old);
    for (const LiveLibrary::Shared &each : old) {
        if (std::ranges::find(now, each) == now.end())
            add(each, now);
    }
}

void RebindPlan::add(const LiveLibrary::Shared &old, const std::vector<LiveLibrary::Shared> &now) {
    const auto same = std::ranges::find(now, old->path, [](auto &each) { return each->path; });
    const Library::Place place = old->library->place();
    targets_.push_back(
        {old, same == now.end() ? nullptr : *same, place, nullptr, nullptr, std::nullopt});
    extend_range(place);
    if (old->code_patches == nullptr)
        return;
    const PatchNames &names = old->code_patches->names();
    patch_targets_.push_back({names, old, targets_.back().now, nullptr, std::nullopt});
    extend_range({names.range().begin, names.range().begin, names.range().end});
}

RebindPlan::RebindPlan(const FileSystem &files, std::vector<Move> moves)
    : files_(files), moves_(std::move(moves)) {
    for (const Move &move : moves_)
        extend_range(move.from);
}

void RebindPlan::extend_range(const Library::Place &place) {
    range_.begin = std::min(range_.begin, place.begin);
    range_.end = std::max(range_.end, place.end);
}

RebindPlan::Target *RebindPlan::target_of(std::uint64_t word) {
    const auto found = std::ranges::find_if(targets_, [word](const Target &target) {
        return word >= target.place.begin && word < target.place.end;
    });
    return found == targets_.end() ? nullptr : &*found;
}

RebindPlan::PatchTarget *RebindPlan::patch_target_of(std::uint64_t word) {
    const auto found = std::ranges::find_if(patch_targets_, [word](const PatchTarget &target) {
        return target.names.range().contains(word);
    });
    return found == patch_targets_.end() ? nullptr : &*found;
}

PatchRebinder &RebindPlan::rebinder_of(PatchTarget &target) {
    if (!target.rebinder) {
        target.symbols = target.now->symbols->get(files_, target.now->copy.path());
        target.rebinder.emplace(target.names, *target.symbols,
                                target.now->library->place().load_bias);
    }
    return *target.rebinder;
}

Rebinder &RebindPlan::rebinder_of(Target &target) {
    if (!target.rebinder) {
        target.old_symbols = target.old->symbols->get(files_, target.old->copy.path());
        target.symbols = target.now->symbols->get(files_, target.now->copy.path());
        target.rebinder.emplace(*target.old_symbols, target.place.load_bias, *target.symbols,
                                target.now->library->place().load_bias,
                                renamed_[target.place.begin]);
    }
    return *target.rebinder;
}

std::optional<std::uint64_t> RebindPlan::rebind(std::uint64_t word) {
    if (const auto answer = answers_.find(word); answer != answers_.end())
        return answer->second;
    for (const Move &move : moves_) {
        if (word >= move.from.begin && word < move.from.end)
            return word - move.from.load_bias + move.load_bias;
    }
    if (Target *target = target_of(word))
        return target->now == nullptr ? std::nullopt : rebinder_of(*target).rebind(word);
    PatchTarget *patch = patch_target_of(word);
    return patch == nullptr || patch->now == nullptr ? std::nullopt
                                                     : rebinder_of(*patch).rebind(word);
}

void RebindPlan::prepare(HeapImage &heap) {
    mark_ = heap.mark();
    const std::span<const std::byte> image = heap.image();
    std::vector<std::size_t> offsets;
    find_words(image, range_, offsets);
    found_.reserve(offsets.size());
    for (const std::size_t offset : offsets) {
        const std::uint64_t word = loaded_word(image.data() + offset);
        found_.push_back({offset, word, rebind(word)});
    }
}

void RebindPlan::read_symbols() {
    for (Target &target : targets_) {
        if (target.now != nullptr)
            rebinder_of(target);
    }
    for (PatchTarget &target : patch_targets_) {
        if (target.now != nullptr)
            rebinder_of(target);
    }
}

void RebindPlan::apply(HeapImage &heap, std::size_t used_bytes, void *&state) {
    const std::span<std::byte> memory = heap.memory();
    apply_found(memory.data());
    const std::vector<HeapPart> parts =
        mark_ ? heap.changed_since(*mark_, used_bytes) : std::vector<HeapPart>{{0, used_bytes}};
    for (const HeapPart &part : parts)
        apply_changed(memory, part);
    if (const auto word = rebind(reinterpret_cast<std::uintptr_t>(state)))
        state = reinterpret_cast<void *>(*word);
}

// A word that is another one by now is in a part that has changed.
void RebindPlan::apply_found(std::byte *memory) {
    for (const Found &found : found_) {
        std::byte *const place = memory + found.offset;
        if (!found.now || loaded_word(place) != found.word)
            continue;
        std::memcpy(place, &*found.now, sizeof *found.now);
        ++rebound_count_;
    }
}

// Words that have been rebound lie in none of the old libraries any more.
void RebindPlan::apply_changed(std::span<std::byte> memory, const HeapPart &part) {
    std::vector<std::size_t> offsets;
    find_words(memory.subspan(part.begin, std::min(part.end, memory.size()) - part.begin), range_,
               offsets);
    for (const std::size_t offset : offsets) {
        std::byte *const place = memory.data() + part.begin + offset;
        if (const auto word = rebind(loaded_word(place))) {
            std::memcpy(place, &*word, sizeof *word);
            ++rebound_count_;
        }
    }
}

} // namespace hotrun
