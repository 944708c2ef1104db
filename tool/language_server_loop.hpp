// hotrun lsp on its streams.
#pragma once

#include "arguments.hpp"
#include "hotrun/result.hpp"

namespace hotrun {

// Speaks with the editor on standard input and output until that says `exit` or goes away, and with
// the run that is at work in its project, whenever there is one. The exit status.
Result<int> serve_editor(const Arguments &arguments);

} // namespace hotrun
