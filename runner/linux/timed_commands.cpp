#include "linux/timed_commands.hpp"

#include "linux/linux_file_system.hpp"
#include "linux/system_error.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

namespace hotrun {

Result<std::unique_ptr<TimedCommands>> TimedCommands::create() {
    Result<std::string> folder = LinuxFileSystem().make_private_folder("hotrun-doctor-");
    if (!folder)
        return folder.error();
    return std::unique_ptr<TimedCommands>(new TimedCommands(std::move(*folder)));
}

TimedCommands::TimedCommands(std::string folder)
    : folder_(std::move(folder)), commands_(io_), signals_(
                                                      io_,
                                                      [this](int) {
                                                          stopped_ = true;
                                                          io_.stop();
                                                      },
                                                      [this](int) { remove_folder(); }) {}

TimedCommands::~TimedCommands() {
    remove_folder();
}

void TimedCommands::remove_folder() const {
    std::error_code error; // what is left lies in the temporary folder
    std::filesystem::remove_all(folder_, error);
}

Status TimedCommands::write(const std::string &path, const std::string &text) {
    return LinuxFileSystem().write_whole(path, text);
}

std::string TimedCommands::program_file(const std::string &name) const {
    std::error_code error; // nothing is there
    return std::filesystem::canonical(find_program({name}), error).string();
}

Status TimedCommands::interrupted() {
    io_.restart();
    io_.poll();
    if (stopped_)
        return system_error("interrupted", EINTR);
    return Done{};
}

Result<Trials::Outcome> TimedCommands::run(const Command &command) {
    using Clock = std::chrono::steady_clock;
    if (const Status asked = interrupted(); !asked)
        return asked.error();
    Command found = command;
    found.program = find_program({command.program});
    if (found.program.empty())
        return Error{ErrorKind::kFailed,
                     "can't find " + command.program + ", which the build runs; install it", 0};
    Outcome outcome;
    std::optional<Result<CommandEnd>> ended;
    const Clock::time_point start = Clock::now();
    Result<std::unique_ptr<RunningCommand>> running = commands_.start(
        found, [&](std::string_view chunk) { outcome.output += chunk; },
        [&](Result<CommandEnd> end) {
            outcome.duration =
                std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
            ended = std::move(end);
            io_.stop();
        });
    if (!running)
        return running.error();
    io_.restart();
    io_.run();
    if (!ended) {
        running->reset(); // ends it
        return system_error("interrupted", EINTR);
    }
    if (!*ended)
        return ended->error();
    outcome.exit_status = (*ended)->exit_status;
    return outcome;
}

} // namespace hotrun
