// Writes the event stream to a file.
#pragma once

#include "hotrun/runner.hpp"

#include <cstdio>
#include <memory>

namespace hotrun {

class EventLog : public Observer {
  public:
    enum class Mode {
        kTruncate,
        kAppend, // to what the process has written before it replaced itself
    };

    // "-": standard output, which is never truncated.
    static Result<std::unique_ptr<EventLog>> create(const std::string &path, Mode mode);
    EventLog(const EventLog &) = delete;
    EventLog &operator=(const EventLog &) = delete;
    ~EventLog() override;

    void event(const Event &event) override;

  private:
    EventLog(std::FILE *file, std::string path) : file_(file), path_(std::move(path)) {}

    std::FILE *file_;
    std::string path_;
    bool failed_ = false;
};

} // namespace hotrun
