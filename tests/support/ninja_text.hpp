// What ninja prints and writes, made for a test.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hotrun {

// `ninja -t graph`, drawn as ninja's graphviz.cc does.
class GraphText {
  public:
    GraphText &edge(const std::string &rule, const std::vector<std::string> &outputs,
                    const std::vector<std::string> &inputs);

    std::string text() const;

  private:
    std::string node(const std::string &path);

    std::map<std::string, std::string> ids_;
    std::string lines_;
    int last_id_ = 0x1000;
};

// The bytes of `.ninja_deps`, as ninja's deps_log.cc writes them (version 4).
class DepsLog {
  public:
    DepsLog();
    DepsLog &deps(const std::string &output, const std::vector<std::string> &inputs);

    const std::string &bytes() const { return bytes_; }

  private:
    std::uint32_t id_of(const std::string &path);
    void add_word(std::uint32_t word);

    std::map<std::string, std::uint32_t> ids_;
    std::string bytes_;
};

} // namespace hotrun
