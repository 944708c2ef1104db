// The headers of a library's file, and checked access to what they name: gABI 4 and 5. For readers
// that ask what a loaded library consists of; ElfImage has already said that it can be loaded.
#pragma once

#include "core/file_system.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotrun {

inline constexpr std::uint8_t kHostByteOrder =
    std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

class ElfParts {
  public:
    // None if the file is no ELF file of this host's word size and byte order, or if a section or
    // segment lies beyond its end. `file` is kept and has to outlive the parts.
    static std::optional<ElfParts> read(const File &file);

    std::uint16_t machine = EM_NONE;
    std::vector<Elf64_Shdr> sections;
    std::vector<Elf64_Phdr> segments; // the PT_LOAD ones
    std::optional<Elf64_Phdr> dynamic;

    std::uint64_t size_bytes() const { return size_; } // of the file

    // False if the file has not so many bytes there.
    template <typename T>
    bool read_table(std::uint64_t offset, std::uint64_t bytes, std::vector<T> &table) const {
        if (!has(offset, bytes))
            return false;
        table.resize(bytes / sizeof(T));
        return file_->read_at(offset, std::as_writable_bytes(std::span(table)));
    }

    // The same by the address that the library is linked at, of what is stored in the file: neither
    // relocated nor, in .bss, zero.
    std::optional<std::uint64_t> offset_of(std::uint64_t address, std::uint64_t bytes) const;
    bool read_loaded(std::uint64_t address, std::span<std::byte> bytes) const;

    // Up to the NUL; none if there is no NUL among the first `limit` bytes.
    std::optional<std::string> text_at(std::uint64_t address, std::size_t limit) const;

  private:
    bool has(std::uint64_t offset, std::uint64_t bytes) const {
        return bytes <= size_ && offset <= size_ - bytes;
    }
    bool read_headers();
    bool read_sections(const Elf64_Ehdr &header);
    bool read_segments(const Elf64_Ehdr &header);

    const File *file_ = nullptr;
    std::uint64_t size_ = 0;
};

} // namespace hotrun
