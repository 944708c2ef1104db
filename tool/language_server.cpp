#include "language_server.hpp"

#include "control/event_json.hpp"
#include "control/json_rpc.hpp"
#include "hotrun/version.h"
#include "json_fields.hpp"
#include "lsp_messages.hpp"

#include <boost/json.hpp>

#include <utility>

namespace hotrun {

namespace {

namespace json = boost::json;

enum MessageKind { kError = 1, kInfo = 3 };
enum LspError { kInvalidRequest = -32600, kMethodNotFound = -32601, kNotInitialized = -32002 };

// Null: there is none on the way.
const json::value *find(const json::object &object, std::initializer_list<const char *> names) {
    const json::object *at = &object;
    const json::value *value = nullptr;
    for (const char *name : names) {
        value = at == nullptr ? nullptr : at->if_contains(name);
        at = value == nullptr ? nullptr : value->if_object();
    }
    return value;
}

// None: it names no file of this machine, or one whose path the run can't be told in JSON.
std::optional<std::string> path_of_document(const json::object &params) {
    const json::value *uri = find(params, {"textDocument", "uri"});
    const auto path = uri == nullptr ? std::nullopt : path_of_uri(text_of(*uri));
    return path && to_utf8(*path) == *path ? path : std::nullopt;
}

json::object place(std::uint32_t line, std::uint32_t character) {
    return {{"line", line}, {"character", character}};
}

int severity_of(const json::object &diagnostic) {
    const json::value &word = diagnostic.at("severity");
    return word == "error" ? 1 : word == "warning" ? 2 : 3;
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
    for (; number > 1; --number) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos)
            return {};
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

} // namespace

void LanguageServer::answer(const json::value &id, json::value result) {
    ways_.to_editor({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}

void LanguageServer::refuse(const json::value &id, int code, std::string_view message) {
    ways_.to_editor({{"jsonrpc", "2.0"},
                     {"id", id},
                     {"error", {{"code", code}, {"message", std::string(message)}}}});
}

void LanguageServer::tell_editor(std::string_view method, json::object params) {
    if (initialized_ && !shut_down_)
        ways_.to_editor(
            {{"jsonrpc", "2.0"}, {"method", std::string(method)}, {"params", std::move(params)}});
}

void LanguageServer::from_editor(std::string_view message) {
    boost::system::error_code error;
    const json::value parsed = json::parse({message.data(), message.size()}, error);
    const json::object *object = parsed.if_object();
    if (error || object == nullptr)
        return refuse(nullptr, -32700, "the message is no JSON object");
    const json::value *id = object->if_contains("id");
    const json::value *named = object->if_contains("method");
    if (named == nullptr)
        return; // an answer to what we have asked
    const std::string method = text_of(*named);
    const json::value *given = object->if_contains("params");
    const json::object params =
        given != nullptr && given->is_object() ? given->get_object() : json::object();
    if (method == "exit")
        exit_status_ = shut_down_ ? 0 : 1;
    else if (method == "textDocument/didSave")
        saved(params);
    else if (id == nullptr)
        return; // a notification that we have no use for
    else if (method == "initialize")
        initialize(*id, params);
    else if (!initialized_)
        refuse(*id, kNotInitialized, "initialize comes first");
    else if (shut_down_)
        refuse(*id, kInvalidRequest, "exit comes after shutdown");
    else if (method == "shutdown") {
        shut_down_ = true;
        answer(*id, nullptr);
    } else if ((lines_ == Lines::kCodeLens && method == "textDocument/codeLens") ||
               (lines_ == Lines::kInlayHint && method == "textDocument/inlayHint"))
        ask_of_file(*id, params);
    else
        refuse(*id, kMethodNotFound, "there is no method " + method);
}

void LanguageServer::initialize(const json::value &id, const json::object &params) {
    if (const json::value *uri = params.if_contains("rootUri"))
        root_ = path_of_uri(text_of(*uri)).value_or("");
    json::object capabilities = {
        {"textDocumentSync",
         {{"openClose", true}, {"change", 0}, {"save", {{"includeText", false}}}}}};
    const auto can = [&](std::initializer_list<const char *> names) {
        const json::value *capability = find(params, names);
        return capability != nullptr && (capability->is_object() || *capability == true);
    };
    shows_progress_ = can({"capabilities", "window", "workDoneProgress"});
    if (can({"capabilities", "textDocument", "codeLens"})) {
        lines_ = Lines::kCodeLens;
        capabilities["codeLensProvider"] = json::object();
        refreshes_lines_ = can({"capabilities", "workspace", "codeLens", "refreshSupport"});
    } else if (can({"capabilities", "textDocument", "inlayHint"})) {
        lines_ = Lines::kInlayHint;
        capabilities["inlayHintProvider"] = true;
        refreshes_lines_ = can({"capabilities", "workspace", "inlayHint", "refreshSupport"});
    }
    answer(id, {{"capabilities", std::move(capabilities)},
                {"serverInfo", {{"name", "hotrun"}, {"version", HOTRUN_VERSION}}}});
    initialized_ = true;
}

void LanguageServer::saved(const json::object &params) {
    if (const auto path = path_of_document(params))
        ways_.to_run(rpc_request_line(++last_id_, "notify", {{"paths", json::array{*path}}}));
}

// The run knows whether it is made of that file.
void LanguageServer::ask_of_file(const json::value &id, const json::object &params) {
    const auto path = path_of_document(params);
    const json::value *from_line = find(params, {"range", "start", "line"});
    const bool has_first_line = from_line == nullptr || *from_line == 0;
    if (!has_run_ || !path || !has_first_line)
        return answer(id, json::array());
    questions_.emplace(++last_id_, Question{id, *path});
    ways_.to_run(rpc_request_line(last_id_, "status", {{"paths", json::array{*path}}}));
}

void LanguageServer::answer_of_file(std::uint64_t id, const json::object &message) {
    const auto question = questions_.extract(id);
    if (question.empty())
        return;
    const auto &[asked_id, path] = question.mapped();
    const json::value *watched = find(message, {"result", "watched"});
    json::array shown;
    if (watched != nullptr && watched->is_array() && !watched->get_array().empty()) {
        for (const std::string &line : live_lines_.of(message.at("result").as_object()))
            shown.push_back(shown_line(line, path));
    }
    answer(asked_id, std::move(shown));
}

json::object LanguageServer::shown_line(const std::string &line, const std::string &path) const {
    if (lines_ == Lines::kCodeLens)
        return {{"range", {{"start", place(0, 0)}, {"end", place(0, 0)}}},
                {"command", {{"title", line}, {"command", ""}}}}; // nothing to be done by a click
    const std::string text = ways_.read_file(path).value_or("");
    const std::string_view first = line_of(text, 1);
    const auto end = static_cast<std::uint32_t>(first.size()) + 1;
    return {
        {"position", place(0, utf16_offset(first, end))}, {"label", line}, {"paddingLeft", true}};
}

// The editor asks again.
void LanguageServer::refresh_lines() {
    if (!refreshes_lines_ || !initialized_ || shut_down_)
        return;
    const char *method =
        lines_ == Lines::kCodeLens ? "workspace/codeLens/refresh" : "workspace/inlayHint/refresh";
    ways_.to_editor(
        {{"jsonrpc", "2.0"}, {"id", "hotrun-" + std::to_string(++last_id_)}, {"method", method}});
}

void LanguageServer::run_found() {
    has_run_ = true;
    status_id_ = ++last_id_;
    ways_.to_run(rpc_request_line(status_id_, "status", json::object()));
    ways_.to_run(rpc_request_line(++last_id_, "subscribe", json::object()));
}

void LanguageServer::run_lost() {
    end_progress("the run has ended");
    building_.clear();
    has_run_ = false;
    live_lines_.forget();
    for (const auto &[run_id, question] : std::exchange(questions_, {}))
        answer(question.id, json::array());
    refresh_lines();
}

void LanguageServer::from_run(std::string_view line) {
    boost::system::error_code error;
    const json::value parsed = json::parse({line.data(), line.size()}, error);
    const json::object *message = parsed.if_object();
    if (error || message == nullptr)
        return;
    const json::value *id = message->if_contains("id");
    if (const json::value *params = message->if_contains("params"))
        event(params->as_object());
    else if (id != nullptr && *id == status_id_)
        take_status(*message);
    else if (id != nullptr && id->is_int64())
        answer_of_file(static_cast<std::uint64_t>(id->get_int64()), *message);
}

void LanguageServer::take_status(const json::object &message) {
    const json::value *last_build = find(message, {"result", "last_build"});
    if (last_build != nullptr && last_build->is_object())
        publish(last_build->at("diagnostics").as_array());
    refresh_lines();
}

void LanguageServer::event(const json::object &event) {
    const json::value &name = event.at("event");
    const auto module_text = [&](const std::string &what) {
        return text_of(event.at("module")) + ": " + what;
    };
    if (name == "build_started" || name == "link_started")
        begin_progress(event);
    else if (name == "diagnostic")
        building_.push_back(event);
    else if (name == "build_finished" || name == "link_finished")
        build_finished(event);
    else if (name == "reloaded")
        show(kInfo,
             module_text("generation " + json::serialize(event.at("generation")) + " is live"));
    else if (name == "rejected")
        show(kError, module_text("the new code is rejected: " + text_of(event.at("detail"))));
    else if (name == "rolled_back")
        show(kError,
             module_text("the code failed (" + text_of(event.at("reason")) + "), " +
                         text_of(event.at("detail")) + "; the module is back in an earlier state"));
    if (live_lines_.event(event))
        refresh_lines();
}

void LanguageServer::begin_progress(const json::object &started) {
    building_.clear();
    if (is_in_background(started))
        return; // what it is of is live
    if (!shows_progress_ || !progress_.empty())
        return;
    std::string targets;
    for (const json::value &target : started.at("targets").as_array())
        targets += (targets.empty() ? "" : " ") + text_of(target);
    progress_ = "hotrun-" + std::to_string(++last_id_);
    if (initialized_ && !shut_down_)
        ways_.to_editor({{"jsonrpc", "2.0"},
                         {"id", progress_},
                         {"method", "window/workDoneProgress/create"},
                         {"params", {{"token", progress_}}}});
    tell_editor("$/progress",
                {{"token", progress_},
                 {"value", {{"kind", "begin"}, {"title", "hotrun"}, {"message", targets}}}});
}

void LanguageServer::end_progress(std::string_view message) {
    if (!progress_.empty())
        tell_editor("$/progress",
                    {{"token", std::exchange(progress_, {})},
                     {"value", {{"kind", "end"}, {"message", std::string(message)}}}});
}

// A build that was cancelled is followed by the next, and its progress goes on.
void LanguageServer::build_finished(const json::object &finished) {
    const json::value &status = finished.at("status");
    const json::array diagnostics = std::exchange(building_, {});
    if (status == "cancelled" || (is_in_background(finished) && status != "failed"))
        return;
    end_progress(status == "failed" ? "the build failed" : "built");
    if (status != "nothing")
        publish(diagnostics);
}

// What has no place in a file is shown as a message.
void LanguageServer::publish(const json::array &diagnostics) {
    files_.clear();
    std::map<std::string, json::array> by_path;
    for (const std::string &path : std::exchange(published_, {}))
        by_path[path]; // is told to have none, unless there are new ones
    for (const json::value &each : diagnostics) {
        const json::object &diagnostic = each.as_object();
        const std::string path = text_of(diagnostic.at("path"));
        if (!path.empty()) {
            published_.insert(path);
            by_path[path].push_back(to_lsp(diagnostic));
        } else if (severity_of(diagnostic) == 1) {
            show(kError, text_of(diagnostic.at("message")));
        }
    }
    for (auto &[path, list] : by_path)
        tell_editor("textDocument/publishDiagnostics",
                    {{"uri", uri_of_path(path)}, {"diagnostics", std::move(list)}});
}

json::object LanguageServer::to_lsp(const json::object &diagnostic) {
    json::array related;
    for (const json::value &each : diagnostic.at("children").as_array()) {
        const json::object &child = each.as_object();
        if (const std::string path = text_of(child.at("path")); !path.empty())
            related.push_back(
                {{"location", {{"uri", uri_of_path(path)}, {"range", range_of(child)}}},
                 {"message", child.at("message")}});
    }
    return {{"range", range_of(diagnostic)},
            {"severity", severity_of(diagnostic)},
            {"source", "hotrun"},
            {"message", diagnostic.at("message")},
            {"relatedInformation", std::move(related)}};
}

// The word that the compiler points at; without a column the whole line.
json::object LanguageServer::range_of(const json::object &diagnostic) {
    const std::string path = text_of(diagnostic.at("path"));
    const auto [file, is_new] = files_.try_emplace(path);
    if (is_new)
        file->second = ways_.read_file(path);
    const auto number = diagnostic.at("line").to_number<std::uint32_t>();
    const auto column = diagnostic.at("column").to_number<std::uint32_t>();
    const std::string_view line =
        line_of(file->second ? *file->second : std::string_view(), number);
    const auto end =
        column == 0 ? static_cast<std::uint32_t>(line.size()) + 1 : end_of_word(line, column);
    const std::uint32_t row = number == 0 ? 0 : number - 1;
    return {{"start", place(row, utf16_offset(line, column))},
            {"end", place(row, utf16_offset(line, end))}};
}

void LanguageServer::show(int kind, const std::string &message) {
    tell_editor(kind == kError ? "window/showMessage" : "window/logMessage",
                {{"type", kind}, {"message", "hotrun: " + message}});
}

} // namespace hotrun
