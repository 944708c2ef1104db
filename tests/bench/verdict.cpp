// What it takes to see that a new version of a library has the layouts of the old one, without and
// with its static variables.
#include "bench/clocks.hpp"
#include "bench/figures.hpp"
#include "bench/generated_library.hpp"
#include "core/layout_diff.hpp"
#include "core/static_pairs.hpp"
#include "linux/dwarf_types.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace hotrun::bench {
namespace {

using Types = std::shared_ptr<const LibraryTypes>;
using Statics = DwarfTypeReader::Statics;

constexpr int kRunCount = 7;

template <typename Work>
double ms_of(Work work) {
    const double start = thread_ms();
    work();
    return thread_ms() - start;
}

Types read(const GeneratedLibrary &library, int version, Statics statics,
           const LibraryTypes *before = nullptr) {
    return DwarfTypeReader(statics).read(library.version_path(version), before);
}

// As MigrationPlanner and Migration do.
bool has_changed(const LibraryTypes &olds, const LibraryTypes &news) {
    LayoutDiff diff;
    const StaticPairs pairs = pair_statics(olds.statics, news.statics);
    for (const auto &[old_one, new_one] : pairs.pairs) {
        if (old_one->type != nullptr && new_one->type != nullptr)
            diff.between(*old_one->type, *new_one->type);
    }
    diff.follow_pointers();
    return !diff.changed().empty() || pairs.pairs.empty();
}

void measure(const LibrarySize &size, double bar_ms) {
    const GeneratedLibrary library(library_cache(), size);
    const Types before = read(library, 1, Statics::kRead);
    ASSERT_NE(before, nullptr);
    ASSERT_FALSE(before->statics.empty());
    ASSERT_FALSE(before->descriptors.empty());
    std::vector<double> bare;
    std::vector<double> first;
    std::vector<double> with;
    std::vector<double> compared;
    std::vector<double> verdict;
    for (int i = 0; i < kRunCount; ++i) {
        Types now;
        bare.push_back(ms_of([&] { read(library, 2, Statics::kLeftOut); }));
        first.push_back(ms_of([&] { now = read(library, 2, Statics::kRead); }));
        with.push_back(ms_of([&] { now = read(library, 2, Statics::kRead, before.get()); }));
        ASSERT_NE(now, nullptr);
        compared.push_back(ms_of([&] { EXPECT_FALSE(has_changed(*before, *now)); }));
        verdict.push_back(with.back() + compared.back());
    }
    std::size_t type_count = 0;
    before->each_type([&](const TypeLayout & /*type*/) { ++type_count; });
    const std::string of = size.name + ", " + std::to_string(before->statics.size()) +
                           " static variables, " + std::to_string(type_count) + " types: ";
    tell_figure(of + "layouts without statics", "ms", bare);
    tell_figure(of + "all of a first library", "ms", first);
    tell_figure(of + "all of the next one", "ms", with);
    tell_figure(of + "comparing them", "ms", compared);
    tell_figure(of + "verdict, the last two", "ms", verdict,
                {of + "all of a first library", bar_ms});
}

TEST(Verdict, Medium) {
    measure({"6MB", 38}, 2);
}

TEST(Verdict, Large) {
    measure({"85MB", 530}, 150);
}

} // namespace
} // namespace hotrun::bench
