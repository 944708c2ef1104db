#include "status.hpp"

#include "control/event_json.hpp"
#include "hotrun/project.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace hotrun {

namespace {

void print_json(const WatchSet &set, std::optional<int> pid, bool with_files) {
    const auto array = [](const std::vector<std::string> &texts) {
        boost::json::array values;
        for (const std::string &text : texts)
            values.emplace_back(to_utf8(text));
        return values;
    };
    boost::json::object status;
    status["pid"] = pid ? boost::json::value(*pid) : boost::json::value(nullptr);
    status["builddir"] = to_utf8(set.builddir);
    status["targets"] = array(set.targets);
    status["watched_files"] = set.files.size();
    if (with_files)
        status["files"] = array(set.files);
    std::puts(boost::json::serialize(status).c_str());
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

} // namespace

Status print_status(const Arguments &arguments) {
    const Result<Project> project = find_project(".", arguments.builddir);
    if (!project)
        return project.error();
    if (!project->set_up)
        return Error{
            ErrorKind::kFailed,
            "there is no build folder yet; set it up with meson setup " + project->builddir, 0};
    const Result<WatchSet> set = watch_set(project->builddir, arguments.targets);
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

} // namespace hotrun
