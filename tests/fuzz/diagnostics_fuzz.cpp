// Any text gives diagnostics with absolute paths or none, and text without escape sequences.
#include "control/diagnostics.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void check(const hotrun::DiagnosticEvent &diagnostic) {
    const bool has_place = diagnostic.line != 0 || diagnostic.column != 0;
    if (diagnostic.path.empty() ? has_place : diagnostic.path.front() != '/')
        std::abort();
    for (const hotrun::DiagnosticEvent &child : diagnostic.children)
        check(child);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    if (hotrun::strip_colors(text).find('\x1b') != std::string::npos)
        std::abort();
    for (const hotrun::DiagnosticEvent &diagnostic :
         hotrun::parse_diagnostics(text, "/p/build", "target"))
        check(diagnostic);
    return 0;
}
