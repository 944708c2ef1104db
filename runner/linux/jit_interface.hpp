// Tells debuggers of code that no file has been loaded for: GDB manual, "JIT Compilation
// Interface".
#pragma once

#include "core/object_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace hotrun {

// A debugger knows it between tell() and forget().
class JitObject {
  public:
    // With the addresses of its sections; 0: such a one is nowhere.
    JitObject(const ObjectFile &object, std::span<const std::uint64_t> section_addresses);
    JitObject(JitObject &&) noexcept;
    JitObject &operator=(JitObject &&) noexcept;
    ~JitObject();

    void tell();
    void forget();

    // Of the object file, with the addresses.
    const std::shared_ptr<const std::vector<std::byte>> &bytes() const { return bytes_; }

  private:
    struct Entry;

    std::shared_ptr<const std::vector<std::byte>> bytes_;
    std::unique_ptr<Entry> entry_; // null: moved from
};

} // namespace hotrun
