#include "core/library_facts.hpp"

#include "core/demangle.hpp"
#include "core/ninja_syntax.hpp"
#include "core/symbol_table.hpp"
#include "core/verify.hpp"

#include "hotrun/module.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace hotrun {

namespace {

constexpr std::array<std::string_view, 6> kCallbacks = {"hotrun_init",    "hotrun_step",
                                                        "hotrun_reload",  "hotrun_unload",
                                                        "hotrun_migrate", "hotrun_shutdown"};

// A callback as a C++ function of that name has it.
bool is_mangled(std::string_view symbol, std::string_view callback) {
    return symbol.starts_with("_Z" + std::to_string(callback.size()) + std::string(callback));
}

void add_image(const ElfImage &image, const LibraryLoader *loader, LibraryFacts &facts) {
    facts.rejection = verify(image, {.needs_step = true,
                                     .machine = host_machine(),
                                     .abi_version = HOTRUN_ABI_VERSION,
                                     .loader = loader});
    facts.has_step = image.defines("hotrun_step");
    facts.unique_symbol_count = image.unique_symbol_count;
    for (const std::string &symbol : image.unique_symbols)
        facts.unique_symbols.push_back(demangle(symbol));
    facts.has_thread_local_destructor =
        image.needs("__cxa_thread_atexit") || image.needs("__cxa_thread_atexit_impl");
}

// -z nodelete.
bool stays_loaded(const ElfParts &parts) {
    std::vector<Elf64_Dyn> entries;
    return parts.dynamic &&
           parts.read_table(parts.dynamic->p_offset, parts.dynamic->p_filesz, entries) &&
           std::ranges::any_of(entries, [](const Elf64_Dyn &entry) {
               return entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NODELETE) != 0;
           });
}

void add_symbols(const SymbolTable &table, const ElfImage &image, LibraryFacts &facts) {
    for (const std::string_view callback : kCallbacks) {
        const bool is_there = std::ranges::any_of(table.symbols(), [&](const Symbol &symbol) {
            return symbol.kind == Symbol::Kind::kFunction &&
                   (symbol.name == callback || is_mangled(symbol.name, callback));
        });
        if (is_there && !image.defines(callback))
            facts.hidden_callbacks.emplace_back(callback);
    }
    const AddressRange range = table.address_range();
    facts.loaded_bytes = range.end - range.begin;
    facts.stays_loaded = stays_loaded(table.parts());
    for (const Elf64_Shdr &section : table.parts().sections)
        facts.has_compressed_debug |= (section.sh_flags & SHF_COMPRESSED) != 0;
}

// What types consist of, without what they point to.
class PartsOfTypes {
  public:
    void add(const TypeLayout *type) {
        if (type == nullptr || !seen_.insert(type).second)
            return;
        if (type->kind == TypeLayout::Kind::kIncomplete)
            incomplete_.push_back(type);
        if (type->kind == TypeLayout::Kind::kArray)
            add(type->element);
        for (const MemberLayout &member : type->members)
            add(member.type);
    }

    const std::vector<const TypeLayout *> &incomplete() const { return incomplete_; }

  private:
    std::unordered_set<const TypeLayout *> seen_;
    std::vector<const TypeLayout *> incomplete_;
};

// A struct that is only declared can't be carried over where another one consists of it.
void add_types(const LibraryTypes &types, LibraryFacts &facts) {
    facts.has_debug_info = true;
    PartsOfTypes parts;
    for (const LibraryTypes::Descriptor &descriptor : types.descriptors)
        parts.add(descriptor.type);
    facts.incomplete_type_count = parts.incomplete().size();
    if (const TypeLayout *first = parts.incomplete().empty() ? nullptr : parts.incomplete().front())
        facts.incomplete_type = first->scope + first->name;
}

} // namespace

LibraryFacts library_facts(const FileSystem &files, TypeReader &types, const LibraryLoader *loader,
                           const ModuleTarget &module) {
    LibraryFacts facts;
    facts.module = module.name;
    const Result<std::unique_ptr<File>> file = files.open(module.library);
    if (!file) {
        facts.rejection = Rejection{RejectReason::kTruncated, file.error().message};
        return facts;
    }
    const auto read = ElfImage::read(**file, module.library);
    if (const auto *rejection = std::get_if<Rejection>(&read)) {
        facts.rejection = *rejection;
        return facts;
    }
    const ElfImage &image = std::get<ElfImage>(read);
    add_image(image, loader, facts);
    add_symbols(SymbolTable::read(**file), image, facts);
    if (const auto read_types = types.read(module.library, nullptr))
        add_types(*read_types, facts);
    return facts;
}

void add_bindings(std::string_view ldd, LibraryFacts &facts) {
    constexpr std::string_view kNotFound = " => not found";
    constexpr std::string_view kUndefined = "undefined symbol: ";
    while (!ldd.empty()) {
        std::string_view line = take_line(ldd);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (const std::size_t at = line.find(kNotFound); at != std::string_view::npos)
            facts.missing_libraries.emplace_back(line.substr(0, at));
        if (line.starts_with(kUndefined)) {
            line.remove_prefix(kUndefined.size());
            facts.undefined_symbols.push_back(demangle(line.substr(0, line.find_first_of(" \t,"))));
        }
    }
}

} // namespace hotrun
