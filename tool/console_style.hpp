// How a run looks and listens, by the command line and by where it was started.
#pragma once

#include "arguments.hpp"
#include "console.hpp"
#include "interaction.hpp"

#include <string_view>

namespace hotrun {

// "C.UTF-8", "de_DE.utf8@euro": whether text is UTF-8 there.
bool names_utf8(std::string_view locale);

// Whether a terminal obeys escape sequences. What reads a log of continuous integration is none,
// whatever it says.
bool understands_sequences();

// NO_COLOR and CLICOLOR_FORCE are honoured (no-color.org, bixense.com/clicolors).
bool wants_color(ColorChoice choice, std::FILE *stream);

// `screen` is the one that our own text goes to; null: that is no terminal. Heeded are TERM, CI and
// the locale.
ConsoleStyle console_style(const Arguments &arguments, std::FILE *stream, Screen *screen);

InteractionStyle interaction_style(const Arguments &arguments, const ConsoleStyle &style);

} // namespace hotrun
