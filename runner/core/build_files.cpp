#include "core/build_files.hpp"

#include "core/ninja_syntax.hpp"

#include <algorithm>
#include <filesystem>

namespace hotrun {

namespace {

constexpr std::string_view kBuildFile = "build.ninja";
constexpr std::string_view kBuild = "build ";
constexpr std::string_view kRule = "rule ";

std::string_view without_blanks(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

struct Binding {
    std::string_view name;
    std::string_view value;
};

// An indented line, which belongs to the rule or the build statement above it.
std::optional<Binding> binding_of(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (!line.starts_with(' ') || equals == std::string_view::npos)
        return std::nullopt;
    return Binding{without_blanks(line.substr(0, equals)), without_blanks(line.substr(equals + 1))};
}

std::string unescaped(std::string_view value) {
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '$' && i + 1 < value.size())
            ++i;
        text += value[i];
    }
    return text;
}

// The rule that a statement makes or uses; empty: it does neither.
std::string rule_of(std::string_view statement) {
    if (statement.starts_with(kRule))
        return std::string(without_blanks(statement.substr(kRule.size())));
    if (!statement.starts_with(kBuild))
        return "";
    statement.remove_prefix(kBuild.size());
    take_ninja_paths(statement);
    const std::string_view rule =
        without_blanks(statement.substr(std::min<std::size_t>(statement.size(), 1))); // the colon
    return std::string(rule.substr(0, rule.find(' ')));
}

// The path behind `include` or `subninja`; empty: the line is another one.
std::string included_by(std::string_view line) {
    for (const std::string_view word : {"include ", "subninja "}) {
        if (line.starts_with(word))
            return unescaped(without_blanks(line.substr(word.size())));
    }
    return "";
}

} // namespace

BuildFiles::BuildFiles(const FileSystem &files, std::string builddir)
    : files_(files), builddir_(std::move(builddir)) {}

void BuildFiles::read() {
    stamps_.clear();
    manifests_.clear();
    keeps_deps_.clear();
    read_file(std::string(kBuildFile));
}

// The timestamp first: a file that is written while it is read is another one afterwards. Values
// and paths are taken as they are; one that ninja would put together from variables is not found.
void BuildFiles::read_file(const std::string &ninja_path) {
    const std::string path = absolute(ninja_path);
    if (!stamps_.emplace(path, files_.timestamp(path)).second)
        return;
    const Result<std::string> text = files_.read(path);
    if (!text)
        return;
    manifests_.push_back(path);
    std::string_view statement; // the last line that is not indented
    for (std::string_view rest = *text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (const auto binding = binding_of(line)) {
            if (binding->name == "deps")
                keeps_deps_[rule_of(statement)] = true;
            if (binding->name == "dyndep") {
                const std::string dyndep = absolute(unescaped(binding->value));
                stamps_.emplace(dyndep, files_.timestamp(dyndep));
            }
            continue;
        }
        statement = line;
        if (line.starts_with(kRule))
            keeps_deps_.emplace(rule_of(line), false);
        else if (const std::string included = included_by(line); !included.empty())
            read_file(included);
    }
}

bool BuildFiles::changed() const {
    return stamps_.empty() || std::any_of(stamps_.begin(), stamps_.end(), [this](const auto &file) {
               return files_.timestamp(file.first) != file.second;
           });
}

std::vector<std::string> BuildFiles::paths() const {
    std::vector<std::string> paths;
    for (const auto &[path, stamp] : stamps_)
        paths.push_back(path);
    return paths;
}

std::optional<bool> BuildFiles::keeps_deps(const std::string &rule) const {
    const auto found = keeps_deps_.find(rule);
    return found == keeps_deps_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string>
BuildFiles::made_among(const std::unordered_set<std::string> &paths) const {
    std::vector<std::string> made;
    if (paths.empty())
        return made;
    for (const std::string &manifest : manifests_) {
        const Result<std::string> text = files_.read(manifest);
        for (std::string_view rest = text ? *text : std::string_view(); !rest.empty();) {
            std::string_view line = take_line(rest);
            if (!line.starts_with(kBuild))
                continue;
            line.remove_prefix(kBuild.size());
            for (std::string &output : take_ninja_paths(line)) {
                if (paths.contains(output))
                    made.push_back(std::move(output));
            }
        }
    }
    return made;
}

std::string BuildFiles::absolute(const std::string &ninja_path) const {
    return files_.canonical(
        (std::filesystem::path(builddir_) / ninja_path).lexically_normal().string());
}

} // namespace hotrun
