// What editors, `hotrun lsp` and a run have said to each other (tests/sessions/), said again.
#include "hotrun/version.h"
#include "language_server.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <ostream>

namespace hotrun {
namespace {

namespace json = boost::json;

struct Session {
    const char *name;
    const char *lines;
};

constexpr Session kSessions[] = {
    {
        "Neovim",
#include "sessions/neovim.inc"
    },
    {
        "Emacs",
#include "sessions/emacs.inc"
    },
};

void PrintTo(const Session &session, std::ostream *out) {
    *out << session.name;
}

std::vector<json::object> entries_of(std::string_view lines) {
    std::vector<json::object> entries;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        if (!line.empty())
            entries.push_back(json::parse({line.data(), line.size()}).as_object());
    }
    return entries;
}

// The version is today's, and not that of the recording.
json::value without_version(json::value message) {
    boost::system::error_code none;
    if (json::value *version = message.find_pointer("/result/serverInfo/version", none))
        *version = HOTRUN_VERSION;
    return message;
}

class RecordedSession : public testing::TestWithParam<Session> {
  protected:
    // False: it is what the server has to say.
    bool say(std::string_view who, const json::value &what) {
        if (who == "editor")
            server.from_editor(json::serialize(what));
        else if (who == "saved")
            files[what.at(0).as_string().c_str()] = what.at(1).as_string().c_str();
        else if (who == "run" && what == "found")
            server.run_found();
        else if (who == "run")
            server.from_run(json::serialize(what));
        else
            return false;
        return true;
    }

    std::map<std::string, std::string> files;
    std::vector<json::value> told;
    std::vector<json::value> asked;
    LanguageServer server{{[this](const json::object &message) { told.emplace_back(message); },
                           [this](std::string_view line) {
                               asked.push_back(json::parse({line.data(), line.size()}));
                           },
                           [this](const std::string &path) -> std::optional<std::string> {
                               const auto file = files.find(path);
                               if (file == files.end())
                                   return std::nullopt;
                               return file->second;
                           }}};
};

void expect_same(const std::vector<json::value> &expected, const std::vector<json::value> &said) {
    ASSERT_EQ(expected.size(), said.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_EQ(expected[i], said[i]) << "message " << i;
}

TEST_P(RecordedSession, IsAnsweredAsItWas) {
    std::vector<json::value> expected_told;
    std::vector<json::value> expected_asked;
    for (const json::object &entry : entries_of(GetParam().lines)) {
        const auto &[who, what] = *entry.begin();
        if (!say(who, what))
            (who == "asked" ? expected_asked : expected_told).push_back(without_version(what));
    }
    expect_same(expected_told, told);
    expect_same(expected_asked, asked);
    EXPECT_EQ(server.exit_status(), 0);
}

// A recording of something else would be of no use.
TEST_P(RecordedSession, HasABrokenSaveThatIsMendedAndLive) {
    std::vector<std::size_t> diagnostic_counts;
    bool is_live = false;
    for (const json::object &entry : entries_of(GetParam().lines)) {
        const auto &[who, what] = *entry.begin();
        boost::system::error_code none;
        if (const json::value *list = what.find_pointer("/params/diagnostics", none))
            diagnostic_counts.push_back(list->as_array().size());
        const json::value *event = what.find_pointer("/params/event", none);
        is_live |= event != nullptr && *event == "reloaded";
    }
    EXPECT_EQ(diagnostic_counts, (std::vector<std::size_t>{1, 0}));
    EXPECT_TRUE(is_live);
}

INSTANTIATE_TEST_SUITE_P(Sessions, RecordedSession, testing::ValuesIn(kSessions),
                         [](const testing::TestParamInfo<Session> &info) {
                             return std::string(info.param.name);
                         });

} // namespace
} // namespace hotrun
