// A host that plays what it has recorded when it is told to: replaying-host BUILDDIR RECORDING. Of
// its standard input l begins that and q ends the run; the rest is for the module.
#include "hotrun/module.h"
#include "hotrun/runner.hpp"

#include <cstdio>
#include <thread>

namespace {

class Printer : public hotrun::Observer {
  public:
    void event(const hotrun::Event &event) override {
        if (const auto *replayed = std::get_if<hotrun::ReplayedEvent>(&event.body))
            std::printf("<pass %llu of %llu>\n", static_cast<unsigned long long>(replayed->pass),
                        static_cast<unsigned long long>(replayed->generation));
        if (const auto *warning = std::get_if<hotrun::WarningEvent>(&event.body))
            std::printf("<warning %s: %s>\n", warning->code.c_str(), warning->message.c_str());
    }
};

void serve_keys(hotrun::Runner &runner) {
    for (int key = std::getchar(); key != EOF && key != 'q'; key = std::getchar()) {
        const char byte = static_cast<char>(key);
        if (byte == 'l')
            runner.replay();
        else
            runner.push_input(HOTRUN_INPUT_TEXT, {&byte, 1});
    }
    runner.stop(0);
}

} // namespace

int main(int, char **argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    Printer printer;
    hotrun::Options options;
    options.builddir = argv[1];
    options.record = argv[2];
    options.replay_speed = 4;
    options.interval = std::chrono::milliseconds(5);
    options.observers = {&printer};
    hotrun::Result<hotrun::Runner> runner = hotrun::Runner::create(std::move(options));
    if (!runner) {
        std::printf("<error %s>\n", runner.error().message.c_str());
        return 1;
    }
    std::thread keys([&runner] { serve_keys(*runner); });
    const int status = runner->run();
    keys.join();
    return status;
}
