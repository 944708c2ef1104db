// Leads the references of a patch to what they mean.
#pragma once

#include "core/object_patch.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace hotrun {

class ObjectRelocator {
  public:
    ObjectRelocator(ObjectPatch &patch, const LiveCode &live) : patch_(patch), live_(live) {}

    Status run();

  private:
    // What the code wants of a function. To call it means its newest version. Its address is the
    // one that it has had from the start, so that pointers which are kept compare equal.
    enum class Want { kCall, kAddress };

    // One that is to be set.
    struct Reference {
        std::uint32_t section = 0; // in which it is
        const Elf64_Rela *entry = nullptr;
        std::uint64_t address = 0; // of the field
        std::byte *field = nullptr;

        std::uint32_t type() const { return ELF64_R_TYPE(entry->r_info); }
    };

    Status set(const Reference &reference);
    Status set_distance(const Reference &reference, std::uint64_t from, std::uint64_t to);
    Result<std::uint64_t> resolve(const Reference &reference);
    Result<std::uint64_t> resolve_place(const Reference &reference, ObjectPlace place);
    Result<std::uint64_t> resolve_name(const ObjectSymbol &symbol, Want want);
    Result<std::uint64_t> resolve_own(const ObjectSymbol &symbol, Want want);
    Result<std::uint64_t> resolve_undefined(const ObjectSymbol &symbol);
    Result<std::uint64_t> without_neighbours(const Reference &reference, ObjectPlace place,
                                             const ObjectSymbol *symbol, std::uint64_t address);
    bool is_address_taken(const ObjectSymbol &constant) const;
    bool is_compilers_alone(ObjectPlace place, const ObjectSymbol *symbol) const;
    std::optional<std::uint64_t> bound_elsewhere(const ObjectSymbol &symbol) const;
    Want want_of(const Reference &reference) const;
    Result<std::uint64_t> slot_of(const ObjectSymbol &symbol);
    Result<std::uint64_t> jump_to(std::uint64_t address);
    std::uint64_t slot_with(std::uint64_t address);
    void lead_addresses_to_entries(std::uint32_t section);

    const ObjectFile &object() const { return patch_.after_; }
    const ObjectSection &section(std::uint32_t index) const { return object().sections()[index]; }
    Error refusal(const std::string &sentence) const;

    ObjectPatch &patch_;
    const LiveCode &live_;
    std::map<std::uint64_t, std::uint64_t> slots_; // by what they hold
    std::map<std::uint64_t, std::uint64_t> jumps_; // by where they lead
};

} // namespace hotrun
