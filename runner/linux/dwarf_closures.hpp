// What the std::functions of a unit may hold.
#pragma once

#include "core/type_layout.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

constexpr const char *kClosureManager = "_M_manager";

// libstdc++: _Function_handler<Signature, Functor> has the _M_manager, and _Base_manager<Functor>
// says in a constant whether the functor lies in place.
class ClosureSearch {
  public:
    // Gives the layout of a type.
    using Read = std::function<const TypeLayout *(Dwarf_Die)>;

    void search(Dwarf_Die parent, int depth = 0);
    void add_found(std::vector<LibraryTypes::Closure> &closures, const Read &read) const;

  private:
    struct Found {
        std::uint64_t address;
        void *declaration;
    };

    void visit(Dwarf_Die entry);
    void take_handler(Dwarf_Die handler);
    void take_base(Dwarf_Die base);

    std::unordered_map<void *, Dwarf_Die> functors_; // by the declaration of _M_manager
    std::unordered_map<void *, bool> in_place_;      // by the functor
    std::vector<Found> found_;
};

} // namespace hotrun
