// What a library itself says of how well it can be reloaded.
#pragma once

#include "core/elf_image.hpp"
#include "core/library_loader.hpp"
#include "core/targets.hpp"
#include "core/type_layout.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

struct LibraryFacts {
    std::string module;
    std::optional<Rejection> rejection; // what a run would say of it
    std::uint64_t loaded_bytes = 0;     // that a generation takes
    std::size_t unique_symbol_count = 0;
    std::vector<std::string> unique_symbols;   // the first ones, as people write them
    std::vector<std::string> hidden_callbacks; // that nobody can call
    std::vector<std::string> missing_libraries;
    std::vector<std::string> undefined_symbols;
    std::size_t incomplete_type_count = 0; // that types of the state have in themselves
    std::string incomplete_type;           // one of them
    bool has_step = false;
    bool has_debug_info = false;
    bool has_compressed_debug = false;
    bool has_thread_local_destructor = false;
    bool stays_loaded = false;
};

// `loader` as in VerifyRules.
LibraryFacts library_facts(const FileSystem &files, TypeReader &types, const LibraryLoader *loader,
                           const ModuleTarget &module);

// From what `ldd -r` prints of the library.
void add_bindings(std::string_view ldd, LibraryFacts &facts);

} // namespace hotrun
