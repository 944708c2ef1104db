// What Meson writes of a project's targets, for a build folder that it has not set up.
#pragma once

#include "e2e/test_project.hpp"

#include <boost/json.hpp>

#include <string>
#include <vector>

namespace hotrun::bench {

// One module, "game", of these sources.
inline void write_meson_targets(const e2e::TestProject &project,
                                const std::vector<std::string> &sources) {
    namespace json = boost::json;
    const json::object target = {
        {"name", "game"},
        {"type", "shared module"},
        {"filename", json::array{project.library()}},
        {"subproject", nullptr},
        {"target_sources",
         json::array{json::object{{"sources", json::array(sources.begin(), sources.end())}}}}};
    project.write("build/meson-info/meson-info.json", "{}");
    project.write("build/meson-info/intro-targets.json", json::serialize(json::array{target}));
}

} // namespace hotrun::bench
