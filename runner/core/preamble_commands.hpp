// A compile command of the build, become one with the headers precompiled that its source begins
// with.
#pragma once

#include "core/build_commands.hpp"
#include "core/command_runner.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// Where the user's PATH has a program; empty: it has none.
using FindProgram = std::function<std::string(const std::string &name)>;

// Neither writes a file of the build: no object, no list of what was read.
class PreambleCommands {
  public:
    // `line` is what ninja runs in `builddir`. None: it is no command of a compiler with one source
    // in C or C++, or has a precompiled header already.
    static std::optional<PreambleCommands> parse(std::string_view line, const std::string &builddir,
                                                 const FindProgram &find_program);

    const std::string &source() const { return source_; }     // path
    const std::string &compiler() const { return compiler_; } // path

    // Makes `header`.gch, and prints a line of dots and a path for each header in it.
    Command precompile(const std::string &header) const;

    // Makes the object with it. Fails if it can't be used.
    Command compile(const std::string &header, const std::string &object) const;

  private:
    PreambleCommands(const CompilerCall &call, const std::string &builddir, std::string compiler);

    Command command(std::vector<std::string> more) const;

    std::string builddir_;
    std::string compiler_;
    std::string source_;
    std::string spelled_; // the source in the command
    std::vector<std::string> words_;
    bool is_c_;
};

// The paths in what precompile() has printed, in the order of the lines.
std::vector<std::string> printed_headers(std::string_view output, const std::string &builddir);

} // namespace hotrun
