// The commands that make a library, as ninja would run them, and what they become when their output
// goes elsewhere.
#pragma once

#include "hotrun/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

inline constexpr std::string_view kLto = "-flto"; // so begin its words

struct BuildCommand {
    std::string directory;
    std::string input; // the first one
    std::string output;
    std::vector<std::string> words; // of the program and its arguments
};

struct LibraryCommands {
    BuildCommand link;
    // Of the library's own objects, and of those in the static libraries that are linked into it.
    std::vector<BuildCommand> compiles;
};

// From what `ninja -t compdb -x` prints. `library` is absolute. Without a link nothing is known:
// its `words` are empty.
Result<LibraryCommands> library_commands(const std::string &compdb, const std::string &library);

// A compiler's command that can be given other arguments.
class CompilerCall {
  public:
    // Left out are a compiler cache, dependency files, the output, and what writes further files
    // into the folder in which the compiler runs.
    explicit CompilerCall(const BuildCommand &command);

    const std::string &cache() const { return cache_; } // the program's name; empty: none
    bool has_precompiled_header() const;
    bool is_c() const;
    bool has_prefix(std::string_view prefix) const; // of a word
    bool has(std::string_view word) const;
    std::string last_with(std::string_view prefix) const; // empty: none

    const std::string &source() const { return source_; }

    CompilerCall with(std::vector<std::string> more) const;
    CompilerCall without(std::string_view prefix) const; // words that begin so
    CompilerCall on(const std::string &source) const;    // another source, or none

    std::vector<std::string> words() const;

  private:
    std::string source_;
    std::vector<std::string> words_; // without the source
    std::string cache_;
};

} // namespace hotrun
