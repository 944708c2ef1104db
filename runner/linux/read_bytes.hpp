// Which bytes of a unit of debug information were read, and what they were. What is read of one
// that has the same bytes there is the same, too: reading goes by nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hotrun {

struct DwarfUnit;
class ReadTexts;
class TextPlaces;

class ReadBytes {
  public:
    // Places count from the unit's header.
    void add(std::size_t begin, std::size_t end);

    // A value that leads to a text: that is what was read.
    void add_text(std::size_t at, unsigned form) { text_forms_.emplace_back(at, form); }

    // Nothing is added any more. False: a text is damaged.
    bool finish(const DwarfUnit &unit, ReadTexts &texts);

    // In a unit of the same size and with the same shapes of entries.
    bool are_same_in(const DwarfUnit &unit, TextPlaces &texts) const;

  private:
    static constexpr std::size_t kPart = 64; // bytes, one bit each

    struct Word {
        std::uint64_t mask = 0; // of the bytes that were read
        std::uint64_t value = 0;
    };
    struct Text {
        std::uint32_t at = 0;
        std::uint32_t form = 0;
        std::uint32_t number = 0; // its own
    };

    void add_words(const unsigned char *header, std::size_t size, std::size_t part);

    std::vector<std::uint64_t> parts_; // until all is read
    std::vector<std::pair<std::uint32_t, std::uint32_t>>
        text_forms_;                    // the same: where, and the form
    std::vector<std::uint32_t> places_; // of the words
    std::vector<Word> words_;
    std::vector<Text> texts_;
};

} // namespace hotrun
