// What the runner has to know of a shared library before it lets the loader at it. The format is
// that of the System V gABI, chapters 4 (object files) and 5 (dynamic linking).
#pragma once

#include "core/file_system.hpp"
#include "hotrun/events.hpp"

#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hotrun {

// Why a library is not loaded. `detail` is one sentence without a full stop; it names the library
// and, where there is one, the remedy.
struct Rejection {
    RejectReason reason = RejectReason::kNotElf;
    std::string detail;
};

// A whole ELF file, as far as it concerns the loading of it. Symbols stay in the two tables in
// which the file keeps them: a library may have 100,000 of them.
class ElfImage {
  public:
    // How many names of unique symbols are kept; one is enough for a library to stay mapped.
    static constexpr std::size_t kUniqueSymbolsKept = 8;

    // `path` is for the sentences only. `file` is kept for read_u32 and has to outlive the image.
    //
    // kTruncated: a part that the headers promise lies beyond the file's end, or is still empty,
    // as linkers leave it while they write. kNotElf: no ELF file, or one with impossible headers.
    // No number in the file is trusted: no read goes outside of it, no table grows larger than it.
    static std::variant<ElfImage, Rejection> read(const File &file, std::string path);

    // Of this host's word size and byte order. Of others only the fields up to `type` are filled,
    // and so of what is no ET_DYN.
    bool has_host_format() const;

    std::string path;
    std::uint8_t word_size = ELFCLASSNONE; // ELFCLASS32 or ELFCLASS64
    std::uint8_t byte_order = ELFDATANONE; // ELFDATA2LSB or ELFDATA2MSB
    std::uint16_t machine = EM_NONE;
    std::uint16_t type = ET_NONE;

    std::string soname;
    std::vector<std::string> needed;
    std::string run_path; // DT_RUNPATH; where there is none, DT_RPATH

    // A name by which the dynamic linker tells libraries apart (DT_SONAME, DT_NEEDED and the files
    // of needed versions), and where it is. Linkers let a string be the end of a longer one.
    struct LibraryName {
        std::string text;
        std::uint64_t offset = 0; // in the file
        bool whole = true;        // not the end of a longer string
    };
    std::vector<LibraryName> library_names; // each place once, in their order

    std::size_t unique_symbol_count = 0;
    std::vector<std::string> unique_symbols; // the first kUniqueSymbolsKept of them

    bool defines(std::string_view name) const; // dlsym would find it
    bool needs(std::string_view name) const;   // another has to define it; weak ones don't count

    // Where the entry of a function that another library has to define is in the file, whether or
    // not a copy of the library was bound to an address for it; none: it needs no such.
    std::optional<std::uint64_t> import_offset(std::string_view name) const;

    // The first four bytes that a defined data object has when the library is loaded.
    std::optional<std::uint32_t> read_u32(std::string_view name) const;

  private:
    friend class ElfReader;

    template <typename Accepts>
    const Elf64_Sym *find_symbol(std::string_view name, Accepts accepts) const;
    std::string_view name_at(std::uint64_t offset) const; // empty if there is none

    const File *file_ = nullptr;
    std::vector<Elf64_Phdr> segments_; // the PT_LOAD ones
    std::vector<Elf64_Sym> symbols_;
    std::uint64_t symbols_offset_ = 0; // in the file
    std::vector<char> names_;
};

} // namespace hotrun
