// The members of types as modules are told of them: hotrun_object.
#pragma once

#include "core/type_layout.hpp"
#include "hotrun/module.h"

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace hotrun {

// Thread-bound. Objects refer to it, and to what they are made of.
class ObjectMembers {
  public:
    hotrun_object object(const TypeLayout &type, std::byte *bytes);

  private:
    struct Members {
        const char *type = nullptr;
        std::vector<hotrun_member> all;
    };

    const Members &of(const TypeLayout &type);
    void add(const TypeLayout &type, const std::string &prefix, std::size_t offset,
             std::vector<hotrun_member> &all);
    const char *kept(std::string text) { return texts_.emplace_back(std::move(text)).c_str(); }

    std::unordered_map<const TypeLayout *, Members> known_;
    std::deque<std::string> texts_;
};

} // namespace hotrun
