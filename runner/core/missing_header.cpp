#include "core/missing_header.hpp"

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

// The folders in which the command looks for headers, as it names them.
std::vector<std::string> include_folders(std::string_view command) {
    std::vector<std::string> folders;
    const std::vector<std::string> words = words_of(command);
    for (std::size_t i = 0; i < words.size(); ++i) {
        for (const std::string_view option : kFolderOptions) {
            if (words[i] == option && i + 1 < words.size())
                folders.push_back(words[i + 1]);
            else if (words[i].starts_with(option))
                folders.push_back(words[i].substr(option.size()));
        }
    }
    return folders;
}

} // namespace

std::vector<std::string> missing_header_places(std::string_view message, const std::string &source,
                                               std::string_view command,
                                               const std::string &directory) {
    const std::string_view header = header_of(message);
    if (header.empty())
        return {};
    std::vector<std::string> folders = include_folders(command);
    folders.push_back(fs::path(source).parent_path().string());
    std::vector<std::string> places;
    for (const std::string &folder : folders)
        places.push_back((fs::path(directory) / folder / header).lexically_normal().string());
    return places;
}

} // namespace hotrun
