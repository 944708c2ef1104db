// The layouts of types from DWARF, by libdw.
#pragma once

#include "core/type_layout.hpp"

namespace hotrun {

// Finds the types of the hotrun_type objects that HOTRUN_TYPE makes: beside each of them lies a
// pointer to the type itself, so that no name has to be matched. Thread-bound. DWARF Debugging
// Information Format, versions 4 and 5.
class DwarfTypeReader final : public TypeReader {
  public:
    std::shared_ptr<const LibraryTypes> read(const std::string &path) override;
};

} // namespace hotrun
