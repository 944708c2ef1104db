// Whatever the bytes are, reading and verifying them neither reads outside of the file nor fails in
// another way than by a Rejection.
#include "core/elf_image.hpp"
#include "core/soname.hpp"
#include "core/verify.hpp"
#include "support/memory_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

void query(const hotrun::ElfImage &image) {
    hotrun::VerifyRules rules;
    rules.abi_version = 1;
    rules.machine = image.machine; // so that the later rules are asked as well
    hotrun::verify(image, rules);
    rules.needs_step = false;
    hotrun::verify(image, rules);
    for (const hotrun::ElfImage::LibraryName &name : image.library_names) {
        if (hotrun::can_rename(image, name.text))
            hotrun::rename_library(image, name.text, hotrun::unique_soname(name.text, 1));
    }
    image.needs("malloc");
    for (const std::string &name : image.unique_symbols)
        image.read_u32(name);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::vector<std::byte> bytes(size);
    if (size > 0)
        std::memcpy(bytes.data(), data, size);
    const hotrun::MemoryFile file(std::move(bytes));
    const auto outcome = hotrun::ElfImage::read(file, "fuzzed.so");
    if (const auto *image = std::get_if<hotrun::ElfImage>(&outcome))
        query(*image);
    if (file.outside_read_count() > 0)
        std::abort();
    return 0;
}
