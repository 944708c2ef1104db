// A project whose module tells when new code of it makes its first step.
#pragma once

#include <string>
#include <vector>

namespace hotrun::bench {

class EditedProject {
  public:
    virtual ~EditedProject() = default;
    virtual std::string path() const = 0;
    virtual std::string builddir() const = 0;
    virtual std::string target() const = 0;       // for hotrun
    virtual std::string ninja_target() const = 0; // the same for ninja
    virtual std::string library() const = 0;

    // The files that edit() writes.
    virtual std::vector<std::string> edited_files() const = 0;

    // The step of the new code prints "first step of NUMBER at SECONDS". No two are the same.
    virtual void edit(int number) const = 0;
};

// A step in C++ that prints once for each generation: at a short interval the reader of anything
// more would be what is measured. What was printed last is kept across reloads.
inline std::string telling_step(const std::string &number) {
    return "timespec time{}; clock_gettime(CLOCK_MONOTONIC, &time);\n"
           "    static int told = 0;\n"
           "    const int result = " +
           number +
           ";\n"
           "    if (told != result) {\n"
           "        std::printf(\"first step of %d at %ld.%09ld\\n\", result, (long)time.tv_sec, "
           "(long)time.tv_nsec);\n"
           "        std::fflush(stdout);\n"
           "    }\n"
           "    told = result;\n";
}

} // namespace hotrun::bench
