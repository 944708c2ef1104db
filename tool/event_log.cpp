#include "event_log.hpp"

#include "control/event_json.hpp"
#include "terminal.hpp"

#include <cerrno>
#include <cstring>

namespace hotrun {

Result<std::unique_ptr<EventLog>> EventLog::create(const std::string &path, Mode mode) {
    const char *how = mode == Mode::kAppend ? "ae" : "we";
    // A stream of its own for standard output: lines that a module has begun stay apart.
    std::FILE *file = path == "-" ? second_standard_output() : std::fopen(path.c_str(), how);
    if (file == nullptr)
        return Error{ErrorKind::kFailed,
                     "can't write events to " + path + ": " + std::strerror(errno), errno};
    std::setvbuf(file, nullptr, _IONBF, 0); // one write for each event
    return std::unique_ptr<EventLog>(new EventLog(file, path));
}

EventLog::~EventLog() {
    std::fclose(file_);
}

void EventLog::event(const Event &event) {
    const std::string line = to_json_line(event);
    if (failed_ || std::fwrite(line.data(), 1, line.size(), file_) == line.size())
        return;
    failed_ = true;
    std::fprintf(stderr, "hotrun: warning: the event stream ends here: can't write to %s: %s\n",
                 path_.c_str(), std::strerror(errno));
}

} // namespace hotrun
