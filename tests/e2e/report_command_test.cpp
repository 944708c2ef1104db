// hotrun report, without a run.
#include "e2e/child.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace hotrun::e2e {
namespace {

class ReportCommand : public testing::Test {
  protected:
    void expect(std::vector<std::string> words, int status, const std::string &part) const {
        words.insert(words.begin(), {HOTRUN_TOOL, "report"});
        Child child(words, folder.path(), Child::Streams::kPipe);
        EXPECT_EQ(child.wait_for_exit(), status);
        EXPECT_NE(child.output().find(part), std::string::npos) << child.output();
    }

    TemporaryFolder folder;
};

const std::string kSave = R"({"event":"reloaded","seq":9,"time_us":5,"total_us":4000})";

TEST_F(ReportCommand, WritesOverAReportAndNothingElse) {
    folder.write("events", kSave + "\n" + R"({"event":"rolled_)");
    expect({"events"}, 0, "hotrun-report.html has 1 save\n");
    const std::string page = content_of(folder / "hotrun-report.html");
    folder.write("hotrun-report.html", page + "an older one");
    expect({"events"}, 0, "has 1 save\n");
    EXPECT_EQ(content_of(folder / "hotrun-report.html"), page);
    expect({"-o", "-", "events"}, 0, page);
    folder.write("letter", "dear reader\n");
    expect({"-o", "letter", "events"}, 2, "letter is there and is no report; choose another name");
    expect({"-o", "letter", "events"}, 2, "with -o\n");
    EXPECT_EQ(content_of(folder / "letter"), "dear reader\n");
    expect({"-o", "no/such/folder", "events"}, 1, "can't write the report to no/such/folder: ");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 3);
}

TEST_F(ReportCommand, WhatCannotBeReadIsOneSentence) {
    folder.write("letter", "dear reader\n{\"seq\": 1}\n");
    expect({"letter"}, 2, "letter has no events; name a file that hotrun --events has written\n");
    expect({folder.path()}, 2, " is a folder; name a file that ");
    expect({"absent"}, 1, "can't read absent: No such file");
    expect({"a", "b"}, 2, "does not take b");
    expect({}, 1, "no hotrun is at work here; name a file that hotrun --events has written\n");
}

} // namespace
} // namespace hotrun::e2e
