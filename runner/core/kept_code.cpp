#include "core/kept_code.hpp"

#include "core/checksum.hpp"
#include "core/elf_parts.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

namespace hotrun {

namespace {

namespace fs = std::filesystem;

// Where code lay in another process.
class AbsentLibrary : public Library {
  public:
    explicit AbsentLibrary(Place place) : place_(place) {}

    void *handle() const override { return nullptr; }
    void *symbol(const char *) const override { return nullptr; }
    std::vector<std::span<std::byte>> writable_segments() const override { return {}; }
    bool read_initial(std::uint64_t, std::span<std::byte>) const override { return false; }
    std::vector<ExitCall *> exit_calls() const override { return {}; }
    ExitCall &add_exit_call(void (*)(void *), void *) override { return never_; }
    Place place() const override { return place_; }

  private:
    Place place_;
    ExitCall never_; // it is not closed here
};

// The same, with its static variables. At first they were what the file has, as far as is known.
class RecordedLibrary final : public AbsentLibrary {
  public:
    RecordedLibrary(Place place, const FileSystem &files, const std::string &copy)
        : AbsentLibrary(place) {
        if (Result<std::unique_ptr<File>> file = files.open(copy)) {
            file_ = std::move(*file);
            parts_ = ElfParts::read(*file_);
        }
    }

    bool read_initial(std::uint64_t address, std::span<std::byte> bytes) const override {
        if (parts_ && !parts_->read_loaded(address - place().load_bias, bytes))
            std::ranges::fill(bytes, std::byte{});
        return parts_.has_value();
    }

  private:
    std::unique_ptr<File> file_;
    std::optional<ElfParts> parts_; // of file_
};

std::unique_ptr<Library> library_of(const KeptCode &kept, const CodeRecipe &recipe,
                                    const FileSystem &files) {
    if (kept.is_recorded)
        return std::make_unique<RecordedLibrary>(recipe.place, files, recipe.copy);
    return std::make_unique<AbsentLibrary>(recipe.place);
}

std::string file_name_of(const std::string &path) {
    return fs::path(path).filename().string();
}

// A project that was moved keeps its shape.
std::string moved(const std::string &path, const std::string &from, const std::string &to) {
    const fs::path relative = fs::path(path).lexically_relative(fs::path(from).parent_path());
    return (fs::path(to).parent_path() / relative).lexically_normal().string();
}

Result<std::uint64_t> checksum_of(const FileSystem &files, const std::string &path) {
    const Result<std::unique_ptr<File>> file = files.open(path);
    if (!file)
        return file.error();
    Checksum checksum;
    std::vector<std::byte> block(std::size_t{256} << 10);
    const std::uint64_t end = (*file)->timestamp().size_bytes;
    for (std::uint64_t at = 0; at < end; at += block.size()) {
        const auto piece = std::span(block).first(std::min<std::uint64_t>(block.size(), end - at));
        if (!(*file)->read_at(at, piece))
            return Error{ErrorKind::kFailed, "can't read " + path, 0};
        checksum.add(piece);
    }
    return checksum.sum();
}

} // namespace

LiveLibrary::Shared live_code_of(const KeptCode &kept, FileSystem &files,
                                 const std::string &library) {
    std::vector<LiveLibrary::Shared> all;
    for (const CodeRecipe &recipe : kept.recipes) {
        LiveLibrary code{.id = UINT64_MAX - all.size(), // far from those of this process
                         .path = moved(recipe.path, kept.recipes.back().path, library),
                         .origin = {},
                         .content = 0,
                         .soname = {},
                         .copy = LiveCopy::borrow(files, recipe.copy),
                         .patches = {},
                         .links = {},
                         .needed_paths = {},
                         .needed = {},
                         .library = library_of(kept, recipe, files),
                         .is_module = recipe.is_module};
        for (const std::size_t link : recipe.links)
            code.links.push_back(all[link]);
        all.push_back(std::make_shared<const LiveLibrary>(std::move(code)));
    }
    return all.back();
}

Result<std::string> KeptLibraries::keep(const std::string &recipe, std::uint64_t number) {
    std::optional<std::vector<CodeRecipe>> recipes = parse_recipe(recipe);
    if (!recipes)
        return Error{ErrorKind::kFailed, "the module's code is not known", 0};
    for (CodeRecipe &library : *recipes) {
        const std::string name = file_name_of(library.path) + "." + std::to_string(number);
        if (const Status copied = files_.copy(library.copy, path(name)); !copied)
            return copied.error();
        const Result<std::uint64_t> checksum = checksum_of(files_, path(name));
        if (!checksum)
            return checksum.error();
        if (const Status synced = files_.sync(path(name)); !synced)
            return synced.error();
        library.copy = name;
        library.bytes = *checksum;
    }
    if (const Status synced = files_.sync(folder_); !synced)
        return synced.error();
    return text_of(*recipes);
}

void KeptLibraries::remove_others(const std::string &recipe) {
    std::set<std::string> spared;
    for (const CodeRecipe &library : parse_recipe(recipe).value_or(std::vector<CodeRecipe>()))
        spared.insert(library.copy);
    const Result<std::vector<std::string>> names = files_.list(folder_);
    for (const std::string &name : names ? *names : std::vector<std::string>()) {
        if (name.find(".so") != std::string::npos && !spared.contains(name))
            static_cast<void>(files_.remove(path(name)));
    }
}

Result<std::vector<CodeRecipe>> KeptLibraries::find(const std::string &recipe) const {
    std::optional<std::vector<CodeRecipe>> recipes = parse_recipe(recipe);
    if (!recipes || recipes->empty())
        return Error{ErrorKind::kFailed, "the code that made it is not known", 0};
    for (CodeRecipe &library : *recipes) {
        library.copy = path(library.copy);
        const Result<std::uint64_t> checksum = checksum_of(files_, library.copy);
        if (!checksum)
            return Error{ErrorKind::kFailed,
                         "the code that made it is missing: " + checksum.error().message,
                         checksum.error().system_code};
        if (*checksum != library.bytes)
            return Error{ErrorKind::kFailed,
                         "the code that made it, " + library.copy + ", is another one now", 0};
    }
    return *recipes;
}

Status KeptLibraries::copy_to(const std::string &recipe, const std::string &folder) {
    if (Status made = files_.create_folder(folder); !made)
        return made;
    for (const CodeRecipe &library : parse_recipe(recipe).value_or(std::vector<CodeRecipe>())) {
        const std::string to = folder + "/" + library.copy;
        if (!files_.timestamp(path(library.copy))) // that it is not there has been told
            continue;
        if (Status copied = files_.copy(path(library.copy), to); !copied)
            return copied;
        if (Status synced = files_.sync(to); !synced)
            return synced;
    }
    return files_.sync(folder);
}

} // namespace hotrun
