// What the programs that a test starts find in their environment.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace hotrun::e2e {

class ScopedVariable {
  public:
    // None: the variable is not there.
    ScopedVariable(const char *name, const std::optional<std::string> &value) : name_(name) {
        if (const char *before = std::getenv(name))
            before_ = before;
        set(value);
    }
    ScopedVariable(const ScopedVariable &) = delete;
    ScopedVariable &operator=(const ScopedVariable &) = delete;
    ~ScopedVariable() { set(before_); }

  private:
    void set(const std::optional<std::string> &value) const {
        if (value)
            ::setenv(name_, value->c_str(), 1);
        else
            ::unsetenv(name_);
    }

    const char *name_;
    std::optional<std::string> before_;
};

} // namespace hotrun::e2e
