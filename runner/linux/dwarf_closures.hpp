// What the std::functions of a unit may hold.
#pragma once

#include "core/type_layout.hpp"
#include "linux/dwarf_entry.hpp"

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

namespace hotrun {

constexpr const char *kClosureManager = "_M_manager";

// libstdc++: _Function_handler<Signature, Functor> has the _M_manager, and _Base_manager<Functor>
// says in a constant whether the functor lies in place.
class ClosureSearch {
  public:
    // Gives the layout of a type.
    using Read = std::function<const TypeLayout *(const DwarfEntry &)>;

    void search(const DwarfEntry &parent, int depth = 0);
    void add_found(std::vector<LibraryTypes::Closure> &closures, const Read &read) const;

  private:
    struct Found {
        std::uint64_t address;
        const unsigned char *declaration;
    };

    void visit(const DwarfEntry &entry);
    void take_handler(const DwarfEntry &handler);
    void take_base(const DwarfEntry &base);

    std::unordered_map<const unsigned char *, DwarfEntry>
        functors_;                                             // by the declaration of _M_manager
    std::unordered_map<const unsigned char *, bool> in_place_; // by the functor
    std::vector<Found> found_;
};

} // namespace hotrun
