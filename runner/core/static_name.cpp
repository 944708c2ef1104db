#include "core/static_name.hpp"

#include "core/ordinal_names.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace hotrun {

StaticKey::StaticKey(std::string_view file, std::string_view symbol, std::string_view name)
    : file_(file), symbol_(symbol), name_(name) {
    const std::hash<std::string_view> hash;
    constexpr std::size_t kFactor = 31;
    constexpr std::size_t kFileBytes = 16; // most files differ in how they end
    file.remove_prefix(file.size() - std::min(file.size(), kFileBytes));
    hash_ = (hash(file) * kFactor + hash(symbol)) * kFactor + hash(name);
}

// C compilers number the symbols of functions' own variables, in no order that an edit keeps.
StaticName::StaticName(std::string name, std::string symbol, std::string file)
    : name_(std::move(name)), symbol_(std::move(symbol)), file_(std::move(file)),
      key_(file_, symbol_.starts_with("_Z") ? symbol_ : name_, {}),
      family_(file_, without_ordinals(symbol_), name_), bare_({}, {}, name_) {}

} // namespace hotrun
