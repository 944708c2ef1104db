#include "core/static_pairs.hpp"

#include "core/ordinal_names.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace hotrun {

namespace {

// What variables are known by: some of these texts.
struct Key {
    std::string_view file;
    std::string_view symbol;
    std::string_view name;

    bool operator==(const Key &) const = default;
};

struct KeyHash {
    std::size_t operator()(const Key &key) const {
        const std::hash<std::string_view> hash;
        constexpr std::size_t kFactor = 31;
        constexpr std::size_t kFileBytes = 16; // most files differ in how they end
        const std::string_view file =
            key.file.substr(key.file.size() - std::min(key.file.size(), kFileBytes));
        return (hash(file) * kFactor + hash(key.symbol)) * kFactor + hash(key.name);
    }
};

// Variables of one key, in both versions.
struct Namesakes {
    const StaticVariable *new_one = nullptr; // the last one
    std::size_t old_count = 0;
    std::size_t new_count = 0;

    bool is_one_pair() const { return old_count == 1 && new_count == 1; }
};

class Groups {
  public:
    template <typename KeyOf>
    Groups(const std::vector<StaticVariable> &olds, const std::vector<StaticVariable> &news,
           KeyOf key_of) {
        groups_.reserve(olds.size());
        of_old_.reserve(olds.size());
        for (const StaticVariable &variable : olds) {
            Namesakes &same = groups_[key_of(variable)];
            ++same.old_count;
            of_old_.push_back(&same);
        }
        for (const StaticVariable &variable : news) {
            Namesakes &same = groups_[key_of(variable)];
            same.new_one = &variable;
            ++same.new_count;
        }
    }

    const Namesakes &of_old(std::size_t index) const { return *of_old_[index]; }

  private:
    std::unordered_map<Key, Namesakes, KeyHash> groups_;
    std::vector<const Namesakes *> of_old_;
};

// C compilers number the symbols of functions' own variables, in no order that an edit keeps.
Key key_of(const StaticVariable &variable) {
    const bool is_mangled = variable.symbol.starts_with("_Z");
    return {variable.file, is_mangled ? variable.symbol : variable.name, {}};
}

// Without the numbers that an edit elsewhere changes.
Key family_of(const StaticVariable &variable) {
    return {variable.file, without_ordinals(variable.symbol), variable.name};
}

Key name_key_of(const StaticVariable &variable) {
    return {{}, {}, variable.name};
}

} // namespace

// A number in a symbol is believed if its family has as many members as before.
StaticPairs pair_statics(const std::vector<StaticVariable> &olds,
                         const std::vector<StaticVariable> &news) {
    StaticPairs found;
    std::vector<bool> is_old_taken(olds.size());
    std::vector<bool> is_new_taken(news.size());
    const auto take = [&](std::size_t i, const StaticVariable &new_one) {
        const auto at = static_cast<std::size_t>(&new_one - news.data());
        if (is_old_taken[i] || is_new_taken[at])
            return;
        is_old_taken[i] = is_new_taken[at] = true;
        found.pairs.emplace_back(&olds[i], &new_one);
    };
    const Groups families(olds, news, family_of);
    const Groups symbols(olds, news, key_of);
    for (std::size_t i = 0; i < olds.size(); ++i) {
        const Namesakes &same = symbols.of_old(i);
        const Namesakes &family = families.of_old(i);
        if (same.is_one_pair() &&
            (family.old_count == family.new_count || !has_ordinal(olds[i].symbol)))
            take(i, *same.new_one);
    }
    for (std::size_t i = 0; i < olds.size(); ++i) {
        if (families.of_old(i).is_one_pair())
            take(i, *families.of_old(i).new_one);
    }
    if (found.pairs.size() == olds.size())
        return found;
    const Groups names(olds, news, name_key_of);
    for (std::size_t i = 0; i < olds.size(); ++i) {
        const Namesakes &same = names.of_old(i);
        if (same.is_one_pair())
            take(i, *same.new_one);
        else if (same.new_count != 0 && !is_old_taken[i])
            found.ambiguous.insert(olds[i].name);
    }
    return found;
}

} // namespace hotrun
