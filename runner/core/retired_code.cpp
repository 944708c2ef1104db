#include "core/retired_code.hpp"

#include "core/code_patch.hpp"
#include "core/pointer_scan.hpp"
#include "core/rebind.hpp"

#include <algorithm>
#include <utility>

namespace hotrun {

namespace {

constexpr std::size_t kMostNamed = 3;

} // namespace

void RetiredCode::add(std::unique_ptr<Generation> generation) {
    services_.events.tell(RetiredEvent{.module = module_,
                                       .generation = generation->number,
                                       .unmapped = false,
                                       .why = "the last " + std::to_string(kKept) +
                                              " old generations stay mapped for callbacks into "
                                              "them"});
    generation->code->symbols->drop();
    generations_.push_back({std::move(generation), {}});
}

bool RetiredCode::close_old() {
    bool is_thread_in_it = false;
    const std::size_t beyond = generations_.size() - std::min(generations_.size(), kKept);
    std::deque<Entry> stay;
    for (std::size_t i = 0; i < beyond; ++i) {
        Entry entry = std::move(generations_.front());
        generations_.pop_front();
        const LiveLibrary &code = *entry.generation->code;
        std::string holder = memory_that_leads_into(code);
        if (holder.empty() && services_.holders != nullptr) {
            holder = thread_in(code, *services_.holders);
            is_thread_in_it |= !holder.empty();
        }
        if (holder.empty()) {
            close(std::move(entry.generation));
            continue;
        }
        if (std::exchange(entry.held_by, holder).empty())
            services_.events.tell(
                RetiredEvent{module_, entry.generation->number, false, std::move(holder)});
        stay.push_back(std::move(entry));
    }
    for (; !stay.empty(); stay.pop_back())
        generations_.push_front(std::move(stay.back()));
    return !is_thread_in_it;
}

std::string RetiredCode::memory_that_leads_into(const LiveLibrary &code) const {
    std::string holder = pointers_into(code);
    return holder.empty() ? static_variable_of(code) : holder;
}

// In the heaps as of the last snapshot, which is younger than the switch away from this code.
std::string RetiredCode::pointers_into(const LiveLibrary &code) const {
    std::size_t count = 0;
    std::string names;
    for (const HeapImage *heap : services_.heaps) {
        const std::span<const std::byte> image = heap->image();
        for (const Library::Place &place : places_of(code)) {
            std::vector<std::size_t> offsets;
            find_words(image, {place.begin, place.end}, offsets);
            for (const std::size_t offset : offsets) {
                if (++count <= kMostNamed)
                    names += (names.empty() ? "" : ", ") + describe(code, word_at(image, offset)) +
                             " at byte " + std::to_string(offset);
            }
        }
    }
    if (count == 0)
        return {};
    return std::to_string(count) +
           (count == 1 ? " word of the heap leads" : " words of the heap lead") +
           " into it: " + names + (count > kMostNamed ? ", …" : "");
}

std::string RetiredCode::static_variable_of(const LiveLibrary &code) const {
    const std::vector<Library::Place> places = places_of(code);
    const auto found = std::ranges::find_if(static_holds_, [&](const StaticCarry::Hold &hold) {
        return !hold.word || std::ranges::any_of(places, [&](const Library::Place &place) {
            return *hold.word >= place.begin && *hold.word < place.end;
        });
    });
    if (found == static_holds_.end())
        return {};
    if (!found->word)
        return "the static variable " + found->variable +
               " has memory outside the permanent heap, which may lead into it";
    return "the static variable " + found->variable + " leads to " + describe(code, *found->word);
}

// What a word that leads into the code, or a patch of it, points to.
std::string RetiredCode::describe(const LiveLibrary &code, std::uint64_t word) const {
    if (code.code_patches != nullptr && code.code_patches->names().range().contains(word))
        return code.code_patches->names().describe(word);
    const std::uint64_t load_bias = code.library->place().load_bias;
    const SymbolCache::Shared symbols = code.symbols->get(services_.files, code.copy.path());
    return Rebinder(*symbols, load_bias, *symbols, load_bias).describe(word);
}

void RetiredCode::close(std::unique_ptr<Generation> generation) {
    const std::string path = generation->code->copy.path();
    const bool unique_symbols = generation->code->has_unique_symbols;
    RetiredEvent event{
        .module = module_, .generation = generation->number, .unmapped = true, .why = {}};
    generation.reset();
    if (services_.loader.is_mapped(path)) {
        event.unmapped = false;
        event.why = unique_symbols
                        ? "it has unique symbols; compile it with -fno-gnu-unique"
                        : "a thread_local with a destructor, or another library, holds it";
    }
    services_.events.tell(std::move(event));
}

std::vector<LiveLibrary::Shared> RetiredCode::mapped() const {
    std::vector<LiveLibrary::Shared> all;
    for (const Entry &entry : generations_)
        all.push_back(entry.generation->code);
    return all;
}

} // namespace hotrun
