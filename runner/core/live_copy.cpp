#include "core/live_copy.hpp"

#include <charconv>
#include <filesystem>

namespace hotrun {

namespace {

constexpr std::string_view kSuffix = ".so";

std::string prefix_of(const std::string &library_name) {
    return std::filesystem::path(library_name).stem().string() + "_live.";
}

// Takes a number off the front of `text`.
template <typename Number>
bool take_number(std::string_view &text, Number &number) {
    const char *end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || number < 1)
        return false;
    text.remove_prefix(static_cast<std::size_t>(after - text.data()));
    return true;
}

bool take(std::string_view &text, std::string_view part) {
    if (!text.starts_with(part))
        return false;
    text.remove_prefix(part.size());
    return true;
}

} // namespace

std::string LiveCopyName::file_name(const std::string &library_name) const {
    return prefix_of(library_name) + std::to_string(pid) + "." + std::to_string(generation) +
           (attempt > 1 ? "-" + std::to_string(attempt) : "") + std::string(kSuffix);
}

std::optional<LiveCopyName> LiveCopyName::parse(const std::string &library_name,
                                                const std::string &file_name) {
    LiveCopyName name;
    std::string_view rest = file_name;
    if (!take(rest, prefix_of(library_name)) || !take_number(rest, name.pid) || !take(rest, ".") ||
        !take_number(rest, name.generation))
        return std::nullopt;
    if (take(rest, "-") && !take_number(rest, name.attempt))
        return std::nullopt;
    return rest == kSuffix ? std::optional(name) : std::nullopt;
}

void remove_live_copies(
    FileSystem &files, const std::string &library, const std::string &folder,
    const std::function<bool(const LiveCopyName &, const std::optional<Timestamp> &)> &belongs) {
    const std::string library_name = std::filesystem::path(library).filename().string();
    const Result<std::vector<std::string>> names = files.list(folder);
    if (!names)
        return;
    for (const std::string &name : *names) {
        const auto copy = LiveCopyName::parse(library_name, name);
        const std::string path = folder + "/" + name;
        if (copy && belongs(*copy, files.timestamp(path)))
            static_cast<void>(files.remove(path));
    }
}

void remove_stale_live_copies(FileSystem &files, const ProcessTable &processes,
                              const std::string &library) {
    const std::string folder = std::filesystem::path(library).parent_path().string();
    remove_live_copies(files, library, folder, [&](const LiveCopyName &name, const auto &stamp) {
        const auto started = processes.start_time(name.pid);
        return !started || (stamp && started->count() > stamp->mtime_ns);
    });
}

Result<LiveCopy> LiveCopy::create(FileSystem &files, const std::string &library,
                                  const LiveCopyName &name, const std::string &folder) {
    const std::string library_name = std::filesystem::path(library).filename().string();
    std::string path = folder + "/" + name.file_name(library_name);
    if (const Status copied = files.copy(library, path); !copied)
        return copied.error();
    return LiveCopy(files, std::move(path));
}

LiveCopy::~LiveCopy() {
    if (is_owned_ && !path_.empty())
        static_cast<void>(files_->remove(path_));
}

} // namespace hotrun
