#include "core/build_commands.hpp"

#include "core/shell_words.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <unordered_map>

namespace hotrun {

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

// What comes before a compiler to save it work.
constexpr std::array<std::string_view, 2> kCaches = {"ccache", "sccache"};
// Words with another one behind them.
constexpr std::array<std::string_view, 4> kOutputs = {"-o", "-MF", "-MQ", "-MT"};
// They write files beside the output, or where the compiler runs.
constexpr std::array<std::string_view, 8> kSideOutputs = {"-MD",
                                                          "-MMD",
                                                          "-MP",
                                                          "-save-temps",
                                                          "-Wl,-Map",
                                                          "-Wl,--dependency-file",
                                                          "-Wl,--out-implib",
                                                          "-Wl,--gdb-index-file"};

std::string text_at(const json::object &object, const char *name) {
    const json::value *value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::string absolute(const std::string &directory, const std::string &path) {
    return (fs::path(directory) / path).lexically_normal().string();
}

using ByOutput = std::unordered_map<std::string, BuildCommand>;

// Those that are one program each; others are no compiler's.
ByOutput by_output(const json::array &entries) {
    ByOutput commands;
    for (const json::value &entry : entries) {
        if (!entry.is_object())
            continue;
        const json::object &object = entry.as_object();
        std::optional<std::vector<std::string>> words = shell_words(text_at(object, "command"));
        if (!words || words->empty())
            continue;
        BuildCommand command{text_at(object, "directory"), text_at(object, "file"),
                             text_at(object, "output"), std::move(*words)};
        std::string output = absolute(command.directory, command.output);
        commands.emplace(std::move(output), std::move(command));
    }
    return commands;
}

bool is_compile(const BuildCommand &command) {
    return std::ranges::find(command.words, "-c") != command.words.end();
}

// What the words of a link or of an archive name.
void collect_compiles(const ByOutput &commands, const BuildCommand &user,
                      std::vector<BuildCommand> &compiles) {
    for (const std::string &word : user.words) {
        const auto found = commands.find(absolute(user.directory, word));
        if (found == commands.end() || found->second.output == user.output)
            continue;
        if (is_compile(found->second))
            compiles.push_back(found->second);
        else if (word.ends_with(".a"))
            collect_compiles(commands, found->second, compiles);
    }
}

} // namespace

Result<LibraryCommands> library_commands(const std::string &compdb, const std::string &library) {
    boost::system::error_code error;
    const json::value entries = json::parse(compdb, error);
    if (error || !entries.is_array())
        return Error{ErrorKind::kFailed,
                     "can't read what ninja -t compdb says of the build; use ninja 1.11 or later",
                     0};
    const ByOutput commands = by_output(entries.as_array());
    LibraryCommands found;
    const auto link = commands.find(library);
    if (link == commands.end())
        return found;
    found.link = link->second;
    collect_compiles(commands, found.link, found.compiles);
    return found;
}

CompilerCall::CompilerCall(const BuildCommand &command) : source_(command.input) {
    const std::vector<std::string> &all = command.words;
    std::size_t i = 0;
    const std::string first = all.empty() ? "" : fs::path(all.front()).filename().string();
    if (std::ranges::find(kCaches, first) != kCaches.end()) {
        cache_ = first;
        ++i;
    }
    for (; i < all.size(); ++i) {
        if (std::ranges::find(kOutputs, all[i]) != kOutputs.end()) {
            ++i;
            continue;
        }
        const bool is_side_output = std::ranges::any_of(
            kSideOutputs, [&](std::string_view prefix) { return all[i].starts_with(prefix); });
        if (!is_side_output && all[i] != "-c" && all[i] != source_)
            words_.push_back(all[i]);
    }
}

// What is included by the command line is one: a compiler takes it if it is there.
bool CompilerCall::has_precompiled_header() const {
    return has("-include-pch") || has("-include");
}

bool CompilerCall::is_c() const {
    return fs::path(source_).extension() == ".c";
}

bool CompilerCall::has_prefix(std::string_view prefix) const {
    return std::ranges::any_of(words_,
                               [&](const std::string &word) { return word.starts_with(prefix); });
}

bool CompilerCall::has(std::string_view word) const {
    return std::ranges::find(words_, word) != words_.end();
}

std::string CompilerCall::last_with(std::string_view prefix) const {
    std::string last;
    for (const std::string &word : words_) {
        if (word.starts_with(prefix))
            last = word;
    }
    return last;
}

CompilerCall CompilerCall::with(std::vector<std::string> more) const {
    CompilerCall call = *this;
    std::ranges::move(more, std::back_inserter(call.words_));
    return call;
}

CompilerCall CompilerCall::without(std::string_view prefix) const {
    CompilerCall call = *this;
    std::erase_if(call.words_, [&](const std::string &word) { return word.starts_with(prefix); });
    return call;
}

CompilerCall CompilerCall::on(const std::string &source) const {
    CompilerCall call = *this;
    call.source_ = source;
    return call;
}

std::vector<std::string> CompilerCall::words() const {
    std::vector<std::string> words = words_;
    if (!source_.empty())
        words.push_back(source_);
    return words;
}

} // namespace hotrun
