#include "control/diagnostics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace hotrun {

namespace {

struct SeverityWord {
    std::string_view word;
    Severity severity;
    std::uint32_t first_column = 1; // how the program that says this counts
};

// What stands between a place and a message: gcc's diagnostic.def, clang's TextDiagnostic.cpp,
// gas (with a capital), Meson's mlog.py (in capitals), ninja and mold ("fatal").
constexpr std::array kSeverityWords = {
    SeverityWord{"error", Severity::kError},
    SeverityWord{"warning", Severity::kWarning},
    SeverityWord{"note", Severity::kNote},
    SeverityWord{"fatal error", Severity::kError},
    SeverityWord{"internal compiler error", Severity::kError},
    SeverityWord{"sorry, unimplemented", Severity::kError},
    SeverityWord{"fatal", Severity::kError},
    SeverityWord{"remark", Severity::kNote},
    SeverityWord{"Error", Severity::kError},
    SeverityWord{"Fatal error", Severity::kError},
    SeverityWord{"Warning", Severity::kWarning},
    SeverityWord{"NOTE", Severity::kNote},
    SeverityWord{"ERROR", Severity::kError, 0},
    SeverityWord{"WARNING", Severity::kWarning, 0},
    SeverityWord{"DEPRECATION", Severity::kWarning, 0},
    SeverityWord{"NOTICE", Severity::kNote, 0},
};

// Programs whose name in front of a message tells the user nothing.
constexpr auto kTools = std::to_array<std::string_view>({
    "as",
    "c++",
    "cc",
    "cc1",
    "cc1plus",
    "clang",
    "clang++",
    "collect2",
    "g++",
    "gcc",
    "ld",
    "ld.lld",
    "ld.mold",
    "lto-wrapper",
    "lto1",
    "mold",
    "ninja",
});

// Those that leave out the severity; lld and mold never do.
constexpr auto kGnuLinkers = std::to_array<std::string_view>({"ld", "ld.bfd", "ld.gold"});

// How bfd's complaint about a place begins.
constexpr auto kLinkerPhrases = std::to_array<std::string_view>({
    "undefined reference to `",
    "multiple definition of `",
    "more undefined references to `",
});

// Messages that only say that something before them went wrong.
constexpr auto kSummaries = std::to_array<std::string_view>({
    "ld returned ",
    "linker command failed with exit code ",
    "final link failed",
    "link errors found, deleting executable",
    "rebuilding 'build.ninja': subcommand failed",
});

constexpr std::string_view kIncludedFrom = "In file included from ";
constexpr std::string_view kIncludedFromMore = "                 from ";
constexpr std::string_view kReference = ">>> ";

struct Place {
    std::string_view path; // empty: the text names no line of a file
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

// A line that has a severity in it: place, ": ", word, ": ", message.
struct MarkedLine {
    std::string_view place;
    SeverityWord severity;
    std::string_view message;
};

std::string_view trim(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(" \t") + 1)); // npos + 1 is 0
    return text;
}

bool take_prefix(std::string_view &text, std::string_view prefix) {
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool starts_with_any(std::string_view text, const auto &prefixes) {
    return std::ranges::any_of(prefixes, [&](auto prefix) { return text.starts_with(prefix); });
}

// Takes ":N" off the end.
std::optional<std::uint32_t> take_number(std::string_view &text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const char *last = text.data() + text.size();
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data() + colon + 1, last, number);
    if (error != std::errc() || end != last)
        return std::nullopt;
    text.remove_suffix(text.size() - colon);
    return number;
}

// "path:line" or "path:line:column". Source text that a compiler quotes and that looks alike is
// indented or has quotes.
Place parse_place(std::string_view text, std::uint32_t first_column = 1) {
    const std::optional<std::uint32_t> last = take_number(text);
    const std::optional<std::uint32_t> before = take_number(text);
    if (!last || text.empty() || text.front() == ' ' || text.find('"') != std::string_view::npos)
        return {};
    if (!before)
        return {text, *last, 0};
    return {text, *before, *last + 1 - first_column};
}

// Whether a place without a line may be one, and not the start of a sentence or of quoted source
// text. A linker names an object, a section or a function there, a compiler itself.
bool is_plain_place(std::string_view text) {
    return text.find_first_of(" \t\"'") == std::string_view::npos ||
           text.find(":function ") != std::string_view::npos;
}

std::optional<SeverityWord> severity_at(std::string_view text) {
    for (const SeverityWord &candidate : kSeverityWords) {
        const std::string_view after = text.substr(std::min(candidate.word.size(), text.size()));
        if (text.starts_with(candidate.word) && (after == ":" || after.starts_with(": ")))
            return candidate;
    }
    return std::nullopt;
}

// The first severity in the line counts: a message may hold another.
std::optional<MarkedLine> find_severity(std::string_view line) {
    if (const auto severity = severity_at(line))
        return MarkedLine{{}, *severity, trim(line.substr(severity->word.size() + 1))};
    for (std::size_t colon = line.find(": "); colon != std::string_view::npos;
         colon = line.find(": ", colon + 2)) {
        const std::string_view rest = line.substr(colon + 2);
        if (const auto severity = severity_at(rest)) {
            const std::string_view message = trim(rest.substr(severity->word.size() + 1));
            return MarkedLine{line.substr(0, colon), *severity, message};
        }
    }
    return std::nullopt;
}

// Whether the name is one of `programs`, also with a folder, a version or a triplet:
// /usr/bin/g++-12, x86_64-linux-gnu-ld.
bool is_one_of(std::string_view name, const auto &programs) {
    name.remove_prefix(name.rfind('/') + 1); // npos + 1 is 0
    const std::size_t dash = name.rfind('-');
    if (dash != std::string_view::npos &&
        name.find_first_not_of("0123456789.", dash + 1) == std::string_view::npos)
        name = name.substr(0, dash);
    return std::ranges::any_of(programs, [&](std::string_view program) {
        return name == program || name.ends_with("-" + std::string(program));
    });
}

// Takes "/usr/bin/ld: " off the front.
std::string_view take_linker(std::string_view &line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_one_of(name, kGnuLinkers))
        return {};
    line = trim(line.substr(colon + 1));
    return name;
}

// Takes "x.o: in function `f':" off the front, which may be all of the line. Old releases of
// binutils write "In function".
void take_function(std::string_view &line) {
    const std::size_t at = std::min(line.find(": in function `"), line.find(": In function `"));
    if (at == std::string_view::npos)
        return;
    const std::size_t end = line.find("':", at);
    line = end == std::string_view::npos ? std::string_view() : trim(line.substr(end + 2));
}

// "x.o:/p/x.cpp:3" is at /p/x.cpp:3.
std::string_view without_object(std::string_view place) {
    return place.substr(parse_place(place).path.rfind(':') + 1); // npos + 1 is 0
}

// Takes "; x.o:/p/x.cpp:4: first defined here" off the end.
Place take_first_definition(std::string_view &message) {
    constexpr std::string_view kEnd = ": first defined here";
    const std::size_t start = message.rfind("; ");
    if (start == std::string_view::npos || !message.ends_with(kEnd))
        return {};
    std::string_view where = message.substr(start + 2);
    where.remove_suffix(std::min(kEnd.size(), where.size()));
    const Place place = parse_place(without_object(where));
    if (!place.path.empty())
        message = message.substr(0, start);
    return place;
}

// Where an escape sequence that starts at `at` ends: ECMA-48, and links as gcc writes them.
std::size_t end_of_escape(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("\x1b[")) {
        std::size_t end = at + 2;
        while (end < text.size() && text[end] >= ' ' && text[end] < '@')
            ++end;
        return end < text.size() && text[end] >= '@' && text[end] <= '~' ? end + 1 : end;
    }
    if (rest.starts_with("\x1b]")) {
        const std::size_t end = std::min(text.find_first_of("\a\n\x1b", at + 2), text.size());
        const std::string_view terminator = text.substr(end);
        if (terminator.starts_with("\x1b\\"))
            return end + 2;
        return terminator.starts_with('\a') ? end + 1 : end;
    }
    return at + 1;
}

class DiagnosticsParser {
  public:
    DiagnosticsParser(const std::string &directory, const std::string &target)
        : directory_(directory), target_(target) {}

    void read_line(std::string_view line);
    std::vector<DiagnosticEvent> take() { return std::move(found_); }

  private:
    bool read_lead(std::string_view line);
    bool read_reference(std::string_view line);
    bool read_marked(std::string_view line);
    bool read_phrase(std::string_view line);
    DiagnosticEvent make(Severity severity, const Place &place, std::string_view message) const;
    DiagnosticEvent make_placeless(Severity severity, std::string_view place,
                                   std::string_view message) const;
    bool is_needless(std::string_view message) const;
    void add(DiagnosticEvent diagnostic);

    const std::string &directory_;
    const std::string &target_;
    std::vector<DiagnosticEvent> found_;
    std::vector<DiagnosticEvent> leads_; // to the diagnostic that comes next
};

void DiagnosticsParser::read_line(std::string_view line) {
    if (read_lead(line) || read_reference(line))
        return;
    const std::string_view linker = take_linker(line);
    take_function(line);
    if (line.empty() || read_marked(line) || read_phrase(line) || linker.empty())
        return;
    // What gold says without a severity explains the line before; with bfd it is an error.
    const bool explains = linker.ends_with("gold") || line.starts_with("skipping incompatible ");
    if (!is_needless(line))
        add(make(explains ? Severity::kNote : Severity::kError, {}, line));
}

// "In file included from a.h:1," and gcc's "p.cpp:1:2:   required from here", which has three
// spaces where others have a severity.
bool DiagnosticsParser::read_lead(std::string_view line) {
    std::string_view message = "included from here";
    std::string_view where = line;
    if (take_prefix(where, kIncludedFrom) || take_prefix(where, kIncludedFromMore)) {
        where = where.substr(0, where.find_last_not_of(":,") + 1);
    } else {
        const std::size_t end = line.find(":   ");
        if (end == std::string_view::npos)
            return false;
        where = line.substr(0, end);
        message = trim(line.substr(end + 1));
    }
    const Place place = parse_place(where);
    if (place.path.empty())
        return false;
    DiagnosticEvent lead = make(Severity::kNote, place, message);
    if (!lead.path.empty())
        leads_.push_back(std::move(lead));
    return true;
}

// lld: ">>> referenced by x.cpp:3 (/p/x.cpp:3)". The first of them is where the diagnostic is.
bool DiagnosticsParser::read_reference(std::string_view line) {
    if (!take_prefix(line, kReference))
        return false;
    const std::size_t open = line.rfind(" (");
    if (found_.empty() || open == std::string_view::npos || !line.ends_with(')'))
        return true;
    const Place place = parse_place(line.substr(open + 2, line.size() - open - 3));
    if (place.path.empty())
        return true;
    DiagnosticEvent reference = make(Severity::kNote, place, line.substr(0, open));
    DiagnosticEvent &diagnostic = found_.back();
    if (diagnostic.path.empty()) {
        diagnostic.path = std::move(reference.path);
        diagnostic.line = reference.line;
    } else {
        diagnostic.children.push_back(std::move(reference));
    }
    return true;
}

bool DiagnosticsParser::read_marked(std::string_view line) {
    const std::optional<MarkedLine> marked = find_severity(line);
    if (!marked)
        return false;
    const auto [word, severity, first_column] = marked->severity;
    const Place place = parse_place(marked->place, first_column);
    if (!place.path.empty())
        add(make(severity, place, marked->message));
    else if (!is_plain_place(marked->place))
        return false;
    else if (!is_needless(marked->message))
        add(make_placeless(severity, marked->place, marked->message));
    return true;
}

// "x.cpp:3: undefined reference to `f()'", or without debug information "x.cpp:(.text+0x5): …",
// where the name is not a path. "…; x.o:x.cpp:4: first defined here" may follow.
bool DiagnosticsParser::read_phrase(std::string_view line) {
    std::size_t at = line.find(": ");
    while (at != std::string_view::npos && !starts_with_any(line.substr(at + 2), kLinkerPhrases))
        at = line.find(": ", at + 2);
    if (at == std::string_view::npos)
        return false;
    const std::string_view where = without_object(line.substr(0, at));
    std::string_view message = line.substr(at + 2);
    const Place first_definition = take_first_definition(message);
    const Place place = parse_place(where);
    add(place.path.empty() ? make_placeless(Severity::kError, where, message)
                           : make(Severity::kError, place, message));
    if (!first_definition.path.empty())
        add(make(Severity::kNote, first_definition, "first defined here"));
    return true;
}

DiagnosticEvent DiagnosticsParser::make(Severity severity, const Place &place,
                                        std::string_view message) const {
    DiagnosticEvent diagnostic;
    // "<command line>", "{standard input}": no file.
    if (!place.path.empty() && place.path.front() != '<' && place.path.front() != '{') {
        const std::filesystem::path path = std::filesystem::path(directory_) / place.path;
        diagnostic.path = path.lexically_normal().string();
        diagnostic.line = place.line;
        diagnostic.column = place.column;
    }
    diagnostic.severity = severity;
    diagnostic.message = message;
    diagnostic.target = target_;
    return diagnostic;
}

DiagnosticEvent DiagnosticsParser::make_placeless(Severity severity, std::string_view place,
                                                  std::string_view message) const {
    if (place.empty() || is_one_of(place, kTools))
        return make(severity, {}, message);
    return make(severity, {}, std::string(place) + ": " + std::string(message));
}

bool DiagnosticsParser::is_needless(std::string_view message) const {
    return starts_with_any(message, kSummaries) &&
           std::ranges::find(found_, Severity::kError, &DiagnosticEvent::severity) != found_.end();
}

void DiagnosticsParser::add(DiagnosticEvent diagnostic) {
    const bool has_parent = diagnostic.severity == Severity::kNote && !found_.empty();
    if (has_parent)
        found_.back().children.push_back(std::move(diagnostic));
    else
        found_.push_back(std::move(diagnostic));
    if (!has_parent)
        found_.back().children = std::move(leads_);
    leads_.clear();
}

} // namespace

std::string strip_colors(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t escape = std::min(text.find('\x1b', at), text.size());
        plain.append(text.substr(at, escape - at));
        at = escape == text.size() ? escape : end_of_escape(text, escape);
    }
    return plain;
}

std::vector<DiagnosticEvent> parse_diagnostics(std::string_view text, const std::string &directory,
                                               const std::string &target) {
    const std::string plain = strip_colors(text);
    DiagnosticsParser parser(directory, target);
    for (std::string_view rest = plain; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        parser.read_line(line);
    }
    return parser.take();
}

} // namespace hotrun
