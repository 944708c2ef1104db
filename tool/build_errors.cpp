#include "build_errors.hpp"

#include "counted.hpp"
#include "screen_text.hpp"

#include <set>

namespace hotrun {

void BuildErrors::add(const DiagnosticEvent &diagnostic) {
    if (diagnostic.severity == Severity::kError)
        errors_.push_back(diagnostic);
}

std::string BuildErrors::first_text(const std::string &directory) const {
    const DiagnosticEvent &first = errors_.front();
    const bool is_below = !directory.empty() && first.path.starts_with(directory + "/");
    std::string text = is_below ? first.path.substr(directory.size() + 1) : first.path;
    text += ":" + std::to_string(first.line);
    if (first.column != 0)
        text += ":" + std::to_string(first.column);
    return showable(text + ": error: " + first.message);
}

std::string BuildErrors::first_excerpt(const ReadLine &read_line, const ExcerptStyle &style) const {
    const DiagnosticEvent &first = errors_.front();
    const std::optional<std::string> source = read_line(first.path, first.line);
    return source ? source_excerpt(*source, first.line, first.column, style) : "";
}

std::string BuildErrors::rest_text() const {
    if (errors_.size() < 2)
        return "";
    std::set<std::string> paths;
    for (std::size_t i = 1; i < errors_.size(); ++i) {
        if (!errors_[i].path.empty())
            paths.insert(errors_[i].path);
    }
    return "and " + counted(errors_.size() - 1, "more error", "more errors") +
           (paths.empty() ? "" : " in " + counted(paths.size(), "file", "files"));
}

} // namespace hotrun
