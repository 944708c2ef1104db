// What works less well with a module, and what helps: said by a run, and by hotrun doctor before.
#pragma once

#include <string>

namespace hotrun {

struct ModuleWarning {
    const char *code; // of the event
    std::string what; // a sentence without a full stop
    std::string remedy;
};

ModuleWarning unique_symbols_warning(const std::string &module);
ModuleWarning no_debug_info_warning(const std::string &module);

} // namespace hotrun
