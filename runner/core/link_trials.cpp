#include "core/link_trials.hpp"

#include "core/compared_runs.hpp"

#include <array>

namespace hotrun {

namespace {

constexpr std::string_view kUseLinker = "-fuse-ld=";
constexpr std::array<const char *, 4> kLinkers = {"mold", "lld", "gold", "bfd"};

Command to_command(const CompilerCall &call, const BuildCommand &link, const Trials &trials) {
    const std::vector<std::string> words =
        call.with({"-o", trials.folder() + "/library.so"}).words();
    return Command{
        words.front(), {words.begin() + 1, words.end()}, link.directory, {{"CCACHE_DISABLE", "1"}}};
}

} // namespace

Result<std::optional<LinkTimes>> measure_link(Trials &trials, const BuildCommand &link,
                                              LinkOptions options) {
    BuildCommand in_order = link;
    in_order.input.clear(); // it stays among the others
    const CompilerCall call(in_order);
    LinkTimes times;
    times.linker = call.last_with(kUseLinker);
    if (!times.linker.empty())
        times.linker.erase(0, kUseLinker.size());
    std::vector<Command> commands = {to_command(call, link, trials)};
    if (options.has_compressed_debug)
        commands.push_back(to_command(call.without("-gz").with({"-gz=none"}), link, trials));
    // A linker without the compiler's plugin makes an empty library of such objects, in no time.
    const bool needs_plugin = call.has_prefix("-flto");
    const std::size_t first_linker = commands.size();
    for (const char *linker : kLinkers) {
        if (linker == times.linker || needs_plugin)
            continue;
        const bool installed = trials.has_program(std::string("ld.") + linker);
        times.others.push_back({linker, installed, std::nullopt});
        if (installed)
            commands.push_back(to_command(
                call.without(kUseLinker).with({std::string(kUseLinker) + linker}), link, trials));
    }
    const auto runs = compare_runs(trials, commands);
    if (!runs)
        return runs.error();
    if (!runs->front())
        return std::optional<LinkTimes>();
    times.whole = *runs->front();
    if (options.has_compressed_debug)
        times.uncompressed = (*runs)[1];
    std::size_t next = first_linker;
    for (LinkerTime &other : times.others) {
        if (other.installed)
            other.time = (*runs)[next++];
    }
    return std::optional(std::move(times));
}

} // namespace hotrun
