// The texts of units that were read, by numbers: most units have the same ones.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hotrun {

// Of all versions of a library, each text once. Thread-bound, as the reader is.
class ReadTexts {
  public:
    std::uint32_t number_of(std::string_view text) {
        const auto found = numbers_.find(text);
        if (found != numbers_.end())
            return found->second;
        const auto number = static_cast<std::uint32_t>(texts_.size());
        numbers_.emplace(texts_.emplace_back(text), number);
        return number;
    }

    const std::string &text(std::uint32_t number) const { return texts_[number]; }
    std::size_t count() const { return texts_.size(); }

  private:
    std::deque<std::string> texts_;
    std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

// Where one version has them: what was compared there is not compared again. Linkers let equal
// texts lie at one place.
class TextPlaces {
  public:
    // Of those that there are by now.
    explicit TextPlaces(const ReadTexts &texts) : texts_(texts), places_(texts.count()) {}

    // Whether it is what begins at that place.
    bool is_at(std::uint32_t number, const char *place) {
        if (places_[number] == place)
            return true;
        if (std::strcmp(place, texts_.text(number).c_str()) != 0)
            return false;
        places_[number] = place;
        return true;
    }

  private:
    const ReadTexts &texts_;
    std::vector<const char *> places_; // by number
};

} // namespace hotrun
