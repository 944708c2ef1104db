#include "core/ninja_output.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace hotrun {

namespace {

constexpr char kSentinel = kNinjaStatus.front();
constexpr std::string_view kColouredFailed = "\x1b[31mFAILED: \x1b[0m";
constexpr std::string_view kPlainFailed = "FAILED: ";

// Ninja from 1.13 on: "FAILED: [code=1] outputs".
constexpr std::string_view kColouredFailedCode = "\x1b[31mFAILED: [code=";
constexpr std::string_view kPlainFailedCode = "FAILED: [code=";

constexpr std::string_view kOwnLine = "ninja: ";
constexpr std::array<std::string_view, 3> kNotWorthTelling = {
    "ninja: Entering directory ",
    "ninja: Leaving directory ",
    "ninja: build stopped: ",
};

bool take_prefix(std::string_view &text, std::string_view prefix) {
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

// A number and the space after it.
bool take_number(std::string_view &text, std::size_t &number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc())
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return take_prefix(text, " ");
}

// The outputs that a "FAILED: " line lists. Ninja puts a space behind each, also behind the last:
// that tells its line from one that a command printed.
std::optional<std::string_view> parse_failed(std::string_view line) {
    if (take_prefix(line, kColouredFailedCode) || take_prefix(line, kPlainFailedCode)) {
        const std::size_t end = line.find("] ");
        line.remove_prefix(end == std::string_view::npos ? line.size() : end + 2);
        take_prefix(line, "\x1b[0m");
    } else if (!take_prefix(line, kColouredFailed) && !take_prefix(line, kPlainFailed)) {
        return std::nullopt;
    }
    if (!line.ends_with(' '))
        return std::nullopt;
    line.remove_suffix(1);
    return line;
}

bool is_empty(const NinjaOutput::Chunk &chunk) {
    return !chunk.failed && chunk.text.empty();
}

bool starts_with_any(std::string_view line, const auto &prefixes) {
    return std::ranges::any_of(prefixes, [&](auto prefix) { return line.starts_with(prefix); });
}

} // namespace

bool NinjaOutput::feed(std::string_view bytes) {
    const std::size_t finished_before = finished_;
    const std::size_t total_before = total_;
    for (std::size_t end = bytes.find('\n'); end != std::string_view::npos;
         end = bytes.find('\n')) {
        line_ += bytes.substr(0, end);
        bytes.remove_prefix(end + 1);
        read_line(line_);
        line_.clear();
    }
    line_ += bytes;
    return finished_ != finished_before || total_ != total_before;
}

void NinjaOutput::finish() {
    if (!line_.empty())
        read_line(line_);
    line_.clear();
    std::erase_if(chunks_, is_empty);
    current_ = chunks_.size();
    console_.reset();
}

// The counts have to agree with each other, since compilers quote source text, which may hold any
// character.
std::optional<NinjaOutput::StatusLine> NinjaOutput::parse_status(std::string_view text) {
    StatusLine status;
    Counts &counts = status.counts;
    std::size_t unstarted = 0;
    if (!take_number(text, counts.started) || !take_number(text, counts.total) ||
        !take_number(text, counts.running) || !take_number(text, unstarted) ||
        !take_number(text, counts.finished))
        return std::nullopt;
    if (counts.finished > counts.started || counts.started > counts.total ||
        unstarted != counts.total - counts.started)
        return std::nullopt;
    status.description = text;
    return status;
}

void NinjaOutput::read_line(std::string_view line) {
    for (std::size_t at = line.find(kSentinel); at != std::string_view::npos;
         at = line.find(kSentinel, at + 1)) {
        const std::optional<StatusLine> status = parse_status(line.substr(at + 1));
        if (!status)
            continue;
        if (at > 0)
            read_text(line.substr(0, at));
        read_status(*status);
        return;
    }
    read_text(line);
}

// Ninja counts an edge as finished before it prints that it ended, and as running until after:
// there the running ones are one more than the difference. That is not so when an edge starts.
void NinjaOutput::read_status(const StatusLine &status) {
    const Counts &counts = status.counts;
    finished_ = counts.finished;
    total_ = counts.total;
    edge_ended_ = counts.running != counts.started - counts.finished;
    nothing_to_do_ = false;
    command_follows_ = false;
    open_chunk(status.description);
    if (!edge_ended_)
        console_ = current_;
}

void NinjaOutput::read_text(std::string_view line) {
    if (command_follows_) {
        command_follows_ = false;
        current().command = line;
        return;
    }
    if (const auto outputs = parse_failed(line))
        return read_failure(line, *outputs);
    if (read_own_line(line))
        return;
    // After a command without a line break at its end ninja makes up for it one line too late.
    if (line.empty() && is_empty(current()))
        return;
    current().text.append(line).push_back('\n');
}

void NinjaOutput::read_failure(std::string_view line, std::string_view outputs) {
    const bool status_line_precedes = edge_ended_ && is_empty(current());
    if (!status_line_precedes) {
        if (console_)
            current_ = *console_;
        else
            open_chunk({});
        console_.reset();
    }
    Chunk &chunk = current();
    chunk.output_name = outputs;
    chunk.heading = line;
    chunk.failed = true;
    command_follows_ = true;
}

// Such a line gets a chunk of its own, so that an error of ninja is not the edge's before it.
bool NinjaOutput::read_own_line(std::string_view line) {
    if (!line.starts_with(kOwnLine))
        return false;
    if (starts_with_any(line, kNotWorthTelling))
        return true;
    if (line == "ninja: no work to do.") {
        nothing_to_do_ = !edge_ended_; // else it is of a ninja that an edge has run
        return true;
    }
    const bool failed = line.starts_with("ninja: error: ") || line.starts_with("ninja: fatal: ");
    // "rebuilding 'build.ninja': subcommand failed": Meson has said why.
    if (failed && line.ends_with(": subcommand failed") &&
        std::ranges::any_of(chunks_, &Chunk::failed))
        return true;
    current(); // has its place before this one
    Chunk &chunk = chunks_.emplace_back();
    chunk.failed = failed;
    chunk.text.append(line).push_back('\n');
    return true;
}

NinjaOutput::Chunk &NinjaOutput::current() {
    if (current_ == chunks_.size())
        chunks_.emplace_back();
    return chunks_[current_];
}

// Most edges print nothing: their chunk is used again.
void NinjaOutput::open_chunk(std::string_view description) {
    const bool reusable = !chunks_.empty() && current_ == chunks_.size() - 1 &&
                          is_empty(chunks_.back()) && console_ != current_;
    if (!reusable)
        current_ = chunks_.size();
    current().description = description;
}

std::string NinjaOutput::printed(bool verbose) const {
    std::string text;
    for (const Chunk &chunk : chunks_) {
        if (!chunk.heading.empty())
            text.append(chunk.heading).push_back('\n');
        if (verbose && !chunk.command.empty())
            text.append(chunk.command).push_back('\n');
        text += chunk.text;
    }
    return text;
}

std::vector<std::string> NinjaOutput::failed_outputs() const {
    std::vector<std::string> outputs;
    for (const Chunk &chunk : chunks_) {
        std::string_view rest = chunk.output_name;
        while (!rest.empty()) {
            const std::size_t length = std::min(rest.find(' '), rest.size());
            outputs.emplace_back(rest.substr(0, length));
            rest.remove_prefix(std::min(length + 1, rest.size()));
        }
    }
    return outputs;
}

} // namespace hotrun
