// What std::functions in the heap hold, and whether new code can go on with it.
#pragma once

#include "core/address_range.hpp"
#include "core/layout_diff.hpp"
#include "core/type_layout.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace hotrun {

// Belongs to one thread at a time. Of libstdc++.
class Closures {
  public:
    struct Code {
        const LibraryTypes &types;
        std::uint64_t load_bias = 0;
        AddressRange range;
    };
    // A word of the old code as it is in the new.
    using Rebind = std::function<std::optional<std::uint64_t>(std::uint64_t)>;

    // Of the new code before the old.
    void add_new(const Code &code);
    void add_old(const Code &code, LayoutDiff &diff, const Rebind &rebind);

    // The captures of one have another layout in the new code.
    bool have_changed() const { return have_changed_; }

    // Of a block in which words of the old code have been rebound. What can't go on, with its path;
    // none: all can. `layouts_change`: objects are made anew, and none of the old code may be left.
    std::optional<std::string> judge(const TypeLayout &type, std::span<const std::byte> objects,
                                     bool layouts_change);

  private:
    enum class Verdict { kGoesOn, kHasPointersOutside, kHasChanged, kIsOldCode };
    struct Function { // a std::function in a type
        std::uint64_t manager_at = 0;
        std::string where;
    };

    Verdict verdict_of(std::uint64_t manager, bool layouts_change) const;
    const std::vector<Function> &functions_in(const TypeLayout &type);
    static void add_functions(const TypeLayout &type, std::uint64_t offset, const Function &at,
                              std::vector<Function> &functions);

    struct Known {
        LibraryTypes::Closure closure;
        bool is_old = false; // code that is not known again in the new
        bool has_changed = false;
    };
    std::unordered_map<std::uint64_t, Known> known_; // by the word
    std::vector<AddressRange> code_;                 // what lies elsewhere is the host's
    std::unordered_map<const TypeLayout *, std::vector<Function>> functions_;
    const TypeLayout *last_type_ = nullptr;
    const std::vector<Function> *last_functions_ = nullptr; // of that one
    bool have_changed_ = false;
};

} // namespace hotrun
