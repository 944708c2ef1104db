#include "core/included_headers.hpp"

#include "core/ninja_syntax.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>

namespace hotrun {

namespace {

namespace fs = std::filesystem;

// `# 12 "path" 1 3`: the next line is line 12 of the file; 1 it is entered, 2 gone back to, 3 it is
// a header of the system.
struct Marker {
    std::string path;
    bool enters = false;
    bool returns = false;
    bool is_system = false;
};

std::optional<Marker> parse_marker(std::string_view line) {
    if (!line.starts_with("# "))
        return std::nullopt;
    const std::size_t open = line.find('"');
    const std::size_t close = line.rfind('"');
    if (open == std::string_view::npos || close == open)
        return std::nullopt;
    Marker marker;
    for (std::size_t i = open + 1; i < close; ++i) {
        if (line[i] == '\\' && i + 1 < close)
            ++i;
        marker.path += line[i];
    }
    for (const char flag : line.substr(close + 1)) {
        marker.enters |= flag == '1';
        marker.returns |= flag == '2';
        marker.is_system |= flag == '3';
    }
    return marker;
}

bool is_source(const std::string &path) {
    constexpr std::array<std::string_view, 6> kEndings = {".c", ".cc", ".cpp", ".cxx", ".C", ".m"};
    const std::string ending = fs::path(path).extension().string();
    return std::ranges::find(kEndings, ending) != kEndings.end();
}

class IncludeReader {
  public:
    IncludeReader(const FileSystem &files, const std::string &directory)
        : files_(files), directory_(directory) {}

    void take(std::string_view line) {
        const std::optional<Marker> marker = parse_marker(line);
        if (!marker) {
            for (IncludedHeader *header : stack_) {
                if (header != nullptr)
                    header->bytes += line.size() + 1;
            }
        } else if (marker->enters) {
            enter(*marker);
        } else if (marker->returns && !stack_.empty()) {
            stack_.pop_back();
            includers_.pop_back();
        } else if (includers_.empty() && main_.path.empty()) {
            main_ = *marker;
        }
    }

    std::vector<IncludedHeader> headers() {
        std::vector<IncludedHeader> all;
        for (auto &[path, header] : headers_)
            all.push_back(std::move(header));
        std::ranges::stable_sort(all, std::ranges::greater(), &IncludedHeader::bytes);
        return all;
    }

  private:
    // One that is in itself again, or that nobody asked for, has no place of its own.
    void enter(const Marker &marker) {
        const Marker &includer = includers_.empty() ? main_ : includers_.back();
        IncludedHeader *header = nullptr;
        if (!includer.is_system && !is_source(marker.path) && !marker.path.starts_with('<')) {
            header = &headers_[marker.path];
            if (header->path.empty())
                *header = {marker.path, spelling(includer.path, marker.path), 0, marker.is_system};
            if (std::ranges::find(stack_, header) != stack_.end())
                header = nullptr;
        }
        stack_.push_back(header);
        includers_.push_back(marker);
    }

    std::string spelling(const std::string &includer, const std::string &path) {
        const auto [place, is_new] = lines_.try_emplace(includer);
        if (is_new) {
            const auto text = files_.read((fs::path(directory_) / includer).string());
            if (text)
                place->second = include_lines(*text);
        }
        for (const std::string &line : place->second) {
            const std::string_view name = std::string_view(line).substr(1, line.size() - 2);
            if (path == name || path.ends_with("/" + std::string(name)))
                return line;
            // "../game.hpp"
            const auto beside = (fs::path(includer).parent_path() / name).lexically_normal();
            if (beside == fs::path(path).lexically_normal())
                return line;
        }
        return "";
    }

    const FileSystem &files_;
    const std::string directory_;
    Marker main_;
    std::vector<Marker> includers_;       // all that are entered
    std::vector<IncludedHeader *> stack_; // likewise; null: none that is told of
    std::map<std::string, IncludedHeader> headers_;
    std::map<std::string, std::vector<std::string>> lines_; // by the includer
};

} // namespace

std::vector<std::string> include_lines(std::string_view text) {
    std::vector<std::string> found;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const auto skip = [&](std::string_view word) {
            line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
            const bool is_there = line.starts_with(word);
            if (is_there)
                line.remove_prefix(word.size());
            return is_there;
        };
        if (!skip("#") || !skip("include") || skip("_next") || (!skip("<") && !skip("\"")))
            continue;
        const std::size_t end = line.find_first_of(">\"");
        if (end != std::string_view::npos)
            found.push_back((line[end] == '>' ? "<" : "\"") + std::string(line.substr(0, end + 1)));
    }
    return found;
}

std::vector<IncludedHeader> included_headers(const FileSystem &files, const std::string &directory,
                                             std::string_view preprocessed) {
    IncludeReader reader(files, directory);
    while (!preprocessed.empty())
        reader.take(take_line(preprocessed));
    return reader.headers();
}

} // namespace hotrun
