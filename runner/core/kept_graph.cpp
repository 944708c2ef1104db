#include "core/kept_graph.hpp"

namespace hotrun {

namespace {

// What a graph was made from. A name may have any byte in it but a zero.
std::string origin(const BuildFiles &build_files, const std::vector<std::string> &targets) {
    std::string text = "hotrun graph 1\n";
    for (const std::string &target : targets)
        text += target + '\0';
    text += '\n';
    for (const auto &[path, stamp] : build_files.stamps()) {
        text += path + '\0';
        if (stamp)
            text += std::to_string(stamp->mtime_ns) + ' ' + std::to_string(stamp->size_bytes) +
                    ' ' + std::to_string(stamp->inode) + ' ' + std::to_string(stamp->device);
        text += '\n';
    }
    return text + '\n';
}

} // namespace

std::optional<std::string> KeptGraph::find(const BuildFiles &build_files,
                                           const std::vector<std::string> &targets) const {
    Result<std::string> text = files_.read(path_);
    const std::string wanted = origin(build_files, targets);
    if (!text || !text->starts_with(wanted))
        return std::nullopt;
    return text->substr(wanted.size());
}

void KeptGraph::keep(const BuildFiles &build_files, const std::vector<std::string> &targets,
                     std::string_view graphviz) {
    static_cast<void>(files_.write_whole(path_, origin(build_files, targets).append(graphviz)));
}

} // namespace hotrun
