// The blocks of a heap, from the layouts of an old library to those of a new one.
#pragma once

#include "core/address_range.hpp"
#include "core/closures.hpp"
#include "core/layout_diff.hpp"
#include "core/permanent_heap.hpp"
#include "core/type_layout.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace hotrun {

// Belongs to one thread at a time: made on the runner's, used on the host's.
//
// A block whose type has changed is made anew, with its count of objects; words anywhere in the
// heap that point into it are led to the same object, or the same member, in the new block. All
// other blocks stay where they are. What has no sure answer is refused.
class Migration {
  public:
    struct Loaded {
        std::shared_ptr<const LibraryTypes> types; // null: it has no debug information
        std::uint64_t load_bias = 0;
        AddressRange range;
    };

    // What is carried over that does not lie in the heap: an old type and a new one.
    using TypePairs = std::vector<std::pair<const TypeLayout *, const TypeLayout *>>;

    // `olds`: all code that may have made the blocks that are there.
    Migration(std::vector<Loaded> olds, std::vector<Loaded> news, const TypePairs &others = {});

    // Whether there is anything to do, or to refuse.
    bool is_needed() const { return is_needed_ || closures_.have_changed(); }

    // Where the descriptors of the old libraries are in the new ones, for RebindPlan; none: those
    // of types that have changed or are gone, whose blocks keep them until apply().
    std::unordered_map<std::uint64_t, std::optional<std::uint64_t>> descriptors() const;

    // What was renamed since the old library that begins at that address, for RebindPlan too.
    const std::map<std::uint64_t, RenamedTypes> &renamed_types() const { return renamed_types_; }

    // What std::functions hold is looked up by these answers; there may be something to refuse
    // then.
    void find_closures(const Closures::Rebind &rebind);

    // Calls the constructor for so many objects. How it failed; empty: it did not.
    using Constructor = void (*)(hotrun_context *);
    using Construct = std::function<std::string(Constructor, void *objects, std::size_t count)>;

    // Calls the function that HOTRUN_MIGRATE made. As above.
    using Finish = std::function<std::string(Constructor, const hotrun_object &old_object,
                                             const hotrun_object &new_object)>;

    // Once. A sentence that says why not: the heap is left half done, to be brought back by a
    // snapshot. Pointers into the old libraries have been led to the new ones before.
    std::optional<std::string> apply(PermanentHeap &heap, void *&state, const Construct &construct,
                                     const Finish &finish = {});

    // After apply(): an object that does not lie in the heap, of one of the pairs. `from` has its
    // bytes; its pointers are led along there. `to` has those of a new object.
    struct Outside {
        const TypeLayout &old_type;
        const TypeLayout &new_type;
        std::span<std::byte> from;
        std::span<std::byte> to;
        AddressRange heap;
    };
    std::optional<std::string> carry(const Outside &object, const Construct &construct,
                                     const Finish &finish);
    const Conversion &between(const TypeLayout &old_type, const TypeLayout &new_type) {
        return diff_.between(old_type, new_type);
    }

    std::vector<LayoutDiff::Part> parts_at(const TypeLayout &old_type, const TypeLayout &new_type,
                                           std::uint64_t offset) const {
        return diff_.parts_at(old_type, new_type, offset);
    }

    // What the user may want to know of an applied one: values that were lost, members that are
    // gone and new; empty: nothing.
    std::string detail() const;

  private:
    struct Change {
        const TypeLayout *old_type = nullptr;
        const TypeLayout *new_type = nullptr;
        const hotrun_type *descriptor = nullptr; // the new one
        std::uint64_t size_bytes = 0;            // that it says
        const Conversion *conversion = nullptr;
        Constructor constructor = nullptr; // of the new type; null: new members are zero
        std::string refusal;               // not empty: no block may have this type
    };
    struct Pointer { // a member of an object that is one
        std::uint64_t offset_bytes = 0;
        const TypeLayout *pointee = nullptr;
        const TypeLayout *holder = nullptr;    // the template that it is a part of
        const TypeLayout *to_member = nullptr; // its own type, if that is a pointer to a member
        std::optional<NumberPlace> tag; // of the std::optional or std::variant that it is in,
        std::int64_t tag_value = 0;     // which says this if it is there
    };
    struct Pointers {
        std::vector<Pointer> all; // by offset
        bool are_plain = false;   // words like any other
    };
    struct Holder { // of pointers
        const TypeLayout &type;
        const Change *change; // null: it has not changed
        const AddressRange &heap;
    };

    // A block that was made anew. There may be millions: what can be computed is not kept.
    struct Moved {
        AddressRange old_range; // up to the end of its last object
        std::uint64_t now = 0;
        const Change *change = nullptr;

        std::uint64_t bytes() const { return old_range.end - old_range.begin; }
        std::uint64_t count() const { // most have one object
            const std::uint64_t size = change->old_type->size_bytes;
            return bytes() == size ? 1 : bytes() / size;
        }
        // In saved_, where objects of any type may lie.
        std::uint64_t saved_bytes() const {
            constexpr std::uint64_t kAlignment = alignof(std::max_align_t);
            return (bytes() + kAlignment - 1) / kAlignment * kAlignment;
        }
    };
    using Answer = std::optional<std::string>; // a refusal

    Renames find_renames();
    std::set<std::string> find_migrators();
    void add_change(const Loaded &old, const LibraryTypes::Descriptor &descriptor);
    void find_new_type(Change &change, bool in_same_file);
    const Change *change_of(const hotrun_type *type) const;
    const TypeLayout *new_type_of(const hotrun_type *type) const;
    Answer judge(const std::vector<PermanentHeap::LiveBlock> &blocks) const;
    Answer judge_closures(const std::vector<PermanentHeap::LiveBlock> &blocks);
    Answer move_changed(PermanentHeap &heap, const std::vector<PermanentHeap::LiveBlock> &blocks);
    bool release_moved(PermanentHeap &heap) const;
    Answer make_anew(PermanentHeap &heap);
    Answer convert_moved(const Construct &construct);
    Answer lead_state(PermanentHeap &heap, void *&state);
    Answer finish_left(const Finish &finish, std::size_t first = 0);
    std::string construct_in(const TypeLayout &type, std::byte *place,
                             const Construct &construct) const;
    Answer lead_pointers(const PermanentHeap &heap,
                         const std::vector<PermanentHeap::LiveBlock> &blocks);
    Answer lead_words(const TypeLayout &type, const Change *change, std::span<std::byte> objects,
                      const AddressRange &heap);
    template <typename Member>
    Answer lead_word(const Holder &holder, std::byte *place, std::size_t at, const Member &member);
    Answer lead_unusual(const Holder &holder, const std::vector<Pointer> &pointers,
                        std::span<std::byte> objects);
    Answer lead_unaligned(const Holder &holder, const Pointer &pointer, std::byte *place,
                          std::size_t at);
    Answer judge_member_pointer(const Holder &holder, const Pointer &pointer,
                                const std::byte *place, std::size_t at) const;
    bool is_gone(const Change *change, std::uint64_t offset) const;
    void index_moved();
    const Moved *moved_at(std::uint64_t address) const;
    std::optional<std::uint64_t> now(const Moved &moved, std::uint64_t word,
                                     const TypeLayout *pointee);
    std::optional<std::uint64_t> place_of(const Change &change, std::uint64_t offset,
                                          const TypeLayout *pointee) const;
    bool is_outside(std::uint64_t word, const AddressRange &heap) const;
    const std::string *changed_behind(const Pointer &pointer) const;
    static void add_pointers(const TypeLayout &type, Pointer at, std::vector<Pointer> &pointers);
    static const Pointer *pointer_at(const std::vector<Pointer> &pointers, std::uint64_t offset,
                                     const std::byte *object);
    const Pointers &pointers_of(const TypeLayout &type);

    std::vector<Loaded> olds_;
    std::vector<Loaded> news_;
    std::map<std::uint64_t, RenamedTypes> renamed_types_;
    std::map<std::string, Constructor> migrators_; // of new types, by name
    LayoutDiff diff_;
    std::unordered_map<const hotrun_type *, Change> changes_;               // by the old descriptor
    std::unordered_map<const hotrun_type *, const TypeLayout *> new_types_; // by the new one
    std::unordered_map<std::string, Constructor> constructors_;             // of new types, by name
    std::unordered_map<const TypeLayout *, Pointers> pointers_;
    mutable const hotrun_type *last_type_ = nullptr;
    mutable const Change *last_change_ = nullptr; // of that one
    const TypeLayout *last_holder_ = nullptr;
    const Pointers *last_pointers_ = nullptr; // of that one
    std::vector<Moved> moved_;                // by address
    AddressRange moved_range_;                // that holds all of them, and one more
    std::uint64_t part_bytes_ = 0;            // into such parts that range is divided
    std::vector<std::size_t> moved_in_part_;  // of it: the first that ends there or later
    // Where a part of an object is in the new one, once it was asked for.
    using Part = std::tuple<const Change *, std::uint64_t, const TypeLayout *>;
    std::map<Part, std::optional<std::uint64_t>> places_;
    Part last_part_{};
    std::optional<std::uint64_t> last_place_; // of that one: many are asked for one after another
    std::unique_ptr<std::byte[]> saved_;      // the bytes of the old objects, one after another
    ConversionReport report_;
    Closures closures_;
    bool is_needed_ = false;
};

} // namespace hotrun
