#include "core/closures.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

bool has_pointers(const TypeLayout &type) {
    switch (type.kind) {
    case Kind::kPointer:
    case Kind::kIncomplete:
    case Kind::kOther:
        return true;
    case Kind::kArray:
        return has_pointers(*type.element);
    case Kind::kStruct:
    case Kind::kUnion:
        return std::ranges::any_of(
            type.members, [](const MemberLayout &member) { return has_pointers(*member.type); });
    default:
        return false;
    }
}

// Where _Function_base has it; none: it is no std::function.
std::optional<std::uint64_t> manager_in(const TypeLayout &type) {
    if (!type.name.starts_with("function<"))
        return std::nullopt;
    for (const MemberLayout &base : type.members) {
        if (!base.is_base || base.name != "_Function_base")
            continue;
        const auto manager =
            std::ranges::find(base.type->members, "_M_manager", &MemberLayout::name);
        if (manager != base.type->members.end())
            return base.offset_bytes + manager->offset_bytes;
    }
    return std::nullopt;
}

} // namespace

void Closures::add_new(const Code &code) {
    code_.push_back(code.range);
    for (const LibraryTypes::Closure &closure : code.types.closures)
        known_.insert_or_assign(code.load_bias + closure.manager, Known{closure, false, false});
}

void Closures::add_old(const Code &code, LayoutDiff &diff, const Rebind &rebind) {
    code_.push_back(code.range);
    for (const LibraryTypes::Closure &closure : code.types.closures) {
        const std::uint64_t word = code.load_bias + closure.manager;
        const auto now = rebind(word);
        const auto found = now ? known_.find(*now) : known_.end();
        if (found == known_.end()) {
            known_.insert_or_assign(word, Known{closure, true, false});
            continue;
        }
        const LibraryTypes::Closure &other = found->second.closure;
        if (closure.is_in_place == other.is_in_place &&
            diff.are_same(*closure.functor, *other.functor))
            continue;
        found->second.has_changed = have_changed_ = true;
    }
}

// A functor outside is in no snapshot, and nothing in it can be led along.
Closures::Verdict Closures::verdict_of(std::uint64_t manager, bool layouts_change) const {
    const auto found = known_.find(manager);
    const auto has_it = [manager](const AddressRange &range) { return range.contains(manager); };
    if (manager == 0 || (found == known_.end() && std::ranges::none_of(code_, has_it)))
        return Verdict::kGoesOn;
    if (found == known_.end() || found->second.is_old)
        return layouts_change ? Verdict::kIsOldCode : Verdict::kGoesOn;
    if (found->second.has_changed)
        return Verdict::kHasChanged;
    const LibraryTypes::Closure &closure = found->second.closure;
    return layouts_change && !closure.is_in_place && has_pointers(*closure.functor)
               ? Verdict::kHasPointersOutside
               : Verdict::kGoesOn;
}

std::optional<std::string>
Closures::judge(const TypeLayout &type, std::span<const std::byte> objects, bool layouts_change) {
    const std::vector<Function> &functions = functions_in(type);
    if (functions.empty() || type.size_bytes == 0)
        return std::nullopt;
    for (std::size_t at = 0; at + type.size_bytes <= objects.size(); at += type.size_bytes) {
        for (const Function &function : functions) {
            std::uint64_t manager = 0;
            std::memcpy(&manager, &objects[at + function.manager_at], sizeof manager);
            switch (verdict_of(manager, layouts_change)) {
            case Verdict::kGoesOn:
                break;
            case Verdict::kHasPointersOutside:
                return function.where + ": a closure that its std::function has stored outside the "
                                        "permanent heap can't be carried over: clear it in "
                                        "hotrun_unload";
            case Verdict::kHasChanged:
                return function.where + ": the captures of its closure have changed: clear it in "
                                        "hotrun_unload";
            case Verdict::kIsOldCode:
                return function.where + ": its closure can't be told from others in the new code: "
                                        "clear it in hotrun_unload";
            }
        }
    }
    return std::nullopt;
}

const std::vector<Closures::Function> &Closures::functions_in(const TypeLayout &type) {
    if (last_type_ == &type) // blocks of one type come one after another
        return *last_functions_;
    const auto [found, is_new] = functions_.try_emplace(&type);
    if (is_new)
        add_functions(type, 0, {0, type_name(type)}, found->second);
    last_type_ = &type;
    last_functions_ = &found->second;
    return found->second;
}

void Closures::add_functions(const TypeLayout &type, std::uint64_t offset, const Function &at,
                             std::vector<Function> &functions) {
    if (const auto manager = manager_in(type))
        functions.push_back({offset + *manager, at.where});
    for (std::uint64_t i = 0; type.kind == Kind::kArray && i < type.count; ++i) {
        const std::size_t before = functions.size();
        add_functions(*type.element, offset + i * type.element->size_bytes, at, functions);
        if (functions.size() == before)
            break;
    }
    if (type.kind != Kind::kStruct)
        return;
    for (const MemberLayout &member : type.members) {
        Function inner = at;
        if (!member.is_base && !member.name.empty()) {
            const std::string path = at.where.substr(0, at.where.find(" ("));
            inner.where = path + "." + member.name;
            if (member.line != 0)
                inner.where += " (" + member.file + ":" + std::to_string(member.line) + ")";
        }
        add_functions(*member.type, offset + member.offset_bytes, inner, functions);
    }
}

} // namespace hotrun
