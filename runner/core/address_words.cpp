#include "core/address_words.hpp"

#include "core/constant_text.hpp"
#include "core/demangle.hpp"
#include "core/type_descriptors.hpp"

#include <algorithm>

namespace hotrun {
namespace {

constexpr std::size_t kShownBytes = 40; // of a string

std::string in_file(const Symbol &symbol) {
    return symbol.file.empty() ? std::string() : " in " + std::string(symbol.file);
}

std::string plus(std::uint64_t offset) {
    return offset == 0 ? std::string() : '+' + std::to_string(offset);
}

// Itanium C++ ABI 5.1.4: vtables, their parts and type_info have names that say what they are.
bool is_special(std::string_view name) {
    return name.starts_with("_ZT") || name.starts_with("_ZG");
}

std::string describe_symbol(const SymbolTable &table, const Symbol &symbol, std::uint64_t offset) {
    if (TypeDescriptors::is_descriptor(symbol)) {
        const auto description = describe_type(table, RelativePointers(table.parts()), symbol);
        return "the descriptor of " + (description ? "type " + description->name : "a type");
    }
    if (symbol.kind == Symbol::Kind::kFunction)
        return "function " + demangle(symbol.name) + plus(offset) + in_file(symbol);
    if (is_special(symbol.name))
        return demangle(symbol.name);
    return "variable `" + demangle(symbol.name) + '`' + plus(offset) + in_file(symbol);
}

std::string quote(std::string_view text) {
    std::string quoted = "a string \"";
    for (const char c : text.substr(0, kShownBytes)) {
        if (static_cast<unsigned char>(c) < 0x20)
            quoted += ' ';
        else
            quoted += c;
    }
    return quoted + (text.size() > kShownBytes ? "...\"" : "\"");
}

std::string describe_place(Memory memory) {
    switch (memory) {
    case Memory::kCode:
        return "code without a name";
    case Memory::kConstant:
        return "a constant without a name";
    case Memory::kWritable:
        return "a variable without a name";
    case Memory::kNone:
        break;
    }
    return "an address without content";
}

} // namespace

std::string describe_address(const SymbolTable &table, std::uint64_t address) {
    if (const Symbol *symbol = table.find(address))
        return describe_symbol(table, *symbol, address - symbol->address);
    const Memory memory = table.memory_at(address);
    const auto text = memory == Memory::kConstant
                          ? table.parts().text_at(address, ConstantText::kLongestBytes)
                          : std::nullopt;
    if (text && !text->empty() &&
        std::ranges::all_of(*text, [](char c) { return static_cast<unsigned char>(c) >= '\t'; }))
        return quote(*text);
    return describe_place(memory);
}

} // namespace hotrun
