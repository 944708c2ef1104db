#include "core/soname.hpp"

#include <string_view>

namespace hotrun {

namespace {

// From here on strings may share their end: the name of a symbol may well be "so" or "o".
constexpr std::string_view kTail = ".so";
constexpr std::string_view kDigits =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr char kMark = '#'; // no library is called so
constexpr std::size_t kLeastStem = 4;

std::size_t stem_bytes(const std::string &name) {
    const std::size_t tail = name.find(kTail);
    return tail == std::string::npos ? 0 : tail;
}

} // namespace

bool can_rename(const ElfImage &image, const std::string &name) {
    const std::size_t stem = stem_bytes(name);
    if (stem < kLeastStem)
        return false;
    const std::vector<ElfImage::LibraryName> &names = image.library_names;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i].text != name)
            continue;
        const bool shared = i + 1 < names.size() && names[i + 1].offset - names[i].offset < stem;
        if (shared || !names[i].whole)
            return false;
    }
    return true;
}

// Names come round again after 62^3 copies at the earliest: the one that had it is long gone.
std::string unique_soname(const std::string &name, std::uint64_t number) {
    std::string unique = name;
    unique[0] = kMark;
    for (std::size_t i = stem_bytes(name) - 1; i > 0; --i, number /= kDigits.size())
        unique[i] = kDigits[number % kDigits.size()];
    return unique;
}

std::vector<Patch> rename_library(const ElfImage &image, const std::string &from,
                                  const std::string &to) {
    const std::size_t stem = stem_bytes(from);
    std::vector<Patch> patches;
    for (const ElfImage::LibraryName &mention : image.library_names) {
        if (mention.text == from)
            patches.push_back({mention.offset, from.substr(0, stem), to.substr(0, stem)});
    }
    return patches;
}

} // namespace hotrun
