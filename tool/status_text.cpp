#include "status_text.hpp"

#include "counted.hpp"
#include "json_fields.hpp"

#include <algorithm>

namespace hotrun {

namespace {

namespace json = boost::json;

std::string row(const char *name, const std::string &value) {
    return std::string(name) + ": " + value + "\n";
}

std::string process(const json::value &pid) {
    return "process " + std::to_string(pid.to_number<std::int64_t>());
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

} // namespace

std::string status_text(const json::object &status) {
    std::string targets;
    for (const json::value &target : status.at("targets").as_array())
        targets += (targets.empty() ? "" : " ") + text_of(target);
    std::string text = "hotrun is at work (" + process(status.at("pid")) +
                       "): " + text_of(status.at("state")) +
                       (status.at("paused").as_bool() ? ", paused" : "") + "\n";
    text += row("build folder", text_of(status.at("builddir"))) + row("targets", targets);
    if (const json::value *program = status.if_contains("program")) {
        const json::value &pid = program->at("pid");
        text += row("program", text_of(program->at("path")) + " (" +
                                   (pid.is_null() ? "does not run" : process(pid)) + ")");
    }
    for (const json::value &module : status.at("modules").as_array())
        text += "module " + text_of(module.at("name")) + ": generation " +
                std::to_string(module.at("generation").to_number<std::uint64_t>()) + "\n";
    return text + row("last build", build_text(status.at("last_build"))) +
           row("watched files",
               std::to_string(status.at("watched_files").to_number<std::uint64_t>()));
}

std::string status_text(const WatchSet &set, std::optional<int> pid) {
    std::string targets;
    for (const std::string &target : set.targets)
        targets += (targets.empty() ? "" : " ") + target;
    return (pid ? "hotrun is at work (process " + std::to_string(*pid) + ")\n"
                : std::string("hotrun is not at work\n")) +
           row("build folder", set.builddir) + row("targets", targets) +
           row("watched files", std::to_string(set.files.size()));
}

std::string unread_text(std::size_t count) {
    return "hotrun: the headers of " + counted(count, "file", "files") + " are not known before " +
           (count == 1 ? "it has" : "these have") + " been built once\n";
}

} // namespace hotrun
