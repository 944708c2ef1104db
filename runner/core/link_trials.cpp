#include "core/link_trials.hpp"

#include "core/compared_runs.hpp"

#include <algorithm>
#include <array>

namespace hotrun {

namespace {

constexpr std::string_view kUseLinker = "-fuse-ld=";
constexpr std::array<const char *, 4> kLinkers = {"mold", "lld", "gold", "bfd"};

Command to_command(const std::vector<std::string> &words, const std::string &directory) {
    return Command{
        words.front(), {words.begin() + 1, words.end()}, directory, {{"CCACHE_DISABLE", "1"}}};
}

Command to_command(const CompilerCall &call, const BuildCommand &link, const Trials &trials) {
    return to_command(call.with({"-o", trials.folder() + "/library.so"}).words(), link.directory);
}

// The link of objects that are compiled for it without -flto. None: one of them can't be, or lies
// in an archive.
Result<std::optional<BuildCommand>> link_without_lto(Trials &trials, BuildCommand link,
                                                     const std::vector<BuildCommand> &compiles) {
    if (compiles.empty())
        return std::optional<BuildCommand>();
    for (std::size_t i = 0; i < compiles.size(); ++i) {
        const BuildCommand &compile = compiles[i];
        const auto word = std::ranges::find(link.words, compile.output);
        if (word == link.words.end())
            return std::optional<BuildCommand>();
        *word = trials.folder() + "/without_lto" + std::to_string(i) + ".o";
        const std::vector<std::string> words =
            CompilerCall(compile).without(kLto).with({"-c", "-o", *word}).words();
        const auto outcome = trials.run(to_command(words, compile.directory));
        if (!outcome)
            return outcome.error();
        if (outcome->exit_status != 0)
            return std::optional<BuildCommand>();
    }
    std::erase_if(link.words, [](const auto &word) { return word.starts_with(kLto); });
    return std::optional(std::move(link));
}

} // namespace

Result<std::optional<LinkTimes>> measure_link(Trials &trials, const BuildCommand &link,
                                              const LinkOptions &options) {
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
    auto plain = link_without_lto(trials, in_order, options.compiles);
    if (!plain)
        return plain.error();
    if (*plain)
        commands.push_back(to_command(CompilerCall(**plain), link, trials));
    // A linker without the compiler's plugin makes an empty library of such objects, in no time.
    const bool needs_plugin = call.has_prefix(kLto);
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
    if (*plain)
        times.without_lto = (*runs)[first_linker - 1];
    std::size_t next = first_linker;
    for (LinkerTime &other : times.others) {
        if (other.installed)
            other.time = (*runs)[next++];
    }
    return std::optional(std::move(times));
}

} // namespace hotrun
