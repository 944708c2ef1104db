#include "linux/dwarf_read_object.hpp"

#include "linux/line_starts.hpp"
#include "linux/object_debug_info.hpp"

namespace hotrun {

void DwarfReadObject::read_ahead() {
    if (types_)
        return;
    const ObjectDebugInfo info(file_);
    types_ = types_of(file_, info);
    line_starts_ = line_starts_of(info);
}

} // namespace hotrun
