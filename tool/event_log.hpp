// Writes what a run tells to a file.
#pragma once

#include "hotrun/runner.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

namespace hotrun {

class EventLog : public Observer {
  public:
    enum class Mode {
        kTruncate,
        kAppend, // to what the process has written before it replaced itself
    };
    struct Format {
        std::string what; // as a message calls it: "events"
        std::string head; // before the first event
        std::function<std::string(const Event &)> text;
    };
    static Format stream(); // docs/events.md
    static Format trace();  // trace.hpp

    // "-": standard output, which is never truncated.
    static Result<std::unique_ptr<EventLog>> create(const std::string &path, Mode mode,
                                                    Format format);
    EventLog(const EventLog &) = delete;
    EventLog &operator=(const EventLog &) = delete;
    ~EventLog() override;

    void event(const Event &event) override;

  private:
    EventLog(std::FILE *file, std::string path, Format format)
        : file_(file), path_(std::move(path)), format_(std::move(format)) {}
    void write(const std::string &text);

    std::FILE *file_;
    std::string path_;
    Format format_;
    bool failed_ = false;
};

} // namespace hotrun
