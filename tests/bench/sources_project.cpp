#include "bench/sources_project.hpp"

#include "bench/meson_targets.hpp"

namespace hotrun::bench {

namespace {

constexpr int kSourcesInAFolder = 100;
constexpr int kHeaderCount = 400;
constexpr int kHeadersOfASource = 20;
constexpr int kFirstNumber = 1000;

const char *const kEditedHeader = "include/edited.h";

// As long as Meson's are.
const char *const kArguments =
    "-Ilibgame.so.p -I. -I.. -I../include -I/usr/include/one -I/usr/include/two "
    "-fdiagnostics-color=always -D_FILE_OFFSET_BITS=64 -Wall -Winvalid-pch -Wextra -O0 -g -fPIC "
    "-DG_LOG_DOMAIN=\"game\" -pthread";

std::string object_of(int number) {
    return "libgame.so.p/source" + std::to_string(number) + ".cpp.o";
}

std::string header_text(int number) {
    return "#define EDITED_NUMBER " + std::to_string(number) + "\n";
}

std::string step_source(const std::string &number) {
    return "#include <cstdio>\n#include <ctime>\n#include \"edited.h\"\n"
           "extern \"C\" void hotrun_step(void *) {\n    " +
           telling_step(number) + "}\n";
}

} // namespace

SourcesProject::SourcesProject(int source_count, Edited edited, int includer_count)
    : source_count_(source_count), edited_(edited), includer_count_(includer_count) {
    write_sources();
    write_build_file();
    std::vector<std::string> sources;
    for (int number = 0; number < source_count_; ++number)
        sources.push_back(project_.path(source(number)));
    write_meson_targets(project_, sources);
    run_ninja();
}

std::vector<std::string> SourcesProject::edited_files() const {
    return {project_.path(edited_ == Edited::kHeader ? kEditedHeader : source(0))};
}

void SourcesProject::edit(int number) const {
    if (edited_ == Edited::kHeader)
        project_.write(kEditedHeader, header_text(number));
    else
        project_.write(source(0), step_source("EDITED_NUMBER + " + std::to_string(number)));
}

void SourcesProject::touch_source(int number, int value) const {
    std::string text = number < includer_count_ ? "#include \"edited.h\"\n" : "";
    text.append("int f").append(std::to_string(number)).append("() { return ");
    if (number < includer_count_)
        text += "EDITED_NUMBER + ";
    project_.write(source(number), text + std::to_string(value) + "; }\n");
}

std::string SourcesProject::source(int number) const {
    return "src/folder" + std::to_string(number / kSourcesInAFolder) + "/source" +
           std::to_string(number) + ".cpp";
}

void SourcesProject::write_sources() const {
    for (int header = 0; header < kHeaderCount; ++header)
        project_.write("include/h" + std::to_string(header) + ".h", "");
    project_.write(kEditedHeader, header_text(0));
    for (int number = 1; number < source_count_; ++number)
        touch_source(number, 0);
    SourcesProject::edit(kFirstNumber);
    if (edited_ == Edited::kHeader)
        project_.write(source(0), step_source("EDITED_NUMBER"));
}

std::string SourcesProject::compile_edge(int number) const {
    const std::string object = object_of(number);
    if (number < includer_count_)
        return "build " + object + ": cpp_COMPILER ../" + source(number) +
               "\n DEPFILE = " + object + ".d\n DEPFILE_UNQUOTED = " + object +
               ".d\n ARGS = -I../include -O0 -g " + "-fPIC\n\n";
    std::string text = "build " + object + ": fake_COMPILER ../" + source(number) +
                       "\n DEPFILE = " + object + ".d\n DEPFILE_UNQUOTED = " + object +
                       ".d\n HEADERS =";
    for (int i = 0; i < kHeadersOfASource; ++i)
        text.append(" ").append(std::to_string((number * 7 + i * 13) % kHeaderCount));
    return text.append("\n ARGS = ").append(kArguments).append("\n\n");
}

void SourcesProject::write_build_file() const {
    std::string text = "ninja_required_version = 1.8.2\n"
                       "rule cpp_COMPILER\n"
                       " command = " HOTRUN_CXX " $ARGS -MD -MQ $out -MF $DEPFILE -o $out -c $in\n"
                       " deps = gcc\n"
                       " depfile = $DEPFILE_UNQUOTED\n"
                       "rule fake_COMPILER\n"
                       " command = '" FAKE_COMPILER "' $in $out $HEADERS # $ARGS\n"
                       " deps = gcc\n"
                       " depfile = $DEPFILE_UNQUOTED\n"
                       "rule cpp_LINKER\n"
                       " command = " HOTRUN_CXX " -shared -o $out $LINKED\n"
                       "rule REGENERATE_BUILD\n"
                       " command = touch $out\n"
                       " generator = 1\n"
                       "build build.ninja: REGENERATE_BUILD ../meson.build "
                       "../meson_options.txt\n";
    std::string objects;
    std::string linked;
    for (int number = 0; number < source_count_; ++number) {
        text += compile_edge(number);
        objects.append(" ").append(object_of(number));
        if (number < includer_count_)
            linked.append(" ").append(object_of(number));
    }
    project_.write("build/build.ninja",
                   text + "build libgame.so: cpp_LINKER" + objects + "\n LINKED =" + linked + "\n");
}

} // namespace hotrun::bench
