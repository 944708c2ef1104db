#include "core/compile_trials.hpp"

#include "core/compared_runs.hpp"
#include "core/leading_includes.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <tuple>

namespace hotrun {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeaderCount = 4;           // so many are measured
constexpr std::size_t kLeastHeaderBytes = 20'000; // less is read in no time
constexpr const char *kCache = "ccache";

using MaybeTimes = std::optional<CompileTimes>;

std::string file_in(const std::string &folder, const char *name) {
    return folder + "/" + name;
}

} // namespace

Command CompileTrials::to_command(const CompilerCall &call) const {
    std::vector<std::string> words = call.words();
    Command command{words.front(),
                    {words.begin() + 1, words.end()},
                    directory_,
                    {{"CCACHE_DISABLE", "1"}}}; // the compiler may be a link to it
    return command;
}

Result<std::vector<IncludedHeader>> CompileTrials::included(const CompilerCall &call) {
    const std::string text = file_in(trials_.folder(), "preprocessed");
    const Result<Trials::Outcome> outcome = trials_.run(to_command(call.with({"-E", "-o", text})));
    if (!outcome)
        return outcome.error();
    const Result<std::string> preprocessed = files_.read(text);
    if (outcome->exit_status != 0 || !preprocessed)
        return std::vector<IncludedHeader>();
    std::vector<IncludedHeader> headers = included_headers(files_, directory_, *preprocessed);
    std::erase_if(headers, [](const IncludedHeader &header) { return header.spelling.empty(); });
    return headers;
}

// Makes the header; none: it can't be made.
Result<std::optional<CompilerCall>> CompileTrials::precompiled(const CompilerCall &call,
                                                               const char *name,
                                                               const std::string &includes) {
    const std::string path = file_in(trials_.folder(), name);
    if (const Status written = trials_.write(path, includes); !written)
        return written.error();
    const std::string folder = fs::path(call.source()).parent_path().string();
    const Result<Trials::Outcome> outcome = trials_.run(to_command(
        call.on("").with({"-w", "-iquote", folder.empty() ? "." : folder, "-x",
                          call.is_c() ? "c-header" : "c++-header", path, "-o", path + ".gch"})));
    if (!outcome)
        return outcome.error();
    if (outcome->exit_status != 0)
        return std::optional<CompilerCall>();
    return std::optional(call.with({"-include", path}));
}

Status CompileTrials::add_precompiled(const CompilerCall &call, const char *name,
                                      const std::string &includes,
                                      std::optional<RunTime> CompileTimes::*time,
                                      std::vector<Variant> &variants) {
    const auto with_header = precompiled(call, name, includes);
    if (!with_header)
        return with_header.error();
    if (*with_header)
        variants.push_back(
            {to_command((*with_header)->with({"-c", "-o", file_in(trials_.folder(), "object.o")})),
             time});
    return Done{};
}

// Empty: it begins with no include, or has a precompiled header anyway.
std::string CompileTrials::preamble_of(const CompilerCall &call) const {
    const Result<std::string> text = files_.read(absolute_path(call.source()));
    return text && !call.has_precompiled_header() ? leading_includes(*text) : std::string();
}

// The first one is what the build does.
std::vector<CompileTrials::Variant> CompileTrials::variants(const CompilerCall &call,
                                                            CompileTimes &times) const {
    const std::vector<std::string> to_object = {"-c", "-o", file_in(trials_.folder(), "object.o")};
    const CompilerCall whole = call.with(to_object);
    std::vector<Variant> all = {{to_command(whole), nullptr}};
    all.push_back({to_command(call.with({"-fsyntax-only", "-o", to_object.back()})),
                   &CompileTimes::front_end});
    const std::string optimisation = call.last_with("-O");
    if (!optimisation.empty() && optimisation != "-O0" && optimisation != "-Og") {
        times.optimisation = optimisation;
        all.push_back({to_command(whole.without("-O").with({"-O0"})), &CompileTimes::unoptimised});
    }
    if (options_.has_compressed_debug)
        all.push_back(
            {to_command(whole.without("-gz").with({"-gz=none"})), &CompileTimes::uncompressed});
    if (call.has_prefix(kLto))
        all.push_back({to_command(whole.without(kLto)), &CompileTimes::without_lto});
    if (std::optional<Command> by_cache = cached(whole))
        all.push_back({std::move(*by_cache), &CompileTimes::cached});
    return all;
}

// By way of ccache, which is named before the compiler, or is what the compiler's name stands for.
std::optional<Command> CompileTrials::cached(const CompilerCall &call) const {
    Command command = to_command(call);
    const bool is_link = fs::path(trials_.program_file(command.program)).filename() == kCache;
    if (!options_.uses_cache || (call.cache() != kCache && !is_link))
        return std::nullopt;
    if (!is_link) {
        command.arguments.insert(command.arguments.begin(), command.program);
        command.program = kCache;
    }
    command.environment = {{"CCACHE_DIR", file_in(trials_.folder(), "ccache")},
                           {"CCACHE_RECACHE", "1"}};
    return command;
}

// Meson's unity sources consist of include lines.
void CompileTrials::add_part(const CompilerCall &call, CompileTimes &times,
                             std::vector<Variant> &variants) const {
    const std::string name = fs::path(call.source()).stem().string();
    if (name.find("-unity") == std::string::npos)
        return;
    const Result<std::string> text = files_.read((fs::path(directory_) / call.source()).string());
    if (!text)
        return;
    std::string largest;
    std::uint64_t largest_bytes = 0;
    for (const std::string &line : include_lines(*text)) {
        const fs::path part(line.substr(1, line.size() - 2));
        // Relative to the unity source, as the compiler finds it.
        const std::string path =
            (fs::path(directory_) / fs::path(call.source()).parent_path() / part)
                .lexically_normal()
                .string();
        const std::optional<Timestamp> stamp = files_.timestamp(path);
        ++times.part_count;
        if (stamp && stamp->size_bytes >= largest_bytes) {
            largest = path;
            largest_bytes = stamp->size_bytes;
        }
    }
    if (times.part_count > 1 && !largest.empty())
        variants.push_back(
            {to_command(call.on(largest).with({"-c", "-o", file_in(trials_.folder(), "object.o")})),
             &CompileTimes::part});
}

// Each beside a source that includes nothing.
Status CompileTrials::measure_headers(const CompilerCall &call,
                                      const std::vector<IncludedHeader> &headers,
                                      CompileTimes &times) {
    std::vector<IncludedHeader> heaviest;
    for (const IncludedHeader &header : headers) {
        if (heaviest.size() < kHeaderCount && header.bytes >= kLeastHeaderBytes)
            heaviest.push_back(header);
    }
    if (heaviest.empty())
        return Done{};
    std::vector<Command> commands;
    for (std::size_t i = 0; i <= heaviest.size(); ++i) {
        const std::string path =
            trials_.folder() + "/alone" + std::to_string(i) + (call.is_c() ? ".c" : ".cpp");
        const std::string text =
            i == 0 ? "" : "#include \"" + absolute_path(heaviest[i - 1].path) + "\"\n";
        if (const Status written = trials_.write(path, text); !written)
            return written.error();
        commands.push_back(to_command(call.on(path).with(
            {"-w", "-fsyntax-only", "-o", file_in(trials_.folder(), "object.o")})));
    }
    const auto alone = compare_runs(trials_, commands);
    if (!alone)
        return alone.error();
    for (std::size_t i = 1; i < alone->size(); ++i) {
        if (const auto &time = (*alone)[i])
            times.headers.push_back({heaviest[i - 1].spelling, heaviest[i - 1].bytes,
                                     std::max(time->least - (*alone)[0]->least, Microseconds(0))});
    }
    std::ranges::stable_sort(times.headers, std::ranges::greater(), &HeaderTime::alone);
    return Done{};
}

std::string CompileTrials::absolute_path(const std::string &path) const {
    return (fs::path(directory_) / path).lexically_normal().string();
}

Result<MaybeTimes> CompileTrials::measure(const BuildCommand &compile) {
    const CompilerCall call(compile);
    directory_ = compile.directory;
    if (call.words().size() < 2 || call.has_prefix("-fmodules"))
        return MaybeTimes();
    CompileTimes times;
    times.source = call.source();
    std::vector<Variant> all = variants(call, times);
    add_part(call, times, all);
    const Result<std::vector<IncludedHeader>> headers = included(call);
    if (!headers)
        return headers.error();
    if (!call.has_precompiled_header()) {
        for (const IncludedHeader &header : *headers) {
            if (header.is_system)
                times.system_headers.push_back(header.spelling);
        }
    }
    std::string system_headers;
    for (const std::string &header : times.system_headers)
        system_headers += "#include " + header + "\n";
    for (const auto &[name, includes, time] :
         {std::tuple("precompiled.hpp", system_headers, &CompileTimes::precompiled),
          std::tuple("preamble.hpp", preamble_of(call), &CompileTimes::preamble)}) {
        if (includes.empty())
            continue;
        if (const Status added = add_precompiled(call, name, includes, time, all); !added)
            return added.error();
    }
    std::vector<Command> commands;
    for (const Variant &variant : all)
        commands.push_back(variant.command);
    const auto runs = compare_runs(trials_, commands);
    if (!runs)
        return runs.error();
    if (!runs->front())
        return MaybeTimes();
    times.whole = *runs->front();
    for (std::size_t i = 1; i < all.size(); ++i)
        times.*(all[i].time) = (*runs)[i];
    if (const Status measured = measure_headers(call, *headers, times); !measured)
        return measured.error();
    return MaybeTimes(std::move(times));
}

CacheUse parse_cache_use(std::string_view statistics) {
    CacheUse use;
    const auto count_of = [&](std::string_view name) {
        const std::string line = "\n" + std::string(name) + "\t";
        const std::size_t at = statistics.find(line);
        std::uint64_t count = 0;
        if (at != std::string_view::npos)
            std::from_chars(statistics.data() + at + line.size(),
                            statistics.data() + statistics.size(), count);
        return count;
    };
    use.hit_count = count_of("direct_cache_hit") + count_of("preprocessed_cache_hit");
    use.miss_count = count_of("cache_miss");
    return use;
}

} // namespace hotrun
