#include "core/ninja_syntax.hpp"

#include <algorithm>

namespace hotrun {

std::string_view take_line(std::string_view &text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

std::string take_ninja_path(std::string_view &text) {
    std::string path;
    while (!text.empty() && text.front() != ' ' && text.front() != ':') {
        if (text.front() == '$' && text.size() > 1)
            text.remove_prefix(1);
        path += text.front();
        text.remove_prefix(1);
    }
    return path;
}

std::vector<std::string> take_ninja_paths(std::string_view &text) {
    std::vector<std::string> paths;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty())
            return paths;
        std::string path = take_ninja_path(text);
        if (path.empty()) // a colon
            return paths;
        if (path != "|" && path != "||")
            paths.push_back(std::move(path));
    }
}

} // namespace hotrun
