// A project with an input of each kind, and what its module prints of them.
#pragma once

#include "e2e/test_project.hpp"

#include <array>
#include <map>
#include <string>

namespace hotrun::editors {

// The module's source, a header of it, and the input of a custom target that writes another header.
inline const std::array<std::string, 3> kFiles = {"game.c", "values.h", "data.in"};

// The one module prints "game.c=V values.h=V data.in=V steps=N" at each step. It is written in C:
// that compiles in a tenth of the time.
class ValuesProject {
  public:
    // Set up with this compiler, not built.
    explicit ValuesProject(const std::string &compiler = "gcc");

    std::string path(const std::string &name = "") const { return project_.path(name); }
    const e2e::TestProject &files() const { return project_; }

    // The content of `file` that makes the module print `value`.
    static std::string content(const std::string &file, int value);

    // What each file was last said to hold. new_value() gives one that nothing has held before.
    int value(const std::string &file) const { return values_.at(file); }
    int new_value(const std::string &file) { return values_[file] = ++last_value_; }

    const std::map<std::string, int> &values() const { return values_; }
    void set_values(const std::map<std::string, int> &values) { values_ = values; }

    // Puts new values into plain files, whatever was there under their names.
    void reset();

    // What the module prints when it is built from the files as they were said to be.
    std::string line() const;

  private:
    e2e::TestProject project_;
    std::map<std::string, int> values_;
    int last_value_ = 10000; // no other number in a file has as many digits
};

} // namespace hotrun::editors
