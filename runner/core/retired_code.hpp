// Generations of a module that no longer run: how long they stay mapped, and why.
#pragma once

#include "core/code_holders.hpp"
#include "core/event_stream.hpp"
#include "core/generation.hpp"
#include "core/heap_image.hpp"
#include "core/library_loader.hpp"
#include "core/static_carry.hpp"
#include "core/symbol_cache.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

// Bound to the runner's thread.
class RetiredCode {
  public:
    // Callbacks that C libraries hold, objects of malloc and frames of threads may still lead into
    // old code: so many old generations stay mapped.
    static constexpr std::size_t kKept = 8;

    struct Services {
        const FileSystem &files;
        const LibraryLoader &loader;
        EventStream &events;
        const std::vector<HeapImage *> &heaps; // in which there may be pointers into the code
        const CodeHolders *holders = nullptr;  // null: there are no other threads
    };

    RetiredCode(Services services, std::string module)
        : services_(services), module_(std::move(module)) {}

    void add(std::unique_ptr<Generation> generation);

    // What the static variables of the live code need of old code.
    void set_static_holds(std::vector<StaticCarry::Hold> holds) {
        static_holds_ = std::move(holds);
    }

    // Whether there are more than are kept, and close_old() has something to look at.
    bool has_old() const { return generations_.size() > kKept; }

    // Closes those beyond the kept ones that nothing leads into any more, and tells why of others.
    // False: what holds one is a thread, which may have left it before long.
    bool close_old();

    // All code that is still mapped, the oldest first.
    std::vector<LiveLibrary::Shared> mapped() const;

  private:
    struct Entry {
        std::unique_ptr<Generation> generation;
        std::string held_by; // as was told; empty: nothing yet
    };

    std::string memory_that_leads_into(const LiveLibrary &code) const;
    std::string pointers_into(const LiveLibrary &code) const;
    std::string static_variable_of(const LiveLibrary &code) const;
    std::string describe(const LiveLibrary &code, std::uint64_t word) const;
    void close(std::unique_ptr<Generation> generation);

    Services services_;
    const std::string module_;
    std::deque<Entry> generations_; // the oldest first
    std::vector<StaticCarry::Hold> static_holds_;
};

} // namespace hotrun
