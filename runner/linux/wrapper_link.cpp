#include "linux/wrapper_link.hpp"

#include "control/control_server.hpp"
#include "control/event_json.hpp"
#include "control/event_reader.hpp"
#include "control/json_rpc.hpp"
#include "control/socket_path.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace hotrun {

namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// The run that wraps is never busy for long; one that is stopped is not waited for.
constexpr int kHelloLimitMs = 5000;
constexpr std::uint64_t kHelloId = 1;
constexpr std::size_t kMostUnsentBytes = std::size_t{16} << 20;

UniqueFd connect_to(const std::string &path) {
    if (path.empty() || path.size() > kMostSocketPathBytes)
        return {};
    const asio::local::stream_protocol::endpoint address(path);
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), address.data(), static_cast<socklen_t>(address.size())) != 0)
        return {};
    return socket;
}

} // namespace

WrapperLink::WrapperLink(asio::io_context &io, UniqueFd socket)
    : stream_(io, socket.release()), lines_(ControlServer::kMostLineBytes) {}

std::unique_ptr<WrapperLink> WrapperLink::join(asio::io_context &io, const Hello &hello) {
    const char *path = ::getenv("HOTRUN_SOCKET"); // NOLINT(concurrency-mt-unsafe)
    if (path == nullptr || hello.builddir.empty())
        return nullptr;
    UniqueFd socket = connect_to(path);
    if (!socket.is_open())
        return nullptr;
    std::unique_ptr<WrapperLink> link(new WrapperLink(io, std::move(socket)));
    link->send(rpc_request_line(kHelloId, "hello", to_json(hello)));
    return link->await_hello_answer() ? std::move(link) : nullptr;
}

// Nothing else is said before the answer; behind it there may be a candidate already.
bool WrapperLink::await_hello_answer() {
    std::array<char, 4096> bytes; // NOLINT(*-member-init)
    bool answered = false;
    bool taken = false;
    while (!answered) {
        pollfd readable = {stream_.native_handle(), POLLIN, 0};
        const int count = ::poll(&readable, 1, kHelloLimitMs);
        if (count < 0 && errno == EINTR)
            continue;
        const ssize_t got =
            count > 0 ? ::recv(stream_.native_handle(), bytes.data(), bytes.size(), 0) : 0;
        if (got <= 0)
            return false;
        lines_.feed({bytes.data(), static_cast<std::size_t>(got)}, [&](std::string_view line) {
            if (answered) {
                early_.emplace_back(line);
                return;
            }
            boost::system::error_code error;
            const json::value said = json::parse(line, error);
            answered = true;
            taken = !error && said.is_object() && said.get_object().contains("result");
        });
    }
    return taken;
}

WrapperLink::~WrapperLink() {
    flush();
}

void WrapperLink::serve(std::function<void(const Candidate &)> on_candidate) {
    on_candidate_ = std::move(on_candidate);
    for (const std::string &line : std::exchange(early_, {}))
        take(line);
    read_when_ready();
}

void WrapperLink::read_when_ready() {
    stream_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const auto &error) {
        if (!error)
            read();
    });
}

void WrapperLink::read() {
    std::array<char, 4096> bytes; // NOLINT(*-member-init)
    const ssize_t got = ::recv(stream_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got > 0)
        lines_.feed({bytes.data(), static_cast<std::size_t>(got)},
                    [this](std::string_view line) { take(line); });
    closed_ = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    if (!closed_)
        read_when_ready();
}

void WrapperLink::take(std::string_view line) {
    const auto parsed = parse_rpc_request(line);
    const auto *request = std::get_if<RpcRequest>(&parsed);
    if (request == nullptr || request->method != "candidate" || !request->id ||
        !request->params.is_object())
        return;
    const json::object &params = request->params.get_object();
    const auto time = [&params](const char *name) {
        const json::value *value = params.if_contains(name);
        boost::system::error_code error;
        const auto count = value == nullptr ? 0 : value->to_number<std::int64_t>(error);
        return std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(count));
    };
    boost::system::error_code error;
    Candidate candidate;
    candidate.number = request->id->to_number<std::uint64_t>(error);
    TimePoint at(time("saved_ns"));
    candidate.phases = PhaseTimes(at);
    candidate.phases.mark(Phase::kWatch, at += time("watch_ns"));
    candidate.phases.mark(Phase::kBuild, at + time("build_ns"));
    const json::value *anew = params.if_contains("anew");
    candidate.anew = anew != nullptr && *anew == true;
    on_candidate_(candidate);
}

void WrapperLink::answer(std::uint64_t candidate) {
    send(rpc_result_line(candidate, json::object()));
}

void WrapperLink::event(const Event &event) {
    std::string line = to_json_line(event);
    line.pop_back();
    send(rpc_notification_line("event", line));
}

void WrapperLink::send(const std::string &line) {
    unsent_ += line;
    closed_ |= unsent_.size() > kMostUnsentBytes;
    if (!writing_)
        flush();
}

void WrapperLink::flush() {
    while (!unsent_.empty() && !closed_) {
        const ssize_t sent = ::send(stream_.native_handle(), unsent_.data(), unsent_.size(),
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0)
            unsent_.erase(0, static_cast<std::size_t>(sent));
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            closed_ = true;
    }
    if (closed_)
        unsent_.clear();
    if (unsent_.empty() || writing_)
        return;
    writing_ = true;
    stream_.async_wait(asio::posix::stream_descriptor::wait_write, [this](const auto &error) {
        if (error)
            return;
        writing_ = false;
        flush();
    });
}

} // namespace hotrun
