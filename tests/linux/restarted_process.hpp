// Runs restart_helper to its end.
#pragma once

#include "forked_child.hpp"
#include "guarded_faults.hpp"

#include <array>
#include <sstream>

#include <fcntl.h>

namespace hotrun {

class RestartedProcess {
  public:
    RestartedProcess(const std::string &scenario, const std::string &argument = "",
                     const std::string &program = beside_this_program("restart-helper")) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        const UniqueFd reader(ends[0]);
        UniqueFd writer(ends[1]);
        ForkedChild child([&] {
            ::dup2(writer.get(), STDOUT_FILENO);
            ::execl(program.c_str(), program.c_str(), scenario.c_str(), argument.c_str(), nullptr);
            return 127;
        });
        writer.reset();
        pid_ = child.pid();
        read_all(reader.get());
        status_ = child.wait();
    }
    RestartedProcess(const RestartedProcess &) = delete;
    RestartedProcess &operator=(const RestartedProcess &) = delete;

    pid_t pid() const { return pid_; }
    std::optional<int> status() const { return status_; } // as waitpid tells it
    const std::string &output() const { return output_; }

    // All that it tells of one thing, in its order.
    std::vector<std::string> all(const std::string &what) const {
        std::vector<std::string> found;
        std::istringstream lines(output_);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with(what + " "))
                found.push_back(line.substr(what.size() + 1));
        }
        return found;
    }
    std::string one(const std::string &what) const {
        const std::vector<std::string> found = all(what);
        return found.size() == 1 ? found.front() : "(told " + std::to_string(found.size()) + ")";
    }

  private:
    void read_all(int fd) {
        std::array<char, 4096> bytes;
        ssize_t got = 1;
        while (got > 0 && wait_readable(fd)) {
            got = ::read(fd, bytes.data(), bytes.size());
            output_.append(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        }
    }

    FolderOfChildren folder_;
    pid_t pid_ = 0;
    std::optional<int> status_;
    std::string output_;
};

} // namespace hotrun
