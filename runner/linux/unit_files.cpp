#include "linux/unit_files.hpp"

#include "linux/elf_sections.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include <dwarf.h>

namespace hotrun {

namespace {

constexpr std::uint64_t kIsLong = 0xffffffff; // a length of eight bytes follows
constexpr unsigned kFirstWithFormats = 5;     // version that says how its names are built

// Of one byte, two or four, or none for zero.
std::optional<std::uint64_t> number_at(unsigned form, DwarfBytes value, const DwarfFormat &format) {
    if (form == DW_FORM_udata)
        return value.uleb();
    const auto bytes = fixed_bytes(form, format);
    return bytes && *bytes <= sizeof(std::uint64_t) ? std::optional(value.number(*bytes))
                                                    : std::nullopt;
}

} // namespace

FileTable::FileTable(const Sections &sections, std::uint64_t offset) {
    DwarfBytes program = sections.lines;
    program.skip(offset);
    std::uint64_t length = program.word();
    format_.offset_bytes = length == kIsLong ? 8 : 4;
    if (length == kIsLong)
        length = program.number(8);
    if (length > program.left())
        return;
    DwarfBytes header(program.at(), program.at() + length);
    format_.version = static_cast<std::uint8_t>(header.number(2));
    if (format_.version >= kFirstWithFormats) {
        format_.address_bytes = static_cast<std::uint8_t>(header.byte());
        header.skip(1); // the size of a segment's selector
    }
    header.skip(format_.offset_bytes); // the length of the header
    header.skip(format_.version >= 4 ? 5 : 4);
    if (const std::uint64_t code_count = header.byte(); code_count != 0)
        header.skip(code_count - 1);
    if (format_.version < kFirstWithFormats) {
        read_old(header);
    } else {
        folders_ = read_names(header, sections);
        files_ = read_names(header, sections);
    }
}

// Before version 5 both are counted from one.
void FileTable::read_old(DwarfBytes &header) {
    folders_.emplace_back();
    files_.emplace_back();
    while (!header.is_damaged()) {
        const char *text = header.text();
        if (*text == '\0')
            break;
        folders_.push_back({text, 0});
    }
    while (!header.is_damaged()) {
        const char *text = header.text();
        if (*text == '\0')
            break;
        files_.push_back({text, header.uleb()});
        header.uleb(); // when it was modified
        header.uleb(); // its size
    }
}

std::vector<FileTable::Name> FileTable::read_names(DwarfBytes &header,
                                                   const Sections &sections) const {
    std::vector<std::pair<std::uint64_t, unsigned>> parts; // what, and its form
    for (std::uint64_t count = header.byte(); count != 0; --count) {
        const std::uint64_t what = header.uleb();
        parts.emplace_back(what, static_cast<unsigned>(header.uleb()));
    }
    std::vector<Name> names;
    std::uint64_t count = header.uleb();
    names.reserve(std::min<std::uint64_t>(count, header.left()));
    for (; count != 0; --count) {
        Name name;
        const unsigned char *begin = header.at();
        for (const auto &[what, form] : parts) {
            const DwarfBytes value = header;
            header.skip_value(form, format_);
            if (header.is_damaged())
                return names;
            if (what == DW_LNCT_path)
                name.text = text_at(form, value, sections);
            else if (what == DW_LNCT_directory_index)
                name.folder = number_at(form, value, format_).value_or(0);
        }
        if (header.at() == begin) // there may be any number of them
            break;
        names.push_back(name);
    }
    return names;
}

const char *FileTable::text_at(unsigned form, DwarfBytes value, const Sections &sections) const {
    if (form == DW_FORM_string)
        return value.text();
    if (form != DW_FORM_line_strp && form != DW_FORM_strp)
        return nullptr;
    DwarfBytes strings = form == DW_FORM_strp ? sections.strings : sections.line_strings;
    strings.skip(value.number(format_.offset_bytes));
    const char *text = strings.text();
    return strings.is_damaged() ? nullptr : text;
}

FileTable::File FileTable::file(std::uint64_t index) const {
    if (index >= files_.size())
        return {};
    const Name &name = files_[index];
    return {name.folder < folders_.size() ? folders_[name.folder].text : nullptr, name.text};
}

// As std::filesystem has it in its normal form, of which it makes a list first.
std::string joined_path(std::initializer_list<const char *> parts) {
    std::string all;
    for (const char *part : parts) {
        if (part == nullptr || *part == '\0')
            continue;
        if (*part == '/')
            all.clear();
        all.append(all.empty() ? "" : "/").append(part);
    }
    if (!all.starts_with('/') || all.ends_with('/'))
        return std::filesystem::path(all).lexically_normal();
    std::string path;
    for (std::string_view rest = all; !rest.empty();) {
        rest.remove_prefix(1);
        const std::string_view name = rest.substr(0, rest.find('/'));
        rest.remove_prefix(name.size());
        if (name == "..")
            path.resize(path.empty() ? 0 : path.rfind('/'));
        else if (!name.empty() && name != ".")
            path.append("/").append(name);
    }
    return path.empty() ? "/" : path;
}

void FilePaths::set_unit(const DwarfEntry &unit, const DwarfEntry &user) {
    of_unit_.clear();
    files_ = {};
    base_ = text_of(unit, DW_AT_comp_dir);
    if (base_ == nullptr)
        base_ = text_of(user, DW_AT_comp_dir);
    if (const auto offset = number_of(unit, DW_AT_stmt_list))
        files_ = FileTable(sections_of(::dwarf_cu_getdwarf(unit.unit().libdw)), *offset);
}

const FileTable::Sections &FilePaths::sections_of(Dwarf *dwarf) {
    const auto [known, is_new] = sections_.try_emplace(dwarf);
    FileTable::Sections &sections = known->second;
    if (is_new)
        each_section(::dwarf_getelf(dwarf),
                     [&](std::string_view name, const GElf_Shdr &, Elf_Scn *section) {
                         constexpr std::string_view kSplit = ".dwo";
                         if (name.ends_with(kSplit))
                             name.remove_suffix(kSplit.size());
                         if (name.ends_with("debug_line"))
                             sections.lines = bytes_of(section);
                         else if (name.ends_with("debug_line_str"))
                             sections.line_strings = bytes_of(section);
                         else if (name.ends_with("debug_str"))
                             sections.strings = bytes_of(section);
                     });
    return sections;
}

const std::string &FilePaths::path(std::uint64_t index) {
    const auto [known, is_new] = of_unit_.try_emplace(index);
    if (is_new) {
        const FileTable::File file = files_.file(index);
        known->second = &path_of({base_, file.folder, file.name});
    }
    return *known->second;
}

// Linkers let equal texts lie at one place.
const std::string &FilePaths::path_of(const Parts &parts) {
    const auto [known, is_new] = paths_.try_emplace(parts);
    const auto &[base, folder, name] = parts;
    if (is_new && name != nullptr)
        known->second = joined_path({base, folder, name});
    return known->second;
}

} // namespace hotrun
