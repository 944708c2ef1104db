#include "support/fake_module.hpp"

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

std::unique_ptr<Generation> make_generation(FakeFileSystem &files, std::uint64_t number,
                                            const FakeSymbols &symbols) {
    const std::string path = "/b/libgame.so";
    files.write(path, "generation " + std::to_string(number));
    Result<LiveCopy> copy = LiveCopy::create(files, path, {42, number}, "/b");
    auto library = std::make_unique<FakeLibrary>(symbols);
    const Callbacks callbacks = Callbacks::of(*library);
    LiveLibrary code{.id = number,
                     .path = path,
                     .content = number,
                     .soname = {},
                     .copy = std::move(*copy),
                     .patches = {},
                     .links = {},
                     .needed = {},
                     .library = std::move(library)};
    return std::make_unique<Generation>(
        Generation{number, std::make_shared<const LiveLibrary>(std::move(code)), callbacks});
}

std::vector<SwitchReport> FakeHost::switch_now() {
    std::vector<SwitchReport> reports;
    for (Candidate &candidate : handover_.take()) {
        candidate.phases.mark(Phase::kWait, clock_.now());
        const std::uint64_t number = candidate.generation->number;
        std::unique_ptr<Generation> old =
            std::exchange(live_[candidate.module], std::move(candidate.generation));
        reports.push_back({candidate.module, number,
                           old == nullptr ? StateOutcome::kFresh : StateOutcome::kKept,
                           candidate.phases, std::move(old)});
    }
    return reports;
}

} // namespace hotrun
