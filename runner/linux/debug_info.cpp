#include "linux/debug_info.hpp"

#include "core/demangle.hpp"
#include "linux/die.hpp"
#include "linux/function_name.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <dwarf.h>
#include <fcntl.h>
#include <gelf.h>

namespace hotrun {

namespace {

struct SourceLine {
    std::string file;
    std::uint32_t line = 0;
};

SourceLine line_at(Dwarf_Die unit, Dwarf_Addr address) {
    int line = 0;
    Dwarf_Line *found = ::dwarf_getsrc_die(&unit, address);
    if (found == nullptr || ::dwarf_lineno(found, &line) != 0 || line <= 0)
        return {};
    return {absolute_path(unit, ::dwarf_linesrc(found, nullptr, nullptr)),
            static_cast<std::uint32_t>(line)};
}

// Where the inlined function was called.
SourceLine call_line(Dwarf_Die unit, Dwarf_Die inlined) {
    Dwarf_Files *files = nullptr;
    const Dwarf_Word line = number_of(inlined, DW_AT_call_line).value_or(0);
    if (line == 0 || ::dwarf_getsrcfiles(&unit, &files, nullptr) != 0)
        return {};
    const char *name =
        ::dwarf_filesrc(files, number_of(inlined, DW_AT_call_file).value_or(0), nullptr, nullptr);
    return {absolute_path(unit, name), static_cast<std::uint32_t>(line)};
}

// With -gsplit-dwarf the functions are in a file of their own, which libdw opens.
Dwarf_Die unit_with_functions(Dwarf_Die unit) {
    std::uint8_t type = 0;
    Dwarf_Die split{};
    const bool is_split =
        ::dwarf_cu_info(unit.cu, nullptr, &type, nullptr, &split, nullptr, nullptr, nullptr) == 0 &&
        type == DW_UT_skeleton && split.addr != nullptr;
    return is_split ? split : unit;
}

} // namespace

// Mapped, since of a large library little is read. To cut a mapped file short ends the process, but
// so it does for a library that is loaded; a live copy is only ever removed.
DebugInfo::DebugInfo(const std::string &path)
    : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) { // it may be a FIFO
    ::elf_version(EV_CURRENT);
    elf_.reset(::elf_begin(file_.get(), ELF_C_READ_MMAP, nullptr));
    if (::elf_kind(elf_.get()) == ELF_K_ELF)
        dwarf_.reset(::dwarf_begin_elf(elf_.get(), DWARF_C_READ, nullptr));
}

DebugInfo::DebugInfo(std::vector<std::byte> file) : bytes_(std::move(file)) {
    ::elf_version(EV_CURRENT);
    elf_.reset(::elf_memory(reinterpret_cast<char *>(bytes_.data()), bytes_.size()));
    dwarf_.reset(::dwarf_begin_elf(elf_.get(), DWARF_C_READ, nullptr));
}

std::vector<StackFrame> DebugInfo::frames_at(std::uint64_t address) {
    Dwarf_Die unit;
    std::vector<StackFrame> frames;
    if (find_unit(address, unit))
        frames = frames_of(unit, address);
    if (frames.empty())
        frames.emplace_back();
    if (frames.back().function.empty())
        frames.back().function = demangle(symbol_at(elf_.get(), address));
    return frames;
}

std::vector<StackFrame> DebugInfo::frames_of(Dwarf_Die unit, Dwarf_Addr address) const {
    std::vector<StackFrame> frames;
    SourceLine at = line_at(unit, address);
    for (Dwarf_Die function : functions_at(unit_with_functions(unit), address)) {
        const std::string name = function_name(function, elf_.get(), address);
        frames.push_back({0, name, at.file, at.line, {}});
        at = call_line(unit, function);
    }
    if (frames.empty())
        frames.push_back({0, {}, at.file, at.line, {}});
    return frames;
}

// Compilers make an index of addresses for all units, for some or for none.
bool DebugInfo::find_unit(Dwarf_Addr address, Dwarf_Die &unit) {
    if (dwarf_ == nullptr)
        return false;
    if (::dwarf_addrdie(dwarf_.get(), address, &unit) != nullptr)
        return true;
    if (!std::exchange(has_unit_ranges_, true))
        read_unit_ranges();
    const auto has_address = [&](const UnitRange &range) {
        return range.begin <= address && address < range.end;
    };
    const auto found = std::ranges::find_if(unit_ranges_, has_address);
    if (found != unit_ranges_.end())
        unit = found->unit;
    return found != unit_ranges_.end();
}

// Of each unit only its first entry is read.
void DebugInfo::read_unit_ranges() {
    Dwarf_CU *unit = nullptr;
    Dwarf_Die entry;
    while (::dwarf_get_units(dwarf_.get(), unit, &unit, nullptr, nullptr, &entry, nullptr) == 0) {
        Dwarf_Addr base = 0;
        UnitRange range{0, 0, entry};
        std::ptrdiff_t next = 0;
        while ((next = ::dwarf_ranges(&entry, next, &base, &range.begin, &range.end)) > 0)
            unit_ranges_.push_back(range);
    }
}

std::optional<std::uint64_t> DebugInfo::word_at(std::uint64_t address) const {
    std::uint64_t word = 0;
    std::size_t count = 0;
    ::elf_getphdrnum(elf_.get(), &count);
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr segment;
        if (::gelf_getphdr(elf_.get(), static_cast<int>(i), &segment) == nullptr ||
            segment.p_type != PT_LOAD || address - segment.p_vaddr >= segment.p_filesz)
            continue;
        const auto offset = static_cast<std::int64_t>(segment.p_offset + address - segment.p_vaddr);
        const Elf_Data *data = ::elf_getdata_rawchunk(elf_.get(), offset, sizeof word, ELF_T_XWORD);
        if (data == nullptr)
            return std::nullopt;
        std::memcpy(&word, data->d_buf, sizeof word);
        return word;
    }
    return std::nullopt;
}

} // namespace hotrun
