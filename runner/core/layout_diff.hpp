// What differs between the types of an old library and those of a new one, and how objects of the
// old types become such of the new.
#pragma once

#include "core/choice.hpp"
#include "core/conversion.hpp"
#include "core/renames.hpp"
#include "core/type_layout.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

// A sentence: nothing is known of its layout.
std::string only_declared(const TypeLayout &type);

// Thread-bound. The types have to outlive it.
class LayoutDiff {
  public:
    LayoutDiff() = default;
    // `left`: the names of new types whose objects the module goes on to carry over by itself.
    explicit LayoutDiff(Renames renames, std::set<std::string> left = {})
        : renames_(std::move(renames)), left_(std::move(left)) {}

    const Renames &renames() const { return renames_; }

    // Of one object. Owned by this, and complete from here on.
    const Conversion &between(const TypeLayout &old_type, const TypeLayout &new_type);

    // Whether objects of both are the same bytes with the same meaning; pointers in them are
    // compared by the names of what they point to.
    bool are_same(const TypeLayout &old_type, const TypeLayout &new_type);

    // Compares also what pointers lead to.
    void follow_pointers();

    // The structs and unions that have changed, of all that were compared: their names as the
    // source has them (of one that was renamed, both), and without their scope.
    const std::map<std::string, std::string> &changed() const { return changed_; }

    // Members that are gone and members that are new, for use in a sentence.
    const std::set<std::string> &gone() const { return gone_; }
    const std::set<std::string> &added() const { return added_; }

    // Where a part of an old object at `offset` is in the new one: the object itself, or a member
    // at any depth. Those whose place is none are gone.
    struct Part {
        const TypeLayout *type = nullptr;
        std::optional<std::uint64_t> place;
    };
    std::vector<Part> parts_at(const TypeLayout &old_type, const TypeLayout &new_type,
                               std::uint64_t offset) const;

  private:
    using Pair = std::pair<const TypeLayout *, const TypeLayout *>;
    using MemberPair = std::pair<const MemberLayout *, const MemberLayout *>; // null: none
    struct Site; // where in a conversion steps are added

    static void match_templates(std::vector<MemberPair> &all,
                                std::vector<const MemberLayout *> &left);
    std::vector<MemberPair> matched(const TypeLayout &old_type, const TypeLayout &new_type) const;
    bool is_same_member(const TypeLayout &old_type, const MemberLayout &old_member,
                        const TypeLayout &new_type, const MemberLayout &new_member) const;
    bool is_same_pointee(const TypeLayout *old_type, const TypeLayout *new_type) const;
    bool has_same_enumerators(const TypeLayout &old_type, const TypeLayout &new_type) const;
    // What it is called now; null: it is gone.
    const Enumerator *renamed_enumerator(const Enumerator &old_one, const TypeLayout &old_type,
                                         const TypeLayout &new_type) const;
    void add_parts(const TypeLayout &old_type, const TypeLayout *new_type, std::uint64_t offset,
                   std::uint64_t place, std::vector<Part> &parts) const;
    bool compare(const TypeLayout &old_type, const TypeLayout &new_type);
    void follow_arguments(const TypeLayout &old_type, const TypeLayout &new_type);
    bool compare_members(const TypeLayout &old_type, const TypeLayout &new_type);
    void follow(const TypeLayout &old_type, const TypeLayout &new_type);
    const Conversion &between(const TypeLayout &old_type, const TypeLayout &new_type, bool is_left);
    void add(const Site &site, const TypeLayout &old_type, const TypeLayout &new_type);
    void add_class(const Site &site, const TypeLayout &old_type, const TypeLayout &new_type);
    void add_choice(const Site &site, const TypeLayout &old_type, const Choice &old_choice,
                    const Choice &new_choice);
    std::optional<std::size_t> alternative_for(std::size_t index, const Choice &old_choice,
                                               const Choice &new_choice) const;
    void add_number(const Site &site, const TypeLayout &old_type, const TypeLayout &new_type,
                    ConvertNumber by_value);
    void add_members(const Site &site, const TypeLayout &old_type, const TypeLayout &new_type);
    void add_new(Conversion &conversion, const std::string &type, const MemberLayout &member);
    void add_member(const Site &site, const MemberLayout &old_member,
                    const MemberLayout &new_member);
    void add_array(const Site &site, const TypeLayout &old_type, const TypeLayout &new_type);
    void add_pointer(const Site &site, const TypeLayout &old_type, const TypeLayout &new_type);
    static void add_copy(Conversion &conversion, const CopyBytes &copy);
    void expect_zero(const Site &site, const TypeLayout &old_type, std::string why);

    Renames renames_;
    std::set<std::string> left_;
    std::map<std::pair<Pair, bool>, std::unique_ptr<Conversion>> conversions_;
    std::map<Pair, bool> same_;
    std::vector<Pair> to_follow_; // what pointers lead to, and is yet to be compared
    std::set<Pair> followed_;
    std::map<std::string, std::string> changed_;
    std::set<std::string> gone_;
    std::set<std::string> added_;
};

} // namespace hotrun
