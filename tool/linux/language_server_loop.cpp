#include "language_server_loop.hpp"

#include "language_server.hpp"
#include "lsp_messages.hpp"
#include "requests.hpp"

#include <boost/json/serialize.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>

#include <poll.h>
#include <unistd.h>

namespace hotrun {

namespace {

// A run that starts later is found within that time.
constexpr int kLookForRunMs = 1000;

std::optional<std::string> read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

void write_to_editor(const boost::json::object &message) {
    const std::string bytes = lsp_message(boost::json::serialize(message));
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    std::fflush(stdout);
}

class Loop {
  public:
    explicit Loop(std::string builddir) : builddir_(std::move(builddir)) {}

    int run() {
        while (!server_.exit_status()) {
            if (!run_)
                look_for_run();
            std::array<pollfd, 2> waited = {
                {{STDIN_FILENO, POLLIN, 0}, {run_ ? run_->descriptor() : -1, POLLIN, 0}}};
            if (::poll(waited.data(), waited.size(), run_ ? -1 : kLookForRunMs) < 0)
                continue; // a signal that is not the end
            if (waited[0].revents != 0 && !read_editor())
                return 1;
            if (waited[1].revents != 0 && run_)
                read_run();
        }
        return *server_.exit_status();
    }

  private:
    // Several runs are no run: nobody says which one is meant.
    void look_for_run() {
        if (server_.root().empty() && builddir_.empty())
            return;
        auto found = find_run(builddir_, {server_.root().empty() ? "." : server_.root()});
        if (!found || !*found)
            return;
        run_.emplace(std::move(**found));
        server_.run_found();
    }

    // False: it has gone without a word, or says what nobody understands.
    bool read_editor() {
        std::array<char, std::size_t{64} << 10> bytes; // NOLINT(*-member-init)
        const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (got <= 0)
            return got < 0 && errno == EINTR;
        reader_.feed({bytes.data(), static_cast<std::size_t>(got)});
        while (const std::optional<std::string> message = reader_.next())
            server_.from_editor(*message);
        return !reader_.is_broken();
    }

    void read_run() {
        const bool open = run_->receive([this](std::string_view line) { server_.from_run(line); });
        if (!open)
            lose_run();
    }

    void write_to_run(std::string_view line) {
        if (run_ && !run_->send(line))
            lose_run();
    }

    void lose_run() {
        run_.reset();
        server_.run_lost();
    }

    const std::string builddir_;
    std::optional<ControlConnection> run_;
    LspReader reader_;
    LanguageServer server_{
        {write_to_editor, [this](std::string_view line) { write_to_run(line); }, read_file}};
};

} // namespace

Result<int> serve_editor(const Arguments &arguments) {
    return Loop(arguments.builddir).run();
}

} // namespace hotrun
