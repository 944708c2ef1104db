#include "core/object_diff.hpp"

#include "core/demangle.hpp"
#include "core/ordinal_names.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace hotrun {
namespace {

using Sections = std::span<const ObjectSection>;

bool has_section(const ObjectFile &object, std::string_view start) {
    return std::ranges::any_of(object.sections(), [start](const ObjectSection &section) {
        return section.name.starts_with(start);
    });
}

// What a compiler adds to every file when it instruments it.
std::string instrumentation_of(std::string_view name) {
    struct Instrument {
        std::string_view start;
        const char *what;
    };
    static constexpr std::array kInstruments = {
        Instrument{"__asan_", "AddressSanitizer"},
        Instrument{"__tsan_", "ThreadSanitizer"},
        Instrument{"__msan_", "MemorySanitizer"},
        Instrument{"__hwasan_", "HWAddressSanitizer"},
        Instrument{"__ubsan_", "UndefinedBehaviorSanitizer"},
        Instrument{"__sanitizer_cov_", "coverage"},
        Instrument{"__gcov_", "coverage"},
        Instrument{"__llvm_prof", "coverage"},
    };
    for (const Instrument &instrument : kInstruments) {
        if (name.starts_with(instrument.start))
            return std::string(" is instrumented for ") + instrument.what;
    }
    return {};
}

bool is_of_threads(std::uint32_t type) {
    switch (type) {
    case R_X86_64_TLSGD:
    case R_X86_64_TLSLD:
    case R_X86_64_DTPOFF32:
    case R_X86_64_GOTTPOFF:
    case R_X86_64_TPOFF32:
    case R_X86_64_TPOFF64:
    case R_X86_64_GOTPC32_TLSDESC:
    case R_X86_64_TLSDESC_CALL:
        return true;
    default:
        return false;
    }
}

bool can_be_set(std::uint32_t type) {
    switch (type) {
    case R_X86_64_NONE:
    case R_X86_64_64:
    case R_X86_64_PC64:
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
        return true;
    default:
        return false;
    }
}

std::string hindrance_of(const ObjectFile &object, const ObjectSymbol &symbol) {
    if (symbol.type == STT_TLS)
        return " uses the thread_local variable " + demangle(symbol.name);
    if (symbol.type == STT_GNU_IFUNC)
        return " chooses the function " + demangle(symbol.name) + " when it is loaded";
    if (symbol.section == ObjectFile::kCommon)
        return " has the common variable " + std::string(symbol.name) + " (-fno-common avoids it)";
    if (!object.is_defined(symbol))
        return instrumentation_of(symbol.name);
    const bool is_label = symbol.type == STT_NOTYPE && !symbol.is_place() && !symbol.name.empty();
    return is_label && object.sections()[symbol.section].role == SectionRole::kCode
               ? " has the label " + std::string(symbol.name) + ", which may be a function"
               : std::string();
}

std::string hindrance_of(const ObjectSection &section) {
    for (const Elf64_Rela &relocation : section.relocations) {
        const std::uint32_t type = ELF64_R_TYPE(relocation.r_info);
        if (is_of_threads(type))
            return " uses a thread_local variable";
        if (!can_be_set(type))
            return " has a relocation of type " + std::to_string(type) + " in " +
                   std::string(section.name) + " (is it compiled with -fPIC?)";
    }
    return {};
}

// Without a whole description of its types nobody sees that a layout has changed.
std::string hindrance_of_debug_info(const ObjectFile &object) {
    if (has_section(object, ".gnu.lto_") || has_section(object, ".llvm.lto"))
        return " is made for optimisation by the linker";
    if (has_section(object, ".zdebug"))
        return " has compressed debug information";
    bool has_any = false;
    for (const ObjectSection &section : object.sections()) {
        if (!section.name.starts_with(".debug_"))
            continue;
        if ((section.flags & SHF_COMPRESSED) != 0)
            return " has compressed debug information";
        if (section.name.ends_with(".dwo"))
            return " has its debug information in a file of its own";
        has_any |= section.name == ".debug_info";
    }
    return has_any ? "" : " has no debug information (-g)";
}

// Of which there are several in this file: a number says which one it is.
std::string_view counted_name(std::string_view name) {
    const std::size_t end = name.find_last_not_of("0123456789");
    return end != std::string_view::npos && end + 1 < name.size() && name[end] == '.'
               ? name.substr(0, end)
               : without_ordinals(name);
}

bool is_type_of_heap(std::string_view name) {
    return name.find("hotrun_type_") != std::string_view::npos ||
           name.find("hotrun_renamed_") != std::string_view::npos ||
           name.find("hotrun_migrated_") != std::string_view::npos;
}

std::string quoted(const ObjectSymbol &symbol) {
    return demangle(symbol.name);
}

class Differ {
  public:
    explicit Differ(const ObjectMatch &match)
        : match_(match), before_(match.before()), after_(match.after()) {}

    ObjectDiff run();

  private:
    bool refuse(const std::string &sentence) {
        diff_.why = std::string(after_.source()) + ": " + sentence;
        return false;
    }
    bool has_no_hindrance();
    bool has_same_source();
    void find_same_sections();
    bool has_same_variables();
    bool has_variables_of(const ObjectFile &object, const ObjectFile &other, const char *end);
    bool has_same_variable(const ObjectSymbol &before, const ObjectSymbol &after);
    bool has_one_of_each_name();
    bool has_same_starts();
    bool has_same_constants();
    bool has_same_constant(const ObjectSymbol &before, const ObjectSymbol &after);
    bool has_same_types_of_heap();
    bool has_same_ordinals();

    template <typename Visit>
    static bool each_symbol(const ObjectFile &object, SectionRole role, Visit visit) {
        return std::ranges::all_of(object.symbols(), [&](const ObjectSymbol &symbol) {
            return !object.is_defined(symbol) || symbol.is_place() || symbol.name.empty() ||
                   object.sections()[symbol.section].role != role || visit(symbol);
        });
    }

    const ObjectMatch &match_;
    const ObjectFile &before_;
    const ObjectFile &after_;
    ObjectDiff diff_;
};

ObjectDiff Differ::run() {
    if (has_no_hindrance() && has_same_source()) {
        find_same_sections();
        static_cast<void>(has_same_variables() && has_one_of_each_name() && has_same_starts() &&
                          has_same_constants() && has_same_types_of_heap() && has_same_ordinals());
    }
    return std::move(diff_);
}

bool Differ::has_no_hindrance() {
    for (const ObjectFile *object : {&before_, &after_}) {
        if (std::string sentence = hindrance(*object); !sentence.empty()) {
            diff_.why = sentence;
            return false;
        }
    }
    return true;
}

bool Differ::has_same_source() {
    return before_.source() == after_.source() ||
           refuse("it was made from " + std::string(before_.source()) + " before");
}

void Differ::find_same_sections() {
    diff_.is_same.resize(after_.sections().size());
    for (std::uint32_t i = 1; i < after_.sections().size(); ++i) {
        const std::uint32_t before = match_.before_of(i);
        diff_.is_same[i] = before != 0 && match_.same_section(before, i);
    }
}

bool Differ::has_variables_of(const ObjectFile &object, const ObjectFile &other, const char *end) {
    return each_symbol(object, SectionRole::kWritable, [&](const ObjectSymbol &symbol) {
        const ObjectSymbol *partner = other.find(symbol.name);
        const bool is_there = partner != nullptr && other.is_defined(*partner);
        return is_there || refuse("the variable " + quoted(symbol) + end);
    });
}

bool Differ::has_same_variable(const ObjectSymbol &before, const ObjectSymbol &after) {
    if (before.size_bytes != after.size_bytes)
        return refuse("the variable " + quoted(after) + " has another size");
    if (match_.before_of(after.section) != before.section || before.value != after.value ||
        before.binding != after.binding || before.type != after.type)
        return refuse("the variable " + quoted(after) + " lies in another place");
    return diff_.is_same[after.section] || match_.same_symbol(before, after) ||
           refuse("the variable " + quoted(after) + " has another initial value");
}

// A linker places each section of a file as one piece: what lies in the same places of it is in the
// same places of the library.
bool Differ::has_same_variables() {
    if (!has_variables_of(after_, before_, " is new") ||
        !has_variables_of(before_, after_, " is gone"))
        return false;
    const bool all = each_symbol(after_, SectionRole::kWritable, [&](const ObjectSymbol &symbol) {
        return has_same_variable(*before_.find(symbol.name), symbol);
    });
    if (!all)
        return false;
    for (std::uint32_t i = 1; i < after_.sections().size(); ++i) {
        const ObjectSection &section = after_.sections()[i];
        if (section.role == SectionRole::kWritable && !diff_.is_same[i])
            return refuse("the variables in " + std::string(section.name) +
                          " have other initial values");
    }
    for (std::uint32_t i = 1; i < before_.sections().size(); ++i) {
        const ObjectSection &section = before_.sections()[i];
        if (section.role == SectionRole::kWritable && match_.after_of(i) == 0)
            return refuse("the variables in " + std::string(section.name) + " are gone");
    }
    return true;
}

// Which of two is the first may have changed with what is around them.
bool Differ::has_one_of_each_name() {
    std::set<std::string_view> names;
    return each_symbol(after_, SectionRole::kWritable, [&](const ObjectSymbol &symbol) {
        const bool is_counted = counted_name(symbol.name) != symbol.name ||
                                after_.find(symbol.name) != &symbol ||
                                symbol.name.starts_with("_ZZ");
        return !is_counted || names.insert(counted_name(symbol.name)).second ||
               refuse("there are several variables " + std::string(counted_name(symbol.name)) +
                      ", which only their order tells apart");
    });
}

// The code that runs when a library is loaded does not run again.
bool Differ::has_same_starts() {
    const auto is_start = [](std::string_view name) {
        return name.starts_with("_GLOBAL__sub_") || name.starts_with("__cxx_global_") ||
               name.starts_with("_Z41__static_initialization_and_destruction_0") ||
               name.starts_with("__tls_init");
    };
    const auto sentence = "what is done when the library is loaded has changed";
    for (const ObjectFile *object : {&before_, &after_}) {
        const bool is_after = object == &after_;
        for (std::uint32_t i = 1; i < object->sections().size(); ++i) {
            const bool same = is_after ? diff_.is_same[i] : match_.after_of(i) != 0;
            if (object->sections()[i].role == SectionRole::kStartAndEnd && !same)
                return refuse(sentence);
        }
    }
    return each_symbol(after_, SectionRole::kCode, [&](const ObjectSymbol &symbol) {
        if (!is_start(symbol.name))
            return true;
        const ObjectSymbol *before = before_.find(symbol.name);
        return (before != nullptr && match_.same_symbol(*before, symbol)) || refuse(sentence);
    });
}

bool Differ::has_same_constant(const ObjectSymbol &before, const ObjectSymbol &after) {
    if (diff_.is_same[after.section] || match_.same_symbol(before, after))
        return true;
    if (is_table_of_class(after.name))
        return refuse("the " + quoted(after) + " has changed");
    if (!after.is_local() || !before.is_local())
        return refuse("the constant " + quoted(after) +
                      ", which other files may have read, has another value");
    diff_.changed_constants.push_back(after.name);
    return true;
}

bool Differ::has_same_constants() {
    const bool all = each_symbol(after_, SectionRole::kConstant, [&](const ObjectSymbol &symbol) {
        const ObjectSymbol *before = before_.find(symbol.name);
        if (before != nullptr && before_.is_defined(*before))
            return has_same_constant(*before, symbol);
        return after_.find(symbol.name) == &symbol ||
               refuse("there are several constants " + quoted(symbol) +
                      ", which only their order tells apart");
    });
    if (!all)
        return false;
    for (std::uint32_t i = 1; i < after_.sections().size(); ++i) {
        const ObjectSection &section = after_.sections()[i];
        const bool is_known = section.name.starts_with(".rodata") ||
                              section.name.starts_with(".data") ||
                              section.name.starts_with(".gcc_except_table");
        if (section.role == SectionRole::kConstant && !is_known && !diff_.is_same[i])
            return refuse("the section " + std::string(section.name) + " has changed");
    }
    return true;
}

// What a block in the heap has in its header has to be known to the reader of the library's types.
bool Differ::has_same_types_of_heap() {
    return each_symbol(after_, SectionRole::kConstant, [&](const ObjectSymbol &symbol) {
        if (!is_type_of_heap(symbol.name))
            return true;
        const ObjectSymbol *before = before_.find(symbol.name);
        return (before != nullptr && match_.same_symbol(*before, symbol)) ||
               refuse("a HOTRUN_TYPE, HOTRUN_NEW or the like is new or has changed");
    });
}

// Closures that the state holds are of one of the lambdas of a function: of the same one only if
// none has joined or left, and if no two may have changed places.
bool Differ::has_same_ordinals() {
    std::map<std::string_view, std::set<std::string_view>> ours;
    std::map<std::string_view, std::set<std::string_view>> theirs;
    const auto collect = [](const ObjectFile &object, auto &families) {
        for (const ObjectSymbol &symbol : object.symbols()) {
            if (object.is_defined(symbol) && has_ordinal(symbol.name))
                families[without_ordinals(symbol.name)].insert(symbol.name);
        }
    };
    collect(before_, ours);
    collect(after_, theirs);
    for (const auto &[stem, names] : theirs) {
        const auto known = ours.find(stem);
        if (known == ours.end())
            continue;
        if (known->second != names)
            return refuse("the lambdas or unnamed types in " + demangle(*names.begin()) +
                          " are not the same ones");
        const auto has_changed = [&](std::string_view name) {
            const ObjectSymbol *before = before_.find(name);
            const ObjectSymbol *after = after_.find(name);
            return before == nullptr || after == nullptr || !match_.same_symbol(*before, *after);
        };
        if (names.size() > 1 && std::ranges::count_if(names, has_changed) > 1)
            return refuse("several of the lambdas in " + demangle(*names.begin()) +
                          " have changed, and may have changed places");
    }
    return true;
}

} // namespace

bool is_table_of_class(std::string_view name) {
    return name.starts_with("_ZTV") || name.starts_with("_ZTT") || name.starts_with("_ZTC") ||
           name.starts_with("_ZTI") || name.starts_with("_ZTS");
}

std::string hindrance(const ObjectFile &object) {
    const auto tell = [&object](const std::string &end) { return object.path() + end; };
    if (object.source_count() != 1)
        return tell(" is not made from one source");
    if (std::string end = hindrance_of_debug_info(object); !end.empty())
        return tell(end);
    for (const ObjectSymbol &symbol : object.symbols()) {
        if (std::string end = hindrance_of(object, symbol); !end.empty())
            return tell(end);
    }
    for (const ObjectSection &section : object.sections()) {
        if (section.role == SectionRole::kIgnored)
            continue;
        if (section.role == SectionRole::kThread)
            return tell(" has thread_local variables");
        if (std::string end = hindrance_of(section); !end.empty())
            return tell(end);
    }
    return {};
}

ObjectDiff diff_objects(const ObjectMatch &match) {
    return Differ(match).run();
}

} // namespace hotrun
