#include "console_style.hpp"

#include "terminal.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

namespace hotrun {

namespace {

std::string variable(const char *name) {
    const char *value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread
    return value == nullptr ? "" : value;
}

bool is_set(const char *name) {
    return !variable(name).empty();
}

std::string locale() {
    for (const char *name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        if (is_set(name))
            return variable(name);
    }
    return "";
}

} // namespace

bool understands_sequences() {
    return is_set("TERM") && variable("TERM") != "dumb" && !is_set("CI");
}

bool wants_color(ColorChoice choice, std::FILE *stream) {
    if (choice != ColorChoice::kAuto)
        return choice == ColorChoice::kAlways;
    if (is_set("NO_COLOR"))
        return false;
    return is_set("CLICOLOR_FORCE") || (is_terminal(stream) && variable("TERM") != "dumb");
}

bool names_utf8(std::string_view locale) {
    std::string letters;
    for (const char letter : locale.substr(0, locale.find('@'))) {
        if (letter != '-')
            letters += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
    return letters.ends_with(".utf8");
}

ConsoleStyle console_style(const Arguments &arguments, std::FILE *stream, Screen *screen) {
    ConsoleStyle style;
    style.stream = stream;
    style.verbosity = arguments.verbosity;
    style.color = wants_color(arguments.color, stream);
    style.on_crash = arguments.on_crash;
    style.screen = screen;
    const bool draws = screen != nullptr && understands_sequences();
    style.parts.row = draws && arguments.status_line && arguments.verbosity != Verbosity::kQuiet;
    style.parts.title = draws && arguments.title;
    style.parts.handed_over = draws && is_restart() && is_in_foreground(stream);
    style.glyphs = names_utf8(locale()) ? kUnicodeGlyphs : kAsciiGlyphs;
    std::error_code unknown;
    style.directory = std::filesystem::current_path(unknown).string();
    return style;
}

InteractionStyle interaction_style(const Arguments &arguments, const ConsoleStyle &style) {
    InteractionStyle interaction;
    interaction.keys = arguments.keys && arguments.program.empty() && is_terminal(stdin);
    if (style.parts.row || style.parts.title)
        interaction.drawn_on = style.stream;
    return interaction;
}

} // namespace hotrun
