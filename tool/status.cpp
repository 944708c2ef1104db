#include "status.hpp"

#include "control/event_json.hpp"
#include "counted.hpp"
#include "json_fields.hpp"
#include "requests.hpp"
#include "set_up_folder.hpp"

#include <boost/json.hpp>

#include <algorithm>
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

void print_text(const WatchSet &set, std::optional<int> pid) {
    std::string targets;
    for (const std::string &target : set.targets)
        targets += (targets.empty() ? "" : " ") + target;
    std::printf("%s\n", pid ? ("hotrun is at work (process " + std::to_string(*pid) + ")").c_str()
                            : "hotrun is not at work");
    std::printf("build folder: %s\ntargets: %s\nwatched files: %zu\n", set.builddir.c_str(),
                targets.c_str(), set.files.size());
}

// "failed (2 errors)".
std::string build_text(const json::value &last_build) {
    if (last_build.is_null())
        return "none yet";
    const json::array &diagnostics = last_build.at("diagnostics").as_array();
    const auto errors = std::ranges::count_if(
        diagnostics, [](const json::value &each) { return each.at("severity") == "error"; });
    return text_of(last_build.at("status")) +
           (errors == 0
                ? ""
                : " (" + counted(static_cast<std::uint64_t>(errors), "error", "errors") + ")");
}

void print_text(const json::object &status) {
    std::string targets;
    for (const json::value &target : status.at("targets").as_array())
        targets += (targets.empty() ? "" : " ") + text_of(target);
    std::printf("hotrun is at work (process %s): %s%s\n",
                std::to_string(status.at("pid").to_number<std::int64_t>()).c_str(),
                text_of(status.at("state")).c_str(),
                status.at("paused").as_bool() ? ", paused" : "");
    std::printf("build folder: %s\ntargets: %s\n", text_of(status.at("builddir")).c_str(),
                targets.c_str());
    if (const json::value *program = status.if_contains("program"))
        std::printf(
            "program: %s (%s)\n", text_of(program->at("path")).c_str(),
            program->at("pid").is_null()
                ? "does not run"
                : ("process " + std::to_string(program->at("pid").to_number<std::int64_t>()))
                      .c_str());
    for (const json::value &module : status.at("modules").as_array())
        std::printf("module %s: generation %llu\n", text_of(module.at("name")).c_str(),
                    module.at("generation").to_number<unsigned long long>());
    std::printf("last build: %s\nwatched files: %zu\n", build_text(status.at("last_build")).c_str(),
                status.at("watched_files").to_number<std::size_t>());
}

// A run knows its own targets best.
Status print_of_run(ControlConnection &run, bool as_json) {
    const Result<json::object> status = ask_for_status(run);
    if (!status)
        return status.error();
    if (as_json)
        std::puts(json::serialize(*status).c_str());
    else
        print_text(*status);
    return Done{};
}

// From outside, by what Meson and ninja have written.
Status print_of_folder(const std::string &builddir, const Arguments &arguments) {
    const Result<WatchSet> set = watch_set(builddir, arguments.targets);
    if (!set)
        return set.error();
    if (set->unread_count > 0)
        std::fprintf(stderr,
                     "hotrun: the headers of %zu files are not known before these have been built "
                     "once\n",
                     set->unread_count);
    const std::optional<int> pid = run_in(set->builddir);
    if (arguments.json) {
        print_json(*set, pid, arguments.files);
    } else if (arguments.files) {
        for (const std::string &file : set->files)
            std::puts(file.c_str());
    } else {
        print_text(*set, pid);
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
