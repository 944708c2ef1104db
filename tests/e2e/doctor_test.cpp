// hotrun doctor in projects with problems that were put there, and in one without.
#include "e2e/child.hpp"
#include "e2e/scoped_variable.hpp"
#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <csignal>
#include <filesystem>
#include <map>
#include <set>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

// Compilers that are slow where it can't be missed: with a header, without a linker that is none,
// where all code is optimised by the linker,
// and for ever in a trial of stuck.c. All other trials take no time, whatever else the machine
// does.
constexpr const char *kSlowCompiler = R"(#!/bin/sh
for word; do
    case $word in
    -fuse-ld=mold) mold=yes ;;
    -shared) link=yes ;;
    -include) precompiled=yes ;;
    -E) preprocess=yes ;;
    -flto) optimised=yes ;;
    */libslow.so.p/*|libslow.so.p/*) slow=yes ;;
    */hotrun-doctor-*) trial=yes ;;
    esac
done
case $word in *stuck.c) test "$trial" && exec sleep 600 ;; esac
test "$slow" && test "$link" && test -z "$mold" && sleep 0.3
test -f "$word" && test -z "$precompiled" && grep -q 'slow[.]h' "$word" && sleep 0.3
test "$trial" && test "$link" && test "$optimised" && sleep 0.2
test "$trial" && test -z "$preprocess" && exit 0
exec )";

constexpr const char *kProjectWithProblems = R"(project('p', 'c', 'cpp')
shared_module('good', 'good.c')
shared_module('slow', 'slow.c', c_args: ['-isystem', meson.current_source_dir() / 'system'])
stale = custom_target(output: 'stale.h', capture: true, command: ['date', '+// %N'],
  build_always_stale: true)
shared_module('bad', 'bad.cpp', stale,
  cpp_args: ['-flto'],
  link_args: ['-flto', '-Wl,-z,nodelete'],
  override_options: ['debug=false'])
shared_module('stepless', 'stepless.cpp', cpp_args: '-fgnu-unique')
shared_module('stuck', 'stuck.c')
executable('program', 'program.c')
)";

constexpr const char *kBadModule = R"(struct hotrun_context;
int count;
struct Guard { int *of; ~Guard() { ++*of; } };
thread_local Guard guard{&count};
extern "C" int nowhere();
extern "C" void hotrun_step(hotrun_context *) { *guard.of += nowhere(); }
extern "C" __attribute__((visibility("hidden"), used)) void hotrun_reload(hotrun_context *) {}
)";

constexpr const char *kSteplessModule = R"(template <typename T> struct Pool { static int count; };
template <typename T> int Pool<T>::count = 0;
int *count() { return &Pool<int>::count; }
)";

class DoctorTest : public testing::Test {
  protected:
    DoctorTest() {
        for (const char *name : {"bin", "system", "tmp"})
            folder.make_folder(name);
        for (const char *name : {"gcc", "g++"}) {
            folder.write(std::string("bin/") + name + "-slow",
                         kSlowCompiler + std::string(name) + " \"$@\"\n");
            make_program(std::string("bin/") + name + "-slow");
        }
        folder.write("bin/ld.mold", "#!/bin/sh\nexit 1\n");
        make_program("bin/ld.mold");
        folder.write("meson.build", kProjectWithProblems);
        const std::string step = "void hotrun_step(void *context) { (void)context; }\n";
        folder.write("good.c", step);
        folder.write("stuck.c", step);
        folder.write("slow.c", "#include <slow.h>\n" + step);
        folder.write("system/slow.h", "/* */\n" + large_text());
        folder.write("bad.cpp", kBadModule);
        folder.write("stepless.cpp", kSteplessModule);
        folder.write("program.c", "int main(void) { return 0; }\n");
        run_command({"meson", "setup", "build"}, folder.path());
    }

    static std::string large_text() {
        std::string text;
        for (int i = 0; i < 1000; ++i)
            text += "extern int a_variable_of_number_" + std::to_string(i) + ";\n";
        return text;
    }

    void make_program(const std::string &name) const {
        fs::permissions(folder / name, fs::perms::owner_all);
    }

    std::string doctor(std::vector<std::string> arguments, int expected_status) const {
        arguments.insert(arguments.begin(), {HOTRUN_TOOL, "doctor"});
        Child child(arguments, folder.path(), Child::Streams::kPipe);
        EXPECT_EQ(child.wait_for_exit(), expected_status) << child.output();
        EXPECT_TRUE(fs::is_empty(folder / "tmp")) << "trials are left behind";
        return child.output();
    }

    // The codes of the findings about the module, or about the build folder.
    static std::set<std::string> codes(const std::string &json, const std::string &module) {
        std::set<std::string> found;
        const boost::json::value diagnosis = boost::json::parse(json);
        for (const auto &finding : diagnosis.at("findings").as_array()) {
            const auto &of = finding.at("module");
            if (module == (of.is_null() ? "" : of.as_string().c_str()))
                found.emplace(finding.at("code").as_string());
        }
        return found;
    }

    std::map<std::string, fs::file_time_type> files_of_build() const {
        std::map<std::string, fs::file_time_type> times;
        for (const auto &entry : fs::recursive_directory_iterator(folder / "build"))
            times[entry.path().string()] = entry.last_write_time();
        return times;
    }

    TemporaryFolder folder;
    ScopedVariable cc{"CC", folder / "bin/gcc-slow"};
    ScopedVariable cxx{"CXX", folder / "bin/g++-slow"};
    ScopedVariable path{"PATH", folder / "bin" + ":" + std::getenv("PATH")};
    ScopedVariable temporary{"TMPDIR", folder / "tmp"};
    ScopedVariable cache{"CCACHE_DISABLE", "1"};
};

TEST_F(DoctorTest, FindsWhatWasPlantedAndNothingElse) {
    run_command({"ninja", "libgood.so"}, folder / "build");
    const auto before = files_of_build();
    EXPECT_TRUE(doctor({"good"}, 0).ends_with("nothing found\n"));
    EXPECT_EQ(files_of_build(), before) << "the build folder is no place for trials";

    using Codes = std::set<std::string>;
    const std::string json = doctor({"--json", "slow", "bad", "stepless"}, 1);
    EXPECT_EQ(codes(json, "slow"),
              (Codes{"slow_linker", "heavy_headers", "no_preamble", "no_precompiled_header"}))
        << json;
    EXPECT_EQ(codes(json, "bad"), (Codes{"hidden_callback", "lto", "no_debug_info", "nodelete",
                                         "thread_local_destructor", "undefined_symbol"}))
        << json;
    EXPECT_EQ(codes(json, "stepless"), (Codes{"no_step", "unique_symbols"})) << json;
    EXPECT_EQ(codes(json, ""), Codes{"always_stale"}) << json;
}

TEST_F(DoctorTest, AnInterruptEndsItAndLeavesNothing) {
    Child child({HOTRUN_TOOL, "doctor", "stuck"}, folder.path(), Child::Streams::kTerminal);
    ASSERT_TRUE(child.wait_for("timing ways to compile"));
    child.signal(SIGINT);
    EXPECT_EQ(child.wait_for_exit(), 130) << child.output();
    EXPECT_TRUE(fs::is_empty(folder / "tmp"));
    EXPECT_NE(doctor({"program"}, 2).find("which can't be reloaded"), std::string::npos);
    folder.write("stuck.c", "int broken(;\n");
    const std::string said = doctor({"stuck"}, 1);
    EXPECT_NE(said.find("the build of stuck failed"), std::string::npos) << said;
    EXPECT_NE(said.find("stuck.c:1:"), std::string::npos) << said;
}

} // namespace
} // namespace hotrun::e2e
