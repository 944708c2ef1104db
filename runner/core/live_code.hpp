// What the live code of a library has of the names in an object file.
#pragma once

#include "core/address_range.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hotrun {

// A function or an object. Addresses are those in this process.
struct LiveSymbol {
    std::uint64_t address = 0; // by which it is known: what pointers to it hold
    std::uint64_t newest = 0;  // where its last version lies; often the same
    std::uint64_t size_bytes = 0;
    std::uint64_t room_bytes = 0; // up to what lies behind it, at both places
    // Where in it a long jump may lie, at both places; none: nobody has looked yet.
    std::optional<std::uint64_t> address_jump;
    std::optional<std::uint64_t> newest_jump;
    std::size_t name_count = 1; // so many functions begin at the address
    bool is_function = false;

    bool operator==(const LiveSymbol &) const = default;
};

// What the code of a file means by a name.
struct LiveName {
    std::string_view source; // of the file; of local names alone
    std::string_view name;
    bool is_local = false;
};

// Thread-bound.
class LiveCode {
  public:
    virtual ~LiveCode() = default;

    // What the library itself defines; none: nothing of that name, or nobody can tell what.
    virtual std::optional<LiveSymbol> find(const LiveName &name) const = 0;

    // Whether there is something of that name of which nobody can tell whether it is meant.
    virtual bool is_unclear(const LiveName &name) const = 0;

    // Whether a patch has taken it out of a file: what is there under that name may be old. A local
    // one has the path of the object file as its source, which no other has.
    virtual bool has_left(const LiveName &name) const = 0;

    // Where the dynamic linker has found it for the library: in itself, or elsewhere. None: the
    // library has not asked.
    virtual std::optional<std::uint64_t> bound(std::string_view name) const = 0;

    // Where the dynamic linker would find it now.
    virtual std::optional<std::uint64_t> elsewhere(std::string_view name) const = 0;

    virtual AddressRange range() const = 0; // of the library
};

struct LiveDefinition {
    std::string source;
    std::string name;
    bool is_local = false;
    LiveSymbol symbol;
};

// With what patches have added, of which the last one counts, and without what they have dropped.
class PatchedCode final : public LiveCode {
  public:
    explicit PatchedCode(const LiveCode &library) : library_(library) {} // has to outlive it

    void add_patch(const std::vector<LiveDefinition> &definitions);
    void add_left(const std::vector<LiveName> &names); // is a patch of its own
    void drop_last_patch();

    std::optional<LiveSymbol> find(const LiveName &name) const override;
    bool is_unclear(const LiveName &name) const override;
    bool has_left(const LiveName &name) const override;
    std::optional<std::uint64_t> bound(std::string_view name) const override;
    std::optional<std::uint64_t> elsewhere(std::string_view name) const override;
    AddressRange range() const override { return library_.range(); }

  private:
    struct Patch {
        std::vector<std::string> added;
        std::vector<std::string> left;
    };

    const LiveCode &library_;
    // By the name, and for a local one the source before it; the last one is the newest.
    std::unordered_map<std::string, std::vector<LiveSymbol>> symbols_;
    std::multiset<std::string> left_;
    std::vector<Patch> patches_;
};

} // namespace hotrun
