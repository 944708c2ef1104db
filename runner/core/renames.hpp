// Names that new code has given to what has another one in old code: HOTRUN_RENAMED_MEMBER,
// HOTRUN_RENAMED_ENUMERATOR and HOTRUN_RENAMED_TYPE.
#pragma once

#include "core/type_layout.hpp"

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hotrun {

// As the source has it, as far as it is known.
std::string type_name(const TypeLayout &type);

// The names of types in a text, such as another type's name or a function's.
class RenamedTypes {
  public:
    // As the source has them, with their namespaces.
    void add(std::string_view from, std::string_view to);

    bool is_empty() const { return names_.empty(); }
    const std::vector<std::pair<std::string, std::string>> &names() const { return names_; }

    // With the new names, and without a word on nameless namespaces.
    std::string apply(std::string_view text) const;
    static std::string without_nameless(std::string_view text);

  private:
    std::vector<std::pair<std::string, std::string>> names_;
};

// A line that says nothing about an old library is no line: where the new name is there already
// what was renamed was carried over before.
class Renames {
  public:
    // Of all new libraries first.
    void add_new(const LibraryTypes &types);

    // Gives the types that were renamed since.
    RenamedTypes add_old(const LibraryTypes &types);

    bool is_same_name(const TypeLayout &old_type, const TypeLayout &new_type) const;

    // What a member, or an enumerator, of an old type is called in the new one.
    const std::string &name_of(const std::string &old_name, const TypeLayout &old_type,
                               const TypeLayout &new_type) const;

  private:
    RenamedTypes types_;                                               // of all lines
    std::unordered_map<const TypeLayout *, std::string> new_names_;    // of old types
    std::map<std::pair<std::string, std::string>, std::string> parts_; // by new type and old name
};

} // namespace hotrun
