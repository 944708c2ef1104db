// A permanent heap in a file: its last whole state, whatever happens while the next one is written.
#pragma once

#include "core/heap_image.hpp"
#include "core/storage.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

// What a file says of the heap in it.
struct KeptState {
    std::uint64_t heap_base = 0;
    std::uint64_t heap_bytes = 0;
    std::uint64_t used_bytes = 0; // from the start; the last page of the heap is kept too
    std::uint64_t generation = 0;
    std::uint64_t step = 0;
    std::uint64_t state = 0; // the module's root
    std::string module;      // its name
    std::string code;        // that the words of the heap lead into: recipes as text

    bool operator==(const KeptState &) const = default;
};

// docs/heap_file.md is the format. A commit writes all that it changes into the journal first; a
// journal that is whole is applied, now or by whoever opens the file next, and one that is torn is
// dropped. Bound to one thread at a time.
class HeapFile {
  public:
    static constexpr std::size_t kPageBytes = 4096;

    // Where to find the journal, once the file has proven to be a heap file.
    using OpenJournal = std::function<Result<Storage *>()>;

    // `path` is for messages. The file outlives this, and so does the journal.
    HeapFile(std::string path, Storage &file, OpenJournal open_journal)
        : path_(std::move(path)), file_(file), open_journal_(std::move(open_journal)) {}

    // Applies what the journal has. An empty file becomes one without a state, with that id. What
    // is no heap file, or damaged, is an Error, and left as it is.
    Status open(std::uint64_t new_id);

    const std::string &path() const { return path_; }
    const std::optional<KeptState> &state() const { return state_; } // none: there was no commit
    std::uint64_t commit_count() const { return commit_; }

    // All of the contents, in pieces, while they are compared with their checksum: an Error comes
    // after some of them. Has to come before the first commit to a file that has a state.
    using Put = std::function<Status(std::size_t offset, std::span<const std::byte> bytes)>;
    Status load(const Put &put);

    // Gives bytes of the heap; false: they are not those of this state any more.
    using Read = std::function<bool(std::size_t offset, std::span<std::byte> bytes)>;

    enum class Commit { kDone, kOutdated }; // kOutdated: nothing has changed
    // `changed`: at least all that is not as it was at the last commit. After an Error the file has
    // the state of before, and the next commit has to name these parts again.
    Result<Commit> commit(KeptState state, const std::vector<HeapPart> &changed, const Read &read);

  private:
    struct Journal { // that is whole
        std::uint64_t page_count = 0;
        std::uint64_t head_bytes = 0;
    };
    struct Sums { // of pages
        std::vector<std::uint64_t> in_use;
        std::uint64_t last = 0;
    };
    using Pages = std::vector<std::uint64_t>; // by number

    Error damaged(const std::string &what) const;
    Status start(std::uint64_t new_id);
    Status recognize();
    Status read_head();
    std::optional<Journal> whole_journal() const;
    Status apply(const Journal &journal);
    Pages pages_to_write(const KeptState &state, const std::vector<HeapPart> &changed) const;
    Result<std::optional<Journal>> write_journal(const KeptState &state, const Pages &pages,
                                                 const Read &read, Sums &sums);
    std::vector<std::byte> head_of(const KeptState &state, const Sums &sums) const;

    std::string path_;
    Storage &file_;
    OpenJournal open_journal_;
    Storage *journal_ = nullptr;
    std::uint64_t id_ = 0;
    std::uint64_t commit_ = 0; // the last one; 0: none
    std::uint64_t contents_ = 0;
    std::optional<KeptState> state_;
    Sums sums_;
    std::optional<Journal> unapplied_; // could not be applied yet
};

} // namespace hotrun
