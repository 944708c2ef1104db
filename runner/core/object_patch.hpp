// A new version of an object file, laid out to be loaded beside the library that has the old one.
#pragma once

#include "core/live_code.hpp"
#include "core/object_diff.hpp"
#include "hotrun/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotrun {

// The entry of a function that from then on leads to another one, by a jump of five bytes.
struct PatchEntry {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t jump_at = 0;   // not 0: so far behind it, where a short jump at the entry leads
    bool is_led_already = false; // by an older patch; only where to changes

    bool operator==(const PatchEntry &) const = default;
};

// Where lines of the source begin in the code, in their order. A debugger may have a breakpoint
// there, which is a byte that it writes when it likes.
struct LineStarts {
    std::vector<ObjectPlace> before;
    std::vector<ObjectPlace> after;
};

// All functions of the file are in it, and those constants that the library has not. Of variables
// there are none: they stay those of the library.
//
//     lay_out → place → (its definitions are added to the live code) → relocate
//
// Each step may find that the library can't be patched; its Error then says why. The objects have
// to outlive it. Thread-bound.
class ObjectPatch {
  public:
    static constexpr std::uint64_t kLongJumpBytes = 5;
    static constexpr std::uint64_t kShortJumpBytes = 2;

    // `diff` has no objection.
    static Result<ObjectPatch> lay_out(const ObjectMatch &match, const ObjectDiff &diff,
                                       LineStarts lines, const LiveCode &live);

    std::uint64_t code_bytes() const { return code_.size(); }
    std::uint64_t constant_bytes() const { return constants_.size(); }

    // Both within the reach of what is relative to code, of each other and of the library.
    Status place(std::uint64_t code_address, std::uint64_t constants_address, const LiveCode &live);

    // `live` has the definitions of all that is patched with it.
    Status relocate(const LiveCode &live);

    std::uint64_t code_address() const { return code_address_; }
    std::uint64_t constants_address() const { return constants_address_; }

    // From here on: what is to be at the addresses, and what is to be done then.
    std::span<const std::byte> code() const { return code_; }
    std::span<const std::byte> constants() const { return constants_; }
    const std::vector<LiveDefinition> &definitions() const { return definitions_; }
    const std::vector<PatchEntry> &entries() const { return entries_; }
    std::uint64_t unwinding_address() const { return unwinding_address_; } // 0: none

    // By section; 0: it is not loaded, and nothing of it is in the library either.
    const std::vector<std::uint64_t> &section_addresses() const { return addresses_; }
    const ObjectFile &object() const { return after_; }

  private:
    friend class ObjectRelocator;

    // Where a section is.
    enum class Use : std::uint8_t {
        kNowhere,
        kCode,      // in the patch
        kConstants, // in the patch
        kLibrary,   // what the library has is used, as one piece
        kByName,    // what the library has is used, each by its name
    };

    ObjectPatch(const ObjectMatch &match, const ObjectDiff &diff, LineStarts lines);

    LiveName live_name(const ObjectSymbol &symbol) const {
        return {after_.source(), symbol.name, symbol.is_local()};
    }
    static constexpr std::uint64_t kSlotBytes = 8;
    static constexpr std::uint64_t kJumpBytes = 8; // a jump of six

    static bool is_made_up(const ObjectSymbol &symbol);
    static bool is_known_function(const ObjectSymbol &symbol);
    Status check_origin(const LiveCode &live) const;
    void choose_uses(const ObjectDiff &diff, const LiveCode &live);
    Use use_of(std::uint32_t section, bool is_same, const LiveCode &live);
    bool needs_clone(const ObjectSection &section) const;
    bool is_all_named(std::uint32_t section) const;
    bool is_all_live(std::uint32_t section, const LiveCode &live) const;
    std::optional<std::uint64_t> library_address(std::uint32_t section, const LiveCode &live) const;
    void keep_groups_together();
    void lay_out_sections();
    std::size_t count_references() const;
    Status add_function(const ObjectSymbol &symbol, const LiveCode &live);
    Status add_constant(const ObjectSymbol &symbol, const LiveCode &live);
    Status check_entries() const;
    bool is_changed_constant(const ObjectSymbol &symbol) const;
    bool has_left(const ObjectSymbol &symbol, const LiveCode &live) const;
    Error namesake(const ObjectSymbol &symbol) const;

    const ObjectFile &before_;
    const ObjectFile &after_;
    const ObjectMatch &match_;
    std::vector<std::string_view> changed_constants_;
    LineStarts lines_;
    std::vector<Use> uses_;
    std::vector<std::uint64_t> offsets_; // by section: in the code or the constants
    std::vector<std::uint64_t> addresses_;
    std::vector<std::byte> code_;
    std::vector<std::byte> constants_;
    std::uint64_t jumps_offset_ = 0; // in the code: to what lies too far away to be called
    std::uint64_t slots_offset_ = 0; // in the constants: the addresses of these, and others
    std::uint64_t code_address_ = 0;
    std::uint64_t constants_address_ = 0;
    std::uint64_t unwinding_address_ = 0;
    std::vector<LiveDefinition> definitions_;
    std::vector<PatchEntry> entries_;
    std::vector<std::pair<std::uint64_t, std::size_t>> entry_names_; // how many each one has
};

} // namespace hotrun
