#include "core/renames.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

bool is_word_letter(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

void erase_all(std::string &text, std::string_view what) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at))
        text.erase(at, what.size());
}

// Not a part of a longer word, nor in a scope of another name.
bool is_whole_name(std::string_view text, std::size_t begin, std::size_t end) {
    const bool begins = begin == 0 || (!is_word_letter(text[begin - 1]) && text[begin - 1] != ':');
    const bool ends =
        end == text.size() || !is_word_letter(text[end]) || !is_word_letter(text[end - 1]);
    return begins && ends;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
        const bool is_name = is_whole_name(text, at, at + from.size());
        if (is_name)
            text.replace(at, from.size(), to);
        at += is_name ? to.size() : 1;
    }
    return text;
}

bool has_part(const TypeLayout &type, const std::string &name) {
    return std::ranges::find(type.members, name, &MemberLayout::name) != type.members.end() ||
           std::ranges::find(type.enumerators, name, &Enumerator::name) != type.enumerators.end();
}

// The class itself, or one that it has its members from. Null: none has such a member.
const TypeLayout *owner_of(const TypeLayout &type, const std::string &name) {
    if (has_part(type, name))
        return &type;
    for (const MemberLayout &member : type.members) {
        const bool is_inherited = member.is_base || member.name.empty();
        if (const auto *owner = is_inherited ? owner_of(*member.type, name) : nullptr)
            return owner;
    }
    return nullptr;
}

} // namespace

std::string type_name(const TypeLayout &type) {
    switch (type.kind) {
    case Kind::kPointer:
        return (type.element == nullptr ? "void" : type_name(*type.element)) + " *";
    case Kind::kArray:
        return (type.element == nullptr ? "" : type_name(*type.element)) + "[" +
               std::to_string(type.count) + "]";
    case Kind::kVoid:
        return type.name.empty() ? "void" : type.name;
    default:
        return type.name.empty() ? "a type without a name" : type.scope + type.name;
    }
}

std::string RenamedTypes::without_nameless(std::string_view text) {
    std::string name(text);
    erase_all(name, "(anonymous namespace)::");
    for (std::size_t at = name.find(" >"); at != std::string::npos; at = name.find(" >", at))
        name.erase(at, 1);
    return name;
}

void RenamedTypes::add(std::string_view from, std::string_view to) {
    std::pair names{without_nameless(from), without_nameless(to)};
    if (names.first.starts_with("::"))
        names.first.erase(0, 2);
    if (!names.first.empty() && std::ranges::find(names_, names) == names_.end())
        names_.push_back(std::move(names));
}

std::string RenamedTypes::apply(std::string_view text) const {
    std::string name = without_nameless(text);
    for (const auto &[from, to] : names_)
        name = replaced(std::move(name), from, to);
    return name;
}

void Renames::add_new(const LibraryTypes &types) {
    for (const LibraryTypes::Rename &rename : types.renames) {
        if (rename.to.empty())
            types_.add(rename.from, type_name(*rename.type));
        else if (const TypeLayout *owner = owner_of(*rename.type, rename.to))
            parts_.emplace(std::pair(type_name(*owner), rename.from), rename.to);
    }
}

RenamedTypes Renames::add_old(const LibraryTypes &types) {
    RenamedTypes valid;
    if (types_.is_empty())
        return valid;
    std::set<std::string> known;
    types.each_type([&](const TypeLayout &type) {
        if (type.kind != Kind::kIncomplete)
            known.insert(RenamedTypes::without_nameless(type_name(type)));
    });
    for (const auto &[from, to] : types_.names()) {
        if (!known.contains(to))
            valid.add(from, to);
    }
    types.each_type([&](const TypeLayout &type) {
        const bool has_name = !type.name.empty() && type.kind != Kind::kPointer;
        std::string name = has_name ? valid.apply(type_name(type)) : std::string();
        if (has_name && name != RenamedTypes::without_nameless(type_name(type)))
            new_names_.emplace(&type, std::move(name));
    });
    return valid;
}

bool Renames::is_same_name(const TypeLayout &old_type, const TypeLayout &new_type) const {
    const auto renamed = new_names_.find(&old_type);
    return renamed == new_names_.end()
               ? type_name(old_type) == type_name(new_type)
               : renamed->second == RenamedTypes::without_nameless(type_name(new_type));
}

const std::string &Renames::name_of(const std::string &old_name, const TypeLayout &old_type,
                                    const TypeLayout &new_type) const {
    if (parts_.empty())
        return old_name;
    const auto found = parts_.find({type_name(new_type), old_name});
    return found == parts_.end() || has_part(old_type, found->second) ? old_name : found->second;
}

} // namespace hotrun
