#include "core/code_recipe.hpp"

#include "core/code_patch.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace hotrun {

namespace {

namespace json = boost::json;

// Gives its place.
std::size_t add(const LiveLibrary::Shared &code, std::vector<LiveLibrary::Shared> &order) {
    const auto known = std::ranges::find(order, code);
    if (known != order.end())
        return static_cast<std::size_t>(known - order.begin());
    for (const LiveLibrary::Shared &link : code->links)
        add(link, order);
    order.push_back(code);
    return order.size() - 1;
}

json::array origin_of(const Timestamp &stamp) {
    return {stamp.mtime_ns, stamp.size_bytes, stamp.inode, stamp.device};
}

Timestamp origin_from(const json::array &values) {
    return {values.at(0).to_number<std::int64_t>(), values.at(1).to_number<std::uint64_t>(),
            values.at(2).to_number<std::uint64_t>(), values.at(3).to_number<std::uint64_t>()};
}

json::array place_of(const Library::Place &place) {
    return {place.load_bias, place.begin, place.end};
}

Library::Place place_from(const json::array &values) {
    return {values.at(0).to_number<std::uint64_t>(), values.at(1).to_number<std::uint64_t>(),
            values.at(2).to_number<std::uint64_t>()};
}

CodeRecipe recipe_from(const json::object &library) {
    CodeRecipe recipe;
    recipe.id = library.at("id").to_number<std::uint64_t>();
    recipe.path = library.at("path").as_string();
    recipe.copy = library.at("copy").as_string();
    recipe.soname = library.at("soname").as_string();
    recipe.origin = origin_from(library.at("origin").as_array());
    recipe.has_unique_symbols = library.at("has_unique_symbols").as_bool();
    recipe.is_module = library.at("is_module").as_bool();
    recipe.place = place_from(library.at("place").as_array());
    recipe.types = library.at("types").to_number<std::uint64_t>();
    recipe.bytes = library.at("bytes").to_number<std::uint64_t>();
    const json::array &patches = library.at("patches").as_array();
    recipe.patches = {patches.at(0).to_number<std::uint64_t>(),
                      patches.at(1).to_number<std::uint64_t>()};
    for (const json::value &link : library.at("links").as_array())
        recipe.links.push_back(link.to_number<std::size_t>());
    for (const json::value &path : library.at("needed").as_array())
        recipe.needed_paths.emplace_back(path.as_string());
    return recipe;
}

} // namespace

std::string recipe_of(const LiveLibrary::Shared &code, const TypesOf &types) {
    std::vector<LiveLibrary::Shared> order;
    add(code, order);
    std::vector<CodeRecipe> recipes;
    for (const LiveLibrary::Shared &library : order) {
        CodeRecipe recipe{.id = library->id,
                          .path = library->path,
                          .copy = library->copy.path(),
                          .soname = library->soname,
                          .origin = library->origin,
                          .has_unique_symbols = library->has_unique_symbols,
                          .is_module = library->is_module,
                          .links = {},
                          .needed_paths = library->needed_paths,
                          .place = library->library->place(),
                          .types = types ? types(*library) : 0};
        if (library->code_patches != nullptr)
            recipe.patches = library->code_patches->names().range();
        for (const LiveLibrary::Shared &link : library->links)
            recipe.links.push_back(
                static_cast<std::size_t>(std::ranges::find(order, link) - order.begin()));
        recipes.push_back(std::move(recipe));
    }
    return text_of(recipes);
}

// Our own text for ourselves: paths that are not UTF-8 pass through as they are.
std::string text_of(const std::vector<CodeRecipe> &recipes) {
    json::array libraries;
    for (const CodeRecipe &recipe : recipes) {
        json::array needed;
        for (const std::string &path : recipe.needed_paths)
            needed.emplace_back(path);
        libraries.push_back({{"id", recipe.id},
                             {"path", recipe.path},
                             {"copy", recipe.copy},
                             {"soname", recipe.soname},
                             {"origin", origin_of(recipe.origin)},
                             {"has_unique_symbols", recipe.has_unique_symbols},
                             {"is_module", recipe.is_module},
                             {"place", place_of(recipe.place)},
                             {"types", recipe.types},
                             {"bytes", recipe.bytes},
                             {"patches", {recipe.patches.begin, recipe.patches.end}},
                             {"links", json::array(recipe.links.begin(), recipe.links.end())},
                             {"needed", std::move(needed)}});
    }
    return json::serialize(libraries);
}

std::optional<std::vector<CodeRecipe>> parse_recipe(std::string_view text) {
    json::error_code error;
    json::parse_options options;
    options.allow_invalid_utf8 = true;
    const json::value parsed =
        json::parse(json::string_view(text.data(), text.size()), error, {}, options);
    if (error || !parsed.is_array())
        return std::nullopt;
    std::vector<CodeRecipe> recipes;
    try {
        for (const json::value &library : parsed.as_array())
            recipes.push_back(recipe_from(library.as_object()));
    } catch (const std::exception &) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < recipes.size(); ++i) {
        if (std::ranges::any_of(recipes[i].links, [i](std::size_t link) { return link >= i; }))
            return std::nullopt;
    }
    return recipes;
}

} // namespace hotrun
