// What `hotrun status --files` prints beside the truth: each file is touched, and ninja asked
// whether there is work now.
#include "e2e/child.hpp"
#include "e2e/game_test.hpp"
#include "e2e/hotmaths_project.hpp"
#include "e2e/test_project.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <sstream>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

using Paths = std::vector<std::string>;

std::string run(const std::vector<std::string> &words, const std::string &directory,
                int status = 0) {
    Child child(words, directory, Child::Streams::kPipe);
    EXPECT_EQ(child.wait_for_exit(), status) << words.front() << ": " << child.output();
    return child.output();
}

Paths lines_of(const std::string &text) {
    Paths lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

// A build folder, and what in it is asked for.
struct Build {
    std::string builddir;
    std::string target;       // as hotrun takes it
    std::string ninja_target; // as ninja does

    bool has_work() const {
        return run({"ninja", "-n", ninja_target}, builddir).find("no work to do") ==
               std::string::npos;
    }
    Paths printed() const {
        return lines_of(run({HOTRUN_TOOL, "status", "--files", "-C", builddir, target}, builddir));
    }
};

// The files below `folder` that are no links, without those of the build folder.
Paths files_below(const std::string &folder, const Build &build) {
    Paths files;
    for (auto entry = fs::recursive_directory_iterator(folder);
         entry != fs::recursive_directory_iterator(); ++entry) {
        if (entry->path() == build.builddir)
            entry.disable_recursion_pending();
        else if (entry->is_regular_file() && !entry->is_symlink())
            files.push_back(entry->path().string());
    }
    return files;
}

// Those of `candidates` that make ninja work when they are newer than they were.
Paths that_make_work(const Build &build, const Paths &candidates) {
    EXPECT_FALSE(build.has_work());
    Paths working;
    for (const std::string &file : candidates) {
        const fs::file_time_type time = fs::last_write_time(file);
        fs::last_write_time(file, fs::file_time_type::clock::now() + std::chrono::seconds(2));
        if (build.has_work())
            working.push_back(file);
        fs::last_write_time(file, time);
    }
    EXPECT_FALSE(build.has_work());
    return working;
}

void expect_truth(const Build &build, Paths candidates) {
    std::sort(candidates.begin(), candidates.end());
    const Paths printed = build.printed();
    EXPECT_TRUE(std::is_sorted(printed.begin(), printed.end()));
    Paths printed_candidates;
    std::set_intersection(printed.begin(), printed.end(), candidates.begin(), candidates.end(),
                          std::back_inserter(printed_candidates));
    EXPECT_EQ(printed_candidates, that_make_work(build, candidates));
}

// Fails where an example of `expect_truth` has lost what it is there for.
void expect_contains(const Paths &paths, const Paths &wanted) {
    for (const std::string &path : wanted)
        EXPECT_TRUE(std::binary_search(paths.begin(), paths.end(), path)) << path;
}

// Reads INPUT, and what EXTRA names, and writes OUTPUT unless that says the same already.
const char *const kGenerator = R"(#!/usr/bin/env python3
import os, sys
source, output, depfile, *extra = sys.argv[1:]
text = open(source, encoding='utf-8').read()
if depfile != '-':
    escaped = [os.path.abspath(path).replace(' ', '\\ ') for path in extra]
    with open(depfile, 'w', encoding='utf-8') as file:
        file.write(output.replace(' ', '\\ ') + ': ' + ' '.join(escaped) + '\n')
if not os.path.exists(output) or open(output, encoding='utf-8').read() != text:
    open(output, 'w', encoding='utf-8').write(text)
)";

const char *const kMesonBuild = R"(project('truth', 'c', 'cpp', version: files('VERSION'))
python = find_program('python3')
gen = files('tools/gen.py')
here = meson.current_source_dir()
subdir('parts')
run_command('tools/at_setup.sh', check: true)
motto = import('fs').read('motto.txt').strip()
configure_file(input: 'config.h.in', output: 'config.h',
               configuration: {'LIMIT': get_option('limit'), 'MOTTO': motto})
configure_file(input: 'copied.h.in', output: 'copied.h', copy: true)
table = custom_target(
  input: 'table.def', output: 'table.c', depend_files: 'table.schema', depfile: 'table.c.d',
  command: [python, gen, '@INPUT@', '@OUTPUT@', '@DEPFILE@', here / 'table.more'])
names = custom_target(input: 'names.def', output: 'names.h',
                      command: [python, gen, '@INPUT@', '@OUTPUT@', '-'])
shapes = generator(find_program('tools/gen.py'), output: '@BASENAME@.cpp', depfile: '@BASENAME@.d',
                   arguments: ['@INPUT@', '@OUTPUT@', '@DEPFILE@', here / 'shape.more'])
extra = subproject('extra').get_variable('extra_dep')
parts_lib = static_library('parts', 'parts/one.c', 'parts/two.c', pic: true)
helper = static_library('helper', 'helper.c', pic: true)
whole = static_library('whole', 'whole.c', pic: true)
mate = shared_library('mate', 'mate.cpp')
map = here / 'game.map'
maker = executable('maker', 'maker.c', native: true)
made = custom_target(output: 'made.h', input: 'made.def', command: [maker, '@INPUT@', '@OUTPUT@'])
stamp = custom_target(output: 'stamp.txt', input: 'stamp.in',
                      command: ['cp', '@INPUT@', '@OUTPUT@'])
late = custom_target(output: 'late.c', input: 'late.in', depends: stamp,
                     command: ['cp', '@INPUT@', '@OUTPUT@'])
taken = import('fs').copyfile('taken.c.in', 'taken.c')
configure_file(output: 'ran.h', command: [files('tools/print.sh'), '@INPUT@'], capture: true,
               input: 'ran.in')
shared_library('game', 'game.cpp', 'plain.c', 'fast.S', part_sources, table, names, made, late,
  taken,
  shapes.process('shape.def'), c_args: ['-include', here / 'forced.h'],
  include_directories: 'way', cpp_pch: 'pch/game_pch.hpp',
  link_args: '-Wl,--version-script,' + map, link_depends: 'game.map',
  link_with: [helper, mate], link_whole: whole, dependencies: extra,
  objects: [parts_lib.extract_objects('parts/one.c'), 'ready.o'])
executable('other', 'other.cpp')
)";

// A project with an input of each kind that Meson has, and with files that are none.
class EveryKind : public testing::Test {
  protected:
    EveryKind() {
        write_build_files();
        write_inputs();
        for (const char *name : {"README.md", "unused.h", "other.h", "table.unread",
                                 "notes/todo.txt", "tools/unused.py"})
            project.write(name, "");
        project.write("other.cpp", "#include \"other.h\"\nint main() {}\n");
        project.write("ready.c", "int ready(void) { return 1; }\n");
        run_command({"cc", "-fPIC", "-c", "ready.c", "-o", "ready.o"}, project.path());
    }

    void set_up_and_build(std::vector<std::string> options) const {
        options.insert(options.end(), {"--native-file", machine});
        project.set_up(options);
        project.build();
    }

    void expect_truth_of_all() const {
        Paths candidates = files_below(project.path(), build);
        candidates.push_back(machine);
        for (const char *name : {"build/config.h", "build/copied.h", "build/ran.h",
                                 "build/compile_commands.json", "build/meson-private/coredata.dat"})
            candidates.push_back(project.path(name));
        expect_truth(build, candidates);
    }

    void write_build_files() const {
        project.write("meson.build", kMesonBuild);
        project.write("meson_options.txt", "option('limit', type: 'string', value: '3')\n");
        project.write("VERSION", "1.0\n");
        project.write("motto.txt", "good\n");
        project.write("parts/meson.build", "part_sources = files('three.c')\n");
        project.write("config.h.in", "#define LIMIT @LIMIT@\n#define MOTTO \"@MOTTO@\"\n");
        project.write("copied.h.in", "#define COPIED 1\n");
        project.write("tools/gen.py", kGenerator);
        project.write("tools/at_setup.sh", "#!/bin/sh\n");
        project.write("tools/print.sh", "#!/bin/sh\ncat \"$1\"\n");
        for (const char *tool : {"tools/gen.py", "tools/at_setup.sh", "tools/print.sh"})
            fs::permissions(project.path(tool), fs::perms::owner_all);
        project.write("subprojects/extra/meson.build",
                      "project('extra', 'c')\n"
                      "extra_dep = declare_dependency(link_with: static_library('extra', 'extra.c',"
                      " pic: true), include_directories: 'include')\n");
        project.write("subprojects/extra/meson_options.txt",
                      "option('x', type: 'boolean', value: true)\n");
    }

    void write_inputs() const {
        project.write("game.cpp",
                      "#include \"game.h\"\n#include \"config.h\"\n#include \"names.h\"\n"
                      "#include \"copied.h\"\n#include \"linked.h\"\n"
                      "#include \"made.h\"\n#include \"ran.h\"\n#include <way.h>\n"
                      "#include \"made.h\"\n#include \"ran.h\"\n#include <way.h>\n"
                      "#include <extra.h>\nint game() { return GAME + LIMIT; }\n");
        project.write("game.h", "#include \"inner/deep.h\"\n");
        project.write("inner/deep.h", "#define GAME 1\n");
        project.write("elsewhere/real.h", "\n");
        fs::create_symlink("elsewhere/real.h", project.path("linked.h"));
        project.write("pch/game_pch.hpp", "#include \"inner.hpp\"\n");
        project.write("pch/inner.hpp", "#include <cstddef>\n");
        for (const char *name : {"plain", "helper", "whole", "parts/one", "parts/two",
                                 "parts/three", "subprojects/extra/extra"}) {
            const std::string stem = fs::path(name).filename();
            project.write(std::string(name) + ".h", "\n");
            project.write(std::string(name) + ".c",
                          "#include \"" + stem + ".h\"\nint " + stem + "(void) { return 1; }\n");
        }
        project.write("subprojects/extra/include/extra.h", "\n");
        project.write("mate.cpp", "int mate() { return 2; }\n");
        project.write("game.map", "{ global: *; };\n");
        project.write("table.def", "int table = 1;\n");
        for (const char *name : {"table.schema", "table.more", "shape.more"})
            project.write(name, "\n");
        project.write("names.def", "#define NAME 1\n");
        project.write("shape.def", "int shape() { return 4; }\n");
        project.write("maker.c", "#include <stdio.h>\n#include \"maker.h\"\n"
                                 "int main(int count, char **words) {\n"
                                 "    return count < 3 || !fopen(words[2], \"w\");\n}\n");
        project.write("late.in", "int late(void) { return 5; }\n");
        project.write("taken.c.in", "int taken(void) { return 6; }\n");
        project.write("ran.in", "#define RAN 1\n");
        project.write("fast.S", "#include \"fast.inc\"\n.section .note.GNU-stack,\"\"\n");
        for (const char *name : {"maker.h", "made.def", "stamp.in", "forced.h", "fast.inc"})
            project.write(name, "\n");
        project.write("real_way/way.h", "\n");
        fs::create_directory_symlink("real_way", project.path("way"));
        project.write("subprojects/extra.wrap", "[wrap-file]\ndirectory = extra\n");
    }

    Paths paths(const std::vector<std::string> &names) const {
        Paths paths;
        for (const std::string &name : names)
            paths.push_back(project.path(name));
        return paths;
    }

    TestProject project;
    TemporaryFolder elsewhere;
    std::string machine = elsewhere.write("machine.ini", "[project options]\nlimit = '5'\n");
    Build build{project.builddir(), "game", "libgame.so"};
};

TEST_F(EveryKind, PrintedFilesAreThoseThatMakeNinjaWork) {
    set_up_and_build({});
    expect_truth_of_all();
    const Paths printed = build.printed();
    expect_contains(printed, paths({"game.cpp",
                                    "inner/deep.h",
                                    "pch/inner.hpp",
                                    "shape.def",
                                    "shape.more",
                                    "table.def",
                                    "table.schema",
                                    "table.more",
                                    "names.def",
                                    "config.h.in",
                                    "game.map",
                                    "mate.cpp",
                                    "helper.c",
                                    "whole.h",
                                    "parts/one.c",
                                    "ready.o",
                                    "subprojects/extra/extra.c",
                                    "subprojects/extra/meson.build",
                                    "parts/meson.build",
                                    "meson_options.txt",
                                    "tools/gen.py",
                                    "elsewhere/real.h",
                                    "real_way/way.h",
                                    "maker.h",
                                    "stamp.in",
                                    "fast.inc",
                                    "forced.h",
                                    "ran.in"}));
    expect_contains(printed, {machine});
}

TEST_F(EveryKind, WithoutAPrecompiledHeaderToo) {
    set_up_and_build({"-Dunity=subprojects", "-Db_pch=false"});
    expect_truth_of_all();
}

// After a build that left a generated header as it was, only ninja's log knows that it is up to
// date.
TEST_F(EveryKind, GeneratedHeaderThatStayedTheSameChangesNothing) {
    set_up_and_build({});
    const Paths before = build.printed();
    project.write("names.def", "#define NAME 1\n");
    run({"ninja", "libgame.so"}, project.builddir());
    EXPECT_EQ(build.printed(), before);
    expect_truth(build, paths({"names.def", "game.cpp", "README.md"}));
}

TEST_F(EveryKind, HeadersAreMissingBeforeTheFirstBuildAndThatIsSaid) {
    project.set_up({"--native-file", machine});
    const std::string said = run({HOTRUN_TOOL, "status", "game", "-C", project.builddir()}, "/");
    EXPECT_NE(said.find("hotrun: the headers of "), std::string::npos) << said;
    const Paths printed = build.printed();
    EXPECT_TRUE(std::find(printed.begin(), printed.end(), project.path("game.cpp")) !=
                printed.end());
    EXPECT_TRUE(std::find(printed.begin(), printed.end(), project.path("game.h")) == printed.end());
    project.build();
    const std::string silent = run({HOTRUN_TOOL, "status", "game", "-C", project.builddir()}, "/");
    EXPECT_EQ(silent.find("headers"), std::string::npos) << silent;
}

TEST(WatchSet, OfHotmathsIsWhatMakesNinjaWork) {
    const HotmathsProject project;
    const Build build{project.path("build"), "hotmaths", "hotmaths"};
    run({"ninja"}, build.builddir);
    project.write("README.md", "");
    expect_truth(build, files_below(project.path(), build));
    expect_contains(build.printed(), {project.path("hotmaths.cpp"), project.path("hotmaths.h")});
}

// What Meson does not write: a build folder as it leaves one, with a build.ninja by hand.
class ByHand : public testing::Test {
  protected:
    ByHand() {
        project.write("build/meson-info/meson-info.json", "{}");
        project.write("build/meson-info/intro-targets.json",
                      R"([{"name": "game", "type": "shared library", "subproject": null,
                           "target_sources": [], "filename": [")" +
                          project.library() + "\"]}]");
        project.write("build/rules.ninja", "rule cc\n"
                                           "  command = cc -I. -MD -MF $out.d -c $in -o $out\n"
                                           "  depfile = $out.d\n"
                                           "  deps = gcc\n"
                                           "rule copy\n"
                                           "  command = cat $in > $out\n");
        project.write("setup.in", "");
        project.write("build/parts.ninja", "build part.txt: copy ../part.in\n");
        project.write("build/build.ninja", "include rules.ninja\n"
                                           "subninja parts.ninja\n"
                                           "rule setup\n"
                                           "  command = touch build.ninja\n"
                                           "  generator = 1\n"
                                           "build build.ninja: setup ../setup.in\n"
                                           "build gen.h: copy ../gen.h.in\n"
                                           "build late.dd: copy ../late.dd.in\n"
                                           "build made.txt: copy ../made.in\n"
                                           "build set: phony ../in_set.txt || ../order_of_set.txt\n"
                                           "build game.o: cc ../game.c || late.dd\n"
                                           "  dyndep = late.dd\n"
                                           "build libgame.so: copy game.o part.txt | ../in.txt set"
                                           " || ../order.txt made.txt\n");
        for (const char *name :
             {"part.in", "made.in", "in_set.txt", "order_of_set.txt", "in.txt", "order.txt",
              "late.txt", "later.txt", "gen.h.in", "README.md", "game.h"})
            project.write(name, "\n");
        project.write("game.c", "#include \"gen.h\"\n#include \"game.h\"\nint game;\n");
        set_late_input("../late.txt");
    }

    void set_late_input(const std::string &path) const {
        project.write("late.dd.in",
                      "ninja_dyndep_version = 1\nbuild game.o: dyndep | " + path + "\n");
    }

    TestProject project;
    Build build{project.builddir(), "game", "libgame.so"};
};

TEST_F(ByHand, PrintedFilesAreThoseThatMakeNinjaWork) {
    run({"ninja", "gen.h"}, build.builddir);
    run({"ninja", "libgame.so"}, build.builddir);
    Paths candidates = files_below(project.path(), build);
    for (const char *name : {"build.ninja", "rules.ninja", "parts.ninja"})
        candidates.push_back(project.path("build/" + std::string(name)));
    expect_truth(build, candidates);
    expect_contains(build.printed(),
                    {project.path("game.h"), project.path("gen.h.in"), project.path("late.dd.in"),
                     project.path("late.txt"), project.path("made.in"), project.path("part.in")});
}

TEST_F(ByHand, DyndepFileBringsOtherInputsWithoutANewBuildFile) {
    run({"ninja", "gen.h"}, build.builddir);
    run({"ninja", "libgame.so"}, build.builddir);
    set_late_input("../later.txt");
    run({"ninja", "libgame.so"}, build.builddir);
    expect_truth(build, files_below(project.path(), build));
    expect_contains(build.printed(), {project.path("later.txt")});
}

// The rule kept what the compiler read once; the log still has it.
TEST_F(ByHand, RecordOfAFormerRuleDoesNotCount) {
    run({"ninja", "gen.h"}, build.builddir);
    run({"ninja", "libgame.so"}, build.builddir);
    project.write("build/rules.ninja", "rule cc\n"
                                       "  command = cc -I. -MD -MF $out.d -c $in -o $out\n"
                                       "rule copy\n"
                                       "  command = cat $in > $out\n");
    expect_truth(build, files_below(project.path(), build));
    const Paths printed = build.printed();
    EXPECT_FALSE(std::binary_search(printed.begin(), printed.end(), project.path("game.h")));
}

class StatusCommand : public GameTest {
  protected:
    boost::json::object status(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {HOTRUN_TOOL, "status", "--json"});
        return boost::json::parse(run(arguments, project.path())).as_object();
    }
    static boost::json::array sorted_files(const boost::json::object &status) {
        return status.at("files").as_array();
    }
};

TEST_F(StatusCommand, SaysWhoWorksInTheBuildFolder) {
    HotrunProcess &hotrun = start();
    const boost::json::object running = status({"game"});
    EXPECT_EQ(running.at("pid"), hotrun.child().pid());
    EXPECT_EQ(running.at("builddir"), project.builddir().c_str());
    EXPECT_EQ(running.at("targets"), boost::json::array({"game"}));
    EXPECT_FALSE(running.contains("files"));
    const std::string text = run({HOTRUN_TOOL, "status"}, project.path());
    EXPECT_NE(text.find("(process " + std::to_string(hotrun.child().pid()) + ")"),
              std::string::npos)
        << text;
    hotrun.end_with(SIGTERM);
    EXPECT_TRUE(status({}).at("pid").is_null());
    EXPECT_NE(run({HOTRUN_TOOL, "status"}, project.path()).find("hotrun is not at work"),
              std::string::npos);
}

// The run has made its set step by step, and from the inside.
TEST_F(StatusCommand, CountsAsManyFilesAsTheRunDoesAndLeavesItAlone) {
    HotrunProcess &hotrun = start();
    const std::int64_t watched = hotrun.events().front().at("seq").as_int64();
    ASSERT_EQ(watched, 1);
    const auto ready = std::find_if(hotrun.events().begin(), hotrun.events().end(),
                                    [](const auto &event) { return event.at("event") == "ready"; });
    ASSERT_NE(ready, hotrun.events().end());
    const boost::json::object told = status({"--files"});
    EXPECT_EQ(told.at("watched_files"), ready->at("watched_files"));
    EXPECT_EQ(told.at("files").as_array().size(),
              told.at("watched_files").to_number<std::size_t>());
    project.set_value(2);
    EXPECT_NE(hotrun.next("reloaded"), nullptr);
    EXPECT_EQ(hotrun.count("warning"), 0U);
}

TEST_F(StatusCommand, ErrorsAreOneSentence) {
    const auto expect_error = [&](std::vector<std::string> words, int status,
                                  const std::string &part) {
        words.insert(words.begin(), {HOTRUN_TOOL, "status"});
        const std::string said = run(words, project.path(), status);
        EXPECT_TRUE(said.starts_with("hotrun: error: ")) << said;
        EXPECT_NE(said.find(part), std::string::npos) << said;
        EXPECT_EQ(said.find('\n'), said.size() - 1) << said;
    };
    expect_error({}, 1, "no build folder yet");
    EXPECT_FALSE(fs::exists(project.builddir())) << "status sets nothing up";
    project.set_up();
    expect_error({"--interval", "5"}, 2, "see hotrun status --help");
    expect_error({"gane"}, 2, "did you mean game?");
    expect_error({"-C", "nowhere"}, 1, "no build folder yet");
    project.write("build/build.ninja", "oops\n");
    expect_error({"game"}, 1, "ninja: error: build.ninja:1");
}

TEST_F(StatusCommand, HelpNamesItsOptionsAndNoOthers) {
    const std::string help = run({HOTRUN_TOOL, "status", "--help"}, "/");
    for (const char *option : {"hotrun status", "--builddir", "--files", "--json"})
        EXPECT_NE(help.find(option), std::string::npos) << option;
    EXPECT_EQ(help.find("--interval"), std::string::npos);
    EXPECT_NE(run({HOTRUN_TOOL, "--help"}, "/").find("hotrun status"), std::string::npos);
}

} // namespace
} // namespace hotrun::e2e
