#include "core/conversion.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

// Wide enough for each number that a place can hold, with the exact value.
using Number = long double;
static_assert(std::numeric_limits<Number>::digits >= 64);

std::uint64_t bits_at(const NumberPlace &place, const std::byte *object) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, object + place.offset_bytes, std::min<std::size_t>(place.size_bytes, 8));
    return bits;
}

std::uint32_t width_of(const NumberPlace &place) {
    return place.bit_count != 0 ? place.bit_count : 8 * place.size_bytes;
}

std::uint64_t mask_of(std::uint32_t width) {
    return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

} // namespace

std::int64_t integer_at(const NumberPlace &place, const std::byte *object) {
    const std::uint32_t width = width_of(place);
    std::uint64_t bits = (bits_at(place, object) >> place.bit_offset) & mask_of(width);
    if (place.kind == Kind::kSigned && width < 64 && (bits >> (width - 1)) != 0)
        bits |= ~mask_of(width);
    return static_cast<std::int64_t>(bits);
}

namespace {

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
    const std::int64_t value = integer_at(place, object);
    return place.kind == Kind::kSigned ? static_cast<Number>(value)
                                       : static_cast<Number>(static_cast<std::uint64_t>(value));
}

void put_integer(const NumberPlace &place, std::byte *object, std::uint64_t value) {
    const std::uint64_t mask = mask_of(width_of(place)) << place.bit_offset;
    const std::uint64_t bits =
        (bits_at(place, object) & ~mask) | ((value << place.bit_offset) & mask);
    std::memcpy(object + place.offset_bytes, &bits, std::min<std::size_t>(place.size_bytes, 8));
}

// As the language converts; what it leaves undefined becomes the nearest value.
void put_number(const NumberPlace &place, std::byte *object, Number value) {
    const auto put_float = [&](auto number) {
        std::memcpy(object + place.offset_bytes, &number, sizeof number);
    };
    if (place.kind == Kind::kFloat) {
        if (place.size_bytes == sizeof(float))
            put_float(static_cast<float>(value));
        else if (place.size_bytes == sizeof(double))
            put_float(static_cast<double>(value));
        else
            put_float(value);
        return;
    }
    if (place.kind == Kind::kBoolean)
        return put_integer(place, object, value != 0 ? 1 : 0);
    const Number whole = std::isnan(value) ? 0 : std::trunc(value);
    if (whole < 0)
        put_integer(place, object,
                    static_cast<std::uint64_t>(static_cast<std::int64_t>(std::max(
                        whole, static_cast<Number>(std::numeric_limits<std::int64_t>::min())))));
    else
        put_integer(place, object,
                    static_cast<std::uint64_t>(std::min(
                        whole, static_cast<Number>(std::numeric_limits<std::uint64_t>::max()))));
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

    // A float of less precision is as near as it can be, and no loss to tell of.
    void operator()(const ConvertNumber &step) const {
        const Number before = number_at(step.from, from_);
        put_number(step.to, to_, before);
        const Number now = number_at(step.to, to_);
        const bool is_rounded = step.to.kind == Kind::kFloat && std::isfinite(now);
        if (now != before && !is_rounded && !std::isnan(before))
            lose(step.path + ": " + text_of(before) + " became " + text_of(now));
    }

    void operator()(const ConvertEnumerator &step) const {
        const std::int64_t before = integer_at(step.from, from_);
        const auto found = step.values.find(before);
        if (found == step.values.end() && step.is_left)
            return;
        if (found == step.values.end() && before == 0) // as in memory that was never written
            return put_integer(step.to, to_, 0);
        if (found == step.values.end())
            return refuse(step.path + ": its value " + std::to_string(before) +
                          " is none of the enumerators that both versions have: set it to one of "
                          "them in hotrun_unload");
        put_integer(step.to, to_, static_cast<std::uint64_t>(found->second));
    }

    void operator()(const ExpectZero &step) const {
        const std::byte *first = from_ + step.from;
        if (std::any_of(first, first + step.count,
                        [](std::byte byte) { return byte != std::byte{}; }))
            refuse(step.refusal);
    }

    void operator()(const ConvertElements &step) const {
        for (std::uint64_t i = 0; i < step.count; ++i)
            convert(*step.element, from_ + step.from + i * step.from_stride,
                    to_ + step.to + i * step.to_stride, report_);
    }

    void operator()(const ConvertChoice &step) const {
        const auto found = step.alternatives.find(integer_at(step.from_tag, from_));
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

void convert(const Conversion &conversion, const std::byte *from, std::byte *to,
             ConversionReport &report) {
    const Converter converter(from, to, report);
    for (const ConversionStep &step : conversion.steps)
        std::visit(converter, step);
}

} // namespace hotrun
