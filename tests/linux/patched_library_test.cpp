#include "linux/patched_library.hpp"

#include "linux/dl_library_loader.hpp"
#include "linux/linux_file_system.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {
namespace {

// No header: they are compiled in no time.
constexpr const char *kPatchedGame = R"(
struct Shape { virtual ~Shape() {} virtual int area() { return 1; } };
namespace { struct Square : Shape { int area() override { return 4; } }; }
static int calls = 40;
static int total;
static const int kTable[] = {1, 2, 3, 4};
static const char *const kNames[] = {"one", "two"};
int shared = 5;
static int helper(int x) { return x + 1; }
template <typename T> T twice(T x) { return x * 2 + x / 1000; }
inline int counted() { static int n = 100; return ++n; }
struct Failure { int code; };
struct Tracer { int *at; ~Tracer() { *at += 1; } };
static int initial() { return 7; }
static int computed = initial();
int gone(int x) { return x - 1; }
extern "C" {
int (*kept)(int);
Shape *shape;
const char *label;
int destroyed;
int step(int x) { ++calls; total += x; return calls; }
int use_helper(int x) { return helper(x); }
void keep() { kept = helper; shape = new Square; label = "first"; }
int same_helper() { return kept == helper; }
int call_kept(int x) { return kept(x); }
int call_area() { return shape->area(); }
int use_table(int i) { return kTable[i]; }
const int *address_of_table() { return kTable; }
const char *name_of(int i) { return kNames[i]; }
int use_twice(int x) { return twice(x); }
int use_counted() { return counted(); }
int use_shared() { return ++shared; }
int use_computed() { return computed; }
void set_computed(int x) { computed = x; }
int use_gone(int x) { return gone(x); }
int catches(int x) {
    try {
        if (x > 10)
            throw Failure{x};
    } catch (const Failure &f) { return f.code; }
    return 0;
}
void passes(void (*callback)()) { Tracer tracer{&destroyed}; callback(); }
void throws(int x) { Tracer tracer{&destroyed}; throw x; }
}
)";

struct ObjectToolchain {
    const char *compiler;
    const char *options;
};

constexpr ObjectToolchain kPlainToolchain{"g++", "-O0 -fno-gnu-unique"};

void PrintTo(const ObjectToolchain &toolchain, std::ostream *stream) {
    *stream << toolchain.compiler << ' ' << toolchain.options;
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::vector<std::byte> object_bytes(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto *begin = reinterpret_cast<const std::byte *>(text.data());
    return {begin, begin + text.size()};
}

class ObjectCompiler {
  public:
    explicit ObjectCompiler(const ObjectToolchain &toolchain, std::string flags = "-g -fPIC")
        : command_(std::string(toolchain.compiler) + " -std=c++17 -w " + toolchain.options + " " +
                   std::move(flags)) {}

    static bool is_there(const char *compiler) {
        return run(std::string(compiler) + " --version >/dev/null 2>&1");
    }

    // The same name each time, so that the library knows its source.
    ObjectFile object(const std::string &text) {
        const std::string source = folder_.path() + "/game.cpp";
        std::ofstream(source) << text;
        EXPECT_TRUE(run(command_ + " -c " + source + " -o " + object_path())) << text;
        auto object = ObjectFile::read(object_path(), object_bytes(object_path()));
        if (!object)
            throw std::runtime_error(object.error().message);
        return std::move(*object);
    }

    std::string library() {
        const std::string path =
            folder_.path() + "/libgame" + std::to_string(++library_count_) + ".so";
        EXPECT_TRUE(run(command_ + " -shared " + object_path() + " -o " + path));
        return path;
    }

  private:
    static bool run(const std::string &command) {
        return std::system(command.c_str()) == 0; // NOLINT(concurrency-mt-unsafe)
    }
    std::string object_path() const { return folder_.path() + "/game.o"; }

    TemporaryFolder folder_;
    std::string command_;
    int library_count_ = 0;
};

// A library that is live, and the object files that it was made of one after the other.
class LiveGame {
  public:
    LiveGame(ObjectCompiler &compiler, const std::string &text) : compiler_(compiler) {
        objects_.push_back(compiler.object(text));
        const std::string path = compiler.library();
        file_ = std::move(*LinuxFileSystem().open(path));
        symbols_ = SymbolTable::read(*file_);
        auto library = DlLibraryLoader().load(path, {});
        if (!library)
            throw std::runtime_error(library.error().message);
        library_ = std::move(*library);
        auto patched = PatchedLibrary::make(symbols_, library_->handle(), library_->place(), 0);
        if (!patched)
            throw std::runtime_error(patched.error().message);
        patched_ = std::move(*patched);
    }

    // Empty, or why not.
    std::string patch(const std::string &text) {
        objects_.push_back(compiler_.object(text));
        const ObjectChange change{&objects_[objects_.size() - 2], &objects_.back()};
        auto patch = patched_->prepare({&change, 1});
        if (!patch) {
            objects_.pop_back();
            return patch.error().message;
        }
        patches_.push_back(std::move(*patch));
        const Status applied = patches_.back()->apply();
        return applied ? std::string() : applied.error().message;
    }

    void undo() {
        ASSERT_TRUE(patches_.back()->undo());
        patches_.pop_back();
        patched_->drop_last_patch();
        objects_.pop_back();
    }

    template <typename Function>
    Function *function(const char *name) const {
        return reinterpret_cast<Function *>(library_->symbol(name));
    }
    int call(const char *name) const { return function<int()>(name)(); }
    int call(const char *name, int argument) const { return function<int(int)>(name)(argument); }
    template <typename T>
    T &variable(const char *name) const {
        return *static_cast<T *>(library_->symbol(name));
    }
    AddressRange patches() const { return patched_->patches(); }

  private:
    ObjectCompiler &compiler_;
    std::deque<ObjectFile> objects_;
    std::unique_ptr<File> file_;
    SymbolTable symbols_;
    std::unique_ptr<Library> library_;
    std::unique_ptr<PatchedLibrary> patched_;
    std::vector<std::unique_ptr<LivePatch>> patches_;
};

class PatchedLibraryTest : public testing::TestWithParam<ObjectToolchain> {
  protected:
    void SetUp() override {
        if (!ObjectCompiler::is_there(GetParam().compiler))
            GTEST_SKIP() << GetParam().compiler << " is not installed";
    }
};

TEST_P(PatchedLibraryTest, NewBodiesRunWithTheOldVariables) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    EXPECT_EQ(live.call("step", 1), 41);
    EXPECT_EQ(live.call("use_counted"), 101);
    std::string text = replaced(kPatchedGame, "return calls; }", "return calls + 1000 * total; }");
    text = replaced(text, "x + 1; }", "x + 11; }");
    text = replaced(text, "x * 2 +", "x * 3 +");
    text = replaced(text, "return ++n;", "return n += 10;");
    text = replaced(text, "return ++shared;", "return shared += 2;");
    ASSERT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("step", 2), 3042);
    EXPECT_EQ(live.call("use_helper", 1), 12);
    EXPECT_EQ(live.call("use_twice", 5), 15);
    EXPECT_EQ(live.call("use_counted"), 111);
    EXPECT_EQ(live.call("use_shared"), 7);
    EXPECT_EQ(live.call("use_computed"), 7);
    EXPECT_EQ(live.variable<int>("shared"), 7);
}

TEST_P(PatchedLibraryTest, PointersThatAreKeptLeadToNewBodies) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    live.function<void()>("keep")();
    EXPECT_EQ(live.call("call_area"), 4);
    const int *const table = live.function<const int *()>("address_of_table")();
    std::string text = replaced(kPatchedGame, "return 4; }", "return 9; }");
    text = replaced(text, "x + 1; }", "x + 21; }");
    ASSERT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("call_kept", 1), 22);
    EXPECT_EQ(live.call("same_helper"), 1) << "a function's address stays the same";
    EXPECT_EQ(live.call("call_area"), 9);
    live.function<void()>("keep")();
    EXPECT_EQ(live.call("call_area"), 9) << "a new object has the old table";
    EXPECT_EQ(live.call("same_helper"), 1);
    EXPECT_EQ(live.function<const int *()>("address_of_table")(), table);
    EXPECT_STREQ(live.variable<const char *>("label"), "first");
}

TEST_P(PatchedLibraryTest, ConstantsOfTheFileMayChange) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    ASSERT_EQ(live.patch(replaced(kPatchedGame, "{1, 2, 3, 4}", "{1, 2, 30, 4}")), "");
    EXPECT_EQ(live.call("use_table", 2), 30);
    EXPECT_STREQ(live.function<const char *(int)>("name_of")(1), "two");
    std::string text = replaced(kPatchedGame, "{1, 2, 3, 4}", "{1, 2, 30, 40}");
    ASSERT_EQ(live.patch(replaced(text, "\"two\"", "\"three\"")), "");
    EXPECT_EQ(live.call("use_table", 3), 40);
    EXPECT_STREQ(live.function<const char *(int)>("name_of")(1), "three");
    live.undo();
    EXPECT_EQ(live.call("use_table", 3), 4);
    EXPECT_STREQ(live.function<const char *(int)>("name_of")(1), "two");
}

void throw_from_outside() {
    throw std::runtime_error("outside");
}

TEST_P(PatchedLibraryTest, ExceptionsPassThroughNewCode) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    std::string text = replaced(kPatchedGame, "return f.code; }", "return f.code * 2; }");
    text = replaced(text, "throw x; }", "throw x + 1; }");
    ASSERT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("catches", 11), 22);
    EXPECT_EQ(live.call("catches", 1), 0);
    try {
        live.function<void(int)>("throws")(4);
        ADD_FAILURE() << "nothing was thrown";
    } catch (int number) {
        EXPECT_EQ(number, 5);
    }
    EXPECT_THROW(live.function<void(void (*)())>("passes")(throw_from_outside), std::runtime_error);
    EXPECT_EQ(live.variable<int>("destroyed"), 2);
    live.undo();
    EXPECT_EQ(live.call("catches", 11), 11);
    EXPECT_THROW(live.function<void(int)>("throws")(4), int);
    EXPECT_EQ(live.variable<int>("destroyed"), 3);
}

TEST_P(PatchedLibraryTest, FunctionsJoinAndLeave) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    std::string text = replaced(kPatchedGame, "int gone(int x) { return x - 1; }",
                                "int joined(int x) { return x + 50; }\n"
                                "extern \"C\" unsigned long strlen(const char *);");
    text = replaced(text, "return gone(x); }",
                    "return joined(x) + (int)strlen(label ? label : \"none\"); }");
    ASSERT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("use_gone", 1), 55);
    ASSERT_EQ(live.patch(replaced(text, "x + 50", "x + 60")), "");
    EXPECT_EQ(live.call("use_gone", 1), 65);
    live.undo();
    EXPECT_EQ(live.call("use_gone", 1), 55);
    live.undo();
    EXPECT_EQ(live.call("use_gone", 1), 0);
}

TEST_P(PatchedLibraryTest, ManyPatchesAreUndoneOneByOne) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    live.function<void()>("keep")();
    constexpr int kPatches = 4;
    for (int i = 1; i <= kPatches; ++i) {
        const std::string number = std::to_string(10 * i);
        std::string text = replaced(kPatchedGame, "x + 1; }", "x + " + number + "; }");
        text = replaced(text, "return 4; }", "return " + number + "; }");
        ASSERT_EQ(live.patch(text), "");
        EXPECT_EQ(live.call("call_kept", 1), 1 + 10 * i);
        EXPECT_EQ(live.call("use_helper", 1), 1 + 10 * i);
        EXPECT_EQ(live.call("call_area"), 10 * i);
        EXPECT_EQ(live.call("same_helper"), 1);
    }
    for (int i = kPatches - 1; i >= 0; --i) {
        live.undo();
        EXPECT_EQ(live.call("call_kept", 1), i == 0 ? 2 : 1 + 10 * i);
        EXPECT_EQ(live.call("use_helper", 1), i == 0 ? 2 : 1 + 10 * i);
        EXPECT_EQ(live.call("call_area"), i == 0 ? 4 : 10 * i);
    }
}

struct RefusedPatch {
    const char *from;
    const char *to;
    const char *why; // a part of the sentence
};

TEST(PatchedLibrary, WhatIsMoreThanBodiesIsRefusedAndChangesNothing) {
    ObjectCompiler compiler(kPlainToolchain);
    LiveGame live(compiler, kPatchedGame);
    const RefusedPatch table[] = {
        {"static int total;", "static int total, more; int *use() { return &more; }",
         "the variable more is new"},
        {"calls = 40", "calls = 41", "the variable calls has another initial value"},
        {"static int total;", "static long total;", "the variable total has"},
        {"static int total;", "static float total;", "the type of the variable total has changed"},
        {"static int total;", "static thread_local int total;", "thread_local"},
        {"struct Failure { int code; }", "struct Failure { int code; int more; }",
         "the layout of Failure has changed"},
        {"virtual int area() { return 1; }",
         "virtual int area() { return 1; } virtual int b() { return 2; }", "has changed"},
        {"int initial() { return 7; }\nstatic int computed = initial();",
         "int initial() { return 7; }\nstatic int computed = initial() + 1;",
         "what is done when the library is loaded has changed"},
        {"extern \"C\" {\n", "extern \"C\" {\n extern const int kPublic; const int kPublic = 1;\n",
         ""},
    };
    for (const RefusedPatch &row : table) {
        const std::string why = live.patch(replaced(kPatchedGame, row.from, row.to));
        if (*row.why == '\0') {
            EXPECT_EQ(why, "") << row.to;
            live.undo();
            continue;
        }
        EXPECT_NE(why.find(row.why), std::string::npos) << row.to << ": " << why;
    }
    EXPECT_EQ(live.call("step", 1), 41);
}

INSTANTIATE_TEST_SUITE_P(Toolchains, PatchedLibraryTest,
                         testing::Values(kPlainToolchain,
                                         ObjectToolchain{"g++",
                                                         "-O2 -fno-inline -ffunction-sections "
                                                         "-fno-gnu-unique"},
                                         ObjectToolchain{"clang++", "-O2"}));

} // namespace
} // namespace hotrun
