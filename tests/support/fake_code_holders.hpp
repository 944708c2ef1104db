// Threads in code, as a test has them.
#pragma once

#include "core/code_holders.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace hotrun {

class FakeCodeHolders final : public CodeHolders {
  public:
    std::string thread_in(const Library::Place &place) const override {
        const auto found = threads.find(place.begin);
        return found == threads.end() ? std::string() : found->second;
    }
    std::map<std::uint64_t, std::string> threads; // by the place's begin
};

} // namespace hotrun
