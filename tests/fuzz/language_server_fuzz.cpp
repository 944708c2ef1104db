// Whatever an editor sends, each of its requests is answered once, in JSON, however the bytes are
// cut.
#include "language_server.hpp"
#include "lsp_messages.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace json = boost::json;

// The run is made of every file.
std::string answer_of_run(std::string_view line) {
    const json::object request = json::parse({line.data(), line.size()}).as_object();
    const json::object module = {{"name", "game"}, {"generation", 7}};
    json::object result = {{"last_build", nullptr}, {"modules", json::array{module}}};
    if (const json::value *paths = request.at("params").as_object().if_contains("paths"))
        result["watched"] = *paths;
    return json::serialize(
        json::object{{"jsonrpc", "2.0"}, {"id", request.at("id")}, {"result", std::move(result)}});
}

bool is_to_be_answered(const std::string &message) {
    boost::system::error_code error;
    const json::value parsed = json::parse(message, error);
    const json::object *object = parsed.if_object();
    if (error || object == nullptr)
        return true;
    const json::value *method = object->if_contains("method");
    return method != nullptr && object->contains("id") && *method != "exit" &&
           *method != "textDocument/didSave";
}

struct Conversation {
    std::vector<std::string> told; // the editor
    std::size_t expected_answers = 0;
};

Conversation converse(std::string_view bytes, std::size_t cut) {
    Conversation conversation;
    std::vector<std::string> asked;
    hotrun::LanguageServer server(
        {[&](const json::object &told) { conversation.told.push_back(json::serialize(told)); },
         [&](std::string_view line) { asked.emplace_back(line); },
         [](const std::string &) { return std::optional<std::string>("int ä;\n"); }});
    server.run_found();
    hotrun::LspReader reader;
    for (const std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
        reader.feed(piece);
        while (const std::optional<std::string> message = reader.next()) {
            conversation.expected_answers += is_to_be_answered(*message) ? 1 : 0;
            server.from_editor(*message);
            for (const std::string &line : std::exchange(asked, {}))
                server.from_run(answer_of_run(line));
        }
    }
    return conversation;
}

bool is_answer(const std::string &told) {
    boost::system::error_code error;
    const json::value parsed = json::parse(told, error);
    if (error || parsed.at("jsonrpc") != "2.0")
        std::abort();
    hotrun::LspReader reader;
    reader.feed(hotrun::lsp_message(told));
    if (reader.next() != told)
        std::abort();
    return !parsed.as_object().contains("method");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char *>(data) + 1, size - 1);
    const Conversation whole = converse(bytes, bytes.size());
    if (whole.told != converse(bytes, bytes.size() * data[0] / 255).told)
        std::abort();
    const auto answers = std::ranges::count_if(whole.told, is_answer);
    if (static_cast<std::size_t>(answers) != whole.expected_answers)
        std::abort();
    return 0;
}
