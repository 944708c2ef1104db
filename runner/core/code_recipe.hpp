// How a generation's code is loaded again by a process that takes over.
#pragma once

#include "core/address_range.hpp"
#include "core/live_library.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// One library of it, with all that LiveLibrary says but what comes of loading it.
struct CodeRecipe {
    std::uint64_t id = 0;
    std::string path;
    std::string copy;
    std::string soname;
    Timestamp origin;
    bool has_unique_symbols = false;
    bool is_module = true;
    std::vector<std::size_t> links; // places of those before it in the list
    std::vector<std::string> needed_paths;
    Library::Place place;    // where it lies in this process
    std::uint64_t types = 0; // the checksum of its types; 0: not known
    std::uint64_t bytes = 0; // that of the copy, where it is kept beside a heap file
    AddressRange patches{};  // where its patches lie in this process; empty: it has none

    bool operator==(const CodeRecipe &) const = default;
};

// The libraries that `code` is bound to, each before those that link it, and `code` at the end, as
// text. `types` gives the checksum of a library's types.
using TypesOf = std::function<std::uint64_t(const LiveLibrary &)>;
std::string recipe_of(const LiveLibrary::Shared &code, const TypesOf &types = {});

std::string text_of(const std::vector<CodeRecipe> &recipes);

// None: it is no such text.
std::optional<std::vector<CodeRecipe>> parse_recipe(std::string_view text);

} // namespace hotrun
