#include "live_lines.hpp"

#include "json_fields.hpp"

#include <boost/json.hpp>

#include <cstdint>

namespace hotrun {

namespace {

namespace json = boost::json;

// What waits goes on, by itself or by new code; an older version does not tell it.
bool is_parked(const json::object &rolled_back) {
    const json::value *waits = rolled_back.if_contains("waits");
    return rolled_back.at("parked").as_bool() && (waits == nullptr || !waits->as_bool());
}

std::string in_milliseconds(const json::value &microseconds) {
    return std::to_string((microseconds.to_number<std::uint64_t>() + 500) / 1000) + " ms";
}

} // namespace

bool LiveLines::event(const json::object &event) {
    const json::value &name = event.at("event");
    if (name == "build_finished" || name == "link_finished")
        return build_finished(event);
    if (name == "reloaded")
        outcomes_[text_of(event.at("module"))] = {"", ", " + in_milliseconds(event.at("total_us")),
                                                  false};
    else if (name == "rejected")
        outcomes_[text_of(event.at("module"))].trouble = "rejected, ";
    else if (name == "rolled_back")
        outcomes_[text_of(event.at("module"))] = {"rolled back, ", "", is_parked(event)};
    else
        return false;
    return true;
}

// What was rejected is no more; a module that is parked waits for its next generation.
bool LiveLines::build_finished(const json::object &finished) {
    const json::value &status = finished.at("status");
    if (is_in_background(finished) && status != "failed")
        return false; // what it is of is live
    if (status == "ok") {
        for (auto &[module, outcome] : outcomes_) {
            if (!outcome.parked)
                outcome.trouble.clear();
        }
    }
    return status == "ok" || status == "failed";
}

std::vector<std::string> LiveLines::of(const json::object &status) const {
    const json::value &last_build = status.at("last_build");
    const bool failed = last_build.is_object() && last_build.at("status") == "failed";
    const json::array &modules = status.at("modules").as_array();
    std::vector<std::string> lines;
    for (const json::value &each : modules) {
        const json::object &module = each.as_object();
        const std::string name = text_of(module.at("name"));
        lines.push_back((modules.size() > 1 ? name + ": " : "") + line(name, module, failed));
    }
    return lines;
}

std::string LiveLines::line(const std::string &name, const json::object &module,
                            bool build_failed) const {
    const auto found = outcomes_.find(name);
    const Outcome outcome = found != outcomes_.end() ? found->second : Outcome();
    const std::string trouble = build_failed ? "build failed, " : outcome.trouble;
    const auto generation = module.at("generation").to_number<std::uint64_t>();
    if (generation == 0)
        return trouble + "nothing is live yet";
    return trouble + (outcome.parked ? "parked: generation " : "live: generation ") +
           std::to_string(generation) + (trouble.empty() ? outcome.time : "");
}

} // namespace hotrun
