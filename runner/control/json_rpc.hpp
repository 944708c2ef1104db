// The messages of JSON-RPC 2.0, one a line.
#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace hotrun {

// The protocol's numbers.
enum class RpcErrorCode {
    kParseError = -32700,
    kInvalidRequest = -32600,
    kMethodNotFound = -32601,
    kInvalidParams = -32602,
};

struct RpcRequest {
    std::optional<boost::json::value> id; // none: it is not answered
    std::string method;
    boost::json::value params; // an object, an array, or null: there are none
};

// Why a line is no request, and what it is answered by.
struct RpcRefusal {
    boost::json::value id;
    RpcErrorCode code = RpcErrorCode::kInvalidRequest;
    std::string message;
};

std::variant<RpcRequest, RpcRefusal> parse_rpc_request(std::string_view line);

// Lines, with their line break.
std::string rpc_request_line(std::uint64_t id, std::string_view method, boost::json::value params);
std::string rpc_result_line(const boost::json::value &id, boost::json::value result);
std::string rpc_error_line(const boost::json::value &id, RpcErrorCode code,
                           std::string_view message);

// A notification; `params` is JSON without a line break.
std::string rpc_notification_line(std::string_view method, std::string_view params);

} // namespace hotrun
