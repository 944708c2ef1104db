// All that a library's types say, as text: two that read the same are the same.
#pragma once

#include "core/type_layout.hpp"

#include <cstddef>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace hotrun {

// What one type says, and all that it leads to; each is a number where it is named.
class TypeGraphText {
  public:
    explicit TypeGraphText(const TypeLayout *root) {
        number_of(root);
        for (std::size_t i = 0; i < order_.size(); ++i)
            describe(*order_[i]);
    }

    std::string text() const { return out_.str(); }

  private:
    std::string number_of(const TypeLayout *type) {
        if (type == nullptr)
            return "none";
        const auto [known, is_new] = numbers_.emplace(type, order_.size());
        if (is_new)
            order_.push_back(type);
        return std::to_string(known->second);
    }
    void describe(const TypeLayout &type) {
        out_ << "  " << static_cast<int>(type.kind) << ' ' << type.scope << '|' << type.name << '|'
             << type.file << '|' << type.size_bytes << ' ' << type.is_function << type.is_signed
             << type.has_virtual_bases << type.is_room << ' ' << number_of(type.element) << ' '
             << type.count;
        for (const MemberLayout &member : type.members)
            out_ << " [" << member.name << ' ' << number_of(member.type) << ' '
                 << member.offset_bytes << ' ' << member.bit_offset << ' ' << member.bit_count
                 << ' ' << member.is_base << ' ' << member.file << ' ' << member.line << ']';
        for (const Enumerator &enumerator : type.enumerators)
            out_ << " (" << enumerator.name << ' ' << enumerator.value << ')';
        for (const TypeLayout *argument : type.arguments)
            out_ << " <" << number_of(argument) << '>';
        out_ << '\n';
    }

    std::map<const TypeLayout *, std::size_t> numbers_;
    std::vector<const TypeLayout *> order_;
    std::ostringstream out_;
};

inline std::string types_text(const LibraryTypes *types) {
    std::ostringstream out;
    if (types == nullptr)
        return "none";
    const auto graph = [](const TypeLayout *type) { return TypeGraphText(type).text(); };
    for (const LibraryTypes::Descriptor &each : types->descriptors)
        out << "descriptor " << each.address << ' ' << each.constructor << ' ' << each.size_bytes
            << '\n'
            << graph(each.type);
    for (const LibraryTypes::Rename &each : types->renames)
        out << "rename " << each.from << ' ' << each.to << '\n' << graph(each.type);
    for (const LibraryTypes::Migrator &each : types->migrators)
        out << "migrator " << each.function << '\n' << graph(each.type);
    for (const LibraryTypes::Closure &each : types->closures)
        out << "closure " << each.manager << ' ' << each.is_in_place << '\n' << graph(each.functor);
    for (const StaticVariable &each : types->statics)
        out << "static " << each.name() << '|' << each.symbol() << '|' << each.file() << '|'
            << each.address << ' ' << each.guard << ' ' << each.is_computed << each.resets << '\n'
            << graph(each.type);
    for (const std::uint64_t each : types->array_destructors)
        out << "destructor " << each << '\n';
    return out.str();
}

} // namespace hotrun
