#include "linux/dwarf_symbolizer.hpp"

#include "fixtures/trace.h"
#include "linux/dl_library_loader.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <random>

#include <dlfcn.h>
#include <link.h>
#include <sys/stat.h>

namespace hotrun {
namespace {

class DwarfSymbolizerTest : public testing::Test {
  protected:
    static std::string path_of(const std::string &fixture) {
        const auto program = std::filesystem::canonical("/proc/self/exe");
        return program.parent_path() / (fixture + ".so");
    }

    // Calls the function of the fixture, which tells an address of it and the lines there.
    CodeAddress trace(const std::string &fixture, const char *function) {
        auto library = loader_.load(path_of(fixture), {});
        if (!library) {
            ADD_FAILURE() << library.error().message;
            return {};
        }
        reinterpret_cast<int (*)(Place *)>((*library)->symbol(function))(&place_);
        link_map *loaded = nullptr;
        ::dlinfo((*library)->handle(), RTLD_DI_LINKMAP, &loaded);
        return {reinterpret_cast<std::uintptr_t>(place_.address), loaded->l_addr, loaded->l_name};
    }

    CodeAddress in_file(CodeAddress code, const std::string &file) const {
        code.file = file;
        return code;
    }

    StackFrame only_frame_of(const CodeAddress &code) {
        const std::vector<StackFrame> frames = symbolizer_.symbolize({code});
        EXPECT_EQ(frames.size(), 1U) << code.file;
        const StackFrame frame = frames.empty() ? StackFrame{} : frames[0];
        EXPECT_EQ(frame.address, code.address);
        EXPECT_EQ(frame.library, code.file);
        return frame;
    }

    void expect_line(const StackFrame &frame, const std::string &source, int line) {
        const std::filesystem::path path = frame.file;
        EXPECT_TRUE(frame.file.ends_with("/tests/linux/fixtures/" + source)) << path;
        EXPECT_TRUE(path.is_absolute() && path == path.lexically_normal()) << path;
        EXPECT_TRUE(std::filesystem::exists(path)) << path;
        EXPECT_EQ(static_cast<int>(frame.line), line);
    }

    void expect_no_line(const StackFrame &frame) {
        EXPECT_EQ(frame.file, "") << frame.library;
        EXPECT_EQ(frame.line, 0U) << frame.library;
    }

    void expect_only_the_library(const CodeAddress &code) {
        const StackFrame frame = only_frame_of(code);
        EXPECT_EQ(frame.function, "") << code.file;
        expect_no_line(frame);
    }

    Place place_{};
    TemporaryFolder folder_;
    DlLibraryLoader loader_;
    DwarfSymbolizer symbolizer_;
};

// With each kind of debug information.
class DwarfSymbolizerDebugTest : public DwarfSymbolizerTest,
                                public testing::WithParamInterface<const char *> {
  protected:
    CodeAddress trace(const char *function) {
        return DwarfSymbolizerTest::trace(GetParam(), function);
    }

    // A frame for each name; those that are inlined have no parameters where g++ made the file.
    void expect_calls(const std::vector<StackFrame> &frames,
                      const std::vector<std::string> &names) {
        ASSERT_EQ(frames.size(), names.size());
        for (std::size_t i = 0; i < frames.size(); ++i) {
            EXPECT_TRUE(frames[i].function.starts_with(names[i])) << frames[i].function;
            expect_line(frames[i], "trace.cpp", place_.lines[i]);
            EXPECT_EQ(frames[i].address, reinterpret_cast<std::uintptr_t>(place_.address));
            EXPECT_EQ(frames[i].library, frames[0].library);
        }
    }

    const std::vector<std::string> inlined_calls_ = {
        "demo::(anonymous namespace)::inner", "demo::Box::middle(Place*)", "demo::outer(Place*)"};
};

TEST_P(DwarfSymbolizerDebugTest, NamesAFunctionOfC) {
    const StackFrame frame = only_frame_of(trace("trace_in_c"));
    EXPECT_EQ(frame.function, "trace_in_c");
    expect_line(frame, "trace.c", place_.lines[0]);
}

TEST_P(DwarfSymbolizerDebugTest, NamesAFunctionInANamespace) {
    const StackFrame frame = only_frame_of(trace("trace_in_namespace"));
    EXPECT_EQ(frame.function, "demo::in_namespace(Place*, char const*)");
    expect_line(frame, "trace.cpp", place_.lines[0]);
}

TEST_P(DwarfSymbolizerDebugTest, NamesAFunctionThatNoOtherUnitSees) {
    const StackFrame frame = only_frame_of(trace("trace_static"));
    EXPECT_EQ(frame.function, "demo::(anonymous namespace)::hidden(Place*)");
    expect_line(frame, "trace.cpp", place_.lines[0]);
}

TEST_P(DwarfSymbolizerDebugTest, AnInlinedCallIsAFrameOfItsOwn) {
    expect_calls(symbolizer_.symbolize({trace("trace_inlined")}), inlined_calls_);
}

// g++ describes it inside of the function that makes it, clang beside that.
TEST_P(DwarfSymbolizerDebugTest, KnowsWhatIsInlinedInALambda) {
    const std::vector<StackFrame> frames = symbolizer_.symbolize({trace("trace_lambda")});
    expect_calls(frames, {"demo::(anonymous namespace)::inner", "demo::with_lambda(Place*)::"});
    ASSERT_FALSE(frames.empty());
    EXPECT_TRUE(frames.back().function.ends_with("::operator()(int) const"))
        << frames.back().function;
}

TEST_P(DwarfSymbolizerDebugTest, AnInlinedLambdaIsNamedAfterItsFunction) {
    expect_calls(symbolizer_.symbolize({trace("trace_inlined_lambda")}),
                 {"demo::with_inlined_lambda(Place*)::", "demo::with_inlined_lambda(Place*)"});
}

TEST_P(DwarfSymbolizerDebugTest, NeedsNoIndexOfAddresses) {
    const CodeAddress code = trace("trace_inlined");
    std::string content = content_of(code.file);
    const std::string index = ".debug_aranges"; // clang makes none
    if (const auto name = content.find(index); name != std::string::npos)
        content.replace(name, index.size(), ".debug_renamed");
    const CodeAddress in_copy = in_file(code, folder_.write("a.so", content));
    expect_calls(symbolizer_.symbolize({in_copy}), inlined_calls_);
}

INSTANTIATE_TEST_SUITE_P(Dwarf, DwarfSymbolizerDebugTest,
                         testing::Values("fixture_dwarf4", "fixture_dwarf5", "fixture_split"));

TEST_F(DwarfSymbolizerTest, WithoutDebugInformationTheSymbolIsTheName) {
    const StackFrame frame = only_frame_of(trace("fixture_bare", "trace_static"));
    EXPECT_EQ(frame.function, "demo::(anonymous namespace)::hidden(Place*)");
    expect_no_line(frame);
}

TEST_F(DwarfSymbolizerTest, InAStrippedLibraryTheExportedSymbolIsTheName) {
    EXPECT_EQ(only_frame_of(trace("fixture_stripped", "trace_in_namespace")).function,
              "demo::in_namespace(Place*, char const*)");
    expect_only_the_library(trace("fixture_stripped", "trace_static"));
}

TEST_F(DwarfSymbolizerTest, KeepsTheOrderOfTheAddresses) {
    const CodeAddress a = trace("fixture_dwarf5", "trace_in_namespace");
    const CodeAddress b = trace("fixture_bare", "trace_in_c");
    const CodeAddress c = trace("fixture_dwarf5", "trace_in_c");
    std::string found;
    for (const StackFrame &frame : symbolizer_.symbolize({a, b, c, a}))
        found += frame.function.substr(0, frame.function.find('(')) +
                 (frame.line == 0 ? " without a line, " : " with a line, ");
    EXPECT_EQ(found, "demo::in_namespace with a line, trace_in_c without a line, "
                     "trace_in_c with a line, demo::in_namespace with a line, ");
    EXPECT_TRUE(symbolizer_.symbolize({}).empty());
}

TEST_F(DwarfSymbolizerTest, AnAddressOutsideOfTheFilesCodeHasNoName) {
    const CodeAddress code = trace("fixture_dwarf5", "trace_in_c");
    const std::uint64_t bias = code.load_bias;
    for (const std::uint64_t address :
         {std::uint64_t{0}, bias - 1, bias, bias + (1U << 30), ~std::uint64_t{0}})
        expect_only_the_library({address, bias, code.file});
    expect_only_the_library({code.address, 0, ""});
}

TEST_F(DwarfSymbolizerTest, WhatIsNoWholeLibraryHasNoNames) {
    const CodeAddress code = trace("fixture_dwarf5", "trace_in_c");
    const std::string content = content_of(code.file);
    const std::string fifo = folder_ / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const std::string half = content.substr(0, content.size() / 2);
    for (const std::string &path :
         {folder_ / "absent.so", folder_.path(), fifo, folder_.write("empty.so", ""),
          folder_.write("text.so", "no library at all"), folder_.write("half.so", half),
          folder_.write("archive.a", "!<arch>\n" + content)})
        expect_only_the_library(in_file(code, path));
}

TEST_F(DwarfSymbolizerTest, ADamagedLibraryIsSurvived) {
    const CodeAddress code = trace("fixture_dwarf5", "trace_inlined");
    const std::string whole = content_of(code.file);
    std::minstd_rand random(1);
    for (int i = 0; i < 100; ++i) {
        std::string content = whole;
        for (int count = 0; count < 200; ++count)
            content[random() % content.size()] = static_cast<char>(random());
        const std::string path = folder_.write("damaged.so", content);
        EXPECT_FALSE(symbolizer_.symbolize({in_file(code, path)}).empty());
    }
}

TEST_F(DwarfSymbolizerTest, LeavesNothingOpen) {
    const CodeAddress split = trace("fixture_split", "trace_in_namespace");
    const CodeAddress text = in_file(split, folder_.write("text.so", "no library at all"));
    const auto open_count = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    };
    const auto before = open_count();
    EXPECT_EQ(symbolizer_.symbolize({split, text}).size(), 2U);
    EXPECT_EQ(open_count(), before);
}

} // namespace
} // namespace hotrun
