#include "report.hpp"

#include "control/json_rpc.hpp"
#include "counted.hpp"
#include "report_page.hpp"
#include "requests.hpp"

#include <boost/json.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace hotrun {

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

Error unusable(const std::string &sentence) {
    return Error{ErrorKind::kMisuse, sentence, 0};
}

Error cant(const std::string &what, const std::string &path, int error) {
    return Error{ErrorKind::kFailed, "can't " + what + " " + path + ": " + std::strerror(error),
                 error};
}

Status read_file(const std::string &path, SaveHistory &history) {
    std::error_code error;
    if (fs::is_directory(path, error))
        return unusable(path + " is a folder; name a file that hotrun --events has written");
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return cant("read", path, errno);
    for (std::string line; std::getline(file, line);)
        history.take(line);
    if (file.bad())
        return cant("read", path, errno);
    if (history.event_count() == 0)
        return unusable(path + " has no events; name a file that hotrun --events has written");
    return Done{};
}

// The answer to a second question comes after all events that there are.
Status read_run(ControlConnection &run, SaveHistory &history) {
    const auto lost = [&] {
        return Error{ErrorKind::kFailed,
                     "the run (process " + std::to_string(run.pid()) +
                         ") ended before it told its events; hotrun --events FILE keeps them",
                     0};
    };
    if (!run.send(rpc_request_line(1, "subscribe", {{"from_seq", 1}})) ||
        !run.send(rpc_request_line(2, "status", {})))
        return lost();
    while (const std::optional<std::string> line = run.read_line()) {
        boost::system::error_code error;
        const json::value message = json::parse(*line, error);
        const json::object *object = message.if_object();
        if (object == nullptr)
            continue;
        if (const json::value *id = object->if_contains("id"); id != nullptr && *id == 2)
            return Done{};
        if (const json::value *event = object->if_contains("params"))
            history.take(json::serialize(*event));
    }
    return lost();
}

// Fills `source` with what the events are from.
Status read_events(const Arguments &arguments, SaveHistory &history, std::string &source) {
    if (!arguments.paths.empty()) {
        source = arguments.paths.front();
        return read_file(source, history);
    }
    Result<std::optional<ControlConnection>> run = find_run(arguments.builddir, {"."});
    if (!run)
        return run.error();
    if (!*run)
        return Error{ErrorKind::kFailed,
                     "no hotrun is at work here; name a file that hotrun --events has written", 0};
    source = "the run at work (process " + std::to_string((*run)->pid()) + ")";
    return read_run(**run, history);
}

// Nothing that a user may want to keep is written over.
bool may_be_replaced(const std::string &path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status))
        return true;
    if (!fs::is_regular_file(status))
        return false;
    std::ifstream file(path, std::ios::binary);
    std::string head(kReportHead.size(), '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    return file.gcount() == 0 || head == kReportHead;
}

// Beside it first: a page is whole or as it was.
Status write_page(const std::string &path, const std::string &page) {
    const std::string beside = path + ".part";
    for (const std::string &each : {path, beside}) {
        if (!may_be_replaced(each))
            return unusable(each + " is there and is no report; choose another name with -o");
    }
    errno = 0;
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << page;
    file.close();
    if (!file || std::rename(beside.c_str(), path.c_str()) != 0) {
        const int error = errno;
        std::remove(beside.c_str());
        return cant("write the report to", path, error);
    }
    return Done{};
}

} // namespace

Status write_report(const Arguments &arguments) {
    SaveHistory history;
    std::string source;
    if (const Status read = read_events(arguments, history, source); !read)
        return read;
    const std::string page = report_page(history, source);
    if (arguments.output == "-") {
        if (std::fputs(page.c_str(), stdout) < 0 || std::fflush(stdout) != 0)
            return cant("write the report to", "standard output", errno);
        return Done{};
    }
    if (const Status written = write_page(arguments.output, page); !written)
        return written;
    std::printf("hotrun: %s has %s\n", arguments.output.c_str(),
                counted(history.saves().size(), "save", "saves").c_str());
    return Done{};
}

} // namespace hotrun
