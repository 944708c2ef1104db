// Runs whose input is recorded, and played while the code changes.
#include "e2e/game_test.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

// It adds what it reads up, in the heap and in a variable, and prints what it has.
std::string adding_source(const std::string &new_member, int factor) {
    return "#define NEW_MEMBER " + new_member + "\n#define FACTOR " + std::to_string(factor) + R"(
#include "hotrun/module.hpp"
#include <cstdio>
struct Shape { virtual ~Shape() = default; virtual int factor() const { return FACTOR; } };
struct State {
    NEW_MEMBER
    long sum = 0;
    Shape *shape = hotrun::make<Shape>();
};
static long last_sum = 0;
static long *place = nullptr;
static int edited = 10 * FACTOR;
extern "C" void hotrun_step(hotrun_context *ctx) {
    State &s = hotrun::state<State>(ctx);
    for (size_t i = 0; i < ctx->input->event_count; ++i) {
        const hotrun_input_event &event = ctx->input->events[i];
        for (size_t k = 0; k < event.size_bytes; ++k)
            s.sum += s.shape->factor() * (static_cast<const char *>(event.bytes)[k] - '0');
    }
    std::printf("<%lu at %lu after %lu: %ld was %ld %d %d>\n", (unsigned long)ctx->step,
                (unsigned long)ctx->input->time_ns, (unsigned long)ctx->input->delta_ns, s.sum,
                last_sum, place == &s.sum, edited);
    last_sum = s.sum;
    place = &s.sum;
}
)";
}

// What the steps have printed, from one on.
std::string printed_steps(const std::string &output, const std::string &first = "<") {
    std::string lines;
    for (std::size_t at = output.find(first); at != std::string::npos;) {
        const std::size_t end = output.find('\n', at);
        lines += output.substr(at, end - at) + "\n";
        at = output.find("\n<", end == std::string::npos ? output.size() : end);
        at += at == std::string::npos ? 0 : 1;
    }
    return lines;
}

// The standard input of what is started meanwhile.
class TypedInput {
  public:
    explicit TypedInput(const std::string &fifo) : before_(::fcntl(0, F_DUPFD_CLOEXEC, 3)) {
        EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
        fifo_ = ::open(fifo.c_str(), O_RDWR | O_CLOEXEC);
        ::dup2(fifo_, 0);
    }
    TypedInput(const TypedInput &) = delete;
    TypedInput &operator=(const TypedInput &) = delete;
    ~TypedInput() {
        if (before_ >= 0)
            ::dup2(before_, 0);
        ::close(before_);
        ::close(fifo_);
    }
    void type(const std::string &text) const {
        EXPECT_EQ(::write(fifo_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

  private:
    int before_;
    int fifo_ = -1;
};

class ReplayedRun : public GameTest {
  protected:
    ReplayedRun() { write_source("", 1); }

    void write_source(const std::string &new_member, int factor) const {
        project.set_source(adding_source(new_member, factor));
    }

    // Gives what the steps of the recording have printed.
    std::string record() {
        const TypedInput typing(project.path("keys"));
        HotrunProcess &hotrun = start({"--interval", "5", "--record", "jump", "--snapshot", "0"});
        typing.type("3");
        hotrun.wait_for(": 3 was 3 1 10>");
        typing.type("14");
        hotrun.wait_for(": 8 was 8 1 10>");
        EXPECT_EQ(hotrun.end_with(SIGTERM), 0) << hotrun.child().output();
        EXPECT_EQ(hotrun.child().output().find("the recording ends"), std::string::npos)
            << hotrun.child().output();
        EXPECT_EQ(hotrun.count("recorded"), 1U);
        return printed_steps(hotrun.child().output(), "<1 ");
    }
    std::string replayed(const std::vector<std::string> &arguments, int exit_status = 0) const {
        std::vector<std::string> words = {HOTRUN_TOOL, "replay", "--speed", "0"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        Child child(words, project.path(), Child::Streams::kPipe);
        EXPECT_EQ(child.wait_for_exit(), exit_status) << child.output();
        return child.output();
    }
    void expect_refused(const std::vector<std::string> &arguments,
                        const std::string &sentence) const {
        const std::string output = replayed(arguments, 1);
        EXPECT_TRUE(output.starts_with("hotrun: error: ")) << output;
        EXPECT_NE(output.find(sentence), std::string::npos) << output;
        EXPECT_EQ(output.find('\n'), output.size() - 1) << output;
    }
};

std::string with_replaced(std::string text, const std::string &what, const std::string &by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

TEST_F(ReplayedRun, ShowsTheSameSecondsWithEachSave) {
    const std::string recorded = record();
    ASSERT_NE(recorded.find(" was 3 1 10>"), std::string::npos);
    const std::string first = replayed({"--once", "jump"});
    EXPECT_EQ(printed_steps(first), recorded) << first;
    EXPECT_EQ(printed_steps(replayed({"--once", "jump"})), recorded);
    EXPECT_NE(first.find("game: its state is that of the recording " + project.path("jump") + "\n"),
              std::string::npos)
        << first;

    // While it is played in a loop, a save begins it anew; one that can't be carried is refused.
    HotrunProcess hotrun({"replay", "--speed", "4", "jump"}, project.path());
    ASSERT_NE(hotrun.next("replayed"), nullptr);
    ASSERT_NE(hotrun.next("replayed"), nullptr);
    write_source("int level = 9;", 2);
    const boost::json::object *reloaded = hotrun.next("reloaded");
    ASSERT_NE(reloaded, nullptr);
    EXPECT_EQ(reloaded->at("state").as_string(), "migrated") << hotrun.child().output();
    const boost::json::object *pass = hotrun.next("replayed");
    ASSERT_NE(pass, nullptr);
    EXPECT_EQ(pass->at("generation").to_number<int>(), 2);
    hotrun.wait_for(": 16 was 16 1 20>");
    const std::string source = with_replaced(adding_source("", 3), "s.shape->factor()", "FACTOR");
    project.set_source(
        with_replaced(source, "Shape *shape = hotrun::make", "long shape = (long)hotrun::make"));
    const boost::json::object *rejected = hotrun.next("rejected");
    ASSERT_NE(rejected, nullptr);
    EXPECT_NE(rejected->at("detail").as_string().find("State.shape"), std::string::npos)
        << rejected->at("detail");
    ASSERT_NE(hotrun.next("replayed"), nullptr) << "the code before goes on";
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0) << hotrun.child().output();

    // The same from the start of a run.
    const std::string refused = replayed({"--once", "jump"}, 1);
    EXPECT_NE(refused.find("can't be carried over, since State.shape ("), std::string::npos)
        << refused;
    write_source("int level = 9;", 2);
    const std::string migrated = replayed({"--once", "jump"});
    EXPECT_NE(migrated.find("; 1 object migrated; new: State.level"), std::string::npos)
        << migrated;
    EXPECT_NE(printed_steps(migrated).find(": 16 was 16 1 20>"), std::string::npos) << migrated;
}

TEST_F(ReplayedRun, IsRefusedWhereThereIsNoWholeRecording) {
    record();
    expect_refused({"nothing"}, "there is no recording nothing: make one by hotrun --record FILE");
    expect_refused({"meson.build"}, "meson.build is no recording of hotrun");
    const std::string whole = content_of(project.path("jump"));
    project.write("jump", whole.substr(0, whole.size() - 3));
    const std::string cut = replayed({"--once", "jump"});
    EXPECT_NE(cut.find(" bytes are left out"), std::string::npos) << cut;
    EXPECT_NE(printed_steps(cut).find(": 3 was 3 1 10>"), std::string::npos) << cut;
    project.write("jump", whole.substr(0, project.builddir().size() + 100)); // behind its head
    expect_refused({"jump"}, "jump has no step that is whole: record it anew, for longer");
    project.write("jump", whole);
    fs::rename(project.path("jump.d/heap"), project.path("heap"));
    expect_refused({"jump"}, "jump has no state to begin with: record it anew");
}

// The input that the code has crashed of is played with the code that is mended.
TEST_F(ReplayedRun, GoesOnInTheProcessThatReplacesOneThatHasCrashed) {
    const std::string crash = R"(
        FILE *volatile none = nullptr;
        const char key = event.size_bytes == 0 ? '0' : *static_cast<const char *>(event.bytes);
        if (key == '9')
            *static_cast<volatile int *>(nullptr) = 1;
        if (key == '8')
            std::fputs("x", none); // in a call that can't be left
        for (size_t k)";
    project.set_source(with_replaced(adding_source("", 1), "        for (size_t k", crash));
    const TypedInput typing(project.path("keys"));
    HotrunProcess &hotrun = start({"--interval", "1", "--record", "jump", "--snapshot", "0",
                                   "--guard", "on", "--on-crash", "restart"});
    typing.type("3");
    hotrun.wait_for(": 3 was 3 1 10>");
    long sum = 3;
    for (const char key : {'9', '8'}) {
        if (key == '8' && std::string_view(HOTRUN_SANITIZE) != "none")
            continue; // it sees that first
        typing.type({key});
        hotrun.next("restarted");
        hotrun.child().skip_output(); // of the process before
        hotrun.wait_for(": 0 was 0 1 10>");
        sum += key - '0';
    }
    typing.type("14");
    hotrun.wait_for(": 5 was 5 1 10>");
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0) << hotrun.child().output();
    const auto steps = hotrun.next("recorded")->at("steps").to_number<std::ptrdiff_t>();
    write_source("", 1);
    const std::string played = printed_steps(replayed({"--once", "jump"}), "<1 ");
    EXPECT_EQ(std::ranges::count(played, '\n'), steps);
    const std::string end = ": " + std::to_string(sum + 5) + " was " + std::to_string(sum + 5);
    EXPECT_NE(played.find(end), std::string::npos) << played;
}

TEST_F(ReplayedRun, BeginsInTheRunThatRecordsWhenItsHostSaysSo) {
    project.set_up();
    const TypedInput typing(project.path("keys"));
    Child host({REPLAYING_HOST, project.builddir(), project.path("jump")}, project.path(),
               Child::Streams::kPipe);
    host.wait_for("<1 at "); // the first step that is recorded
    typing.type("3");
    host.wait_for(": 3 was 3 1 10>");
    typing.type("14");
    host.wait_for(": 8 was 8 1 10>");
    typing.type("l");
    host.wait_for("<pass 2 of 2>");
    write_source("int level = 9;", 2);
    host.wait_for(": 16 was 16 1 20>");
    host.wait_for(" of 3>");
    typing.type("q");
    EXPECT_EQ(host.wait_for_exit(), 0) << host.output();
    EXPECT_EQ(host.output().find("<warning record"), std::string::npos) << host.output();
}

} // namespace
} // namespace hotrun::e2e
