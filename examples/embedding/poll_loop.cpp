// A host with a loop of its own around poll(2): standard input and the Runner are waited for
// together. Each line that is typed is answered by the hot code.
#include "hotmaths.h"

#include "hotrun/runner.hpp"

#include <array>
#include <cstdio>
#include <cstring>

#include <poll.h>
#include <unistd.h>

namespace {

// "6 7": one operation. False: the input has ended.
bool answer_line(const hotmaths_api &maths) {
    std::array<char, 80> line{};
    const ssize_t got = ::read(STDIN_FILENO, line.data(), line.size() - 1);
    int a = 0;
    int b = 0;
    if (got > 0 && std::sscanf(line.data(), "%d %d", &a, &b) == 2 && maths.operate != nullptr)
        std::printf("%d\n", maths.operate(a, b));
    return got > 0;
}

} // namespace

int main(int count, char **words) {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    hotmaths_api maths{};
    hotrun::Options options;
    options.targets = {"hotmaths"};
    options.step_modules = false;
    // "host": no watcher and no ninja. What somebody else builds is reloaded by its timestamp, and
    // poll() has to be called now and then to see that.
    options.build = count < 2 || std::strcmp(words[1], "host") != 0;
    const int tick_ms = options.build ? -1 : 50;
    options.on_switch = [&maths](const hotrun::LiveModule &module) {
        if (hotmaths_load(&maths, module.library, module.get_proc) == 0)
            std::printf("generation %d\n", static_cast<int>(module.generation));
    };
    auto runner = hotrun::Runner::create(std::move(options));
    if (!runner) {
        std::fprintf(stderr, "poll-loop: %s\n", runner.error().message.c_str());
        return 1;
    }
    while (runner->poll()) { // the safe point
        std::array<pollfd, 2> waited = {
            {{STDIN_FILENO, POLLIN, 0}, {runner->descriptor(), POLLIN, 0}}};
        if (::poll(waited.data(), waited.size(), tick_ms) > 0 && waited[0].revents != 0 &&
            !answer_line(maths))
            runner->stop();
    }
    return runner->exit_status();
}
