#include "core/conversion.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>
#include <type_traits>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

// Wide enough for each float that a place can hold, and for each integer.
using Number = long double;
__extension__ using Integer = __int128;
__extension__ using Bits = unsigned __int128;

Bits bits_at(const NumberPlace &place, const std::byte *object) {
    Bits bits = 0;
    std::memcpy(&bits, object + place.offset_bytes,
                std::min<std::size_t>(place.size_bytes, sizeof bits));
    return bits;
}

std::uint32_t width_of(const NumberPlace &place) {
    return place.bit_count != 0 ? place.bit_count : 8 * place.size_bytes;
}

Bits mask_of(std::uint32_t width) {
    return width >= 8 * sizeof(Bits) ? ~Bits{0} : (Bits{1} << width) - 1;
}

Integer wide_integer_at(const NumberPlace &place, const std::byte *object) {
    const std::uint32_t width = width_of(place);
    Bits bits = (bits_at(place, object) >> place.bit_offset) & mask_of(width);
    if (place.kind == Kind::kSigned && (bits >> (width - 1)) != 0)
        bits |= ~mask_of(width);
    return static_cast<Integer>(bits);
}

template <typename Float>
Float float_at(const NumberPlace &place, const std::byte *object) {
    Float value{};
    std::memcpy(&value, object + place.offset_bytes, sizeof value);
    return value;
}

Number number_at(const NumberPlace &place, const std::byte *object) {
    if (place.kind == Kind::kFloat) {
        switch (place.size_bytes) {
        case sizeof(float):
            return float_at<float>(place, object);
        case sizeof(double):
            return float_at<double>(place, object);
        default:
            return float_at<long double>(place, object);
        }
    }
    const Integer value = wide_integer_at(place, object);
    return place.kind == Kind::kSigned ? static_cast<Number>(value)
                                       : static_cast<Number>(static_cast<Bits>(value));
}

void put_integer(const NumberPlace &place, std::byte *object, Integer value) {
    const Bits mask = mask_of(width_of(place)) << place.bit_offset;
    const Bits bits =
        (bits_at(place, object) & ~mask) | ((static_cast<Bits>(value) << place.bit_offset) & mask);
    std::memcpy(object + place.offset_bytes, &bits,
                std::min<std::size_t>(place.size_bytes, sizeof bits));
}

// The nearest one where the language leaves it undefined.
Integer whole_of(Number value, const NumberPlace &place) {
    const bool is_signed = place.kind == Kind::kSigned;
    const std::uint32_t bit_count = std::min<std::uint32_t>(width_of(place), 127) - is_signed;
    const Number limit = std::ldexp(Number{1}, static_cast<int>(bit_count));
    const auto most = static_cast<Integer>(mask_of(bit_count));
    if (std::isnan(value))
        return 0;
    if (value >= limit)
        return most;
    const Integer least = is_signed ? -most - 1 : 0;
    return value <= static_cast<Number>(least) ? least : static_cast<Integer>(value);
}

template <typename Float>
void put_float(const NumberPlace &place, std::byte *object, Float value) {
    std::memcpy(object + place.offset_bytes, &value, sizeof value);
}

void put_number(const NumberPlace &place, std::byte *object, Number value) {
    if (place.kind == Kind::kBoolean)
        put_integer(place, object, value != 0 ? 1 : 0);
    else if (place.kind != Kind::kFloat)
        put_integer(place, object, whole_of(value, place));
    else if (place.size_bytes == sizeof(float))
        put_float(place, object, static_cast<float>(value));
    else if (place.size_bytes == sizeof(double))
        put_float(place, object, static_cast<double>(value));
    else
        put_float(place, object, value);
}

bool is_float(const NumberPlace &place, std::size_t bytes) {
    return place.kind == Kind::kFloat && place.size_bytes == bytes;
}

// Integers that most programs have.
bool is_plain(const NumberPlace &place) {
    const std::uint32_t bytes = place.size_bytes;
    return place.bit_count == 0 && (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8);
}

template <typename Unsigned>
std::uint64_t plain_at(const NumberPlace &place, const std::byte *object) {
    Unsigned value = 0;
    std::memcpy(&value, object + place.offset_bytes, sizeof value);
    return place.kind == Kind::kSigned
               ? static_cast<std::uint64_t>(static_cast<std::make_signed_t<Unsigned>>(value))
               : value;
}

// Of a plain place, sign and all.
std::uint64_t plain_integer_at(const NumberPlace &place, const std::byte *object) {
    switch (place.size_bytes) {
    case sizeof(std::uint8_t):
        return plain_at<std::uint8_t>(place, object);
    case sizeof(std::uint16_t):
        return plain_at<std::uint16_t>(place, object);
    case sizeof(std::uint32_t):
        return plain_at<std::uint32_t>(place, object);
    default:
        return plain_at<std::uint64_t>(place, object);
    }
}

std::string text_of(Number value) {
    std::ostringstream text;
    text.precision(std::numeric_limits<double>::max_digits10);
    text << value;
    return text.str();
}

class Converter {
  public:
    Converter(const std::byte *from, std::byte *to, ConversionReport &report)
        : from_(from), to_(to), report_(report) {}

    void operator()(const CopyBytes &step) const {
        std::memcpy(to_ + step.to, from_ + step.from, step.count);
    }

    void operator()(const ConvertNumber &step) const {
        const bool is_whole = step.from.kind != Kind::kFloat && step.to.kind != Kind::kFloat;
        if (is_whole && step.to.kind != Kind::kBoolean)
            convert_integer(step);
        else
            convert_number(step);
    }

    void operator()(const ConvertEnumerator &step) const {
        const auto before = static_cast<std::int64_t>(wide_integer_at(step.from, from_));
        const auto found = step.values.find(before);
        const auto is_in_it = [before](std::int64_t gone) { return (before & gone) == gone; };
        if (found != step.values.end())
            put_integer(step.to, to_, found->second);
        else if (step.is_left)
            return;
        else if (before == 0) // as in memory that was never written
            put_integer(step.to, to_, 0);
        else if (step.have_kept && std::ranges::none_of(step.gone, is_in_it))
            put_integer(step.to, to_, before);
        else
            refuse(step.path + ": its value " + std::to_string(before) +
                   " is none of the enumerators that both versions have: set it to one of them in "
                   "hotrun_unload");
    }

    void operator()(const ExpectZero &step) const {
        const std::byte *first = from_ + step.from;
        if (std::any_of(first, first + step.count,
                        [](std::byte byte) { return byte != std::byte{}; }))
            refuse(step.refusal);
    }

    void operator()(const ConvertElements &step) const {
        for (std::uint64_t i = 0; i < step.count; ++i) {
            const std::size_t told = report_.losses.size();
            convert(*step.element, from_ + step.from + i * step.from_stride,
                    to_ + step.to + i * step.to_stride, report_);
            for (std::size_t k = told; k < report_.losses.size(); ++k)
                report_.losses[k].insert(0, step.path + "[" + std::to_string(i) + "], ");
        }
    }

    void operator()(const ConvertChoice &step) const {
        const auto found = step.alternatives.find(wide_integer_at(step.from_tag, from_));
        if (found == step.alternatives.end())
            return refuse(step.refusal);
        const auto &[tag, conversion, type] = found->second;
        put_integer(step.to_tag, to_, static_cast<std::uint64_t>(tag));
        if (type == nullptr)
            return;
        if (conversion->refusal)
            return refuse(*conversion->refusal);
        if (conversion->has_new)
            (*this)(ConstructObject{step.to, type});
        convert(*conversion, from_ + step.from, to_ + step.to, report_);
    }

    void operator()(const ConstructObject &step) const {
        if (report_.construct == nullptr)
            return;
        if (std::string failure = report_.construct(*step.type, to_ + step.to); !failure.empty())
            refuse(std::move(failure));
    }

    void operator()(const LeaveToModule &step) const {
        report_.left.push_back({&step, from_ + step.from, to_ + step.to});
    }

  private:
    void convert_integer(const ConvertNumber &step) const {
        if (is_plain(step.from) && is_plain(step.to) && has_kept_plain(step))
            return;
        const Integer before = wide_integer_at(step.from, from_);
        put_integer(step.to, to_, before);
        const Integer now = wide_integer_at(step.to, to_);
        const bool was_negative = before < 0 && step.from.kind == Kind::kSigned;
        const bool is_negative = now < 0 && step.to.kind == Kind::kSigned;
        if (now != before || is_negative != was_negative)
            lose(step.path + ": " + text_of(number_at(step.from, from_)) + " became " +
                 text_of(number_at(step.to, to_)));
    }

    bool has_kept_plain(const ConvertNumber &step) const {
        const std::uint64_t before = plain_integer_at(step.from, from_);
        std::memcpy(to_ + step.to.offset_bytes, &before, step.to.size_bytes);
        const std::uint64_t now = plain_integer_at(step.to, to_);
        const bool was_negative = step.from.kind == Kind::kSigned && before >> 63 != 0;
        const bool is_negative = step.to.kind == Kind::kSigned && now >> 63 != 0;
        return now == before && is_negative == was_negative;
    }

    // A float of less precision is as near as it can be, and no loss to tell of.
    void convert_number(const ConvertNumber &step) const {
        if (is_float(step.from, sizeof(float)) && is_float(step.to, sizeof(double)))
            return put_float(step.to, to_, static_cast<double>(float_at<float>(step.from, from_)));
        const Number before = number_at(step.from, from_);
        put_number(step.to, to_, before);
        const Number now = number_at(step.to, to_);
        const bool is_rounded = step.to.kind == Kind::kFloat && std::isfinite(now);
        if (now != before && !is_rounded && !std::isnan(before))
            lose(step.path + ": " + text_of(before) + " became " + text_of(now));
    }

    void lose(std::string what) const {
        if (++report_.loss_count <= ConversionReport::kMostLosses)
            report_.losses.push_back(std::move(what));
    }
    void refuse(std::string why) const {
        if (report_.refusal.empty())
            report_.refusal = std::move(why);
    }

    const std::byte *from_;
    std::byte *to_;
    ConversionReport &report_;
};

} // namespace

std::int64_t integer_at(const NumberPlace &place, const std::byte *object) {
    return static_cast<std::int64_t>(wide_integer_at(place, object));
}

void convert(const Conversion &conversion, const std::byte *from, std::byte *to,
             ConversionReport &report) {
    const Converter converter(from, to, report);
    for (const ConversionStep &step : conversion.steps)
        std::visit(converter, step);
}

} // namespace hotrun
