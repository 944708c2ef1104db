#include "control/json_rpc.hpp"

#include <boost/json.hpp>

#include <cmath>

namespace hotrun {

namespace {

namespace json = boost::json;

RpcRefusal invalid(const json::value &id, const char *message) {
    return {id, RpcErrorCode::kInvalidRequest, message};
}

// A number too large for any type can't be written back.
bool can_be_id(const json::value &id) {
    return id.is_string() || id.is_null() ||
           (id.is_number() && std::isfinite(id.to_number<double>()));
}

json::object message() {
    return {{"jsonrpc", "2.0"}};
}

std::string line_of(const json::object &object) {
    return json::serialize(object) + '\n';
}

json::string_view text(std::string_view view) {
    return {view.data(), view.size()};
}

} // namespace

std::variant<RpcRequest, RpcRefusal> parse_rpc_request(std::string_view line) {
    boost::system::error_code error;
    const json::value parsed = json::parse(text(line), error);
    if (error)
        return RpcRefusal{nullptr, RpcErrorCode::kParseError, "the line is no JSON"};
    if (parsed.is_array())
        return invalid(nullptr, "send one request a line: there are no batches");
    const json::object *object = parsed.if_object();
    if (object == nullptr)
        return invalid(nullptr, "a request is an object");
    const json::value *id = object->if_contains("id");
    if (id != nullptr && !can_be_id(*id))
        return invalid(nullptr, "id is a string or a number");
    const json::value refused_id = id == nullptr ? json::value() : *id;
    const json::value *version = object->if_contains("jsonrpc");
    if (version == nullptr || *version != "2.0")
        return invalid(refused_id, "jsonrpc is \"2.0\"");
    const json::value *method = object->if_contains("method");
    if (method == nullptr || !method->is_string())
        return invalid(refused_id, "method is a string");
    const json::value *params = object->if_contains("params");
    if (params != nullptr && !params->is_object() && !params->is_array())
        return invalid(refused_id, "params is an object");
    RpcRequest request;
    if (id != nullptr)
        request.id = *id;
    request.method = method->as_string().c_str();
    if (params != nullptr)
        request.params = *params;
    return request;
}

std::string rpc_request_line(std::uint64_t id, std::string_view method, json::value params) {
    json::object object = message();
    object.emplace("id", id);
    object.emplace("method", text(method));
    object.emplace("params", std::move(params));
    return line_of(object);
}

std::string rpc_result_line(const json::value &id, json::value result) {
    json::object object = message();
    object.emplace("id", id);
    object.emplace("result", std::move(result));
    return line_of(object);
}

std::string rpc_error_line(const json::value &id, RpcErrorCode code,
                           std::string_view message_text) {
    json::object object = message();
    object.emplace("id", id);
    object.emplace("error",
                   json::object{{"code", static_cast<int>(code)}, {"message", text(message_text)}});
    return line_of(object);
}

std::string rpc_notification_line(std::string_view method, std::string_view params) {
    return R"({"jsonrpc":"2.0","method":")" + std::string(method) + R"(","params":)" +
           std::string(params) + "}\n";
}

} // namespace hotrun
