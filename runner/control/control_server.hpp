// The control protocol: docs/control-protocol.md.
#pragma once

#include "control/attached_program.hpp"
#include "control/controlled_run.hpp"
#include "control/json_rpc.hpp"
#include "control/line_reader.hpp"
#include "hotrun/runner.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// Bound to the runner's thread. Knows no socket: bytes come in, lines go out.
class ControlServer : public Observer {
  public:
    static constexpr std::size_t kMostLineBytes = std::size_t{1} << 20;
    static constexpr std::size_t kMostHistoryBytes = std::size_t{256} << 10;

    class Client;
    using Send = std::function<void(std::string line)>;

    struct Ways {
        std::function<void()> stop; // asks the run to end
        // Does that soon, on this thread: nothing that a save waits for has to wait for clients.
        std::function<void(std::function<void()> work)> later;
    };

    // `last_seq`: of the events that were told before.
    ControlServer(ControlledRun &run, Ways ways, std::uint64_t last_seq = 0)
        : run_(run), ways_(std::move(ways)), last_seq_(last_seq) {}

    // A client is there until the pointer goes; nothing is sent to it afterwards. `send` must not
    // let it go.
    std::shared_ptr<Client> connect(Send send);

    // The program that may say hello; null: none is wrapped. It outlives all clients.
    void set_program(AttachedProgram *program) { program_ = program; }

    void event(const Event &event) override;

    // Tells now what was to be told later.
    void tell_events();

  private:
    struct Told {
        std::uint64_t seq;
        std::string line;
    };

    void answer(Client &client, std::string_view line);
    void answer(Client &client, const RpcRequest &request);
    boost::json::object status(const boost::json::value &params) const;
    void greet(Client &client, const RpcRequest &request);
    bool hear_program(const Client &client, std::string_view line);
    void answer_outcome(Client &client, const RpcRequest &request);
    void subscribe(Client &client, const RpcRequest &request);
    void send(Client &client, std::string line);
    void tell(const Event &event);
    std::uint64_t first_told() const;

    ControlledRun &run_;
    Ways ways_;
    AttachedProgram *program_ = nullptr;
    std::vector<std::weak_ptr<Client>> subscribers_;
    std::vector<Event> untold_;
    std::deque<Told> history_; // the last events
    std::size_t history_bytes_ = 0;
    std::uint64_t last_seq_;
};

class ControlServer::Client : public std::enable_shared_from_this<Client> {
  public:
    Client(ControlServer &server, Send send) : server_(server), send_(std::move(send)) {}
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client();

    // False: it does not keep to the protocol, and is to be dropped when the answer has gone out.
    bool receive(std::string_view bytes);

    // Whether something will be sent to it even if it says nothing more.
    bool is_waiting() const { return unanswered_count_ > 0 || subscribed_; }

  private:
    friend class ControlServer;

    ControlServer &server_;
    Send send_;
    LineReader lines_{kMostLineBytes};
    std::size_t unanswered_count_ = 0;
    bool subscribed_ = false;
    bool is_program_ = false; // that is attached
};

} // namespace hotrun
