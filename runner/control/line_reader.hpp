// Lines out of pieces, as a stream brings them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hotrun {

class LineReader {
  public:
    explicit LineReader(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    // Gives each line that ends in `bytes` to `take`, without its line break. False: a line is
    // longer than allowed, and nothing can be read any more.
    template <typename Take>
    bool feed(std::string_view bytes, const Take &take) {
        while (!bytes.empty()) {
            const std::size_t end = bytes.find('\n');
            const std::string_view piece = bytes.substr(0, end);
            if (line_.size() + piece.size() > most_bytes_)
                return false;
            line_ += piece;
            if (end == std::string_view::npos)
                return true;
            bytes.remove_prefix(end + 1);
            const std::string line = std::move(line_);
            line_.clear();
            take(std::string_view(line));
        }
        return true;
    }

  private:
    const std::size_t most_bytes_;
    std::string line_;
};

} // namespace hotrun
