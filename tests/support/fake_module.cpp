#include "support/fake_module.hpp"

#include "core/code_patch.hpp"
#include "core/verify.hpp"
#include "support/memory_file.hpp"

namespace hotrun {

ElfBuilder stepping_library(const std::string &mark) {
    ElfBuilder library;
    library.machine(host_machine()).soname(mark).function("hotrun_step");
    return library;
}

std::string content_of(const ElfBuilder &library) {
    const std::vector<std::byte> bytes = library.build();
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

std::string mark_of(const std::string &content) {
    const auto *bytes = reinterpret_cast<const std::byte *>(content.data());
    const MemoryFile file({bytes, bytes + content.size()});
    const auto image = ElfImage::read(file, "");
    return std::holds_alternative<ElfImage>(image) ? std::get<ElfImage>(image).soname : "";
}

LiveLibrary make_code(FakeFileSystem &files, std::uint64_t number, const FakeSymbols &symbols,
                      const Statics &statics) {
    const std::string path = "/b/libgame.so";
    files.write(path, "generation " + std::to_string(number));
    Result<LiveCopy> copy = LiveCopy::create(files, path, {42, number}, "/b");
    auto library = std::make_unique<FakeLibrary>(symbols);
    library->segments = statics;
    library->lies_at = FakeLibraryLoader::place(number);
    return {.id = number,
            .path = path,
            .origin = {},
            .content = number,
            .soname = {},
            .copy = std::move(*copy),
            .patches = {},
            .links = {},
            .needed_paths = {},
            .needed = {},
            .library = std::move(library)};
}

std::unique_ptr<Generation> generation_of(LiveLibrary code, std::uint64_t number) {
    const Callbacks callbacks = Callbacks::of(*code.library);
    auto shared = std::make_shared<const LiveLibrary>(std::move(code));
    return std::make_unique<Generation>(
        Generation{number, std::move(shared), callbacks, "recipe of " + std::to_string(number)});
}

std::unique_ptr<Generation> make_generation(FakeFileSystem &files, std::uint64_t number,
                                            const FakeSymbols &symbols, const Statics &statics) {
    return generation_of(make_code(files, number, symbols, statics), number);
}

std::vector<SwitchReport> FakeHost::switch_now() {
    std::vector<SwitchReport> reports;
    for (Candidate &candidate : handover_.take()) {
        parked_.erase(candidate.module);
        if (candidate.parked)
            parked_.insert(candidate.module);
        candidate.phases.mark(Phase::kWait, clock_.now());
        patches_[candidate.module] = candidate.patch;
        if (candidate.patch != nullptr)
            static_cast<void>(candidate.patch->apply());
        SwitchReport report;
        report.module = candidate.module;
        report.generation = candidate.generation->number;
        report.resumed = candidate.resumed;
        report.phases = candidate.phases;
        report.rebind = std::move(candidate.rebind);
        report.old = std::exchange(live_[candidate.module], std::move(candidate.generation));
        const bool is_first = report.old == nullptr && !report.resumed;
        report.state = is_first ? StateOutcome::kFresh : StateOutcome::kKept;
        reports.push_back(std::move(report));
    }
    return reports;
}

FailureReport FakeHost::roll_back(SwitchReport report) {
    FailureReport failure;
    if (CodePatch *patch = patches_[report.module])
        static_cast<void>(patch->undo());
    failure.module = report.module;
    failure.from = report.generation;
    failure.to = report.old == nullptr ? 0 : report.old->number;
    failure.parked = report.old == nullptr;
    failure.rebind = std::move(report.rebind);
    failure.dropped = std::exchange(live_[report.module], std::move(report.old));
    return failure;
}

FailureReport FakeHost::park(std::size_t module) const {
    FailureReport failure;
    failure.module = module;
    failure.from = failure.to = live_.at(module)->number;
    failure.parked = true;
    return failure;
}

} // namespace hotrun
