#include "core/ninja_deps.hpp"

#include <algorithm>
#include <cstring>

namespace hotrun {

namespace {

constexpr std::string_view kSignature = "# ninjadeps\n";
constexpr std::uint32_t kLogVersion = 4;
constexpr std::size_t kWord = 4;
constexpr std::size_t kPreambleBytes = kSignature.size() + kWord;
constexpr std::uint32_t kDepsBit = 0x80000000u;
constexpr std::size_t kMaxPadding = 3;
constexpr std::size_t kDepsPrefixBytes = 3 * kWord; // the output's id and mtime

// Ninja neither writes nor reads a longer record (kMaxRecordSize in deps_log.cc).
constexpr std::size_t kMaxRecordBytes = (1u << 19) - 1;

// So many records are looked at one by one.
constexpr std::size_t kMostUnindexed = 64;

std::uint32_t number_at(std::string_view bytes, std::size_t offset) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + offset, kWord);
    return word;
}

} // namespace

bool NinjaDeps::append(std::string_view bytes) {
    const std::uint64_t start = consumed_;
    const auto rest = [&] { return bytes.substr(consumed_ - start); };
    if (!broken_ && consumed_ == 0) {
        if (!read_header(bytes))
            return !broken_;
        ids_.reserve(bytes.size() / kWord); // most of a log is ids
    }
    while (!broken_ && read_record(rest())) {
    }
    return !broken_;
}

// False: broken, or not all there yet.
bool NinjaDeps::read_header(std::string_view bytes) {
    const std::size_t compared = std::min(bytes.size(), kSignature.size());
    broken_ = bytes.substr(0, compared) != kSignature.substr(0, compared);
    if (broken_ || bytes.size() < kPreambleBytes)
        return false;
    broken_ = number_at(bytes, kSignature.size()) != kLogVersion;
    if (!broken_)
        consumed_ = kPreambleBytes;
    return !broken_;
}

// False: broken, or not all there yet.
bool NinjaDeps::read_record(std::string_view bytes) {
    if (bytes.size() < kWord)
        return false;
    const std::uint32_t head = number_at(bytes, 0);
    const std::size_t size = head & ~kDepsBit;
    broken_ = size > kMaxRecordBytes || size < kWord;
    if (broken_ || bytes.size() < kWord + size)
        return false;
    const std::string_view body = bytes.substr(kWord, size);
    broken_ = !((head & kDepsBit) != 0 ? add_deps(body) : add_path(body));
    if (!broken_)
        consumed_ += kWord + size;
    return !broken_;
}

bool NinjaDeps::add_path(std::string_view body) {
    std::string_view path = body.substr(0, body.size() - kWord);
    for (std::size_t n = 0; n < kMaxPadding && !path.empty() && path.back() == '\0'; ++n)
        path.remove_suffix(1);
    // Two ninjas that write at once give one id or one path twice.
    const Id id = ~number_at(body, body.size() - kWord);
    if (path.empty() || id != paths_.size() || id_of_path_.contains(path))
        return false;
    paths_.emplace_back(path);
    id_of_path_.emplace(paths_.back(), id);
    inputs_.emplace_back();
    return true;
}

bool NinjaDeps::add_deps(std::string_view body) {
    if (body.size() % kWord != 0 || body.size() < kDepsPrefixBytes)
        return false;
    const std::size_t id_count = paths_.size();
    const auto known = [&](std::size_t offset) { return number_at(body, offset) < id_count; };
    for (std::size_t offset = kDepsPrefixBytes; offset < body.size(); offset += kWord) {
        if (!known(offset))
            return false;
    }
    if (!known(0))
        return false;
    store(number_at(body, 0), body.substr(kDepsPrefixBytes));
    return true;
}

// An output that is built again mostly has the same inputs: their place is used again. Of what
// stays unused there is never much, because ninja writes the log anew when it is mostly dead.
void NinjaDeps::store(Id output, std::string_view ids) {
    Inputs &inputs = inputs_[output];
    const std::size_t count = ids.size() / kWord;
    const auto same = [&] {
        return count == 0 || std::memcmp(ids_.data() + inputs.first, ids.data(), ids.size()) == 0;
    };
    if (inputs.known && inputs.count == count && same())
        return;
    news_ = true;
    unindexed_.insert(output);
    if (count > inputs.count) {
        inputs.first = ids_.size();
        ids_.resize(ids_.size() + count);
    }
    inputs.count = count;
    inputs.known = true;
    if (count > 0)
        std::memcpy(ids_.data() + inputs.first, ids.data(), ids.size());
}

void NinjaDeps::clear() {
    *this = NinjaDeps();
    news_ = true;
}

std::optional<std::span<const NinjaDeps::Id>> NinjaDeps::inputs_of(std::string_view output) const {
    const auto id = id_of_path_.find(output);
    if (id == id_of_path_.end() || !inputs_[id->second].known)
        return std::nullopt;
    const Inputs &inputs = inputs_[id->second];
    return std::span(ids_).subspan(inputs.first, inputs.count);
}

bool NinjaDeps::names(Id output, Id input) const {
    const Id *first = ids_.data() + inputs_[output].first;
    const Id *last = first + inputs_[output].count;
    return std::find(first, last, input) != last;
}

// By counting: how many outputs each input has, and then which ones.
void NinjaDeps::make_index() {
    if (unindexed_.size() <= kMostUnindexed)
        return;
    first_by_input_.assign(paths_.size() + 1, 0);
    std::size_t total = 0;
    for (const Inputs &inputs : inputs_) {
        for (const Id input : std::span(ids_).subspan(inputs.first, inputs.count))
            ++first_by_input_[input];
        total += inputs.count;
    }
    std::size_t first = 0;
    for (std::size_t &place : first_by_input_)
        place = std::exchange(first, first + place);
    outputs_by_input_.resize(total);
    std::vector<std::size_t> next(first_by_input_);
    for (Id output = 0; output < inputs_.size(); ++output) {
        const Inputs &inputs = inputs_[output];
        for (const Id input : std::span(ids_).subspan(inputs.first, inputs.count))
            outputs_by_input_[next[input]++] = output;
    }
    unindexed_.clear();
}

std::vector<std::string_view> NinjaDeps::outputs_of(std::string_view input) const {
    std::vector<std::string_view> found;
    const auto id = id_of_path_.find(input);
    if (id == id_of_path_.end())
        return found;
    std::set<Id> outputs;
    if (id->second + 1 < first_by_input_.size()) {
        const Id *all = outputs_by_input_.data();
        outputs.insert(all + first_by_input_[id->second], all + first_by_input_[id->second + 1]);
    }
    for (const Id output : unindexed_) {
        outputs.erase(output);
        if (names(output, id->second))
            outputs.insert(output);
    }
    for (const Id output : outputs)
        found.emplace_back(paths_[output]);
    return found;
}

} // namespace hotrun
