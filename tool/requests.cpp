#include "requests.hpp"

#include "control/json_rpc.hpp"
#include "hotrun/project.hpp"
#include "json_fields.hpp"
#include "outcome_text.hpp"
#include "terminal.hpp"

#include <boost/json.hpp>

#include <cstdio>
#include <filesystem>

namespace hotrun {

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

// kBusy: the process goes on, and will listen again.
Error lost(const ControlConnection &run) {
    constexpr std::chrono::milliseconds kJustEnding{500};
    const std::string process = "process " + std::to_string(run.pid());
    if (run.await_end(kJustEnding))
        return Error{ErrorKind::kFailed, "the run (" + process + ") ended before it answered", 0};
    return Error{ErrorKind::kBusy,
                 "the run (" + process +
                     ") has replaced itself after a crash before it answered; see what it printed",
                 0};
}

Result<json::value> ask(ControlConnection &run, std::string_view method, json::object params) {
    if (!run.send(rpc_request_line(1, method, std::move(params))))
        return lost(run);
    const std::optional<std::string> line = run.read_line();
    if (!line)
        return lost(run);
    boost::system::error_code error;
    json::value answer = json::parse(*line, error);
    const json::object *object = answer.if_object();
    if (object != nullptr && object->contains("result"))
        return object->at("result");
    const json::value *said = answer.find_pointer("/error/message", error);
    return Error{ErrorKind::kFailed,
                 "the run (process " + std::to_string(run.pid()) + ") does not take " +
                     std::string(method) +
                     (said != nullptr && said->is_string() ? ": " + text_of(*said)
                                                           : "; is it another version?"),
                 0};
}

// Diagnostics are for programs and go to standard output, a sentence for people to standard error.
void print_outcome(const json::object &outcome) {
    std::fputs(diagnostics_text(outcome.at("diagnostics").as_array()).c_str(), stdout);
    tell(stderr, "hotrun: " + outcome_text(outcome) + "\n");
}

int exit_status_of(const json::object &outcome) {
    const json::value &status = outcome.at("status");
    return status == "live" || status == "nothing" ? 0 : 1;
}

Result<int> show_outcome(const Result<json::value> &outcome, bool as_json) {
    if (!outcome)
        return outcome.error();
    if (as_json)
        std::puts(json::serialize(*outcome).c_str());
    else
        print_outcome(outcome->as_object());
    return exit_status_of(outcome->as_object());
}

// A process that replaces itself closes the connection, and listens again a little later. None: it
// has ended.
std::optional<ControlConnection> connect_again(const ControlConnection &run) {
    constexpr std::chrono::milliseconds kTryAgain{20};
    while (!run.await_end(kTryAgain)) {
        std::optional<ControlConnection> next = ControlConnection::open(run.builddir());
        if (next && next->pid() == run.pid())
            return next;
    }
    return std::nullopt;
}

// The new code may be what made the process replace itself: the one that goes on knows.
Result<json::value> notify(ControlConnection &run, const std::vector<std::string> &paths) {
    const json::object params = {{"paths", json::value_from(paths)}};
    Result<json::value> outcome = ask(run, "notify", params);
    if (outcome || outcome.error().kind != ErrorKind::kBusy)
        return outcome;
    std::optional<ControlConnection> next = connect_again(run);
    return next ? ask(*next, "notify", params) : outcome;
}

Result<int> stop(ControlConnection &run, bool as_json) {
    const Result<json::value> answer = ask(run, "stop", {});
    if (!answer)
        return answer.error();
    run.await_end();
    if (as_json)
        std::puts(json::serialize(*answer).c_str());
    else
        std::fprintf(stderr, "hotrun: the run has ended (process %d)\n", run.pid());
    return 0;
}

// Until `stopped`, or the connection ends: `last_seq` is kept up to date.
bool print_events(ControlConnection &run, std::uint64_t from_seq, std::uint64_t &last_seq) {
    json::object params;
    if (from_seq != 0)
        params.emplace("from_seq", from_seq);
    if (!run.send(rpc_request_line(1, "subscribe", std::move(params))))
        return false;
    while (const std::optional<std::string> line = run.read_line()) {
        const json::value message = json::parse(*line);
        const json::value *event = message.as_object().if_contains("params");
        if (event == nullptr)
            continue;
        std::puts(json::serialize(*event).c_str());
        last_seq = event->at("seq").to_number<std::uint64_t>();
        if (event->at("event") == "stopped")
            return true;
    }
    return false;
}

Result<int> follow_events(ControlConnection &first, std::uint64_t from_seq) {
    std::uint64_t last_seq = 0;
    if (print_events(first, from_seq, last_seq))
        return 0;
    while (std::optional<ControlConnection> next = connect_again(first)) {
        if (print_events(*next, last_seq + 1, last_seq))
            return 0;
    }
    return Error{ErrorKind::kFailed,
                 "the run (process " + std::to_string(first.pid()) + ") was ended from outside", 0};
}

Error no_run(const std::vector<std::string> &folders) {
    if (folders.empty())
        return Error{ErrorKind::kFailed,
                     "there is no build folder yet, so no hotrun is at work; start one with "
                     "hotrun TARGET",
                     0};
    std::string names;
    for (const std::string &folder : folders) {
        if (const std::optional<int> pid = run_in(folder))
            return Error{ErrorKind::kFailed,
                         "the hotrun that works in " + folder + " (process " +
                             std::to_string(*pid) +
                             ") has no control socket; see the warning that it printed",
                         0};
        names += (names.empty() ? "" : " or ") + folder;
    }
    return Error{ErrorKind::kFailed,
                 "no hotrun is at work in " + names + "; start one with hotrun TARGET", 0};
}

struct Place {
    std::vector<std::string> directories; // where to look for a project, the files' own first
    std::vector<std::string> paths;       // absolute, of notify
};

Result<Place> place_of(const Arguments &arguments) {
    Place place;
    for (const std::string &path : arguments.paths) {
        std::error_code error;
        const fs::path absolute = fs::absolute(path, error);
        if (!fs::exists(absolute, error))
            return Error{ErrorKind::kMisuse,
                         "there is no file " + path + "; name a file that was saved", 0};
        place.paths.push_back(absolute.string());
        place.directories.push_back(absolute.parent_path().string());
    }
    place.directories.emplace_back(".");
    return place;
}

Result<int> make_request(ControlConnection &run, const Arguments &arguments,
                         const std::vector<std::string> &paths) {
    switch (arguments.subcommand) {
    case Subcommand::kNotify:
        return show_outcome(notify(run, paths), arguments.json);
    case Subcommand::kBuild:
        return show_outcome(ask(run, "build", {}), arguments.json);
    case Subcommand::kReload:
        return show_outcome(ask(run, "reload", {}), arguments.json);
    case Subcommand::kStop:
        return stop(run, arguments.json);
    default:
        return follow_events(run, arguments.from_seq);
    }
}

} // namespace

Result<std::optional<ControlConnection>> find_run(const std::string &builddir,
                                                  const std::vector<std::string> &directories) {
    for (const std::string &directory : directories) {
        const auto folders = find_build_folders(directory, builddir);
        if (!folders)
            continue;
        std::optional<ControlConnection> found;
        for (const std::string &folder : *folders) {
            std::optional<ControlConnection> run = ControlConnection::open(folder);
            if (run && found)
                return Error{ErrorKind::kMisuse,
                             "several runs are at work in this project, one in " + folder +
                                 "; choose one with -C",
                             0};
            if (run)
                found.emplace(std::move(*run));
        }
        if (found)
            return found;
    }
    return std::optional<ControlConnection>();
}

Result<json::object> ask_for_status(ControlConnection &run) {
    const Result<json::value> status = ask(run, "status", {});
    if (!status)
        return status.error();
    return status->as_object();
}

Result<int> make_request(const Arguments &arguments) {
    const Result<Place> place = place_of(arguments);
    if (!place)
        return place.error();
    Result<std::optional<ControlConnection>> run = find_run(arguments.builddir, place->directories);
    if (!run)
        return run.error();
    if (*run)
        return make_request(**run, arguments, place->paths);
    const auto folders = find_build_folders(place->directories.front(), arguments.builddir);
    if (!folders)
        return Error{ErrorKind::kFailed, folders.error().message, 0};
    return no_run(*folders);
}

} // namespace hotrun
