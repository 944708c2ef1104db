#pragma once

#include "core/symbol_table.hpp"

#include <cstdint>
#include <string>

namespace hotrun {

// What is at an address of a library, for use in a sentence: "function game::on_hit()", "vtable for
// Enemy", "variable `table`+16", "a string \"abc\"".
std::string describe_address(const SymbolTable &table, std::uint64_t address);

} // namespace hotrun
