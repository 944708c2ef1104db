// A program under test: started, listened to, ended.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace hotrun::e2e {

// Every wait ends with a failure of the test after this time: nothing here takes nearly so long.
inline constexpr std::chrono::seconds kPatience{90};

class Child {
  public:
    enum class Streams {
        kPipe,     // standard output and error, merged
        kTerminal, // a pseudo-terminal of 80 columns
    };

    // Ends as a failure of the test if it is still running on destruction and can't be ended.
    Child(const std::vector<std::string> &words, const std::string &directory, Streams streams);
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    ~Child();

    pid_t pid() const { return pid_; }
    const std::string &output() const { return output_; }

    // Reads until `enough` says so. False: it did not come, and the test has failed.
    bool wait_until(const std::function<bool()> &enough, const std::string &what);

    // Reads until the output has `text` after what earlier calls found.
    bool wait_for(const std::string &text);

    // wait_for() finds nothing any more of what is there by now.
    void skip_output();

    void signal(int number) const;
    void type(const std::string &keys) const; // on the terminal
    void resize(unsigned short rows, unsigned short columns) const;

    // Whether the terminal, or the one that was left behind, reads whole lines and echoes them.
    bool reads_lines();

    // 128 + n for signal n.
    int wait_for_exit();
    int wait_status() const { return wait_status_; } // then, as waitpid(2) gave it
    bool running() const { return pid_ > 0; }

    // A further descriptor that is read together with the output.
    void also_read(int fd, std::function<void(std::string_view)> take);

  private:
    bool read_some(std::chrono::steady_clock::time_point end);
    bool read_from(int &fd, const std::function<void(std::string_view)> &take);

    pid_t pid_ = -1;
    int fd_ = -1;
    int pidfd_ = -1;
    int wait_status_ = 0;
    int also_fd_ = -1;
    std::function<void(std::string_view)> take_also_;
    bool read_lines_ = true;
    std::string output_;
    std::size_t found_to_ = 0;
};

} // namespace hotrun::e2e
