// Two versions of a library made in memory, and what a Rebinder says of them.
#pragma once

#include "core/rebind.hpp"

#include "support/library_builder.hpp"
#include "support/memory_file.hpp"

#include <gtest/gtest.h>

namespace hotrun {

using enum LibraryBuilder::Area;
using Word = std::uint64_t;

constexpr Word kOldBias = 0x7f0000000000;
constexpr Word kNewBias = 0x7f1000000000;

// Tables refer to files, and a Rebinder to both: they stay where they are.
struct Versions {
    Versions(const LibraryBuilder &old_builder, const LibraryBuilder &new_builder,
             RenamedTypes renamed = {})
        : old_file(old_builder.build()), new_file(new_builder.build()),
          old_table(SymbolTable::read(old_file)), new_table(SymbolTable::read(new_file)),
          rebinder(old_table, kOldBias, new_table, kNewBias, std::move(renamed)) {
        EXPECT_FALSE(old_table.is_empty());
    }

    // Both as addresses without a bias.
    std::optional<Word> rebind(Word address) const {
        const auto word = rebinder.rebind(address + kOldBias);
        return word ? std::optional(*word - kNewBias) : std::nullopt;
    }
    std::string describe(Word address) const { return rebinder.describe(address + kOldBias); }

    MemoryFile old_file, new_file;
    SymbolTable old_table, new_table;
    Rebinder rebinder;
};

// Two versions of which the new one begins with something else, so that nothing keeps its address.
class RebindTest : public testing::Test {
  protected:
    RebindTest() {
        old_.file("other.cpp").function("_old_entry", STB_LOCAL);
        new_.file("other.cpp").function("_new_entry", STB_LOCAL);
        new_.function("_another", STB_LOCAL);
        for (const auto area : {kConstants, kData})
            new_.object(area, "_first_of_area_" + std::to_string(area), 40, STB_LOCAL);
    }

    // Functions of these names in both, in the new one in the other order.
    void functions_of_both(const std::string &a, const std::string &b, unsigned char binding) {
        old_a_ = old_.function(a, binding);
        old_b_ = old_.function(b, binding);
        new_b_ = new_.function(b, binding);
        new_a_ = new_.function(a, binding);
    }
    Versions versions(RenamedTypes renamed = {}) const { return {old_, new_, std::move(renamed)}; }

    LibraryBuilder old_, new_;
    Word old_a_ = 0, old_b_ = 0, new_a_ = 0, new_b_ = 0;
};

} // namespace hotrun
