#include "core/static_pairs.hpp"

#include "core/ordinal_names.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace hotrun {

namespace {

// Variables of one key, in both versions.
struct Namesakes {
    const StaticKey *key = nullptr;
    const StaticVariable *new_one = nullptr; // the last one
    std::size_t old_count = 0;
    std::size_t new_count = 0;

    bool is_one_pair() const { return old_count == 1 && new_count == 1; }
};

using KeyOf = const StaticKey &(StaticName::*)() const;

class Groups {
  public:
    Groups(const std::vector<StaticVariable> &olds, const std::vector<StaticVariable> &news,
           KeyOf key_of)
        : slots_(std::bit_ceil(2 * (olds.size() + news.size()) + 1)) {
        groups_.reserve(olds.size() + news.size());
        of_old_.reserve(olds.size());
        for (const StaticVariable &variable : olds) {
            const std::uint32_t group = group_of(((*variable.called).*key_of)());
            ++groups_[group].old_count;
            of_old_.push_back(group);
        }
        for (const StaticVariable &variable : news) {
            Namesakes &same = groups_[group_of(((*variable.called).*key_of)())];
            same.new_one = &variable;
            ++same.new_count;
        }
    }

    const Namesakes &of_old(std::size_t index) const { return groups_[of_old_[index]]; }

  private:
    // Half of the slots stay empty at least.
    std::uint32_t group_of(const StaticKey &key) {
        std::size_t at = key.hash();
        std::uint32_t *slot = nullptr;
        for (; *(slot = &slots_[at & (slots_.size() - 1)]) != 0; ++at) {
            if (*groups_[*slot - 1].key == key)
                return *slot - 1;
        }
        groups_.push_back({&key});
        *slot = static_cast<std::uint32_t>(groups_.size());
        return *slot - 1;
    }

    std::vector<std::uint32_t> slots_; // numbers of groups, from one; 0: empty
    std::vector<Namesakes> groups_;
    std::vector<std::uint32_t> of_old_;
};

} // namespace

// A number in a symbol is believed if its family has as many members as before.
StaticPairs pair_statics(const std::vector<StaticVariable> &olds,
                         const std::vector<StaticVariable> &news) {
    StaticPairs found;
    found.pairs.reserve(olds.size());
    std::vector<bool> is_old_taken(olds.size());
    std::vector<bool> is_new_taken(news.size());
    const auto take = [&](std::size_t i, const StaticVariable &new_one) {
        const auto at = static_cast<std::size_t>(&new_one - news.data());
        if (is_old_taken[i] || is_new_taken[at])
            return;
        is_old_taken[i] = is_new_taken[at] = true;
        found.pairs.emplace_back(&olds[i], &new_one);
    };
    const Groups families(olds, news, &StaticName::family);
    const Groups symbols(olds, news, &StaticName::key);
    for (std::size_t i = 0; i < olds.size(); ++i) {
        const Namesakes &same = symbols.of_old(i);
        const Namesakes &family = families.of_old(i);
        if (same.is_one_pair() &&
            (family.old_count == family.new_count || !has_ordinal(olds[i].symbol())))
            take(i, *same.new_one);
    }
    for (std::size_t i = 0; i < olds.size(); ++i) {
        if (families.of_old(i).is_one_pair())
            take(i, *families.of_old(i).new_one);
    }
    if (found.pairs.size() == olds.size())
        return found;
    const Groups names(olds, news, &StaticName::bare);
    for (std::size_t i = 0; i < olds.size(); ++i) {
        const Namesakes &same = names.of_old(i);
        if (same.is_one_pair())
            take(i, *same.new_one);
        else if (same.new_count != 0 && !is_old_taken[i])
            found.ambiguous.insert(olds[i].name());
    }
    return found;
}

} // namespace hotrun
