// What a build failed of, for a person: the first error with its line of source, the rest counted.
#pragma once

#include "hotrun/events.hpp"
#include "source_excerpt.hpp"

#include <string>
#include <vector>

namespace hotrun {

class BuildErrors {
  public:
    void add(const DiagnosticEvent &diagnostic);
    void clear() { errors_.clear(); }

    // Whether the first one names a place in a file. Where it does not, the output of the command
    // that failed says more.
    bool has_place() const { return !errors_.empty() && errors_.front().line != 0; }

    // "game.cpp:7:3: error: ...", for has_place(); paths below `directory` without it.
    std::string first_text(const std::string &directory) const;
    // Lines; empty: the file can't be read, or is another by now.
    std::string first_excerpt(const ReadLine &read_line, const ExcerptStyle &style) const;
    // "and 7 more errors in 3 files"; empty: there are no more.
    std::string rest_text() const;

  private:
    std::vector<DiagnosticEvent> errors_;
};

} // namespace hotrun
