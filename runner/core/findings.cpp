#include "core/findings.hpp"

#include "control/cost_text.hpp"
#include "core/module_warnings.hpp"
#include "core/sentence.hpp"
#include "core/time_findings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace hotrun {

namespace {

constexpr std::array<int, 2> kLeastMeson = {1, 0};
constexpr std::array<int, 2> kLeastNinja = {1, 11};
constexpr std::size_t kNamesTold = 3;

std::string first_of(const std::vector<std::string> &names, std::size_t count) {
    return listed(names, kNamesTold, count);
}

std::string first_of(const std::vector<std::string> &names) {
    return first_of(names, names.size());
}

// What a sentence of verify() has behind its last colon is the remedy.
Finding of_rejection(const LibraryFacts &library, const Rejection &rejection) {
    const std::size_t colon = rejection.detail.rfind(": ");
    const bool has_remedy = rejection.reason != RejectReason::kTruncated &&
                            rejection.reason != RejectReason::kNotElf && colon != std::string::npos;
    return {.code = std::string(to_word(rejection.reason)),
            .module = library.module,
            .message = has_remedy ? rejection.detail.substr(0, colon) : rejection.detail,
            .cost = "no generation is loaded",
            .remedy = has_remedy ? rejection.detail.substr(colon + 2) : "build it anew"};
}

void add_bindings(const LibraryFacts &library, std::vector<Finding> &findings) {
    if (!library.missing_libraries.empty())
        findings.push_back(
            {.code = std::string(to_word(RejectReason::kMissingLibrary)),
             .module = library.module,
             .message = "the dynamic linker can't find what the module " + library.module +
                        " is linked with: " + first_of(library.missing_libraries),
             .cost = "no generation is loaded",
             .remedy = "install it, or give its folder to the module as build_rpath"});
    if (!library.undefined_symbols.empty() && library.has_step)
        findings.push_back({.code = std::string(to_word(RejectReason::kUndefinedSymbol)),
                            .module = library.module,
                            .message = "nothing that the module " + library.module +
                                       " is linked with defines " +
                                       first_of(library.undefined_symbols),
                            .cost = "no generation is loaded by hotrun's own host",
                            .remedy = "link what defines it, or run the module in a host that "
                                      "exports it"});
}

void add_types(const LibraryFacts &library, std::vector<Finding> &findings) {
    if (!library.has_debug_info) {
        const ModuleWarning warning = no_debug_info_warning(library.module);
        findings.push_back({.code = warning.code,
                            .module = library.module,
                            .message = warning.what,
                            .cost = "nothing of a changed struct is carried over",
                            .remedy = warning.remedy});
    }
    if (library.incomplete_type_count > 0)
        findings.push_back(
            {.code = "incomplete_types",
             .module = library.module,
             .message = "the debug information of the module " + library.module +
                        " only declares types that its state consists of: " +
                        first_of({library.incomplete_type}, library.incomplete_type_count),
             .cost = "a change of a struct that has one is refused",
             .remedy = "compile it with -fstandalone-debug (clang) or -femit-class-debug-always "
                       "(g++)"});
}

// Old code that never leaves.
void add_leaks(const LibraryFacts &library, std::vector<Finding> &findings) {
    const std::string cost =
        bytes_text(library.loaded_bytes) + " stay in the process with each reload";
    if (library.unique_symbol_count > 0) {
        const ModuleWarning warning = unique_symbols_warning(library.module);
        findings.push_back(
            {.code = warning.code,
             .module = library.module,
             .message = warning.what + " (" +
                        first_of(library.unique_symbols, library.unique_symbol_count) + ")",
             .cost = cost,
             .remedy = warning.remedy});
    }
    if (library.has_thread_local_destructor)
        findings.push_back({.code = "thread_local_destructor",
                            .module = library.module,
                            .message = "the module " + library.module +
                                       " has a thread_local variable with a destructor: code that "
                                       "a thread has used it from can't leave the process",
                            .cost = cost,
                            .remedy = "keep the object in the permanent heap, or behind a "
                                      "thread_local pointer that hotrun_unload releases"});
    if (library.stays_loaded)
        findings.push_back({.code = "nodelete",
                            .module = library.module,
                            .message = "the module " + library.module +
                                       " is linked with -z nodelete: its old code can't leave the "
                                       "process",
                            .cost = cost,
                            .remedy = "take -Wl,-z,nodelete out of its link_args"});
}

void add_library(const LibraryFacts &library, std::vector<Finding> &findings) {
    const bool hides_step = std::ranges::find(library.hidden_callbacks, "hotrun_step") !=
                            library.hidden_callbacks.end();
    if (library.rejection && !(hides_step && library.rejection->reason == RejectReason::kNoStep))
        findings.push_back(of_rejection(library, *library.rejection));
    if (!library.hidden_callbacks.empty())
        findings.push_back({.code = "hidden_callback",
                            .module = library.module,
                            .message = "the module " + library.module + " defines " +
                                       first_of(library.hidden_callbacks) +
                                       ", but does not export it as a C function",
                            .cost = "it is never called",
                            .remedy = "include hotrun/module.h, which declares it so"});
    add_bindings(library, findings);
    if (library.rejection && library.rejection->reason != RejectReason::kNoStep)
        return; // the rest is of no use before it is mended
    add_types(library, findings);
    add_leaks(library, findings);
}

bool is_older(const std::string &version, const std::array<int, 2> &least) {
    std::array<int, 2> parts{};
    const char *at = version.data();
    const char *const end = at + version.size();
    for (int &part : parts) {
        const auto [next, error] = std::from_chars(at, end, part);
        if (error != std::errc())
            return false; // no version that we know how to read
        at = next == end ? end : next + 1;
    }
    return parts < least;
}

void add_version(const char *program, const std::string &version, const std::array<int, 2> &least,
                 std::vector<Finding> &findings) {
    if (!version.empty() && is_older(version, least))
        findings.push_back({.code = std::string("old_") + program,
                            .message = std::string(program) + " is of version " + version,
                            .cost = "hotrun can't rely on what it prints",
                            .remedy = "install " + std::string(program) + " " +
                                      std::to_string(least[0]) + "." + std::to_string(least[1]) +
                                      " or later"});
}

void add_folder(const FolderFacts &folder, std::vector<Finding> &findings) {
    add_version("meson", folder.meson_version, kLeastMeson, findings);
    add_version("ninja", folder.ninja_version, kLeastNinja, findings);
    if (!folder.can_be_written)
        findings.push_back({.code = "read_only_folder",
                            .message = "no live copy can be made in " + folder.builddir,
                            .cost = "each generation is copied to the temporary folder",
                            .remedy = "let your user write there"});
    if (!folder.file_system.empty())
        findings.push_back(
            {.code = "network_file_system",
             .message = "the build folder " + folder.builddir + " is on " + folder.file_system,
             .cost = "each object and library goes over it",
             .remedy = "set up a build folder on a local disk"});
    if (folder.unwatched_count == 0)
        return;
    std::string why = folder.unwatched_why ? folder.unwatched_why->message : "";
    const std::size_t semicolon = why.find("; ");
    const bool has_remedy = why.find("; raise ") != std::string::npos;
    findings.push_back(
        {.code = folder.source_system.empty() ? "watch_limit" : "silent_file_system",
         .message = folder.source_system.empty() ? why.substr(0, semicolon)
                                                 : "sources are on " + folder.source_system +
                                                       ", which does not tell of all saves",
         .cost = std::to_string(folder.unwatched_count) + " of " +
                 std::to_string(folder.watched_count) + " files are polled every 250 ms",
         .remedy = has_remedy ? why.substr(semicolon + 2, why.find("; until") - semicolon - 2)
                              : "keep the project on a local disk"});
}

} // namespace

std::vector<Finding> find(const FolderFacts &folder, const RunTime &idle_build,
                          const std::vector<ModuleFacts> &modules) {
    std::vector<Finding> findings;
    for (const ModuleFacts &module : modules)
        add_library(module.library, findings);
    add_folder(folder, findings);
    add_idle_build(folder, idle_build, findings);
    for (const ModuleFacts &module : modules)
        add_times(module, folder, findings);
    std::ranges::stable_sort(findings, [](const Finding &a, const Finding &b) {
        const auto rank = [](const Finding &finding) {
            return finding.cost_time.value_or(Microseconds::max());
        };
        return rank(a) > rank(b);
    });
    return findings;
}

} // namespace hotrun
