#include "core/static_carry.hpp"

#include "core/copy_bytes.hpp"
#include "core/pointer_scan.hpp"
#include "core/sentence.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

// Larger ones that are zero at first are copied page by page.
constexpr std::uint64_t kLargeBytes = std::uint64_t{64} << 10;

std::span<std::byte> memory_of(const LiveLibrary &code, const StaticVariable &variable) {
    const std::uint64_t address = code.library->place().load_bias + variable.address;
    return {reinterpret_cast<std::byte *>(address), variable.type->size_bytes};
}

bool is_in(const LiveLibrary &code, std::uint64_t word) {
    const Library::Place place = code.library->place();
    return word >= place.begin && word < place.end;
}

// What may have a word that leads somewhere: closures and the like keep theirs in unions and bytes.
bool may_have_pointers(const TypeLayout &type, int depth = 0) {
    constexpr int kDeepest = 32;
    switch (type.kind) {
    case Kind::kPointer:
    case Kind::kMemberPointer:
    case Kind::kUnion:
        return true;
    case Kind::kArray:
        return depth == kDeepest || may_have_pointers(*type.element, depth + 1);
    case Kind::kStruct:
        return depth == kDeepest ||
               std::ranges::any_of(type.members, [&](const MemberLayout &member) {
                   return may_have_pointers(*member.type, depth + 1);
               });
    default:
        return false;
    }
}

bool is_scalar(Kind kind) {
    return kind == Kind::kBoolean || kind == Kind::kSigned || kind == Kind::kUnsigned ||
           kind == Kind::kFloat || kind == Kind::kEnumeration;
}

// Whether the one may become the other at all; else it is another variable of the same name.
bool is_same_sort(const TypeLayout &old_type, const TypeLayout &new_type) {
    if (is_scalar(old_type.kind) && is_scalar(new_type.kind))
        return true;
    if (old_type.kind != new_type.kind)
        return false;
    if (old_type.kind == Kind::kArray)
        return is_same_sort(*old_type.element, *new_type.element);
    return old_type.kind != Kind::kStruct || type_name(old_type) == type_name(new_type);
}

// What the compiler has put there, if no constructor has changed it: the file has the same, or a
// place in the library itself, which only its loading has made known.
bool is_as_compiled(const LiveLibrary &code, const StaticVariable &variable,
                    std::span<const std::byte> first, const ElfParts *file) {
    std::vector<std::byte> stored(first.size());
    if (file == nullptr || !file->read_loaded(variable.address, stored))
        std::ranges::fill(stored, std::byte{});
    std::size_t at = 0;
    for (; at + kWordBytes <= first.size(); at += kWordBytes) {
        const std::uint64_t word = word_at(first, at);
        if (word != word_at(stored, at) && !is_in(code, word))
            return false;
    }
    return std::equal(first.begin() + static_cast<std::ptrdiff_t>(at), first.end(),
                      stored.begin() + static_cast<std::ptrdiff_t>(at));
}

// Itanium C++ ABI 3.3.2: the first byte of a guard says that the variable is initialised.
bool is_reached(const LiveLibrary &code, const StaticVariable &variable) {
    std::byte first{};
    copy_bytes(
        &first,
        reinterpret_cast<const std::byte *>(code.library->place().load_bias + variable.guard), 1);
    return first != std::byte{};
}

void set_reached(const LiveLibrary &code, const StaticVariable &variable) {
    constexpr std::byte kReached{1};
    copy_bytes(reinterpret_cast<std::byte *>(code.library->place().load_bias + variable.guard),
               &kReached, 1);
}

// Only what was written is read, and becomes memory that was written.
void copy_pages(std::span<std::byte> to, std::span<std::byte> from, WrittenMemory &written) {
    const std::vector<std::byte> zeros(std::size_t{64} << 10);
    for (std::span<std::byte> part : written.written_in(to)) {
        for (; !part.empty(); part = part.subspan(std::min(part.size(), zeros.size())))
            copy_bytes(part.data(), zeros.data(), std::min(part.size(), zeros.size()));
    }
    for (const std::span<std::byte> part : written.written_in(from))
        copy_bytes(to.data() + (part.data() - from.data()), part.data(), part.size());
}

// Whether all pointers of the object are null or lead to where `is_within` says.
template <typename IsWithin>
bool are_pointers_within(const TypeLayout &type, std::span<const std::byte> object,
                         const IsWithin &is_within) {
    const auto are_within = [&](const auto &self, const TypeLayout &part, std::size_t at) -> bool {
        if (part.kind == Kind::kPointer) {
            if (at + kWordBytes > object.size())
                return false;
            const std::uint64_t word = word_at(object, at);
            return is_within(word);
        }
        if (part.kind == Kind::kArray) {
            for (std::uint64_t i = 0; i < part.count; ++i) {
                if (!self(self, *part.element, at + i * part.element->size_bytes))
                    return false;
            }
        }
        return part.kind != Kind::kStruct ||
               std::ranges::all_of(part.members, [&](const MemberLayout &member) {
                   return self(self, *member.type, at + member.offset_bytes);
               });
    };
    return are_within(are_within, type, 0);
}

// Whether all that the object has lies in itself or in the library, as a short text does, and not
// in memory of malloc. An object without a pointer may as well be a moment, or a number by chance.
bool has_all_within(const TypeLayout &type, std::span<const std::byte> object,
                    const LiveLibrary &code) {
    std::size_t count = 0;
    return are_pointers_within(type, object,
                               [&](std::uint64_t word) {
                                   ++count;
                                   return word == 0 || is_in(code, word);
                               }) &&
           count != 0;
}

// What a union holds only the program knows.
bool has_union(const TypeLayout &type) {
    if (type.kind == Kind::kArray)
        return has_union(*type.element);
    return type.kind == Kind::kUnion || type.kind == Kind::kMemberPointer ||
           (type.kind == Kind::kStruct &&
            std::ranges::any_of(
                type.members, [](const MemberLayout &member) { return has_union(*member.type); }));
}

} // namespace

std::span<std::byte> StaticCarry::Carried::old_memory() const {
    return memory_of(*pair->old_version.code, *old_one);
}

std::span<std::byte> StaticCarry::Carried::new_memory() const {
    return memory_of(*pair->new_version.code, *new_one);
}

StaticCarry::StaticCarry(std::vector<Pair> pairs, std::shared_ptr<Migration> migration)
    : pairs_(std::move(pairs)), migration_(std::move(migration)) {
    for (const Pair &pair : pairs_) {
        for (const auto &[old_one, new_one] : pair.variables.pairs)
            add(pair, *old_one, *new_one);
        for (const std::string &name : pair.variables.ambiguous)
            notes_.push_back(name + " starts afresh: there are several variables of that name");
    }
    for (const Carried &carried : carried_)
        by_old_address_.emplace(range_of(carried.old_memory()).begin, &carried);
}

void StaticCarry::add(const Pair &pair, const StaticVariable &old_one,
                      const StaticVariable &new_one) {
    if (old_one.is_computed || new_one.is_computed) {
        notes_.push_back(new_one.name() +
                         " starts afresh: optimised code does not keep it in memory "
                         "as it is declared");
        return;
    }
    const TypeLayout &old_type = *old_one.type;
    const TypeLayout &new_type = *new_one.type;
    if (new_one.resets || old_type.size_bytes == 0 || new_type.size_bytes == 0)
        return;
    if (!is_same_sort(old_type, new_type)) {
        notes_.push_back(new_one.name() + " starts afresh: it was " + type_name(old_type) +
                         " and is " + type_name(new_type));
        return;
    }
    Carried carried;
    carried.pair = &pair;
    carried.old_one = &old_one;
    carried.new_one = &new_one;
    carried.has_pointers = may_have_pointers(old_type);
    carried.is_same = migration_->between(old_type, new_type).is_same;
    carried_.push_back(std::move(carried));
}

RebindPlan::Answers StaticCarry::answers() const {
    RebindPlan::Answers all;
    for (const Carried &carried : carried_)
        all.emplace(range_of(carried.old_memory()).begin, range_of(carried.new_memory()).begin);
    return all;
}

void StaticCarry::prepare(const FileSystem &files, std::shared_ptr<RebindPlan> rebind) {
    rebind_ = std::move(rebind);
    if (std::ranges::any_of(carried_, &Carried::has_pointers))
        rebind_->read_symbols();
    for (const Pair &pair : pairs_) {
        const auto old_file = files.open(pair.old_version.code->copy.path());
        const auto new_file = files.open(pair.new_version.code->copy.path());
        const auto old_parts = old_file ? ElfParts::read(**old_file) : std::nullopt;
        const auto new_parts = new_file ? ElfParts::read(**new_file) : std::nullopt;
        for (Carried &carried : carried_) {
            if (carried.pair == &pair)
                find_first(carried, old_parts ? &*old_parts : nullptr,
                           new_parts ? &*new_parts : nullptr);
        }
    }
}

// Of what a constructor makes little is known: that it is the same bytes again does not say that
// nobody has used it, nor that they are others that somebody has edited it.
void StaticCarry::find_first(Carried &carried, const ElfParts *old_file,
                             const ElfParts *new_file) const {
    const LiveLibrary &old_code = *carried.pair->old_version.code;
    const LiveLibrary &new_code = *carried.pair->new_version.code;
    const std::span<const std::byte> old_memory = carried.old_memory();
    const std::span<const std::byte> new_memory = carried.new_memory();
    std::byte ignored{};
    carried.is_large =
        std::max(old_memory.size(), new_memory.size()) > kLargeBytes &&
        (old_file == nullptr || !old_file->read_loaded(carried.old_one->address, {&ignored, 1})) &&
        (new_file == nullptr || !new_file->read_loaded(carried.new_one->address, {&ignored, 1}));
    if (carried.is_large)
        return;
    std::vector<std::byte> old_first(old_memory.size());
    std::vector<std::byte> new_first(new_memory.size());
    if (!old_code.library->read_initial(range_of(old_memory).begin, old_first) ||
        !new_code.library->read_initial(range_of(new_memory).begin, new_first))
        return;
    const bool are_compiled = is_as_compiled(old_code, *carried.old_one, old_first, old_file) &&
                              is_as_compiled(new_code, *carried.new_one, new_first, new_file);
    if (!are_compiled && !has_all_within(*carried.old_one->type, old_first, old_code))
        return;
    carried.first = std::move(old_first);
    const std::optional<bool> edited = is_edited(carried, new_first);
    carried.is_edited = edited.value_or(false);
}

// None: it can't be told.
std::optional<bool> StaticCarry::is_edited(const Carried &carried,
                                           std::span<const std::byte> new_first) const {
    std::vector<std::byte> wanted = *carried.first;
    if (!carried.is_same || wanted.size() != new_first.size())
        return std::nullopt;
    for (std::size_t at = 0; at + kWordBytes <= wanted.size(); at += kWordBytes) {
        const std::uint64_t word = word_at(wanted, at);
        if (!is_in(*carried.pair->old_version.code, word))
            continue;
        const std::optional<std::uint64_t> now = lead(word);
        if (!now)
            return std::nullopt;
        std::memcpy(wanted.data() + at, &*now, sizeof *now);
    }
    return !std::ranges::equal(wanted, new_first);
}

std::optional<std::string> StaticCarry::apply(const std::vector<LiveLibrary::Shared> &live,
                                              const Process &process) {
    const auto is_wanted = [&](const Carried &carried) {
        return !*carried.pair->new_version.code->has_values &&
               std::ranges::any_of(live, [&](const LiveLibrary::Shared &code) {
                   return code.get() == carried.pair->old_version.code;
               });
    };
    for (const Carried &carried : carried_) {
        if (!is_wanted(carried)) // or another module has brought them along
            continue;
        if (std::optional<std::string> refusal = find_value(carried, process))
            return "the static variable " + carried.new_one->name() +
                   " can't be carried over: " + *refusal + ", or mark it HOTRUN_RESET";
    }
    if (std::optional<std::string> refusal = destroy_new(process))
        return refusal;
    lead_outside(process);
    for (const Value &value : values_)
        put(value, process.written);
    hand_over_destructors();
    for (const Value &value : values_)
        *value.carried->pair->new_version.code->has_values = true;
    return std::nullopt;
}

// A function's own variable that was not reached yet has no value.
std::optional<std::string> StaticCarry::find_value(const Carried &carried, const Process &process) {
    const std::span<std::byte> old_memory = carried.old_memory();
    if (carried.old_one->guard != 0 &&
        !is_reached(*carried.pair->old_version.code, *carried.old_one))
        return std::nullopt;
    if (carried.is_large && carried.is_same && !carried.has_pointers) {
        values_.push_back({&carried, {}});
        return std::nullopt;
    }
    std::vector<std::byte> bytes(old_memory.size());
    copy_bytes(bytes.data(), old_memory.data(), bytes.size());
    if (carried.first && bytes == *carried.first)
        return std::nullopt;
    if (process.is_another && !has_all_here(carried, bytes, process.heap)) {
        if (!carried.new_one->name().starts_with("hotrun::detail::")) // which hotrun_bind sets
            notes_.push_back(carried.new_one->name() +
                             " starts afresh: what it has outside of the permanent heap was left "
                             "in the other process");
        return std::nullopt;
    }
    if (carried.has_pointers)
        rebind_words(carried, bytes);
    const std::span<std::byte> new_memory = carried.new_memory();
    std::vector<std::byte> value(new_memory.size());
    copy_bytes(value.data(), new_memory.data(), value.size());
    const Migration::Outside object{*carried.old_one->type, *carried.new_one->type, bytes, value,
                                    process.heap};
    if (std::optional<std::string> refusal =
            migration_->carry(object, process.construct, process.finish))
        return refusal;
    if (carried.is_edited)
        notes_.push_back(carried.new_one->name() +
                         " keeps its value, though its initialiser has changed");
    migrated_count_ += carried.is_same ? 0 : 1;
    values_.push_back({&carried, std::move(value)});
    return std::nullopt;
}

// Objects that are destroyed may own what no pointer shows, as a file.
bool StaticCarry::has_all_here(const Carried &carried, std::span<const std::byte> bytes,
                               const AddressRange &heap) const {
    const AddressRange memory = range_of(carried.new_memory());
    const auto is_destroyed = [&](const ExitCall *call) {
        return memory.contains(reinterpret_cast<std::uintptr_t>(call->object));
    };
    if (std::ranges::any_of(carried.pair->new_version.code->library->exit_calls(), is_destroyed))
        return false;
    if (!carried.has_pointers)
        return true;
    return !has_union(*carried.old_one->type) &&
           are_pointers_within(*carried.old_one->type, bytes, [&](std::uint64_t word) {
               return word == 0 || heap.contains(word) || rebind_->leads_into_old(word);
           });
}

void StaticCarry::rebind_words(const Carried &carried, std::span<std::byte> bytes) {
    for (std::size_t at = 0; at + kWordBytes <= bytes.size(); at += kWordBytes) {
        const std::uint64_t word = word_at(bytes, at);
        if (!rebind_->leads_into_old(word))
            continue;
        if (const std::optional<std::uint64_t> now = lead(word))
            std::memcpy(bytes.data() + at, &*now, sizeof *now);
        else
            holds_.push_back({carried.new_one->name(), word});
    }
}

// None: it leads into no old code, or to nothing that is in the new one.
std::optional<std::uint64_t> StaticCarry::lead(std::uint64_t word) const {
    if (!rebind_->leads_into_old(word))
        return std::nullopt;
    const std::optional<std::uint64_t> place = place_of(word);
    return place ? place : rebind_->answer(word);
}

// What the values have in memory of malloc. Of a type that has changed there is none, which was
// made sure of.
void StaticCarry::lead_outside(const Process &process) {
    if (process.memory == nullptr)
        return;
    const auto is_outside = [this, heap = process.heap](std::uint64_t address) {
        return !heap.contains(address) && !rebind_->leads_into_old(address) &&
               std::ranges::none_of(pairs_, [address](const Pair &pair) {
                   return is_in(*pair.new_version.code, address);
               });
    };
    outside_.emplace(*process.memory, is_outside,
                     [this](std::uint64_t word) { return lead(word); });
    for (const Value &value : values_) {
        if (value.carried->has_pointers &&
            !outside_->follow(*value.carried->new_one->type, value.bytes))
            holds_.push_back({value.carried->new_one->name(), std::nullopt});
    }
}

// Of a variable that is carried, or a part of one.
std::optional<std::uint64_t> StaticCarry::place_of(std::uint64_t word) const {
    auto next = by_old_address_.upper_bound(word);
    if (next == by_old_address_.begin())
        return std::nullopt;
    const auto &[begin, carried] = *--next;
    const std::uint64_t offset = word - begin;
    if (offset > carried->old_one->type->size_bytes)
        return std::nullopt;
    const std::uint64_t now = range_of(carried->new_memory()).begin;
    if (carried->is_same || offset == 0)
        return now + offset;
    const auto parts =
        migration_->parts_at(*carried->old_one->type, *carried->new_one->type, offset);
    if (parts.empty() || !parts.front().place)
        return std::nullopt;
    return now + *parts.front().place;
}

void StaticCarry::put(const Value &value, WrittenMemory *written) {
    const std::span<std::byte> to = value.carried->new_memory();
    if (!value.bytes.empty())
        copy_bytes(to.data(), value.bytes.data(), value.bytes.size());
    else if (written != nullptr)
        copy_pages(to, value.carried->old_memory(), *written);
    else
        copy_bytes(to.data(), value.carried->old_memory().data(), to.size());
    if (value.carried->new_one->guard != 0)
        set_reached(*value.carried->pair->new_version.code, *value.carried->new_one);
}

std::string StaticCarry::detail() const {
    constexpr std::size_t kMost = 5;
    std::string text;
    if (migrated_count_ != 0)
        text = std::to_string(migrated_count_) +
               (migrated_count_ == 1 ? " static variable migrated" : " static variables migrated");
    for (std::size_t i = 0; i < std::min(notes_.size(), kMost); ++i)
        add_sentence(text, notes_[i]);
    if (notes_.size() > kMost)
        add_sentence(text, "and " + std::to_string(notes_.size() - kMost) + " more");
    return text;
}

} // namespace hotrun
