// The framing of the Language Server Protocol, and its places in a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hotrun {

// Messages out of a stream in pieces: "Content-Length: N", an empty line, N bytes.
class LspReader {
  public:
    // The next whole message in what was fed so far; none: it is yet to come, or is_broken().
    std::optional<std::string> next();
    void feed(std::string_view bytes) { bytes_ += bytes; }

    // The stream has no such header where one has to be: nothing can be read any more.
    bool is_broken() const { return broken_; }

  private:
    std::string bytes_;
    bool broken_ = false;
};

std::string lsp_message(std::string_view content);

// "file:///a%20b" and "/a b". None: it names no file of this machine.
std::optional<std::string> path_of_uri(std::string_view uri);
std::string uri_of_path(std::string_view path);

// Columns count from 1 in bytes; the protocol counts UTF-16 code units from 0.
std::uint32_t utf16_offset(std::string_view line, std::uint32_t column);

// Where the word ends that begins at that column, in bytes from 1; at least one character on.
std::uint32_t end_of_word(std::string_view line, std::uint32_t column);

} // namespace hotrun
