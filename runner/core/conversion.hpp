// How the bytes of an object become those of the same object in another layout.
#pragma once

#include "core/type_layout.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace hotrun {

struct Conversion;

struct CopyBytes {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t count = 0;
};

// Where a number lies and how it is read.
struct NumberPlace {
    std::uint64_t offset_bytes = 0;
    TypeLayout::Kind kind = TypeLayout::Kind::kUnsigned; // a boolean, an integer or a float
    std::uint32_t size_bytes = 0;
    std::uint32_t bit_offset = 0;
    std::uint32_t bit_count = 0; // 0: no bit-field
};

struct ConvertNumber {
    NumberPlace from;
    NumberPlace to;
    std::string path;
};

// By the names of the enumerators.
struct ConvertEnumerator {
    NumberPlace from;
    NumberPlace to;
    std::unordered_map<std::int64_t, std::int64_t> values;
    // Values without a name may be some of them together: they stay if all that are left have kept
    // their values, and none that is gone is in it.
    bool have_kept = true;
    std::vector<std::int64_t> gone;
    std::string path;
    bool is_left = false; // what is none of them is left to the module, not refused
};

// What can't be carried over, unless there is nothing: all of its bytes are zero.
struct ExpectZero {
    std::uint64_t from = 0;
    std::uint64_t count = 0;
    std::string refusal;
};

struct ConvertElements {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t count = 0;
    std::uint64_t from_stride = 0;
    std::uint64_t to_stride = 0;
    const Conversion *element = nullptr;
    std::string path{}; // of the array, for what is told
};

// An object with new members, in a place that no constructor of what is around it reaches.
struct ConstructObject {
    std::uint64_t to = 0;
    const TypeLayout *type = nullptr;
};

// What is in use of a union, as a tag beside it says.
struct ConvertChoice {
    struct Alternative {
        std::int64_t tag = 0; // the new one
        const Conversion *conversion = nullptr;
        const TypeLayout *type = nullptr; // the new one
    };

    NumberPlace from_tag;
    NumberPlace to_tag;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::unordered_map<std::int64_t, Alternative> alternatives; // by the old tag; no type: none
    std::string refusal;                                        // of what is not among them
};

// An object that the module goes on to carry over by itself.
struct LeaveToModule {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    const TypeLayout *old_type = nullptr;
    const TypeLayout *new_type = nullptr;
};

using ConversionStep = std::variant<CopyBytes, ConvertNumber, ConvertEnumerator, ExpectZero,
                                    ConvertElements, ConvertChoice, ConstructObject, LeaveToModule>;

// What no step writes is a new member.
struct Conversion {
    bool is_same = false; // the layouts are equal; one step copies all
    bool has_new = false; // members or elements that no step writes
    std::vector<ConversionStep> steps;
    std::optional<std::string> refusal; // whatever the values are
};

// Collects what became of the values of many objects.
struct ConversionReport {
    static constexpr std::size_t kMostLosses = 5;

    std::vector<std::string> losses; // values that the new type can't hold: "path: old became new"
    std::size_t loss_count = 0;
    std::string refusal; // the first; empty: none

    struct Left { // to the module
        const LeaveToModule *step;
        const std::byte *from;
        std::byte *to;
    };
    std::vector<Left> left;

    // Gives how it failed; empty: it did not.
    std::function<std::string(const TypeLayout &, std::byte *)> construct;
};

// What is no float.
std::int64_t integer_at(const NumberPlace &place, const std::byte *object);

// Both objects have the size of their type; the bytes of `to` that no step writes stay.
void convert(const Conversion &conversion, const std::byte *from, std::byte *to,
             ConversionReport &report);

} // namespace hotrun
