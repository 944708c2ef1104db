#include "bench/rebuilt_runs.hpp"

#include "bench/clocks.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

namespace hotrun::bench {

namespace {

std::vector<std::string> hotrun_arguments(const EditedProject &project,
                                          const std::vector<std::string> &options) {
    std::vector<std::string> words = {"-q", "-C", project.builddir()};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(project.target());
    return words;
}

double total_ms(const boost::json::object &reloaded) {
    return reloaded.at("total_us").to_number<double>() / 1e3;
}

} // namespace

double run_program(std::vector<std::string> words) {
    const double start = now_ms();
    std::vector<char *> arguments;
    for (std::string &word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int stream : {1, 2})
        posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
    // The kernel shares processors out by session, and hotrun's ninja has one of its own.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    pid_t pid = 0;
    EXPECT_EQ(::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ),
              0);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0) << words.front();
    return now_ms() - start;
}

double edit_and_build(const EditedProject &project, int number, const std::string &output) {
    const double start = now_ms();
    project.edit(number);
    run_program(
        {"ninja", "-C", project.builddir(), output.empty() ? project.ninja_target() : output});
    return now_ms() - start;
}

double time_of_first_step(e2e::Child &program, int number) {
    const std::string text = "first step of " + std::to_string(number) + " at ";
    if (!program.wait_for(text) || !program.wait_for("\n"))
        return 0;
    const std::string &output = program.output();
    return std::stod(output.substr(output.rfind(text) + text.size())) * 1e3;
}

HotRun::HotRun(const EditedProject &project, const std::vector<std::string> &options)
    : project_(project), process_(hotrun_arguments(project, options), project.path()) {
    process_.wait_until_ready();
}

// Both clocks are the machine's monotonic one.
double HotRun::save(int number) {
    const double start = now_ms();
    project_.edit(number);
    const double live = time_of_first_step(process_.child(), number) - start;
    take_outcome();
    return live;
}

void HotRun::take_outcome() {
    build_finished_ = process_.next("build_finished");
    reloaded_ = process_.next("reloaded");
    if (reloaded_->at("lane").as_string() == "object")
        process_.next("link_finished");
}

double HotRun::save_and_notify(int number) {
    const double start = now_ms();
    project_.edit(number);
    const double notify = run_program(
        {HOTRUN_TOOL, "notify", "-C", project_.builddir(), project_.edited_files().front()});
    take_outcome();
    notify_own_ms_ = reloaded_ == nullptr ? 0 : notify - total_ms(*reloaded_);
    return time_of_first_step(process_.child(), number) - start;
}

EntrRun::EntrRun(const EditedProject &project) : project_(project) {
    std::string files;
    for (const std::string &file : project.edited_files())
        files += file + "\n";
    const std::string list = folder_.write("files", files);
    using Streams = e2e::Child::Streams;
    // It is started again when it has crashed: it may load a library that is not whole.
    host_ = std::make_unique<e2e::Child>(
        std::vector<std::string>{"sh", "-c",
                                 "trap 'kill $!; exit' TERM\n"
                                 "while :; do \"$0\" \"$1\" & wait $!; echo crashed; done",
                                 TIMESTAMP_HOST, project.library()},
        project.path(), Streams::kPipe);
    entr_ = std::make_unique<e2e::Child>(
        std::vector<std::string>{"sh", "-c", "exec entr -n ninja -C \"$2\" \"$3\" <\"$1\"", "sh",
                                 list, project.builddir(), project.ninja_target()},
        project.path(), Streams::kPipe);
    entr_->wait_for("no work to do"); // what it does at its start is over
}

double EntrRun::save(int number) {
    const double start = now_ms();
    project_.edit(number);
    return time_of_first_step(*host_, number) - start;
}

std::size_t EntrRun::crash_count() const {
    std::size_t count = 0;
    const std::string &output = host_->output();
    for (std::size_t at = 0; (at = output.find("crashed\n", at)) != std::string::npos; ++at)
        ++count;
    return count;
}

} // namespace hotrun::bench
