#include "core/heap_file.hpp"

#include "core/checksum.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace hotrun {

namespace {

constexpr std::size_t kPageBytes = HeapFile::kPageBytes;
constexpr std::array<char, 8> kMagic = {'h', 'o', 't', 'h', 'e', 'a', 'p', '\n'};
constexpr std::array<char, 8> kJournalMagic = {'h', 'o', 't', 'j', 'r', 'n', 'l', '\n'};
// Goes up when this format changes, and when the bookkeeping of PermanentHeap does.
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::uint32_t kByteOrder = 0x01020304;
constexpr std::uint64_t kHeadSpace = std::uint64_t{64} << 10;
constexpr std::uint64_t kLastPage = UINT64_MAX; // the number of the heap's last page
constexpr std::size_t kChunkPages = 64;

// What comes before `commit` is the same for as long as the file is there.
struct Head {
    std::array<char, 8> magic = kMagic;
    std::uint32_t version = kFormatVersion;
    std::uint32_t byte_order = kByteOrder;
    std::uint64_t id = 0;
    std::uint64_t commit = 0;
    std::uint64_t heap_base = 0;
    std::uint64_t heap_bytes = 0;
    std::uint64_t used_bytes = 0;
    std::uint64_t generation = 0;
    std::uint64_t step = 0;
    std::uint64_t state = 0;
    std::uint64_t contents = 0; // the checksum of the pages' checksums
    std::uint64_t module_bytes = 0;
    std::uint64_t code_bytes = 0;
    std::uint64_t checksum = 0; // of the head as it is with 0 here, and of the two texts behind it
};
static_assert(sizeof(Head) == 14 * sizeof(std::uint64_t));

struct JournalHead {
    std::array<char, 8> magic = kJournalMagic;
    std::uint64_t id = 0;
    std::uint64_t commit = 0;
    std::uint64_t page_count = 0;
    std::uint64_t head_bytes = 0;
    std::uint64_t checksum = 0; // of the journal as it is with 0 here
};
static_assert(sizeof(JournalHead) == 6 * sizeof(std::uint64_t));

// The journal: its head, the numbers of the pages, the pages, the head of the file.
std::uint64_t journal_pages_at(std::uint64_t page_count) {
    return sizeof(JournalHead) + page_count * sizeof(std::uint64_t);
}
std::uint64_t journal_head_at(std::uint64_t page_count) {
    return journal_pages_at(page_count) + page_count * kPageBytes;
}

std::uint64_t place_of(std::uint64_t page) {
    return kHeadSpace + (page == kLastPage ? 0 : (page + 1) * kPageBytes);
}

std::uint64_t page_count_of(std::uint64_t bytes) {
    return (bytes + kPageBytes - 1) / kPageBytes;
}

// Where in the heap that page lies; the last one may end early.
HeapPart part_of(std::uint64_t page, std::uint64_t heap_bytes) {
    const std::uint64_t number = page == kLastPage ? page_count_of(heap_bytes) - 1 : page;
    return {number * kPageBytes, std::min((number + 1) * kPageBytes, heap_bytes)};
}

template <typename T>
std::span<std::byte> bytes_of(T &value) {
    return std::as_writable_bytes(std::span(&value, 1));
}
template <typename T>
std::span<const std::byte> bytes_of(const T &value) {
    return std::as_bytes(std::span(&value, 1));
}

std::uint64_t sum_of_head(Head head, std::span<const std::byte> texts) {
    head.checksum = 0;
    Checksum checksum;
    checksum.add(bytes_of(head));
    checksum.add(texts);
    return checksum.sum();
}

} // namespace

Error HeapFile::damaged(const std::string &what) const {
    return Error{ErrorKind::kFailed,
                 path_ + " is damaged (" + what +
                     "): put a copy of it in its place, or move it away to start with fresh state",
                 0};
}

Status HeapFile::open(std::uint64_t new_id) {
    if (file_.size_bytes() == 0)
        return start(new_id);
    if (Status known = recognize(); !known)
        return known;
    const Result<Storage *> journal = open_journal_();
    if (!journal)
        return journal.error();
    journal_ = *journal;
    Status read = read_head();
    if (const std::optional<Journal> whole = whole_journal()) {
        if (Status applied = apply(*whole); !applied)
            return applied;
        read = read_head();
    }
    return read;
}

// An id tells a journal that was left by another file of this name.
Status HeapFile::start(std::uint64_t new_id) {
    const Result<Storage *> journal = open_journal_();
    if (!journal)
        return journal.error();
    journal_ = *journal;
    id_ = new_id;
    Head head;
    head.id = id_;
    head.checksum = sum_of_head(head, {});
    if (Status written = file_.write_at(0, bytes_of(head)); !written)
        return written;
    return file_.sync();
}

Status HeapFile::recognize() {
    Head head;
    if (!file_.read_at(0, bytes_of(head)) || head.magic != kMagic)
        return Error{ErrorKind::kFailed,
                     path_ + " is no heap file of hotrun, and stays as it is: give --heap-file "
                             "another name",
                     0};
    if (head.version != kFormatVersion || head.byte_order != kByteOrder)
        return Error{ErrorKind::kFailed,
                     path_ + " is of another version of hotrun, or of another machine, and stays "
                             "as it is: give --heap-file another name",
                     0};
    id_ = head.id;
    return Done{};
}

Status HeapFile::read_head() {
    commit_ = 0;
    state_.reset();
    Head head;
    if (!file_.read_at(0, bytes_of(head)))
        return damaged("it is cut short");
    constexpr std::uint64_t kTextSpace = kHeadSpace - sizeof head;
    if (head.module_bytes > kTextSpace || head.code_bytes > kTextSpace - head.module_bytes)
        return damaged("its head");
    std::string texts(head.module_bytes + head.code_bytes, '\0');
    const auto text_bytes = std::as_writable_bytes(std::span(texts));
    if (!file_.read_at(sizeof head, text_bytes) || head.checksum != sum_of_head(head, text_bytes) ||
        head.used_bytes > head.heap_bytes)
        return damaged("its head");
    commit_ = head.commit;
    contents_ = head.contents;
    if (commit_ != 0)
        state_ = KeptState{.heap_base = head.heap_base,
                           .heap_bytes = head.heap_bytes,
                           .used_bytes = head.used_bytes,
                           .generation = head.generation,
                           .step = head.step,
                           .state = head.state,
                           .module = texts.substr(0, head.module_bytes),
                           .code = texts.substr(head.module_bytes)};
    return Done{};
}

// Of this file, and not older than what the file has.
std::optional<HeapFile::Journal> HeapFile::whole_journal() const {
    JournalHead head;
    const std::uint64_t bytes = journal_->size_bytes();
    if (!journal_->read_at(0, bytes_of(head)) || head.magic != kJournalMagic || head.id != id_ ||
        head.commit < commit_ || head.page_count > bytes / kPageBytes ||
        head.head_bytes > kHeadSpace || journal_head_at(head.page_count) + head.head_bytes > bytes)
        return std::nullopt;
    const Journal journal{head.page_count, head.head_bytes};
    const std::uint64_t expected = std::exchange(head.checksum, 0);
    Checksum checksum;
    checksum.add(bytes_of(head));
    const std::uint64_t end = journal_head_at(journal.page_count) + journal.head_bytes;
    std::vector<std::byte> chunk(std::min<std::uint64_t>(kChunkPages * kPageBytes, end));
    for (std::uint64_t at = sizeof head; at < end; at += chunk.size()) {
        const auto piece = std::span(chunk).first(std::min<std::uint64_t>(chunk.size(), end - at));
        if (!journal_->read_at(at, piece))
            return std::nullopt;
        checksum.add(piece);
    }
    return checksum.sum() == expected ? std::optional(journal) : std::nullopt;
}

Status HeapFile::apply(const Journal &journal) {
    std::vector<std::byte> chunk(kChunkPages * kPageBytes);
    Pages pages(journal.page_count);
    if (Status read =
            journal_->read_at(sizeof(JournalHead), std::as_writable_bytes(std::span(pages)));
        !read)
        return read;
    for (std::size_t first = 0; first < pages.size();) {
        std::size_t end = first + 1; // of pages that lie behind each other
        while (end < pages.size() && end - first < kChunkPages &&
               place_of(pages[end]) == place_of(pages[end - 1]) + kPageBytes)
            ++end;
        const auto run = std::span(chunk).first((end - first) * kPageBytes);
        const std::uint64_t from = journal_pages_at(pages.size()) + first * kPageBytes;
        if (Status read = journal_->read_at(from, run); !read)
            return read;
        if (Status written = file_.write_at(place_of(pages[first]), run); !written)
            return written;
        first = end;
    }
    const auto head = std::span(chunk).first(journal.head_bytes);
    if (Status read = journal_->read_at(journal_head_at(pages.size()), head); !read)
        return read;
    if (Status written = file_.write_at(0, head); !written)
        return written;
    if (Status synced = file_.sync(); !synced)
        return synced;
    return journal_->cut(0);
}

Status HeapFile::load(const Put &put) {
    const std::uint64_t count = page_count_of(state_->used_bytes);
    const auto put_page = [&](std::uint64_t page, std::span<const std::byte> bytes) {
        const HeapPart part = part_of(page, state_->heap_bytes);
        return put(part.begin, bytes.first(part.end - part.begin));
    };
    sums_.in_use.clear();
    std::vector<std::byte> chunk(std::clamp<std::uint64_t>(count, 1, kChunkPages) * kPageBytes);
    for (std::uint64_t first = 0; first < count; first += kChunkPages) {
        const std::uint64_t pages = std::min<std::uint64_t>(kChunkPages, count - first);
        const auto run = std::span(chunk).first(pages * kPageBytes);
        if (!file_.read_at(place_of(first), run))
            return damaged("it is cut short");
        for (std::uint64_t i = 0; i < pages; ++i) {
            const auto page = run.subspan(i * kPageBytes, kPageBytes);
            sums_.in_use.push_back(Checksum::of(page));
            if (Status done = put_page(first + i, page); !done)
                return done;
        }
    }
    const auto last = std::span(chunk).first(kPageBytes);
    if (!file_.read_at(place_of(kLastPage), last))
        return damaged("it is cut short");
    sums_.last = Checksum::of(last);
    Checksum contents;
    contents.add(std::as_bytes(std::span(sums_.in_use)));
    contents.add(sums_.last);
    if (contents.sum() != contents_)
        return damaged("its contents are not what was written");
    return put_page(kLastPage, last);
}

// What is in use now and was not then is written whatever is said of it: it may have changed when
// it was not kept.
HeapFile::Pages HeapFile::pages_to_write(const KeptState &state,
                                         const std::vector<HeapPart> &changed) const {
    const std::uint64_t count = page_count_of(state.used_bytes);
    Pages pages;
    for (const HeapPart &part : changed) {
        const std::uint64_t end = std::min<std::uint64_t>(page_count_of(part.end), count);
        for (std::uint64_t page = part.begin / kPageBytes; page < end; ++page)
            pages.push_back(page);
    }
    for (std::uint64_t page = sums_.in_use.size(); page < count; ++page)
        pages.push_back(page);
    std::ranges::sort(pages);
    pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
    pages.push_back(kLastPage);
    return pages;
}

// Padded to whole words.
std::vector<std::byte> HeapFile::head_of(const KeptState &state, const Sums &sums) const {
    Checksum contents;
    contents.add(std::as_bytes(std::span(sums.in_use)));
    contents.add(sums.last);
    Head head;
    head.id = id_;
    head.commit = commit_ + 1;
    head.heap_base = state.heap_base;
    head.heap_bytes = state.heap_bytes;
    head.used_bytes = state.used_bytes;
    head.generation = state.generation;
    head.step = state.step;
    head.state = state.state;
    head.contents = contents.sum();
    head.module_bytes = state.module.size();
    head.code_bytes = state.code.size();
    const std::string texts = state.module + state.code;
    head.checksum = sum_of_head(head, std::as_bytes(std::span(texts)));
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    std::vector<std::byte> bytes((sizeof head + texts.size() + kWord - 1) / kWord * kWord);
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head, texts.data(), texts.size());
    return bytes;
}

// Its own head, without which it is none, comes last. None: the heap has changed meanwhile.
Result<std::optional<HeapFile::Journal>>
HeapFile::write_journal(const KeptState &state, const Pages &pages, const Read &read, Sums &sums) {
    Checksum checksum;
    std::uint64_t at = sizeof(JournalHead);
    const auto write = [&](std::span<const std::byte> bytes) {
        checksum.add(bytes);
        return journal_->write_at(std::exchange(at, at + bytes.size()), bytes);
    };
    if (Status emptied = journal_->cut(0); !emptied)
        return emptied.error();
    JournalHead head;
    head.id = id_;
    head.commit = commit_ + 1;
    head.page_count = pages.size();
    // The sum of the contents lies in the head of the file, which is as long whatever that is.
    head.head_bytes = head_of(state, sums).size();
    checksum.add(bytes_of(head));
    if (Status written = write(std::as_bytes(std::span(pages))); !written)
        return written.error();
    sums.in_use.resize(page_count_of(state.used_bytes));
    std::vector<std::byte> chunk(kChunkPages * kPageBytes);
    for (std::size_t first = 0; first < pages.size(); first += kChunkPages) {
        const std::size_t count = std::min(kChunkPages, pages.size() - first);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t number = pages[first + i];
            const auto page = std::span(chunk).subspan(i * kPageBytes, kPageBytes);
            const HeapPart part = part_of(number, state.heap_bytes);
            if (!read(part.begin, page.first(part.end - part.begin)))
                return std::optional<Journal>();
            (number == kLastPage ? sums.last : sums.in_use[number]) = Checksum::of(page);
        }
        if (Status written = write(std::span(chunk).first(count * kPageBytes)); !written)
            return written.error();
    }
    if (Status written = write(head_of(state, sums)); !written)
        return written.error();
    head.checksum = checksum.sum();
    if (Status written = journal_->write_at(0, bytes_of(head)); !written)
        return written.error();
    if (Status synced = journal_->sync(); !synced)
        return synced.error();
    return std::optional(Journal{head.page_count, head.head_bytes});
}

Result<HeapFile::Commit> HeapFile::commit(KeptState state, const std::vector<HeapPart> &changed,
                                          const Read &read) {
    if (state.module.size() + state.code.size() > kHeadSpace - sizeof(Head) - sizeof(Head::id))
        return Error{ErrorKind::kFailed,
                     "the module " + state.module +
                         " links too many libraries to be kept: "
                         "leave out --heap-file",
                     0};
    if (unapplied_) {
        if (Status applied = apply(*unapplied_); !applied)
            return applied.error();
        unapplied_.reset();
    }
    Sums sums = sums_;
    const Result<std::optional<Journal>> journal =
        write_journal(state, pages_to_write(state, changed), read, sums);
    if (!journal || !*journal) {
        static_cast<void>(journal_->cut(0)); // a full disk gets its space back
        return journal ? Result(Commit::kOutdated) : journal.error();
    }
    ++commit_;
    state_ = std::move(state);
    sums_ = std::move(sums);
    if (Status applied = apply(**journal); !applied) {
        unapplied_ = **journal;
        return applied.error();
    }
    return Commit::kDone;
}

} // namespace hotrun
