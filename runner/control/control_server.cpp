#include "control/control_server.hpp"

#include "control/event_json.hpp"
#include "control/event_reader.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>

namespace hotrun {

namespace {

namespace json = boost::json;

json::array to_json(const std::vector<DiagnosticEvent> &diagnostics) {
    json::array array;
    for (const DiagnosticEvent &diagnostic : diagnostics)
        array.push_back(event_fields(diagnostic));
    return array;
}

json::object to_json(const ChangeOutcome &outcome) {
    json::array modules;
    for (const ModuleStatus &module : outcome.modules)
        modules.push_back({{"name", json_text(module.name)}, {"generation", module.generation}});
    json::object object;
    object.emplace("status", json_text(to_word(outcome.status)));
    object.emplace("detail", json_text(outcome.detail));
    object.emplace("diagnostics", to_json(outcome.diagnostics));
    object.emplace("modules", std::move(modules));
    return object;
}

json::value to_json(const std::optional<LastBuild> &build) {
    if (!build)
        return nullptr;
    json::object object;
    object.emplace("status", json_text(to_word(build->status)));
    object.emplace("exit_status", build->exit_status);
    object.emplace("duration_us", build->duration.count());
    object.emplace("diagnostics", to_json(build->diagnostics));
    return object;
}

json::array to_json(const std::vector<std::string> &texts) {
    json::array array;
    for (const std::string &text : texts)
        array.emplace_back(json_text(text));
    return array;
}

json::object to_json(const RunStatus &status) {
    json::object object = event_fields(status.run);
    object.emplace("state", json_text(to_word(status.state)));
    object.emplace("last_build", to_json(status.last_build));
    object.emplace("paused", status.paused);
    return object;
}

bool has_paths(const json::value &params) {
    const json::object *object = params.if_object();
    return object != nullptr && object->contains("paths");
}

// None: they are no list of absolute paths.
std::optional<std::vector<std::string>> paths_of(const json::value &params) {
    const json::value *given =
        has_paths(params) ? params.get_object().if_contains("paths") : nullptr;
    if (given == nullptr || !given->is_array() || given->get_array().empty())
        return std::nullopt;
    std::vector<std::string> paths;
    for (const json::value &path : given->get_array()) {
        if (!path.is_string() || !path.get_string().starts_with('/') ||
            path.get_string().find('\0') != json::string::npos)
            return std::nullopt;
        paths.emplace_back(path.get_string().c_str());
    }
    return paths;
}

// The number, 0 if there is none; none: it is something else.
std::optional<std::uint64_t> from_seq_of(const json::value &params) {
    const json::object *object = params.if_object();
    const json::value *given = object == nullptr ? nullptr : object->if_contains("from_seq");
    if (given == nullptr)
        return 0;
    boost::system::error_code error;
    const auto number = given->to_number<std::uint64_t>(error);
    return error ? std::nullopt : std::optional(number);
}

} // namespace

bool ControlServer::Client::receive(std::string_view bytes) {
    // A request may end the run, and the client with it.
    const std::shared_ptr<Client> self = shared_from_this();
    const bool understood =
        lines_.feed(bytes, [this](std::string_view line) { server_.answer(*this, line); });
    if (!understood)
        send_(rpc_error_line(nullptr, RpcErrorCode::kInvalidRequest,
                             "a line has at most 1 MB; connect again"));
    return understood;
}

ControlServer::Client::~Client() {
    if (is_program_)
        server_.program_->detach(this);
}

std::shared_ptr<ControlServer::Client> ControlServer::connect(Send send) {
    return std::make_shared<Client>(*this, std::move(send));
}

void ControlServer::answer(Client &client, std::string_view line) {
    if (client.is_program_ && hear_program(client, line))
        return;
    const auto parsed = parse_rpc_request(line);
    if (const auto *refusal = std::get_if<RpcRefusal>(&parsed))
        send(client, rpc_error_line(refusal->id, refusal->code, refusal->message));
    else
        answer(client, std::get<RpcRequest>(parsed));
}

void ControlServer::answer(Client &client, const RpcRequest &request) {
    const auto refuse = [&](RpcErrorCode code, const std::string &message) {
        if (request.id)
            send(client, rpc_error_line(*request.id, code, message));
    };
    const auto give = [&](json::value result) {
        if (request.id)
            send(client, rpc_result_line(*request.id, std::move(result)));
    };
    const std::string &method = request.method;
    if (method == "notify" && !paths_of(request.params))
        refuse(RpcErrorCode::kInvalidParams, "notify takes paths, a list of absolute paths");
    else if (method == "status" && has_paths(request.params) && !paths_of(request.params))
        refuse(RpcErrorCode::kInvalidParams, "status takes paths, a list of absolute paths");
    else if (method == "subscribe" && !from_seq_of(request.params))
        refuse(RpcErrorCode::kInvalidParams, "subscribe takes from_seq, a number from 1 on");
    else if (request.params.is_array())
        refuse(RpcErrorCode::kInvalidParams, "params are given by name, in an object");
    else if (method == "notify" || method == "build" || method == "reload")
        answer_outcome(client, request);
    else if (method == "subscribe")
        subscribe(client, request);
    else if (method == "hello" && program_ != nullptr)
        greet(client, request);
    else if (method == "status")
        give(status(request.params));
    else if (method == "stop") {
        give(json::object());
        ways_.stop();
    } else
        refuse(RpcErrorCode::kMethodNotFound, "there is no method " + method);
}

json::object ControlServer::status(const json::value &params) const {
    json::object object = to_json(run_.status());
    if (const auto paths = paths_of(params))
        object.emplace("watched", to_json(run_.watched_among(*paths)));
    return object;
}

// What it says besides requests: its events, and answers to `candidate`.
bool ControlServer::hear_program(const Client &client, std::string_view line) {
    boost::system::error_code error;
    const json::value said = json::parse(line, error);
    const json::object *object = error ? nullptr : said.if_object();
    if (object == nullptr)
        return false;
    if (object->contains("result") || object->contains("error")) {
        const json::value *id = object->if_contains("id");
        const auto number = id == nullptr ? 0 : id->to_number<std::uint64_t>(error);
        program_->answered(&client, error ? 0 : number);
        return true;
    }
    const json::value *method = object->if_contains("method");
    const json::value *params = object->if_contains("params");
    if (method == nullptr || *method != "event" || params == nullptr || !params->is_object())
        return false;
    if (std::optional<EventBody> body = read_event(params->get_object()))
        program_->told(&client, std::move(*body));
    return true;
}

void ControlServer::greet(Client &client, const RpcRequest &request) {
    const auto *params = request.params.if_object();
    const std::optional<Hello> hello = params == nullptr ? std::nullopt : read_hello(*params);
    std::string refusal = "hello takes pid, builddir and modules";
    if (hello)
        refusal = program_->attach(*hello, &client, client.send_);
    if (refusal.empty())
        client.is_program_ = true;
    if (!request.id)
        return;
    send(client, refusal.empty()
                     ? rpc_result_line(*request.id, json::object())
                     : rpc_error_line(*request.id, RpcErrorCode::kInvalidParams, refusal));
}

void ControlServer::answer_outcome(Client &client, const RpcRequest &request) {
    ++client.unanswered_count_;
    const auto answer = [this, weak = client.weak_from_this(),
                         id = request.id](const ChangeOutcome &made) {
        const std::shared_ptr<Client> still_there = weak.lock();
        if (still_there == nullptr)
            return;
        --still_there->unanswered_count_;
        if (id)
            send(*still_there, rpc_result_line(*id, to_json(made)));
    };
    if (request.method == "notify")
        run_.notify(*paths_of(request.params), answer);
    else if (request.method == "build")
        run_.build(answer);
    else
        run_.reload(answer);
}

// What is gone from the history is left out, and the answer says where it begins.
void ControlServer::subscribe(Client &client, const RpcRequest &request) {
    tell_events();
    const std::uint64_t asked = *from_seq_of(request.params);
    const std::uint64_t from =
        asked == 0 ? last_seq_ + 1 : std::clamp(asked, first_told(), last_seq_ + 1);
    if (!std::exchange(client.subscribed_, true))
        subscribers_.push_back(client.weak_from_this());
    if (request.id)
        send(client, rpc_result_line(*request.id, json::object{{"from_seq", from}}));
    for (const Told &told : history_) {
        if (told.seq >= from)
            client.send_(told.line);
    }
}

std::uint64_t ControlServer::first_told() const {
    return history_.empty() ? last_seq_ + 1 : history_.front().seq;
}

// Events come before the answers that follow from them.
void ControlServer::send(Client &client, std::string line) {
    tell_events();
    client.send_(std::move(line));
}

void ControlServer::event(const Event &event) {
    untold_.push_back(event);
    if (untold_.size() == 1)
        ways_.later([this] { tell_events(); });
}

void ControlServer::tell_events() {
    for (const Event &event : std::exchange(untold_, {}))
        tell(event);
}

void ControlServer::tell(const Event &event) {
    std::string line = to_json_line(event);
    line.pop_back();
    history_.push_back({event.seq, rpc_notification_line("event", line)});
    history_.back().line.shrink_to_fit();
    last_seq_ = event.seq;
    const std::string &told = history_.back().line;
    std::erase_if(subscribers_, [&](const std::weak_ptr<Client> &subscriber) {
        const std::shared_ptr<Client> client = subscriber.lock();
        if (client != nullptr)
            client->send_(told);
        return client == nullptr;
    });
    history_bytes_ += told.size();
    while (history_bytes_ > kMostHistoryBytes) {
        history_bytes_ -= history_.front().line.size();
        history_.pop_front();
    }
}

} // namespace hotrun
