#include "core/known_code.hpp"

#include <algorithm>

namespace hotrun {

Combination combination_of(const std::vector<CodeRecipe> &recipes) {
    Combination combination;
    for (const CodeRecipe &recipe : recipes)
        combination[recipe.path] = recipe.origin;
    return combination;
}

void KnownCode::add(const std::string &module, Combination combination,
                    const LiveLibrary::Shared &code) {
    entries_.push_back({module, std::move(combination), code, code == nullptr});
}

std::optional<KnownCode::Verdict> KnownCode::judge(const std::string &module,
                                                   const Combination &combination) const {
    for (const Entry &entry : entries_) {
        if (entry.module != module || entry.combination != combination)
            continue;
        LiveLibrary::Shared code = entry.code.lock();
        if (code != nullptr || entry.has_failed)
            return Verdict{std::move(code)};
    }
    return std::nullopt;
}

LiveLibrary::Shared KnownCode::library(const std::string &path, const Timestamp &timestamp) const {
    for (const auto &known : libraries_) {
        LiveLibrary::Shared library = known.lock();
        if (library != nullptr && library->path == path && library->origin == timestamp)
            return library;
    }
    return nullptr;
}

std::optional<Rejection> KnownCode::rejection(const std::string &path,
                                              const Timestamp &timestamp) const {
    for (const auto &[origin, detail] : failed_) {
        if (origin == Origin{path, timestamp})
            return Rejection{RejectReason::kConstructor, detail};
    }
    return std::nullopt;
}

void KnownCode::clear() {
    entries_.clear();
    libraries_.clear();
}

} // namespace hotrun
