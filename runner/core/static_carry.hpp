// The values of static variables, from one version of a module's code to the next.
#pragma once

#include "core/file_system.hpp"
#include "core/live_library.hpp"
#include "core/migration.hpp"
#include "core/outside_words.hpp"
#include "core/rebind_plan.hpp"
#include "core/static_pairs.hpp"
#include "core/written_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotrun {

// Belongs to one thread at a time: made on the runner's, used on the host's. The libraries have to
// be there for as long as it is used.
//
// A variable that the program has never changed is left as the new code initialises it. Every other
// one gets the old value: converted if its type has changed, with its words led along as those of
// the heap are. A static object is destroyed once, by the code that has it last: the destructor
// that the old library has registered is turned off, and the object that the new library has made
// in the place is destroyed before.
class StaticCarry {
  public:
    struct Version {
        const LiveLibrary *code = nullptr;
        std::shared_ptr<const LibraryTypes> types;
    };
    struct Pair { // of versions of one library
        Version old_version;
        Version new_version;
        StaticPairs variables;
    };

    // `migration` is of the same versions, and knows the types of the pairs.
    StaticCarry(std::vector<Pair> pairs, std::shared_ptr<Migration> migration);
    StaticCarry(const StaticCarry &) = delete;
    StaticCarry &operator=(const StaticCarry &) = delete;

    // Where pointers to the variables are to lead, for RebindPlan.
    RebindPlan::Answers answers() const;

    // Runner's thread, once the new libraries are loaded: finds out what the variables were at
    // first, and whether anybody has edited that.
    void prepare(const FileSystem &files, std::shared_ptr<RebindPlan> rebind);

    // Calls a destructor. How it failed; empty: it did not.
    using Destroy = std::function<std::string(const ExitCall &)>;

    struct Process {
        AddressRange heap;
        Migration::Construct construct;
        Migration::Finish finish;
        Destroy destroy;
        const ProcessMemory *memory = nullptr; // null: nothing outside is looked at
        WrittenMemory *written = nullptr;      // null: all is
        bool is_another = false;               // the values are of another process
    };

    // Once, at the safe point, after the heap has become that of the new code. `live`: the code
    // whose values are carried. A sentence that says why not: nothing of the old code is changed.
    std::optional<std::string> apply(const std::vector<LiveLibrary::Shared> &live,
                                     const Process &process);

    // The old code goes on with its values, which it still has.
    void undo();

    std::size_t migrated_count() const { return migrated_count_; }
    std::string detail() const; // for the user; empty: nothing is worth telling

    // Why code of before has to stay: what a variable points to is gone, or can't be looked at.
    struct Hold {
        std::string variable;
        std::optional<std::uint64_t> word; // that leads into the code; none: it may be any code
    };
    const std::vector<Hold> &holds() const { return holds_; }

  private:
    struct Carried {
        const Pair *pair = nullptr;
        const StaticVariable *old_one = nullptr;
        const StaticVariable *new_one = nullptr;
        bool is_same = false; // the type
        bool has_pointers = false;
        bool is_large = false; // and zero at first: most of its pages may never have been written
        std::optional<std::vector<std::byte>>
            first;              // what the compiler made of it; none: not known
        bool is_edited = false; // that differs in the new code

        std::span<std::byte> old_memory() const;
        std::span<std::byte> new_memory() const;
    };
    struct Value { // that is to be put in its place
        const Carried *carried = nullptr;
        std::vector<std::byte> bytes; // empty: the variable is copied page by page
    };

    void add(const Pair &pair, const StaticVariable &old_one, const StaticVariable &new_one);
    void find_first(Carried &carried, const ElfParts *old_file, const ElfParts *new_file) const;
    std::optional<bool> is_edited(const Carried &carried,
                                  std::span<const std::byte> new_first) const;
    std::optional<std::string> find_value(const Carried &carried, const Process &process);
    bool has_all_here(const Carried &carried, std::span<const std::byte> bytes,
                      const AddressRange &heap) const;
    void rebind_words(const Carried &carried, std::span<std::byte> bytes);
    std::optional<std::uint64_t> place_of(std::uint64_t word) const;
    std::optional<std::uint64_t> lead(std::uint64_t word) const;
    void lead_outside(const Process &process);
    static void put(const Value &value, WrittenMemory *written);
    std::optional<std::string> destroy_new(const Process &process);
    void hand_over_destructors();
    void register_anew(const Carried &carried, const ExitCall &call);
    void add_array_destructors(const Pair &pair);

    std::vector<Pair> pairs_;
    std::shared_ptr<Migration> migration_;
    std::shared_ptr<RebindPlan> rebind_;
    std::vector<Carried> carried_;
    std::map<std::uint64_t, const Carried *> by_old_address_;
    std::vector<Value> values_;
    std::vector<ExitCall *> old_calls_; // that were turned off
    std::vector<ExitCall *> new_calls_; // that are in their place
    std::vector<Hold> holds_;
    std::optional<OutsideWords> outside_;
    std::vector<std::string> notes_;
    std::size_t migrated_count_ = 0;
};

} // namespace hotrun
