// Words in memory that is neither the heap's nor a library's, as far as types lead there.
#pragma once

#include "core/process_memory.hpp"
#include "core/type_layout.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace hotrun {

// Thread-bound. A static variable may have memory of malloc that leads back to it, as the first
// node of a list does, or to a vtable. Pointers are followed by their types; of arrays, whose
// length no type tells, only the first element is seen, but for the buckets of a hash table.
class OutsideWords {
  public:
    // How a word is to be; none: as it is.
    using Lead = std::function<std::optional<std::uint64_t>(std::uint64_t word)>;
    using IsOutside = std::function<bool(std::uint64_t address)>;

    OutsideWords(const ProcessMemory &memory, IsOutside is_outside, Lead lead)
        : memory_(memory), is_outside_(std::move(is_outside)), lead_(std::move(lead)) {}

    // What an object's pointers lead to. False: code may be behind one of them, which it has not
    // been possible to look at.
    bool follow(const TypeLayout &type, std::span<const std::byte> object);

    // Puts back what was there.
    void undo();

  private:
    void follow_members(const TypeLayout &type, std::span<const std::byte> object);
    void follow_buckets(const TypeLayout &table, std::span<const std::byte> object);
    void visit(const TypeLayout &type, std::uint64_t address);
    void lead_words(std::uint64_t address, std::span<const std::byte> bytes);

    const ProcessMemory &memory_;
    IsOutside is_outside_;
    Lead lead_;
    std::set<std::pair<const TypeLayout *, std::uint64_t>> visited_;
    std::vector<std::pair<const TypeLayout *, std::uint64_t>> to_visit_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> written_; // where, and what was there
    bool is_code_hidden_ = false;
};

// Whether objects of the type may have, or lead to, pointers to functions or vtables.
bool may_lead_to_code(const TypeLayout &type);

} // namespace hotrun
