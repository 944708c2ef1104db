// A heap and its file without a disk, and without a thread: a test turns the loop.
#pragma once

#include "core/heap_keeper.hpp"

#include "support/fake_event_loop.hpp"
#include "support/fake_file_system.hpp"
#include "support/fake_heap_image.hpp"
#include "support/memory_storage.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hotrun {

class HeapKeeping {
  public:
    explicit HeapKeeping(FakeClock &clock, FakeFileSystem &files, FakeHeapImage &image,
                         HeapKeeper::Start start = {})
        : loop(clock), keeper({loop, files, file, image,
                               [this](const Error &error) { warnings.push_back(error.message); }},
                              "game", start) {
        EXPECT_TRUE(file.open(1));
        files.write("/s/heap", "the file");
        files.make_folder("/s/heap.d");
    }

    // What whoever opens the file next finds.
    std::optional<KeptState> kept(std::vector<std::byte> *heap = nullptr) const {
        MemoryDisk other;
        MemoryStorage found(other, storage.bytes());
        MemoryStorage found_journal(other, journal.bytes());
        HeapFile next("/s/heap", found, [&] { return Result<Storage *>(&found_journal); });
        EXPECT_TRUE(next.open(1));
        if (heap == nullptr || !next.state())
            return next.state();
        heap->assign(next.state()->heap_bytes, std::byte{0});
        EXPECT_TRUE(next.load([&](std::size_t offset, std::span<const std::byte> bytes) -> Status {
            std::ranges::copy(bytes, heap->begin() + static_cast<std::ptrdiff_t>(offset));
            return Done{};
        }));
        return next.state();
    }

    MemoryDisk disk;
    MemoryStorage storage{disk};
    MemoryStorage journal{disk};
    HeapFile file{"/s/heap", storage, [this] { return Result<Storage *>(&journal); }};
    FakeEventLoop loop;
    std::vector<std::string> warnings;
    HeapKeeper keeper;
};

} // namespace hotrun
