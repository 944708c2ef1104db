// The names of the files that a unit's entries count.
#pragma once

#include "linux/dwarf_bytes.hpp"
#include "linux/dwarf_entry.hpp"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

// The table of files of one program of line numbers (DWARF 5, 6.2.4), which libdw gives only with
// all of its lines.
class FileTable {
  public:
    struct Sections {            // without a .dwo at the ends of their names
        DwarfBytes lines;        // .debug_line
        DwarfBytes line_strings; // .debug_line_str
        DwarfBytes strings;      // .debug_str
    };

    FileTable() = default;

    // What is read up to the first damage. The program's header lies at `offset`.
    FileTable(const Sections &sections, std::uint64_t offset);

    struct File {
        const char *folder = nullptr; // null: that in which the compiler ran
        const char *name = nullptr;   // null: there is none
    };

    // As entries count them.
    File file(std::uint64_t index) const;

  private:
    struct Name {
        const char *text = nullptr;
        std::uint64_t folder = 0;
    };

    void read_old(DwarfBytes &header);
    std::vector<Name> read_names(DwarfBytes &header, const Sections &sections) const;
    const char *text_at(unsigned form, DwarfBytes value, const Sections &sections) const;

    DwarfFormat format_;
    std::vector<Name> folders_;
    std::vector<Name> files_;
};

// What comes after an absolute part is in that folder; without `.` and `..`.
std::string joined_path(std::initializer_list<const char *> parts);

// The files of units by their paths, each of which is put together once.
class FilePaths {
  public:
    // The first entry of one; without a table it has no files. `user`: that of the unit in which
    // its types are used, and which says where the compiler ran if it does not.
    void set_unit(const DwarfEntry &unit, const DwarfEntry &user);

    // As the unit's entries count them. Empty: there is none.
    const std::string &path(std::uint64_t index);

  private:
    using Parts = std::tuple<const char *, const char *, const char *>; // where they lie

    const std::string &path_of(const Parts &parts);
    const FileTable::Sections &sections_of(Dwarf *dwarf);

    const char *base_ = nullptr; // where the compiler ran
    FileTable files_;
    std::unordered_map<std::uint64_t, const std::string *> of_unit_; // by the number
    std::map<Parts, std::string> paths_;
    std::unordered_map<Dwarf *, FileTable::Sections> sections_;
};

} // namespace hotrun
