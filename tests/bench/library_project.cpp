#include "bench/library_project.hpp"

#include "bench/meson_targets.hpp"

namespace hotrun::bench {

LibraryProject::LibraryProject(const GeneratedLibrary &library, const LibrarySize &size) {
    std::string text =
        "rule regenerate\n command = touch $out\n generator = 1\n"
        "build build.ninja: regenerate ../meson.build\n"
        "rule cpp_COMPILER\n command = " +
        GeneratedLibrary::compile_command(size) + " -I" + library.folder() +
        " -include pause_state.hpp -MD -MF $out.d -c $in -o $out\n deps = gcc\n depfile = $out.d\n"
        "rule cpp_LINKER\n command = " +
        GeneratedLibrary::link_command() +
        " @$out.rsp -o $out\n rspfile = $out.rsp\n rspfile_content = $in\n"
        "build game.o: cpp_COMPILER ../game.cpp\n"
        "build libgame.so: cpp_LINKER game.o";
    for (const std::string &object : library.objects())
        text += " " + object;
    project_.write("build/build.ninja", text + "\n");
    write_meson_targets(project_, {project_.path("game.cpp")});
    LibraryProject::edit(1000);
    e2e::run_command({"ninja", ninja_target()}, builddir());
}

void LibraryProject::edit(int number) const {
    project_.write("game.cpp", "#define PAUSE_TOLD\n#define PAUSE_VERSION " +
                                   std::to_string(number) + "\n#include \"pause_module.cpp\"\n");
}

} // namespace hotrun::bench
