#include "e2e/fault_run.hpp"

#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace fs = std::filesystem;

namespace hotrun::e2e {

namespace {

constexpr const char *kPlanMark = "the plan of this copy: ";
constexpr std::size_t kPlanBytes = 512;

std::string compiled_library() {
    const TemporaryFolder folder;
    std::vector<std::string> words = {HOTRUN_CXX, "-std=c++17", "-shared", "-fPIC", "-g", "-O0"};
    for (const char *option : {"-pthread", "-Wall", "-Wextra", "-Wno-infinite-recursion"})
        words.emplace_back(option);
    const bool is_clang = std::string_view(HOTRUN_CXX).find("clang") != std::string_view::npos;
    if (!is_clang) // so that old code can leave the process
        words.emplace_back("-fno-gnu-unique");
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        words.emplace_back("-fsanitize=" HOTRUN_SANITIZE);
    words.insert(words.end(), {"-I", HOTRUN_INCLUDE, HOTRUN_TEST_MODULES "/fault_module.cpp",
                               HOTRUN_TEST_MODULES "/faults.cpp", "-o", "lib.so"});
    run_command(words, folder.path());
    return content_of(folder / "lib.so");
}

// What code has allocated when it fails is lost, and AddressSanitizer would say so at the end.
class LeaksUnchecked {
  public:
    LeaksUnchecked() {
        if (const char *value = std::getenv(kName)) // NOLINT(concurrency-mt-unsafe)
            before_ = value;
        const std::string options = before_ + (before_.empty() ? "" : ":") + "detect_leaks=0";
        ::setenv(kName, options.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    }
    LeaksUnchecked(const LeaksUnchecked &) = delete;
    LeaksUnchecked &operator=(const LeaksUnchecked &) = delete;
    ~LeaksUnchecked() {
        ::setenv(kName, before_.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    }

  private:
    static constexpr const char *kName = "ASAN_OPTIONS";
    std::string before_;
};

} // namespace

std::string fault_library(const FaultPlan &plan, const std::string &flag) {
    static const std::string compiled = compiled_library();
    std::string bytes = compiled;
    const std::size_t at = bytes.find(kPlanMark);
    if (at == std::string::npos || bytes.find(kPlanMark, at + 1) != std::string::npos) {
        ADD_FAILURE() << "the library has not exactly one plan";
        return bytes;
    }
    std::ostringstream text;
    text << kPlanMark << " value=" << plan.value << " fault=" << plan.fault
         << " place=" << plan.place << " at=" << plan.at << " threads=" << plan.threads
         << " flag=" << flag << " ";
    EXPECT_LT(text.str().size(), kPlanBytes);
    return bytes.replace(at, text.str().size(), text.str());
}

bool has_sanitizer(const char *name) {
    return std::string_view(HOTRUN_SANITIZE).find(name) != std::string_view::npos;
}

void FaultRun::put_bytes(const std::string &bytes) const {
    const std::string next = folder_.write("next.so", bytes);
    fs::rename(next, library());
}

HotrunProcess &FaultRun::start(const std::vector<std::string> &more) {
    std::vector<std::string> words = {"--no-build", "--guard", "on", "--interval", "1"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(library());
    const LeaksUnchecked leaks_unchecked;
    hotrun_ = std::make_unique<HotrunProcess>(words, folder_.path());
    return *hotrun_;
}

void FaultRun::wait_until_ready() {
    ASSERT_TRUE(hotrun_->child().wait_until([this] { return hotrun_->count("ready") != 0; },
                                            "the event ready"));
}

const boost::json::object *FaultRun::next_outcome() {
    return hotrun_->next_of(
        {"reloaded", "rejected", "rolled_back", "stalled", "restarted", "stopped"});
}

const boost::json::object *FaultRun::expect_outcome(const std::string &name) {
    const boost::json::object *event = next_outcome();
    EXPECT_EQ(event->at("event").as_string(), name) << boost::json::serialize(*event);
    return event->at("event").as_string() == name ? event : nullptr;
}

bool FaultRun::wait_for_step(int value) {
    return hotrun_->wait_for("<step value=" + std::to_string(value) + " ");
}

std::vector<ModuleLine> FaultRun::lines() const {
    std::vector<ModuleLine> lines;
    std::istringstream output(hotrun_->child().output());
    for (std::string text; std::getline(output, text);) {
        ModuleLine line;
        char what[16];
        char sum[8];
        // It may stand in a line that somebody else was about to write.
        const std::size_t at = text.rfind('<');
        if (at == std::string::npos ||
            std::sscanf(text.c_str() + at, "<%15s value=%d steps=%ld sum=%7s pid=%d>", what,
                        &line.value, &line.steps, sum, &line.pid) != 5)
            continue;
        line.what = what;
        line.sum = sum;
        lines.push_back(line);
    }
    return lines;
}

std::size_t FaultRun::count_lines(const std::string &what) const {
    std::size_t count = 0;
    for (const ModuleLine &line : lines())
        count += line.what == what ? 1 : 0;
    return count;
}

void FaultRun::expect_whole() const {
    expect_whole(hotrun_->child().pid());
}

void FaultRun::expect_whole(pid_t pid) const {
    for (const ModuleLine &line : lines()) {
        EXPECT_EQ(line.sum, "ok") << line.what << " of " << line.value;
        EXPECT_NE(line.what, "BROKEN") << "heap or statics of " << line.value;
        EXPECT_EQ(line.pid, pid);
        if (testing::Test::HasFailure())
            return;
    }
}

void FaultRun::expect_clean_end(int signal, int exit_status) {
    const pid_t pid = hotrun_->child().pid();
    EXPECT_EQ(hotrun_->end_with(signal), exit_status) << hotrun_->child().output();
    expect_whole(pid);
    EXPECT_EQ(live_copies(), std::vector<std::string>{});
    ASSERT_FALSE(hotrun_->events().empty());
    const boost::json::object &last = hotrun_->events().back();
    EXPECT_EQ(last.at("event").as_string(), "stopped") << boost::json::serialize(last);
}

std::vector<std::string> FaultRun::live_copies() const {
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(folder_.path())) {
        const std::string name = entry.path().filename().string();
        if (name.find("_live.") != std::string::npos)
            names.push_back(name);
    }
    return names;
}

} // namespace hotrun::e2e
