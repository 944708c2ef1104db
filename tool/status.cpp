#include "status.hpp"

#include "control/event_json.hpp"
#include "json_fields.hpp"
#include "requests.hpp"
#include "set_up_folder.hpp"
#include "status_text.hpp"
#include "terminal.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace hotrun {

namespace {

namespace json = boost::json;

void print_json(const WatchSet &set, std::optional<int> pid, bool with_files) {
    const auto array = [](const std::vector<std::string> &texts) {
        json::array values;
        for (const std::string &text : texts)
            values.emplace_back(to_utf8(text));
        return values;
    };
    json::object status;
    status["pid"] = pid ? json::value(*pid) : json::value(nullptr);
    status["builddir"] = to_utf8(set.builddir);
    status["targets"] = array(set.targets);
    status["watched_files"] = set.files.size();
    if (with_files)
        status["files"] = array(set.files);
    std::puts(json::serialize(status).c_str());
}

// A run knows its own targets best.
Status print_of_run(ControlConnection &run, bool as_json) {
    const Result<json::object> status = ask_for_status(run);
    if (!status)
        return status.error();
    if (as_json)
        std::puts(json::serialize(*status).c_str());
    else
        tell(stdout, status_text(*status));
    return Done{};
}

// From outside, by what Meson and ninja have written.
Status print_of_folder(const std::string &builddir, const Arguments &arguments) {
    const Result<WatchSet> set = watch_set(builddir, arguments.targets);
    if (!set)
        return set.error();
    if (set->unread_count > 0)
        tell(stderr, unread_text(set->unread_count));
    const std::optional<int> pid = run_in(set->builddir);
    if (arguments.json) {
        print_json(*set, pid, arguments.files);
    } else if (arguments.files) {
        for (const std::string &file : set->files)
            std::puts(file.c_str());
    } else {
        tell(stdout, status_text(*set, pid));
    }
    return Done{};
}

} // namespace

Status print_status(const Arguments &arguments) {
    Result<std::optional<ControlConnection>> run = find_run(arguments.builddir, {"."});
    if (!run)
        return run.error();
    Arguments of_run = arguments;
    if (*run && arguments.targets.empty()) {
        if (!arguments.files)
            return print_of_run(**run, arguments.json);
        const Result<json::object> status = ask_for_status(**run);
        if (!status)
            return status.error();
        of_run.targets = json::value_to<std::vector<std::string>>(status->at("targets"));
        return print_of_folder(text_of(status->at("builddir")), of_run);
    }
    const Result<Project> project = find_project(".", arguments.builddir);
    if (!project)
        return project.error();
    const Result<std::string> builddir = set_up_folder(*project);
    if (!builddir)
        return builddir.error();
    return print_of_folder(*builddir, arguments);
}

} // namespace hotrun
