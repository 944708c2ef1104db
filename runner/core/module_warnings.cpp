#include "core/module_warnings.hpp"

namespace hotrun {

ModuleWarning unique_symbols_warning(const std::string &module) {
    return {"unique_symbols",
            "the module " + module +
                " has unique symbols: its old code can't leave the process, and its inline "
                "variables are shared between old and new code",
            "compile it with -fno-gnu-unique"};
}

ModuleWarning no_debug_info_warning(const std::string &module) {
    return {"no_debug_info",
            "the module " + module +
                " has no debug information: a change of its structs can't be seen, and its static "
                "variables start afresh",
            "compile it with -g"};
}

} // namespace hotrun
