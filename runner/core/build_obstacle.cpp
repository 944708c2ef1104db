#include "core/build_obstacle.hpp"

#include <array>

namespace hotrun {

namespace {

// `BUILDDIR` stands for the build folder.
struct KnownObstacle {
    std::string_view words;
    std::string_view sentence;
    bool meson_busy = false;
};

constexpr std::array<KnownObstacle, 6> kKnown = {{
    {"No space left on device",
     "there is no space left for what the build writes, in BUILDDIR or the temporary folder; free "
     "some, then save again"},
    {"Some other Meson process is already using this build directory",
     "another Meson works in BUILDDIR; hotrun builds again when it is done", true},
    {"Directory does not contain a valid build tree",
     "the build folder BUILDDIR has lost what Meson keeps in it; set it up again with meson setup "
     "--wipe BUILDDIR"},
    {"error: build.ninja:",
     "ninja can't read BUILDDIR/build.ninja; set the build folder up again with meson setup "
     "--reconfigure BUILDDIR"},
    {"loading 'build.ninja'",
     "the build folder BUILDDIR is not set up; run meson setup BUILDDIR in the project's folder"},
    {"unknown target '",
     "a target that hotrun builds is not in BUILDDIR any more; put it back into meson.build, or "
     "start hotrun with another"},
}};
constexpr std::size_t kNotSetUp = 4;

std::string fill_in(std::string_view sentence, const std::string &builddir) {
    constexpr std::string_view kPlace = "BUILDDIR";
    std::string text(sentence);
    for (std::size_t at = text.find(kPlace); at != std::string::npos;
         at = text.find(kPlace, at + builddir.size()))
        text.replace(at, kPlace.size(), builddir);
    return text;
}

} // namespace

std::optional<BuildObstacle> find_build_obstacle(std::string_view printed,
                                                 const std::string &builddir) {
    for (const KnownObstacle &known : kKnown) {
        if (printed.find(known.words) != std::string_view::npos)
            return BuildObstacle{known.words, fill_in(known.sentence, builddir), known.meson_busy};
    }
    return std::nullopt;
}

std::string not_set_up(const std::string &builddir) {
    return fill_in(kKnown[kNotSetUp].sentence, builddir);
}

} // namespace hotrun
