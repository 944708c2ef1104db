// Threads in code, as a test has them.
#pragma once

#include "core/code_holders.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hotrun {

class FakeCodeHolders final : public CodeHolders {
  public:
    std::vector<std::string> threads_in(const std::vector<Library::Place> &places) const override {
        std::vector<std::string> found;
        for (const Library::Place &place : places) {
            const auto [first, last] = threads.equal_range(place.begin);
            for (auto thread = first; thread != last; ++thread)
                found.push_back(thread->second);
        }
        return found;
    }
    std::multimap<std::uint64_t, std::string> threads; // by the place's begin
};

} // namespace hotrun
