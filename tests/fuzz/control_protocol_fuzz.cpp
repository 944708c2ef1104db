// Whatever a client sends, each line is answered by one line of JSON, however the bytes are cut.
#include "control/control_server.hpp"
#include "support/fake_controlled_run.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

// The answers, those of builds and the like as soon as they are asked for.
std::vector<std::string> answers(std::string_view bytes, std::size_t cut) {
    hotrun::FakeControlledRun run;
    hotrun::ControlServer server(run, {[] {}, [](const auto &) {}});
    std::vector<std::string> lines;
    const auto client = server.connect([&](std::string line) { lines.push_back(std::move(line)); });
    for (const std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
        if (!client->receive(piece))
            break;
    }
    while (!run.waiting.empty())
        run.answer({});
    for (const std::string &line : lines) {
        boost::system::error_code error;
        const boost::json::value answer = boost::json::parse(line, error);
        if (error || !line.ends_with('\n') || answer.at("jsonrpc") != "2.0")
            std::abort();
    }
    return lines;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char *>(data) + 1, size - 1);
    const std::vector<std::string> whole = answers(bytes, bytes.size());
    if (whole != answers(bytes, bytes.size() * data[0] / 255))
        std::abort();
    // Fewer: notifications are not answered.
    if (whole.size() > static_cast<std::size_t>(std::ranges::count(bytes, '\n')) + 1)
        std::abort();
    return 0;
}
