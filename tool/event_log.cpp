#include "event_log.hpp"

#include "control/event_json.hpp"
#include "terminal.hpp"
#include "trace.hpp"

#include <cerrno>
#include <cstring>

namespace hotrun {

EventLog::Format EventLog::stream() {
    return {"events", "", [](const Event &event) { return to_json_line(event); }};
}

EventLog::Format EventLog::trace() {
    return {"the trace", Trace::kHead,
            [trace = Trace()](const Event &event) mutable { return trace.text_of(event); }};
}

Result<std::unique_ptr<EventLog>> EventLog::create(const std::string &path, Mode mode,
                                                   Format format) {
    const char *how = mode == Mode::kAppend ? "ae" : "we";
    // A stream of its own for standard output: lines that a module has begun stay apart.
    std::FILE *file = path == "-" ? second_standard_output() : std::fopen(path.c_str(), how);
    if (file == nullptr)
        return Error{ErrorKind::kFailed,
                     "can't write " + format.what + " to " + path + ": " + std::strerror(errno),
                     errno};
    std::setvbuf(file, nullptr, _IONBF, 0); // one write for each event
    std::unique_ptr<EventLog> log(new EventLog(file, path, std::move(format)));
    if (mode == Mode::kTruncate)
        log->write(log->format_.head);
    return log;
}

EventLog::~EventLog() {
    std::fclose(file_);
}

void EventLog::event(const Event &event) {
    write(format_.text(event));
}

void EventLog::write(const std::string &text) {
    if (failed_ || std::fwrite(text.data(), 1, text.size(), file_) == text.size())
        return;
    failed_ = true;
    std::fprintf(stderr, "hotrun: warning: can't write %s to %s any more: %s\n",
                 format_.what.c_str(), path_.c_str(), std::strerror(errno));
}

} // namespace hotrun
