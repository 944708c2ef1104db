// Two versions of the types of a library, and a heap with blocks of the first.
#pragma once

#include "core/migration.hpp"
#include "core/permanent_heap.hpp"

#include "unit/type_layouts.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

// The descriptors lie where the test has them: the library's bias is 0.
class LibraryVersion {
  public:
    // Of blocks of that type.
    const hotrun_type &add(const TypeLayout &type) {
        const hotrun_type &descriptor =
            descriptors_.emplace_back(hotrun_type{"", type.size_bytes, alignof(void *)});
        types_->descriptors.push_back(
            {reinterpret_cast<std::uintptr_t>(&descriptor), &type, 0, type.size_bytes});
        return descriptor;
    }
    // Which a test calls itself.
    void add_constructor(const hotrun_type &type) {
        static constexpr Migration::Constructor kConstructor = [](hotrun_context *) {};
        for (LibraryTypes::Descriptor &descriptor : types_->descriptors) {
            if (descriptor.address == reinterpret_cast<std::uintptr_t>(&type))
                descriptor.constructor = reinterpret_cast<std::uintptr_t>(&kConstructor);
        }
    }
    // HOTRUN_MIGRATE, with a function that a test calls itself.
    void add_migrator(const TypeLayout &type) {
        static constexpr Migration::Constructor kFunction = [](hotrun_context *) {};
        types_->migrators.push_back({&type, reinterpret_cast<std::uintptr_t>(&kFunction)});
    }
    Migration::Loaded loaded() const { return {types_, 0, {}}; }

  private:
    std::deque<hotrun_type> descriptors_;
    std::shared_ptr<LibraryTypes> types_ = std::make_shared<LibraryTypes>();
};

} // namespace hotrun
