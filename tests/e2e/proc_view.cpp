#include "e2e/proc_view.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <sstream>
#include <system_error>

namespace fs = std::filesystem;

namespace hotrun::e2e {

namespace {

std::string folder_of(pid_t pid) {
    return "/proc/" + std::to_string(pid);
}

// Calls `visit` with each range that is mapped, and its line.
template <typename Visit>
void for_each_mapping(pid_t pid, const Visit &visit) {
    std::ifstream maps(folder_of(pid) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        AddressRange range;
        char dash = 0;
        std::istringstream(line) >> std::hex >> range.begin >> dash >> range.end;
        visit(range, line);
    }
}

} // namespace

std::string read_text(const std::string &path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> descriptors_of(pid_t pid) {
    std::vector<std::string> targets;
    for (const auto &entry : fs::directory_iterator(folder_of(pid) + "/fd")) {
        std::error_code error; // it may be closed by now
        std::string target = fs::read_symlink(entry.path(), error).string();
        if (target.starts_with("pipe:") || target.starts_with("socket:"))
            std::erase_if(target, [](unsigned char letter) { return std::isdigit(letter) != 0; });
        if (!error)
            targets.push_back(std::move(target));
    }
    std::sort(targets.begin(), targets.end());
    return targets;
}

ProcessUsage usage_of(pid_t pid) {
    ProcessUsage usage;
    usage.descriptors = descriptors_of(pid).size();
    const std::string tasks = folder_of(pid) + "/task";
    usage.threads = static_cast<std::size_t>(
        std::distance(fs::directory_iterator(tasks), fs::directory_iterator()));
    usage.children = read_text(tasks + "/" + std::to_string(pid) + "/children");
    std::ifstream maps(folder_of(pid) + "/maps");
    for (std::string line; std::getline(maps, line);)
        usage.libraries += line.find("_live.") != std::string::npos ? 1 : 0;
    std::ifstream status(folder_of(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:"))
            usage.resident_kb = std::stoul(line.substr(6));
    }
    return usage;
}

std::vector<AddressRange> mapped_at(pid_t pid, const std::string &part_of_name) {
    std::vector<AddressRange> found;
    for_each_mapping(pid, [&](const AddressRange &range, const std::string &line) {
        if (line.find(part_of_name) != std::string::npos)
            found.push_back(range);
    });
    return found;
}

std::string accessible_in(pid_t pid, const std::vector<AddressRange> &places) {
    std::string lines;
    for_each_mapping(pid, [&](const AddressRange &range, const std::string &line) {
        const auto is_over_it = [&range](const AddressRange &place) {
            return range.begin < place.end && place.begin < range.end;
        };
        if (std::ranges::any_of(places, is_over_it) && line.find(" ---p ") == std::string::npos)
            lines += line + "\n";
    });
    return lines;
}

} // namespace hotrun::e2e
