#include "ninja_program.hpp"

#include "linux/spawn_command_runner.hpp"

#include <cstdlib>

namespace hotrun {

Result<std::string> find_ninja() {
    const char *chosen = std::getenv("NINJA"); // NOLINT(concurrency-mt-unsafe): read once, at start
    std::vector<std::string> names = {"ninja", "ninja-build"};
    if (chosen != nullptr && *chosen != '\0')
        names.insert(names.begin(), chosen);
    std::string program = find_program(names);
    if (program.empty())
        return Error{ErrorKind::kFailed, "can't find ninja in PATH; install ninja-build", 0};
    return program;
}

} // namespace hotrun
