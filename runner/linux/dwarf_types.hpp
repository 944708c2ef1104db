// The layouts of types from DWARF, by libdw.
#pragma once

#include "core/type_layout.hpp"

namespace hotrun {

// Finds the types of the hotrun_type objects that HOTRUN_TYPE makes: beside each of them lies a
// pointer to the type itself, so that no name has to be matched. Finds also the static variables,
// if they are asked for. Thread-bound. DWARF Debugging Information Format, versions 4 and 5.
class DwarfTypeReader final : public TypeReader {
  public:
    enum class Statics { kRead, kLeftOut };

    explicit DwarfTypeReader(Statics statics) : statics_(statics) {}

    std::shared_ptr<const LibraryTypes> read(const std::string &path,
                                             const LibraryTypes *before) override;

  private:
    Statics statics_;
};

} // namespace hotrun
