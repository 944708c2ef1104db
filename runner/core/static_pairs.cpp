#include "core/static_pairs.hpp"

#include "core/ordinal_names.hpp"

#include <map>

namespace hotrun {

namespace {

// Variables that one text stands for, in both versions.
struct Namesakes {
    std::vector<const StaticVariable *> olds;
    std::vector<const StaticVariable *> news;

    bool is_one_pair() const { return olds.size() == 1 && news.size() == 1; }
};
using ByText = std::map<std::string, Namesakes>;

template <typename TextOf>
ByText group(const std::vector<StaticVariable> &olds, const std::vector<StaticVariable> &news,
             TextOf text_of) {
    ByText groups;
    for (const StaticVariable &variable : olds)
        groups[text_of(variable)].olds.push_back(&variable);
    for (const StaticVariable &variable : news)
        groups[text_of(variable)].news.push_back(&variable);
    return groups;
}

// C compilers number the symbols of functions' own variables, in no order that an edit keeps.
std::string key_of(const StaticVariable &variable) {
    const bool is_mangled = variable.symbol.starts_with("_Z");
    return variable.file + '\n' + (is_mangled ? variable.symbol : variable.name);
}

// Without the numbers that an edit elsewhere changes.
std::string family_of(const StaticVariable &variable) {
    return variable.file + '\n' + std::string(without_ordinals(variable.symbol)) + '\n' +
           variable.name;
}

} // namespace

// A number in a symbol is believed if its family has as many members as before.
StaticPairs pair_statics(const std::vector<StaticVariable> &olds,
                         const std::vector<StaticVariable> &news) {
    StaticPairs found;
    std::set<const StaticVariable *> taken;
    const auto take = [&](const StaticVariable *old_one, const StaticVariable *new_one) {
        if (taken.contains(old_one) || taken.contains(new_one))
            return;
        taken.insert(old_one);
        taken.insert(new_one);
        found.pairs.emplace_back(old_one, new_one);
    };
    const ByText families = group(olds, news, family_of);
    for (const auto &[key, same] : group(olds, news, key_of)) {
        if (!same.is_one_pair())
            continue;
        const StaticVariable &old_one = *same.olds.front();
        const Namesakes &family = families.at(family_of(old_one));
        if (!has_ordinal(old_one.symbol) || family.olds.size() == family.news.size())
            take(&old_one, same.news.front());
    }
    for (const auto &[text, family] : families) {
        if (family.is_one_pair())
            take(family.olds.front(), family.news.front());
    }
    const auto name_of = [](const StaticVariable &variable) { return variable.name; };
    for (const auto &[name, same] : group(olds, news, name_of)) {
        if (same.is_one_pair())
            take(same.olds.front(), same.news.front());
        else if (!same.news.empty())
            for (const StaticVariable *old_one : same.olds) {
                if (!taken.contains(old_one))
                    found.ambiguous.insert(name);
            }
    }
    return found;
}

} // namespace hotrun
