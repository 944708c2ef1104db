#include "linux/dwarf_bytes.hpp"

#include <array>
#include <cstring>

#include <dwarf.h>

namespace hotrun {

namespace {

constexpr std::uint8_t kByValue = 0xff;
constexpr std::uint8_t kAddress = 0xfe;
constexpr std::uint8_t kOffset = 0xfd;
constexpr std::size_t kFormCount = 0x2d;

// DWARF 5, 7.5.6.
constexpr std::array<std::uint8_t, kFormCount> kSizes = [] {
    std::array<std::uint8_t, kFormCount> sizes{};
    sizes.fill(kByValue);
    sizes[DW_FORM_flag_present] = 0;
    sizes[DW_FORM_implicit_const] = 0; // it stands in the table of abbreviations
    for (const int form :
         {DW_FORM_data1, DW_FORM_ref1, DW_FORM_flag, DW_FORM_strx1, DW_FORM_addrx1})
        sizes[static_cast<std::size_t>(form)] = 1;
    for (const int form : {DW_FORM_data2, DW_FORM_ref2, DW_FORM_strx2, DW_FORM_addrx2})
        sizes[static_cast<std::size_t>(form)] = 2;
    for (const int form : {DW_FORM_strx3, DW_FORM_addrx3})
        sizes[static_cast<std::size_t>(form)] = 3;
    for (const int form :
         {DW_FORM_data4, DW_FORM_ref4, DW_FORM_strx4, DW_FORM_addrx4, DW_FORM_ref_sup4})
        sizes[static_cast<std::size_t>(form)] = 4;
    for (const int form : {DW_FORM_data8, DW_FORM_ref8, DW_FORM_ref_sig8, DW_FORM_ref_sup8})
        sizes[static_cast<std::size_t>(form)] = 8;
    sizes[DW_FORM_data16] = 16;
    sizes[DW_FORM_addr] = kAddress;
    for (const int form :
         {DW_FORM_strp, DW_FORM_line_strp, DW_FORM_strp_sup, DW_FORM_sec_offset, DW_FORM_ref_addr})
        sizes[static_cast<std::size_t>(form)] = kOffset;
    return sizes;
}();

} // namespace

std::optional<std::size_t> fixed_bytes(unsigned form, const DwarfFormat &format) {
    if (form == DW_FORM_GNU_ref_alt || form == DW_FORM_GNU_strp_alt)
        return format.offset_bytes;
    if (form >= kFormCount || kSizes[form] == kByValue)
        return std::nullopt;
    if (form == DW_FORM_ref_addr && format.version < 3)
        return format.address_bytes;
    return kSizes[form] == kAddress  ? format.address_bytes
           : kSizes[form] == kOffset ? format.offset_bytes
                                     : kSizes[form];
}

std::uint64_t DwarfBytes::number(std::size_t bytes) {
    std::uint64_t number = 0;
    if (bytes > left() || bytes > sizeof number) {
        fail();
        return 0;
    }
    std::memcpy(&number, at_, bytes);
    at_ += bytes;
    return number;
}

// DWARF 5, 7.6. What is too large for the result is cut off.
std::uint64_t DwarfBytes::long_uleb() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; at_ != end_; shift += 7) {
        const unsigned char byte = *at_++;
        if (shift < 64)
            number |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80)
            return number;
    }
    fail();
    return 0;
}

const char *DwarfBytes::text() {
    const void *end = left() == 0 ? nullptr : std::memchr(at_, '\0', left());
    if (end == nullptr) {
        fail();
        return "";
    }
    const auto *text = reinterpret_cast<const char *>(at_);
    at_ = static_cast<const unsigned char *>(end) + 1;
    return text;
}

void DwarfBytes::skip_value(unsigned form, const DwarfFormat &format) {
    switch (form) {
    case DW_FORM_string:
        text();
        break;
    case DW_FORM_exprloc:
    case DW_FORM_block:
        return skip(uleb());
    case DW_FORM_block1:
        return skip(byte());
    case DW_FORM_block2:
        return skip(number(2));
    case DW_FORM_block4:
        return skip(word());
    case DW_FORM_sdata:
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
        uleb();
        break;
    case DW_FORM_indirect: // the form stands before the value
        if (const std::uint64_t own = uleb();
            own != DW_FORM_indirect && own != DW_FORM_implicit_const)
            return skip_value(static_cast<unsigned>(own), format);
        fail();
        break;
    default:
        if (const auto bytes = fixed_bytes(form, format))
            skip(*bytes);
        else
            fail();
    }
}

} // namespace hotrun
