// Libraries that can't be loaded, put in place of one that runs: it runs on, with its state. Those
// that need a compiler to be made are in library_test.cpp.
#include "e2e/fault_test.hpp"

#include <filesystem>
#include <fstream>

#include <sys/mount.h>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

class BrokenLibrary : public FaultTest {
  protected:
    void expect_rejected(const std::string &reason) {
        const boost::json::object *event = run.expect_outcome("rejected");
        ASSERT_NE(event, nullptr);
        EXPECT_EQ(event->at("reason").as_string(), reason) << boost::json::serialize(*event);
        EXPECT_EQ(event->at("generation").to_number<int>(), 1);
        EXPECT_FALSE(event->at("detail").as_string().empty());
        EXPECT_TRUE(run.wait_for_step(1));
    }

    // Opens, cuts and writes: the file that was there before is gone.
    void write_in_place(const std::string &bytes) const {
        std::ofstream(run.library(), std::ios::binary | std::ios::trunc) << bytes;
    }
};

TEST_F(BrokenLibrary, CutAtFortyLengthsIsNeverLoaded) {
    constexpr std::size_t kLengths = 40;
    const std::string whole = fault_library({.value = 2});
    start_good();
    for (std::size_t i = 0; i < kLengths; ++i) {
        SCOPED_TRACE(i);
        run.put_bytes(whole.substr(0, whole.size() * i / kLengths));
        expect_rejected("truncated");
    }
    EXPECT_EQ(run.count_lines("reload"), 0U);
    expect_mended();
}

TEST_F(BrokenLibrary, ThatLacksItsLastByteIsNotLoaded) {
    const std::string whole = fault_library({.value = 2});
    start_good();
    run.put_bytes(whole.substr(0, whole.size() - 1));
    expect_rejected("truncated");
    expect_mended();
}

TEST_F(BrokenLibrary, ThatIsGoneIsNoChange) {
    start_good();
    fs::remove(run.library());
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(run.wait_for_step(1));
    EXPECT_EQ(run.hotrun().count("rejected"), 0U);
    expect_mended();
}

TEST_F(BrokenLibrary, ThatIsATextIsRejected) {
    start_good();
    run.put_bytes(std::string(5000, 'x') + "\n");
    expect_rejected("not_elf");
    expect_mended();
}

// A linker that truncates the file under a mapping of it would end the host with SIGBUS.
TEST_F(BrokenLibrary, ThatIsOverwrittenWhileItRunsDoesNoHarm) {
    start_good();
    write_in_place(std::string(200000, 'x'));
    expect_rejected("not_elf");
    write_in_place(std::string(200000, '\0')); // what a linker leaves that is still at work
    expect_rejected("truncated");
    write_in_place("");
    expect_rejected("truncated");
    write_in_place(fault_library({.value = 2}));
    EXPECT_NE(run.expect_outcome("reloaded"), nullptr);
    ASSERT_TRUE(run.wait_for_step(2));
    expect_mended();
}

TEST_F(BrokenLibrary, OfAnotherMachineIsRejected) {
    constexpr std::size_t kMachineAt = 18; // e_machine
    std::string bytes = fault_library({.value = 2});
    bytes[kMachineAt] ^= static_cast<char>(0x40);
    start_good();
    run.put_bytes(bytes);
    expect_rejected("wrong_machine");
    bytes = fault_library({.value = 2});
    bytes[4] = 1; // ELFCLASS32
    run.put_bytes(bytes);
    expect_rejected("wrong_machine");
    expect_mended();
}

TEST_F(BrokenLibrary, ThatHasNoRoomForItsLiveCopyIsRejected) {
    if (::mount("none", run.folder().c_str(), "tmpfs", 0, "size=4m") != 0)
        GTEST_SKIP() << "no right to mount a small disk";
    start_good();
    fs::create_hard_link(run.library(), run.folder() + "/kept"); // its room is not given back
    const std::string next = run.folder() + "/next.so";
    std::ofstream(next, std::ios::binary) << fault_library({.value = 2});
    const std::string filler = run.folder() + "/filler";
    std::ofstream(filler) << std::string(std::size_t{8} << 20, 'x');
    fs::rename(next, run.library());
    expect_rejected("no_space");
    fs::remove(filler);
    expect_mended();
    EXPECT_EQ(::umount(run.folder().c_str()), 0);
}

} // namespace
} // namespace hotrun::e2e
