#include "core/failed_compile.hpp"

#include "core/ninja_syntax.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace hotrun {

namespace {

namespace fs = std::filesystem; // its paths only

constexpr std::array<std::string_view, 4> kFolderOptions = {"-I", "-iquote", "-isystem",
                                                            "-idirafter"};

// The header that the message names; empty: it names none.
std::string_view header_of(std::string_view message) {
    constexpr std::string_view kGcc = ": No such file or directory";
    constexpr std::string_view kClang = "' file not found";
    if (message.ends_with(kGcc)) {
        message.remove_suffix(kGcc.size());
        return message.substr(message.rfind(' ') + 1);
    }
    if (message.starts_with('\'') && message.ends_with(kClang) && message.size() > kClang.size())
        return message.substr(1, message.size() - 1 - kClang.size());
    return {};
}

// The words of a shell's command line: quotes and backslashes are undone, nothing is expanded.
std::vector<std::string> words_of(std::string_view command) {
    std::vector<std::string> words(1);
    char quote = 0;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        if (quote == 0 && (c == ' ' || c == '\t')) {
            if (!words.back().empty())
                words.emplace_back();
        } else if (c == quote) {
            quote = 0;
        } else if (quote == 0 && (c == '\'' || c == '"')) {
            quote = c;
        } else {
            if (c == '\\' && quote != '\'' && i + 1 < command.size())
                ++i;
            words.back() += command[i];
        }
    }
    return words;
}

std::string absolute(const std::string &directory, std::string_view path) {
    return (fs::path(directory) / path).lexically_normal().string();
}

std::string folder_around(const std::string &path) {
    return fs::path(path).parent_path().string();
}

std::string_view without_blanks_in_front(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text;
}

struct Include {
    std::string_view header; // empty: there is none
    bool quoted = false;     // else in angle brackets
};

// What a line of a source includes.
Include include_of(std::string_view line) {
    constexpr std::string_view kInclude = "include";
    line = without_blanks_in_front(line);
    if (!line.starts_with('#'))
        return {};
    line = without_blanks_in_front(line.substr(1));
    if (!line.starts_with(kInclude))
        return {};
    line = without_blanks_in_front(line.substr(kInclude.size()));
    if (line.empty() || (line.front() != '"' && line.front() != '<'))
        return {};
    const bool quoted = line.front() == '"';
    const std::size_t end = line.find(quoted ? '"' : '>', 1);
    if (end == std::string_view::npos)
        return {};
    return {line.substr(1, end - 1), quoted};
}

// Nobody edits these to mend a compile, and there are thousands.
bool is_system_header(const std::string &path) {
    return path.starts_with("/usr/");
}

// Where the compiler looks for it, in this order.
std::vector<std::string> places_of(std::string_view header, const std::string &includer,
                                   const CompileCommand &command) {
    std::vector<std::string> places = {absolute(folder_around(includer), header)};
    for (const std::string &folder : command.folders)
        places.push_back(absolute(folder, header));
    return places;
}

} // namespace

CompileCommand CompileCommand::parse(std::string_view command, const std::string &directory) {
    CompileCommand parsed;
    const std::vector<std::string> words = words_of(command);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string &word = words[i];
        const bool has_next = i + 1 < words.size();
        if (word == "-c" && has_next)
            parsed.source = absolute(directory, words[i + 1]);
        for (const std::string_view option : kFolderOptions) {
            if (word == option && has_next)
                parsed.folders.push_back(absolute(directory, words[i + 1]));
            else if (word.size() > option.size() && word.starts_with(option))
                parsed.folders.push_back(absolute(directory, word.substr(option.size())));
        }
    }
    return parsed;
}

void find_includes(const FileSystem &files, const CompileCommand &command,
                   std::unordered_set<std::string> &found) {
    std::vector<std::string> to_read;
    const auto add = [&](const std::string &path) {
        if (!path.empty() && !is_system_header(path) && found.insert(path).second)
            to_read.push_back(path);
    };
    const auto add_include = [&](const Include &include, const std::string &includer) {
        for (const std::string &place : places_of(include.header, includer, command)) {
            if (files.timestamp(place))
                return add(place);
            if (include.quoted) // if it comes to be there, it is this one that counts
                found.insert(place);
        }
    };
    add(command.source);
    while (!to_read.empty()) {
        const std::string path = std::move(to_read.back());
        to_read.pop_back();
        const Result<std::string> text = files.read(path);
        for (std::string_view rest = text ? *text : std::string_view(); !rest.empty();) {
            const Include include = include_of(take_line(rest));
            if (!include.header.empty())
                add_include(include, path);
        }
    }
}

std::vector<std::string> missing_header_places(std::string_view message,
                                               const std::string &includer,
                                               const CompileCommand &command) {
    const std::string_view header = header_of(message);
    return header.empty() ? std::vector<std::string>() : places_of(header, includer, command);
}

} // namespace hotrun
