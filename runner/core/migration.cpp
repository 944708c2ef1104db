#include "core/migration.hpp"

#include "core/address_range.hpp"
#include "core/object_members.hpp"
#include "core/sentence.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <utility>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;
using LiveBlock = PermanentHeap::LiveBlock;

const hotrun_type *descriptor_at(const Migration::Loaded &library, std::uint64_t address) {
    return reinterpret_cast<const hotrun_type *>(library.load_bias + address);
}

// So many blocks are released, or made, by one call.
constexpr std::size_t kMostAtOnce = 4096;

Migration::Constructor constructor_at(const Migration::Loaded &library, std::uint64_t address) {
    Migration::Constructor constructor = nullptr;
    if (address != 0)
        std::memcpy(&constructor, reinterpret_cast<const void *>(library.load_bias + address),
                    sizeof constructor);
    return constructor;
}

std::set<std::string> names_of(const std::map<std::string, std::string> &types) {
    std::set<std::string> names;
    for (const auto &[name, plain] : types)
        names.insert(name);
    return names;
}

std::string listed(const std::set<std::string> &names) {
    constexpr std::size_t kMost = 5;
    std::string text;
    std::size_t count = 0;
    for (const std::string &name : names) {
        if (++count > kMost)
            return text + " and " + std::to_string(names.size() - kMost) + " more";
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

std::string unnamed(const std::set<std::string> &types) {
    const bool is_one = types.size() == 1;
    return listed(types) + ": the new code makes no block of " +
           (is_one ? "this type, so what it looks" : "these types, so what they look") +
           " like there is not known: name " + (is_one ? "it" : "each") +
           " in a HOTRUN_TYPE, or in a HOTRUN_RENAMED_TYPE if it has another name now, or release "
           "the blocks in hotrun_unload, in a save before this one";
}

std::string failed_constructor(const TypeLayout &type, const std::string &how) {
    return "the default constructor of " + type_name(type) + " has failed (" + how + ")";
}

} // namespace

Migration::Migration(std::vector<Loaded> olds, std::vector<Loaded> news, const TypePairs &others)
    : olds_(std::move(olds)), news_(std::move(news)), diff_(find_renames(), find_migrators()) {
    for (const Loaded &old : olds_) {
        if (old.types == nullptr)
            continue;
        for (const LibraryTypes::Descriptor &descriptor : old.types->descriptors)
            add_change(old, descriptor);
    }
    for (const Loaded &library : news_) {
        if (library.types == nullptr)
            continue;
        for (const LibraryTypes::Descriptor &descriptor : library.types->descriptors) {
            if (Constructor constructor = constructor_at(library, descriptor.constructor))
                constructors_.emplace(type_name(*descriptor.type), constructor);
        }
    }
    for (const auto &[old_type, new_type] : others)
        diff_.between(*old_type, *new_type);
    diff_.follow_pointers();
    is_needed_ |= !diff_.changed().empty();
}

Renames Migration::find_renames() {
    Renames renames;
    for (const Loaded &library : news_) {
        if (library.types != nullptr)
            renames.add_new(*library.types);
    }
    for (const Loaded &old : olds_) {
        if (old.types != nullptr)
            renamed_types_.emplace(old.range.begin, renames.add_old(*old.types));
    }
    return renames;
}

std::set<std::string> Migration::find_migrators() {
    std::set<std::string> names;
    for (const Loaded &library : news_) {
        if (library.types == nullptr)
            continue;
        for (const LibraryTypes::Migrator &migrator : library.types->migrators) {
            migrators_.emplace(type_name(*migrator.type),
                               constructor_at(library, migrator.function));
            names.insert(type_name(*migrator.type));
        }
    }
    return names;
}

void Migration::add_change(const Loaded &old, const LibraryTypes::Descriptor &descriptor) {
    const std::string name = type_name(*descriptor.type);
    Change change;
    change.old_type = descriptor.type;
    find_new_type(change, true);
    if (change.new_type == nullptr)
        find_new_type(change, false);
    if (change.new_type != nullptr) {
        change.conversion = &diff_.between(*change.old_type, *change.new_type);
        const TypeLayout &old_type = *change.old_type;
        const bool has_grown = change.size_bytes != descriptor.size_bytes;
        is_needed_ |= has_grown;
        if (change.conversion->is_same && has_grown) // as far as there is a layout
            change.refusal = name + ": " + only_declared(old_type);
        if (change.conversion->refusal)
            change.refusal = *change.conversion->refusal;
        is_needed_ |= !change.conversion->is_same;
        new_types_.emplace(change.descriptor, change.new_type);
    }
    changes_.insert_or_assign(descriptor_at(old, descriptor.address), change);
}

// Types are paired by their names. Where several new ones have that name, one that is the same is
// it; else they have to be the same among themselves.
void Migration::find_new_type(Change &change, bool in_same_file) {
    const std::string name = type_name(*change.old_type);
    for (const Loaded &library : news_) {
        if (library.types == nullptr)
            continue;
        for (const LibraryTypes::Descriptor &other : library.types->descriptors) {
            if (!diff_.renames().is_same_name(*change.old_type, *other.type) ||
                (in_same_file && other.type->file != change.old_type->file))
                continue;
            const bool is_same = diff_.are_same(*change.old_type, *other.type);
            if (is_same || change.new_type == nullptr) {
                change.new_type = other.type;
                change.descriptor = descriptor_at(library, other.address);
                change.size_bytes = other.size_bytes;
                change.constructor = constructor_at(library, other.constructor);
            }
            if (is_same) {
                change.refusal.clear();
                return;
            }
            if (!diff_.are_same(*change.new_type, *other.type)) {
                change.refusal = "several types are called " + name +
                                 ", and which of them a block has can't be known: give them "
                                 "different names";
            }
        }
    }
}

const Migration::Change *Migration::change_of(const hotrun_type *type) const {
    if (type == last_type_ && type != nullptr) // blocks of one type come one after another
        return last_change_;
    const auto found = changes_.find(type);
    last_type_ = type;
    last_change_ = found == changes_.end() ? nullptr : &found->second;
    return last_change_;
}

// Null: none, as of a block of code that has not been looked at.
const TypeLayout *Migration::new_type_of(const hotrun_type *type) const {
    if (const Change *change = change_of(type))
        return change->new_type;
    const auto found = new_types_.find(type);
    return found == new_types_.end() ? nullptr : found->second;
}

std::unordered_map<std::uint64_t, std::optional<std::uint64_t>> Migration::descriptors() const {
    std::unordered_map<std::uint64_t, std::optional<std::uint64_t>> all;
    for (const auto &[old, change] : changes_) {
        const bool stays = change.conversion != nullptr && change.conversion->is_same;
        all.emplace(address_of(old),
                    stays ? std::optional(address_of(change.descriptor)) : std::nullopt);
    }
    return all;
}

std::optional<std::string> Migration::apply(PermanentHeap &heap, void *&state,
                                            const Construct &construct, const Finish &finish) {
    const std::vector<LiveBlock> blocks = heap.live_blocks();
    if (blocks.size() != heap.statistics().block_count)
        return "the heap is damaged: a header of a block was written over";
    if (Answer refusal = is_needed_ ? judge(blocks) : std::nullopt)
        return refusal;
    if (Answer refusal = judge_closures(blocks))
        return refusal;
    if (!is_needed_)
        return std::nullopt;
    if (Answer refusal = move_changed(heap, blocks))
        return refusal;
    if (Answer refusal = lead_pointers(heap, blocks))
        return refusal;
    if (Answer refusal = convert_moved(construct))
        return refusal;
    if (Answer refusal = lead_state(heap, state))
        return refusal;
    return finish_left(finish);
}

Migration::Answer Migration::lead_state(PermanentHeap &heap, void *&state) {
    for (const bool is_root : {true, false}) {
        const std::uint64_t word = address_of(is_root ? heap.root() : state);
        const Moved *moved = moved_at(word);
        if (moved == nullptr)
            continue;
        const auto found = now(*moved, word, nullptr);
        if (!found)
            return "the module's state points into a part of " +
                   type_name(*moved->change->old_type) +
                   " that is gone: let it point elsewhere in hotrun_unload";
        void *const pointer = reinterpret_cast<void *>(*found);
        is_root ? heap.set_root(pointer) : static_cast<void>(state = pointer);
    }
    return std::nullopt;
}

// From the first of those that are left.
Migration::Answer Migration::finish_left(const Finish &finish, std::size_t first) {
    ObjectMembers members;
    for (std::size_t i = first; i < report_.left.size(); ++i) {
        const ConversionReport::Left &left = report_.left[i];
        const std::string name = type_name(*left.step->new_type);
        const std::string failure =
            finish(migrators_.at(name),
                   members.object(*left.step->old_type, const_cast<std::byte *>(left.from)),
                   members.object(*left.step->new_type, left.to));
        if (!failure.empty())
            return "the function that HOTRUN_MIGRATE names for " + name + " has failed (" +
                   failure + ")";
    }
    return std::nullopt;
}

Migration::Answer Migration::judge(const std::vector<LiveBlock> &blocks) const {
    std::set<std::string> without_new_type;
    for (const LiveBlock &block : blocks) {
        if (block.type == nullptr)
            return "a block of " + std::to_string(block.payload.size()) +
                   " bytes has no type, and may hold one of those that have changed (" +
                   listed(names_of(diff_.changed())) +
                   "): allocate it with a type, by HOTRUN_NEW or allocate_typed";
        const Change *change = change_of(block.type);
        if (change == nullptr && new_type_of(block.type) == nullptr)
            return "a block of " + std::to_string(block.payload.size()) +
                   " bytes has a type that the debug information of the old code does not tell of";
        if (change != nullptr && change->new_type == nullptr)
            without_new_type.insert(type_name(*change->old_type));
        else if (change != nullptr && !change->refusal.empty())
            return change->refusal;
    }
    return without_new_type.empty() ? std::nullopt : Answer(unnamed(without_new_type));
}

void Migration::find_closures(const Closures::Rebind &rebind) {
    for (const Loaded &library : news_) {
        if (library.types != nullptr)
            closures_.add_new({*library.types, library.load_bias, library.range});
    }
    for (const Loaded &library : olds_) {
        if (library.types != nullptr)
            closures_.add_old({*library.types, library.load_bias, library.range}, diff_, rebind);
    }
}

// The types of what has no type, or is not known, are not judged.
Migration::Answer Migration::judge_closures(const std::vector<LiveBlock> &blocks) {
    for (const LiveBlock &block : blocks) {
        const Change *change = change_of(block.type);
        const TypeLayout *type = change != nullptr ? change->old_type : new_type_of(block.type);
        if (type == nullptr)
            continue;
        if (Answer refusal = closures_.judge(*type, block.payload, is_needed_))
            return refusal;
    }
    return std::nullopt;
}

// All is put aside first, so that the heap has to hold both layouts of none.
Migration::Answer Migration::move_changed(PermanentHeap &heap,
                                          const std::vector<LiveBlock> &blocks) {
    std::size_t saved_bytes = 0;
    moved_.reserve(blocks.size());
    for (const LiveBlock &block : blocks) {
        const Change *change = change_of(block.type);
        if (change == nullptr || change->conversion->is_same || change->old_type->size_bytes == 0)
            continue;
        const std::uint64_t begin = address_of(block.payload.data());
        const std::uint64_t size = change->old_type->size_bytes;
        const std::uint64_t rest = block.payload.size() == size ? 0 : block.payload.size() % size;
        moved_.push_back({{begin, begin + block.payload.size() - rest}, 0, change});
        saved_bytes += moved_.back().saved_bytes();
    }
    saved_ = std::make_unique_for_overwrite<std::byte[]>(saved_bytes);
    std::byte *saved = saved_.get();
    for (const Moved &moved : moved_) {
        std::memcpy(saved, reinterpret_cast<const void *>(moved.old_range.begin), moved.bytes());
        saved += moved.saved_bytes();
    }
    index_moved();
    return release_moved(heap)
               ? make_anew(heap)
               : Answer("a block of a type that has changed is damaged: look for what "
                        "writes beyond its own block, by a sanitizer");
}

bool Migration::release_moved(PermanentHeap &heap) const {
    std::vector<void *> payloads;
    payloads.reserve(kMostAtOnce);
    for (std::size_t at = 0; at < moved_.size(); at += payloads.size()) {
        payloads.clear();
        for (std::size_t i = at; i < std::min(moved_.size(), at + kMostAtOnce); ++i)
            payloads.push_back(reinterpret_cast<void *>(moved_[i].old_range.begin));
        if (!heap.release(payloads))
            return false;
    }
    return true;
}

// Neighbours of one type and size at once.
Migration::Answer Migration::make_anew(PermanentHeap &heap) {
    std::vector<void *> payloads;
    for (std::size_t at = 0; at < moved_.size(); at += payloads.size()) {
        const Moved &first = moved_[at];
        std::size_t count = 1;
        while (count < kMostAtOnce && at + count < moved_.size() &&
               moved_[at + count].change == first.change &&
               moved_[at + count].bytes() == first.bytes())
            ++count;
        payloads.assign(count, nullptr);
        const hotrun_type &type = *first.change->descriptor;
        if (!heap.allocate_typed(payloads, first.count(), type))
            return "the heap has no " + std::to_string(first.count() * type.size_bytes) +
                   " bytes left for " + std::to_string(first.count()) + " objects of the new " +
                   type_name(*first.change->new_type) + ": give it more by --heap";
        for (std::size_t i = 0; i < count; ++i)
            moved_[at + i].now = address_of(payloads[i]);
    }
    return std::nullopt;
}

// What a constructor makes of members that are not new is written over.
Migration::Answer Migration::convert_moved(const Construct &construct) {
    report_.construct = [&](const TypeLayout &type, std::byte *place) {
        return construct_in(type, place, construct);
    };
    const std::byte *saved = saved_.get();
    for (const Moved &moved : moved_) {
        const Change &change = *moved.change;
        const std::uint64_t object_count = moved.count();
        if (change.constructor != nullptr && change.conversion->has_new) {
            const std::string failure =
                construct(change.constructor, reinterpret_cast<void *>(moved.now), object_count);
            if (!failure.empty())
                return failed_constructor(*change.new_type, failure);
        }
        const std::uint64_t old_bytes = change.old_type->size_bytes;
        const std::uint64_t new_bytes = change.new_type->size_bytes;
        for (std::uint64_t i = 0; i < object_count && report_.refusal.empty(); ++i)
            convert(*change.conversion, saved + i * old_bytes,
                    reinterpret_cast<std::byte *>(moved.now + i * new_bytes), report_);
        saved += moved.saved_bytes();
        if (!report_.refusal.empty())
            return report_.refusal;
    }
    report_.construct = nullptr;
    return std::nullopt;
}

std::optional<std::string> Migration::carry(const Outside &object, const Construct &construct,
                                            const Finish &finish) {
    Change change;
    change.old_type = &object.old_type;
    change.new_type = &object.new_type;
    change.conversion = &diff_.between(object.old_type, object.new_type);
    if (change.conversion->refusal)
        return change.conversion->refusal;
    if (Answer refusal = closures_.judge(object.old_type, object.from, is_needed_))
        return refusal;
    if (Answer refusal = lead_words(object.old_type, change.conversion->is_same ? nullptr : &change,
                                    object.from, object.heap))
        return refusal;
    report_.construct = [&](const TypeLayout &type, std::byte *place) {
        return construct_in(type, place, construct);
    };
    const std::size_t first_left = report_.left.size();
    convert(*change.conversion, object.from.data(), object.to.data(), report_);
    report_.construct = nullptr;
    if (!report_.refusal.empty())
        return std::exchange(report_.refusal, {});
    return finish_left(finish, first_left);
}

// The object, or else its parts, as far as there are constructors.
std::string Migration::construct_in(const TypeLayout &type, std::byte *place,
                                    const Construct &construct) const {
    const auto found = constructors_.find(type_name(type));
    if (found != constructors_.end()) {
        const std::string failure = construct(found->second, place, 1);
        return failure.empty() ? failure : failed_constructor(type, failure);
    }
    if (type.kind != Kind::kStruct)
        return {};
    for (const MemberLayout &member : type.members) {
        std::string failure = construct_in(*member.type, place + member.offset_bytes, construct);
        if (!failure.empty())
            return failure;
    }
    return {};
}

std::string Migration::detail() const {
    std::string text;
    const std::size_t count =
        std::accumulate(moved_.begin(), moved_.end(), std::size_t{0},
                        [](std::size_t sum, const Moved &moved) { return sum + moved.count(); });
    if (count != 0)
        text = std::to_string(count) + (count == 1 ? " object" : " objects") + " migrated";
    if (!moved_.empty() && !diff_.added().empty())
        add_sentence(text, "new: " + listed(diff_.added()));
    if (!moved_.empty() && !diff_.gone().empty())
        add_sentence(text, "gone: " + listed(diff_.gone()));
    if (!report_.left.empty())
        add_sentence(text, std::to_string(report_.left.size()) + " by HOTRUN_MIGRATE");
    for (const std::string &loss : report_.losses)
        add_sentence(text, loss);
    if (report_.loss_count > report_.losses.size())
        add_sentence(text, std::to_string(report_.loss_count - report_.losses.size()) +
                               " more values changed");
    return text;
}

} // namespace hotrun
