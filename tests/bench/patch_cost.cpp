// What it takes to put a changed object file beside a large library: all of it but the compiler.
#include "bench/clocks.hpp"
#include "bench/figures.hpp"
#include "bench/pause_host.hpp"
#include "linux/dl_library_loader.hpp"
#include "linux/dwarf_read_object.hpp"
#include "linux/linux_file_system.hpp"
#include "linux/patched_library.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

namespace hotrun::bench {
namespace {

constexpr int kPatchCount = 20;

DwarfReadObject read_object(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto *begin = reinterpret_cast<const std::byte *>(text.data());
    return DwarfReadObject(std::move(*ObjectFile::read(path, {begin, begin + text.size()})));
}

// Its own file again: as much work as one with a new body.
TEST(PatchCost, Large) {
    const GeneratedLibrary generated(library_cache(), {"85MB", 530});
    const auto file = LinuxFileSystem().open(generated.version_path(1));
    ASSERT_TRUE(file);
    const SymbolTable symbols = SymbolTable::read(**file);
    std::unique_ptr<PatchedLibrary> patched;
    std::vector<CodePatch *> patches;
    const auto library = DlLibraryLoader().load(generated.version_path(1), {});
    ASSERT_TRUE(library) << library.error().message;
    const double start = thread_ms();
    auto made = PatchedLibrary::make({.symbols = {SymbolCache::Shared(), &symbols},
                                      .handle = (*library)->handle(),
                                      .place = (*library)->place()});
    const double make_ms = thread_ms() - start;
    ASSERT_TRUE(made) << made.error().message;
    patched = std::move(*made);
    std::deque<DwarfReadObject> versions;
    versions.push_back(read_object(generated.objects().front()));
    versions.back().read_ahead();
    std::vector<double> prepare_ms;
    std::vector<double> apply_ms;
    for (int i = 0; i < kPatchCount; ++i) {
        const double begun = thread_ms();
        versions.push_back(read_object(generated.objects().front()));
        const ObjectChange change{&versions[versions.size() - 2], &versions.back()};
        auto patch = patched->prepare({&change, 1});
        prepare_ms.push_back(thread_ms() - begun);
        ASSERT_TRUE(patch) << patch.error().message;
        patches.push_back(*patch);
        const double switched = thread_ms();
        ASSERT_TRUE(patches.back()->apply());
        apply_ms.push_back(thread_ms() - switched);
    }
    for (; !patches.empty(); patches.pop_back())
        ASSERT_TRUE(patches.back()->undo());
    tell_figure("once for the library", "ms", make_ms);
    tell_figure("read and prepare", "ms", prepare_ms, {.with = {}, .bar = 8});
    tell_figure("at the safe point", "ms", apply_ms, {.with = {}, .bar = 0.5});
}

} // namespace
} // namespace hotrun::bench
