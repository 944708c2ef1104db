#include "outcome_text.hpp"

#include "json_fields.hpp"

#include <algorithm>

namespace hotrun {

namespace {

namespace json = boost::json;

std::string generations(const json::array &modules) {
    std::string text;
    for (const json::value &module : modules) {
        text += (text.empty() ? "" : ", ") + text_of(module.at("name")) + ": generation " +
                std::to_string(module.at("generation").to_number<std::uint64_t>());
    }
    return text;
}

} // namespace

std::string diagnostics_text(const json::array &diagnostics) {
    std::string text;
    for (const json::value &diagnostic : diagnostics) {
        std::string place = text_of(diagnostic.at("path"));
        for (const char *number : {"line", "column"}) {
            if (const auto value = diagnostic.at(number).to_number<std::uint32_t>(); value != 0)
                place += ":" + std::to_string(value);
        }
        text += place + (place.empty() ? "" : ": ") + text_of(diagnostic.at("severity")) + ": " +
                text_of(diagnostic.at("message")) + "\n" +
                diagnostics_text(diagnostic.at("children").as_array());
    }
    return text;
}

std::string outcome_text(const json::object &outcome) {
    const std::string status = text_of(outcome.at("status"));
    const std::string detail = text_of(outcome.at("detail"));
    const json::array &modules = outcome.at("modules").as_array();
    const bool runs = std::ranges::any_of(
        modules, [](const json::value &module) { return module.at("generation") != 0; });
    if (status == "live")
        return modules.empty() ? std::string("live: the program is started again")
                               : "live (" + generations(modules) + ")";
    if (status == "nothing")
        return "nothing to do" + (detail.empty() ? "" : ": " + detail);
    if (status == "failed")
        return std::string("error: the build failed") +
               (runs ? "; the code that runs goes on" : "; nothing runs yet");
    if (status == "rejected")
        return "error: the new code is rejected: " + detail;
    if (status == "rolled_back")
        return "error: the new code is rolled back: " + detail;
    return "error: " + detail + " before the outcome was known; start one with hotrun TARGET";
}

} // namespace hotrun
