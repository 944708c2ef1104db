// How the types of a library lie in memory, as its debug information says.
#pragma once

#include "core/static_name.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

struct TypeLayout;

struct MemberLayout {
    std::string name; // of a base class: that of its type; empty: an anonymous struct or union
    const TypeLayout *type = nullptr;
    std::uint64_t offset_bytes = 0; // of a bit-field: where the unit lies that holds it
    std::uint32_t bit_offset = 0;   // in that unit, from the lowest bit
    std::uint32_t bit_count = 0;    // 0: no bit-field
    bool is_base = false;
    std::string file;
    std::uint32_t line = 0; // 0: not known
};

struct Enumerator {
    std::string name;
    std::int64_t value = 0;
};

struct TypeLayout {
    enum class Kind {
        kBoolean,
        kSigned,
        kUnsigned,
        kFloat,
        kEnumeration,
        kPointer, // or a reference
        kMemberPointer,
        kStruct, // or a class
        kUnion,
        kArray,
        kVoid,       // or a function, of which there are only pointers
        kIncomplete, // a struct that is only declared
        kOther,      // complex numbers and what else is carried byte for byte
    };

    Kind kind = Kind::kVoid;
    std::string name;  // with template arguments; empty: none
    std::string scope; // what comes before the name: "game::", "Player::"
    std::string file;  // in which it is declared; empty: not known
    std::uint64_t size_bytes = 0;
    bool is_function = false; // of what is void
    bool is_signed = false;   // of an enumeration
    bool has_virtual_bases = false;
    bool is_room = false; // for an element of a container, which its constructor does not construct
    std::vector<MemberLayout> members;
    std::vector<Enumerator> enumerators;
    // The types that a template was given; the class whose member is pointed to.
    std::vector<const TypeLayout *> arguments;
    const TypeLayout *element = nullptr; // of an array; what a pointer points to
    std::uint64_t count = 0;             // of an array
};

constexpr bool is_class(TypeLayout::Kind kind) {
    using Kind = TypeLayout::Kind;
    return kind == Kind::kStruct || kind == Kind::kUnion || kind == Kind::kIncomplete;
}

// Compilers name it after the class.
inline bool is_vtable_pointer(const MemberLayout &member) {
    return member.name.starts_with("_vptr");
}

// A global variable, or a function's own one, that may be written. Of thread_local ones nothing is
// known.
struct StaticVariable {
    std::shared_ptr<const StaticName> called; // never null
    std::uint64_t address = 0;                // in the library's file
    const TypeLayout *type = nullptr;
    std::uint64_t guard = 0;  // of one that is initialised when it is first reached; 0: none
    bool is_computed = false; // optimised code has it in another form than the declared one
    bool resets = false;      // HOTRUN_RESET, or constant: it starts afresh with each version

    // As the source has it, with its scope: "game::lives", "step::count".
    const std::string &name() const { return called->name(); }
    // As the linker has it.
    const std::string &symbol() const { return called->symbol(); }
    // That was compiled; empty: of several.
    const std::string &file() const { return called->file(); }
};

// The types that the blocks of a heap may have, by the address of the hotrun_type in the file.
struct LibraryTypes {
    struct Descriptor {
        std::uint64_t address = 0;
        const TypeLayout *type = nullptr;
        std::uint64_t constructor = 0; // where it has the address of one; 0: it has none
        std::uint64_t size_bytes = 0;  // of the type, as the hotrun_type says it
    };

    // HOTRUN_RENAMED_MEMBER and the like: what the code before may call by another name.
    struct Rename {
        const TypeLayout *type = nullptr;
        std::string from;
        std::string to; // of a member or an enumerator; empty: the type itself was renamed
    };

    // HOTRUN_MIGRATE: what the module carries over by a function of its own.
    struct Migrator {
        const TypeLayout *type = nullptr;
        std::uint64_t function = 0; // where it has the address of one
    };

    // What a std::function of libstdc++ may hold, by its _M_manager.
    struct Closure {
        std::uint64_t manager = 0; // the function's address
        const TypeLayout *functor = nullptr;
        bool is_in_place = false; // in the std::function itself, and not made by new
    };

    // Those of one part of the library; none is moved.
    using Types = std::deque<TypeLayout>;

    // What the reader keeps of the library, to know parts of it again in the next one.
    struct Source {
        virtual ~Source() = default;
    };

    template <typename Visit>
    void each_type(Visit visit) const {
        for (const std::shared_ptr<const Types> &part : types) {
            for (const TypeLayout &type : *part)
                visit(type);
        }
    }

    // Own all of them. A part that has not changed is also one of the library before: its types are
    // the very same objects.
    std::vector<std::shared_ptr<const Types>> types;
    std::vector<Descriptor> descriptors;
    std::vector<Rename> renames;
    std::vector<Migrator> migrators;
    std::vector<Closure> closures; // none if none of the types has a std::function
    std::vector<StaticVariable> statics;
    // Functions that the compiler has made to destroy all elements of some static array.
    std::vector<std::uint64_t> array_destructors;
    std::shared_ptr<const Source> source; // null: it keeps nothing
};

class TypeReader {
  public:
    virtual ~TypeReader() = default;

    // None of a file without debug information. `before`: those of another version, which are taken
    // for what has not changed; or null.
    virtual std::shared_ptr<const LibraryTypes> read(const std::string &path,
                                                     const LibraryTypes *before) = 0;
};

} // namespace hotrun
