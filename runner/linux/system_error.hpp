// An Error from errno.
#pragma once

#include "hotrun/result.hpp"

#include <cerrno>
#include <string>
#include <system_error>

namespace hotrun {

// "`what`: what the system says", for instance "can't read /a/b: Permission denied".
inline Error system_error(const std::string &what, int code = errno) {
    return Error{ErrorKind::kFailed, what + ": " + std::generic_category().message(code), code};
}

} // namespace hotrun
