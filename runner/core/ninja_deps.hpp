// Ninja's dependency log: which headers each object was made from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hotrun {

// Reads `.ninja_deps` piece by piece, as ninja appends to it. Thread-bound.
//
// The format is that of ninja's deps_log.cc, version 4, in the byte order of the machine:
//
//     "# ninjadeps\n"  int32 version
//     path record      uint32 size, the path, 0 to 3 NULs so that what follows is aligned,
//                      uint32 ~id; ids count from 0 in the order of the file
//     deps record      uint32 size with the high bit set, int32 id of the output, uint64 mtime of
//                      the output (low half first), int32 id of each input
//
// The last record of an output is the one that counts.
class NinjaDeps {
  public:
    NinjaDeps() = default;
    NinjaDeps(NinjaDeps &&) = default; // the views in id_of_path_ forbid a copy
    NinjaDeps &operator=(NinjaDeps &&) = default;

    // `bytes` are those of the file from offset consumed() on. Takes the whole records and leaves a
    // torn one at the end alone: it does not count as consumed, and the next call is given it
    // again, with the rest. That also holds when ninja cuts the torn record off and writes another
    // there. False: broken(), and everything from consumed() on is not to be trusted.
    bool append(std::string_view bytes);

    // How far into the file the whole records reach.
    std::uint64_t consumed() const { return consumed_; }

    // The file is none of version 4, or its records contradict each other. What was read before
    // stays; nothing more is read until clear().
    bool broken() const { return broken_; }

    // Forgets everything: for a file that ninja has written anew.
    void clear();

    // Whether a record since the last call is another than the one that it takes the place of: that
    // of an object that was compiled again mostly is the same.
    bool take_news() { return std::exchange(news_, false); }

    using Id = std::uint32_t; // of a path; they count from 0

    // The inputs that the log has for `output`, in the log's order; null if it has no record. Valid
    // until the log is read on.
    std::optional<std::span<const Id>> inputs_of(std::string_view output) const;

    // For outputs_of(). Does nothing while most of the records are in the last one.
    void make_index();

    std::string_view path(Id id) const { return paths_[id]; }
    std::size_t path_count() const { return paths_.size(); }

    // The outputs whose record names `input`, in the order of their ids. A scan of the whole log
    // unless there is an index.
    std::vector<std::string_view> outputs_of(std::string_view input) const;

  private:
    // A part of ids_.
    struct Inputs {
        std::size_t first = 0;
        std::size_t count = 0;
        bool known = false; // there is a record
    };

    bool read_header(std::string_view bytes);
    bool read_record(std::string_view bytes);
    bool add_path(std::string_view body);
    bool add_deps(std::string_view body);
    void store(Id output, std::string_view ids);
    bool names(Id output, Id input) const;

    std::deque<std::string> paths_;                       // by id; their places stay
    std::unordered_map<std::string_view, Id> id_of_path_; // views of paths_
    std::vector<Inputs> inputs_;                          // by id of the output
    std::vector<Id> ids_;

    // The index: of each input the outputs, as they were when it was made.
    std::vector<std::size_t> first_by_input_; // in outputs_by_input_; one more than inputs
    std::vector<Id> outputs_by_input_;
    std::set<Id> unindexed_; // outputs whose record is another one by now
    std::uint64_t consumed_ = 0;
    bool broken_ = false;
    bool news_ = false;
};

} // namespace hotrun
