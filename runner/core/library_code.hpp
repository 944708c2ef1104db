// What a loaded library has of names: by its own symbols, and by what the dynamic linker has bound
// it to.
#pragma once

#include "core/library_loader.hpp"
#include "core/live_code.hpp"
#include "core/process_memory.hpp"
#include "core/symbol_table.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hotrun {

class LibraryCode final : public LiveCode {
  public:
    // Where others define a name that the library has not asked for yet; 0: nowhere.
    using Lookup = std::function<std::uint64_t(const std::string &name)>;

    // `symbols` are those of the library's live copy, which is loaded at `place`. `symbols` and
    // `memory` have to outlive it.
    LibraryCode(const SymbolTable &symbols, const Library::Place &place,
                const ProcessMemory &memory, Lookup lookup);

    std::optional<LiveSymbol> find(const LiveName &name) const override;
    bool is_unclear(const LiveName &name) const override;
    bool has_left(const LiveName &) const override { return false; }
    std::optional<std::uint64_t> bound(std::string_view name) const override;
    std::optional<std::uint64_t> elsewhere(std::string_view name) const override;
    AddressRange range() const override { return {place_.begin, place_.end}; }

  private:
    void read_slots();
    void add_slots(const Elf64_Shdr &relocations, const std::vector<Elf64_Sym> &symbols);
    const Symbol *find_symbol(const LiveName &name) const;

    const SymbolTable &symbols_;
    const Library::Place place_;
    const ProcessMemory &memory_;
    const Lookup lookup_;
    std::vector<char> names_;
    std::unordered_map<std::string_view, std::uint64_t> slots_; // addresses in the file
};

} // namespace hotrun
