#include "program_text.hpp"

namespace hotrun {

namespace {

std::string name_of(const ProgramStatus &program) {
    return program.path.substr(program.path.rfind('/') + 1);
}

std::string next_text(const ProgramEndedEvent &ended) {
    switch (ended.next) {
    case AfterEnd::kWait:
        return "; save to start it again";
    case AfterEnd::kRestart:
        return ", and is started again";
    case AfterEnd::kEnd:
        return "";
    }
    return "";
}

} // namespace

std::string program_started_text(const ProgramStartedEvent &started) {
    return name_of(started.program) + (started.start > 1 ? " is started again" : " is started") +
           " (process " + std::to_string(started.program.pid) + ")";
}

std::string program_ended_text(const ProgramEndedEvent &ended) {
    if (ended.program.pid == 0)
        return ended.detail + "; mend that and save to start it";
    std::string text = name_of(ended.program);
    if (!ended.detail.empty())
        text += ": " + ended.detail;
    else if (ended.signal.empty())
        text += " has ended with status " + std::to_string(ended.exit_status);
    else
        text += " was ended by " + ended.signal;
    return text + next_text(ended);
}

} // namespace hotrun
