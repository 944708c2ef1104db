// Loaded code whose symbols can be read, and a heap with words that lead into it.
#pragma once

#include "support/fake_heap_image.hpp"
#include "support/fake_module.hpp"
#include "support/library_builder.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace hotrun {

using Word = std::uint64_t;

class CodeTest : public testing::Test {
  protected:
    // The number-th version of the library, or of another one.
    LiveLibrary code_of(std::uint64_t number, const LibraryBuilder &library,
                        const std::string &path = "/b/libgame.so") {
        LiveLibrary code = make_code(files, number);
        code.path = path;
        const std::vector<std::byte> bytes = library.build();
        files.write(code.copy.path(), {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
        return code;
    }
    static LiveLibrary::Shared shared(LiveLibrary code) {
        return std::make_shared<const LiveLibrary>(std::move(code));
    }
    // An address of that version in the process.
    static Word in(std::uint64_t number, Word address) {
        return FakeLibraryLoader::place(number).load_bias + address;
    }

    void put(std::size_t index, Word word) {
        std::memcpy(heap.memory().data() + index * sizeof word, &word, sizeof word);
    }
    Word word(std::size_t index) {
        Word word = 0;
        std::memcpy(&word, heap.memory().data() + index * sizeof word, sizeof word);
        return word;
    }
    void take(std::size_t used_bytes = kUsedBytes) {
        EXPECT_TRUE(heap.take(used_bytes, HeapImage::Memory::kKept));
    }

    static constexpr std::size_t kUsedBytes = 3 * FakeHeapImage::kPageBytes;

    FakeClock clock;
    FakeFileSystem files{clock};
    FakeHeapImage heap;
};

} // namespace hotrun
