// The example host: a program of its own that reloads a library while it runs. Copy it.
#include "hotmaths.h"

#include "hotrun/runner.hpp"

#include <chrono>
#include <cstdio>

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); // each line at once, in a pipe too
    hotmaths_api maths{};

    hotrun::Options options;
    options.targets = {"hotmaths"};
    options.step_modules = false; // the loop below is the host's own
    options.on_switch = [&maths](const hotrun::LiveModule &module) {
        if (hotmaths_load(&maths, module.library, module.get_proc) != 0)
            std::fprintf(stderr, "hotmaths lacks a function; the old one is still called\n");
    };

    auto runner = hotrun::Runner::create(std::move(options));
    if (!runner) {
        std::fprintf(stderr, "hotmaths-host: %s\n", runner.error().message.c_str());
        return 1;
    }
    while (runner->poll()) {
        if (maths.operate != nullptr)
            std::printf("operate(6, 7) = %d\n", maths.operate(6, 7));
        runner->wait(std::chrono::milliseconds(250));
    }
    return runner->exit_status();
}
