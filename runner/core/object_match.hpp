// What of two versions of an object file is the same: its bytes, and what it refers to by name.
#pragma once

#include "core/live_code.hpp"
#include "core/object_constants.hpp"

#include <cstdint>
#include <vector>

namespace hotrun {

// Both objects have to outlive it. Thread-bound.
class ObjectMatch {
  public:
    ObjectMatch(const ObjectFile &before, const ObjectFile &after);

    const ObjectFile &before() const { return before_; }
    const ObjectFile &after() const { return after_; }

    // The section of the same name and group in the other version; 0: none.
    std::uint32_t before_of(std::uint32_t after) const { return before_of_[after]; }
    std::uint32_t after_of(std::uint32_t before) const { return after_of_[before]; }

    // Functions and constants that the new version has no longer, as LiveCode::has_left wants them.
    std::vector<LiveName> left() const;

    // Whether both have the same bytes, and refer to the same names, and, where they refer to
    // constants of this file, to the same content. False if that can't be told.
    bool same_section(std::uint32_t before, std::uint32_t after) const;
    bool same_symbol(const ObjectSymbol &before, const ObjectSymbol &after) const;

  private:
    friend class ObjectComparison;

    const ObjectFile &before_;
    const ObjectFile &after_;
    const ObjectConstants constants_before_;
    const ObjectConstants constants_after_;
    std::vector<std::uint32_t> before_of_;
    std::vector<std::uint32_t> after_of_;
};

} // namespace hotrun
