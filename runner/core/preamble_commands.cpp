#include "core/preamble_commands.hpp"

#include "core/ninja_syntax.hpp"
#include "core/shell_words.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace hotrun {

namespace {

namespace fs = std::filesystem; // its paths only

// With other words in them, other files that are written, or what names a language or a module.
constexpr std::array<std::string_view, 6> kStrange = {"@",  "-Wp,",      "-x",
                                                      "-E", "-fmodules", "--precompile"};

bool is_compiled(const std::string &path) {
    constexpr std::array<std::string_view, 7> kEndings = {".c",   ".cc", ".cpp", ".cxx",
                                                          ".c++", ".cp", ".C"};
    return std::ranges::find(kEndings, fs::path(path).extension().string()) != kEndings.end();
}

std::string absolute_in(const std::string &directory, std::string_view path) {
    return (fs::path(directory) / path).lexically_normal().string();
}

} // namespace

std::optional<PreambleCommands> PreambleCommands::parse(std::string_view line,
                                                        const std::string &builddir,
                                                        const FindProgram &find_program) {
    while (line.ends_with('\n'))
        line.remove_suffix(1);
    std::optional<std::vector<std::string>> words = shell_words(line);
    if (!words)
        return std::nullopt;
    const auto compiles = std::ranges::find(*words, "-c");
    if (compiles == words->end() || compiles + 1 == words->end() || !is_compiled(*(compiles + 1)))
        return std::nullopt;
    const BuildCommand command{builddir, *(compiles + 1), "", std::move(*words)};
    const CompilerCall call(command);
    const std::vector<std::string> kept = call.words();
    const bool is_strange = std::ranges::any_of(
        kStrange, [&](std::string_view prefix) { return call.has_prefix(prefix); });
    const auto source_count = std::ranges::count_if(kept, is_compiled);
    if (kept.size() < 2 || is_strange || source_count != 1 || call.has_precompiled_header())
        return std::nullopt;
    std::string compiler =
        kept.front().starts_with('/') ? kept.front() : find_program(kept.front());
    if (compiler.empty())
        return std::nullopt;
    return PreambleCommands(call, builddir, std::move(compiler));
}

PreambleCommands::PreambleCommands(const CompilerCall &call, const std::string &builddir,
                                   std::string compiler)
    : builddir_(builddir), compiler_(std::move(compiler)),
      source_(absolute_in(builddir, call.source())), spelled_(call.source()),
      words_(call.on("").words()), is_c_(call.is_c()) {
    words_.erase(words_.begin());
}

// A compiler may be a link to ccache, which asks more of a precompiled header than there is.
Command PreambleCommands::command(std::vector<std::string> more) const {
    more.insert(more.begin(), words_.begin(), words_.end());
    return {compiler_, std::move(more), builddir_, {{"CCACHE_DISABLE", "1"}}};
}

// What is in quotes is looked for beside the source first, and by the name that it has from there.
Command PreambleCommands::precompile(const std::string &header) const {
    const std::string folder = fs::path(spelled_).parent_path().string();
    Command made = command(
        {"-w", "-H", "-x", is_c_ ? "c-header" : "c++-header", header, "-o", header + ".gch"});
    made.arguments.insert(made.arguments.begin(), {"-iquote", folder.empty() ? "." : folder});
    return made;
}

Command PreambleCommands::compile(const std::string &header, const std::string &object) const {
    return command(
        {"-Winvalid-pch", "-Werror=invalid-pch", "-include", header, "-o", object, "-c", spelled_});
}

std::vector<std::string> printed_headers(std::string_view output, const std::string &builddir) {
    std::vector<std::string> headers;
    while (!output.empty()) {
        std::string_view line = take_line(output);
        const std::size_t dots = line.find_first_not_of('.');
        if (dots == 0 || dots == std::string_view::npos || line[dots] != ' ')
            continue;
        headers.push_back(absolute_in(builddir, line.substr(dots + 1)));
    }
    return headers;
}

} // namespace hotrun
