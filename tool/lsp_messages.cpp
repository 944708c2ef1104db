#include "lsp_messages.hpp"

#include "control/utf8.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace hotrun {

namespace {

constexpr std::string_view kEndOfHeader = "\r\n\r\n";
constexpr std::size_t kMostHeaderBytes = 4096;
constexpr std::size_t kMostContentBytes = std::size_t{64} << 20;

// Of the header's lines only one counts; names are written in any case.
std::optional<std::size_t> content_length(std::string_view header) {
    constexpr std::string_view kName = "content-length:";
    while (!header.empty()) {
        std::string_view line = header.substr(0, header.find("\r\n"));
        header.remove_prefix(std::min(line.size() + 2, header.size()));
        const bool named =
            line.size() > kName.size() &&
            std::equal(kName.begin(), kName.end(), line.begin(), [](char name, char written) {
                return name == std::tolower(static_cast<unsigned char>(written));
            });
        if (!named)
            continue;
        line.remove_prefix(std::min(line.find_first_not_of(' ', kName.size()), line.size()));
        std::size_t length = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), length);
        if (error != std::errc() || end != line.data() + line.size() || length > kMostContentBytes)
            return std::nullopt;
        return length;
    }
    return std::nullopt;
}

std::optional<unsigned char> from_hex(std::string_view digits) {
    unsigned char byte = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + digits.size())
        return std::nullopt;
    return byte;
}

bool is_of_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

} // namespace

std::optional<std::string> LspReader::next() {
    const std::size_t end = bytes_.find(kEndOfHeader);
    if (end == std::string::npos) {
        broken_ |= bytes_.size() > kMostHeaderBytes;
        return std::nullopt;
    }
    const std::optional<std::size_t> length =
        content_length(std::string_view(bytes_).substr(0, end));
    broken_ |= !length;
    const std::size_t begin = end + kEndOfHeader.size();
    if (broken_ || bytes_.size() - begin < *length)
        return std::nullopt;
    std::string content = bytes_.substr(begin, *length);
    bytes_.erase(0, begin + *length);
    return content;
}

std::string lsp_message(std::string_view content) {
    return "Content-Length: " + std::to_string(content.size()) + std::string(kEndOfHeader) +
           std::string(content);
}

std::optional<std::string> path_of_uri(std::string_view uri) {
    constexpr std::string_view kScheme = "file://";
    constexpr std::string_view kHere = "localhost";
    if (!uri.starts_with(kScheme))
        return std::nullopt;
    uri.remove_prefix(kScheme.size());
    if (uri.starts_with(kHere))
        uri.remove_prefix(kHere.size());
    if (!uri.starts_with('/'))
        return std::nullopt;
    std::string path;
    for (std::size_t at = 0; at < uri.size(); ++at) {
        const auto byte = uri[at] == '%' ? from_hex(uri.substr(at + 1, 2)) : std::nullopt;
        path += byte ? static_cast<char>(*byte) : uri[at];
        at += byte ? 2 : 0;
    }
    return path;
}

std::string uri_of_path(std::string_view path) {
    constexpr std::string_view kPlain = "/-._~";
    std::string uri = "file://";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x80 && std::isalnum(byte) != 0) || kPlain.find(c) != std::string_view::npos) {
            uri += c;
        } else {
            constexpr std::string_view kDigits = "0123456789ABCDEF";
            uri += '%';
            uri += kDigits[byte >> 4];
            uri += kDigits[byte & 0xf];
        }
    }
    return uri;
}

std::uint32_t utf16_offset(std::string_view line, std::uint32_t column) {
    std::string_view before =
        line.substr(0, std::min<std::size_t>(column == 0 ? 0 : column - 1, line.size()));
    std::uint32_t units = 0;
    while (!before.empty()) {
        const std::size_t length = std::max<std::size_t>(utf8_length(before), 1);
        units += length == 4 ? 2 : 1; // above U+FFFF
        before.remove_prefix(length);
    }
    return units;
}

std::uint32_t end_of_word(std::string_view line, std::uint32_t column) {
    std::size_t at = column == 0 ? 0 : column - 1;
    if (at >= line.size())
        return column;
    if (!is_of_word(line[at]))
        return column + 1;
    while (at < line.size() && is_of_word(line[at]))
        ++at;
    return static_cast<std::uint32_t>(at) + 1;
}

} // namespace hotrun
