// Numbers and texts as DWARF has them, one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace hotrun {

// How large the values of a unit are.
struct DwarfFormat {
    std::uint8_t version = 5;
    std::uint8_t address_bytes = 8;
    std::uint8_t offset_bytes = 4;

    auto operator<=>(const DwarfFormat &) const = default;
};

// Of a value of that form; none: it depends on the value, or the form is not known.
std::optional<std::size_t> fixed_bytes(unsigned form, const DwarfFormat &format);

// Never reads outside of the bytes. What is damaged, or is asked for behind their end, is zero, and
// from then on nothing is left.
class DwarfBytes {
  public:
    DwarfBytes() = default;
    DwarfBytes(const unsigned char *begin, const unsigned char *end) : at_(begin), end_(end) {}

    const unsigned char *at() const { return at_; }
    const unsigned char *end() const { return end_; }
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
    bool is_damaged() const { return is_damaged_; }

    // Of up to eight bytes.
    std::uint64_t number(std::size_t bytes);
    std::uint64_t byte() { return at_ != end_ ? *at_++ : number(1); }
    std::uint32_t word() {
        std::uint32_t word = 0;
        if (left() < sizeof word)
            return static_cast<std::uint32_t>(number(sizeof word));
        std::memcpy(&word, at_, sizeof word);
        at_ += sizeof word;
        return word;
    }

    std::uint64_t uleb() {
        if (at_ != end_ && *at_ < 0x80) // most have one byte
            return *at_++;
        return long_uleb();
    }
    const char *text();

    void skip(std::uint64_t bytes) {
        if (bytes > left())
            return fail();
        at_ += bytes;
    }
    void skip_value(unsigned form, const DwarfFormat &format);

    void fail() {
        at_ = end_;
        is_damaged_ = true;
    }

  private:
    std::uint64_t long_uleb();

    const unsigned char *at_ = nullptr;
    const unsigned char *end_ = nullptr;
    bool is_damaged_ = false;
};

} // namespace hotrun
