#include "adaptation.hpp"

#include "meson_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace hotrun {

namespace {

constexpr std::string_view kUniqueArgument = "-fno-gnu-unique";

Error misuse(const std::string &sentence) {
    return Error{ErrorKind::kMisuse, sentence, 0};
}

std::string names_of(const std::vector<const ProjectLibrary *> &libraries) {
    std::string names;
    for (const ProjectLibrary *library : libraries)
        names += (names.empty() ? "" : ", ") + library->name;
    return names;
}

Result<const ProjectLibrary *> choose(const std::vector<ProjectLibrary> &libraries,
                                      const std::string &name) {
    std::vector<const ProjectLibrary *> modules;
    std::vector<const ProjectLibrary *> all;
    for (const ProjectLibrary &library : libraries) {
        if (!name.empty() && library.name == name)
            return &library;
        all.push_back(&library);
        if (library.is_module)
            modules.push_back(&library);
    }
    const std::vector<const ProjectLibrary *> &candidates =
        modules.empty() || !name.empty() ? all : modules;
    if (candidates.empty())
        return misuse("this project has no shared_module and no shared_library: make one of the "
                      "code that is to change");
    if (!name.empty())
        return misuse("no library is called " + name + "; there are " + names_of(candidates));
    if (candidates.size() > 1)
        return misuse("there are several libraries to choose from: " + names_of(candidates) +
                      "; name one with --target");
    return candidates.front();
}

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return path.ends_with(ending); });
}
bool is_c(std::string_view path) {
    return path.ends_with(".c");
}
bool is_cpp(std::string_view path) {
    return ends_with_any(path, {".cpp", ".cc", ".cxx", ".C", ".c++"});
}

struct Source {
    std::string path;
    std::string text;
};

bool any_has(const std::vector<Source> &sources, std::string_view words) {
    return std::any_of(sources.begin(), sources.end(), [&](const Source &source) {
        return source.text.find(words) != std::string::npos;
    });
}

// The last option of that kind counts. Types are in the debug information from level 2 on.
bool has_debug_information(const std::vector<std::string> &arguments) {
    bool has = false;
    for (const std::string &argument : arguments) {
        if (argument == "-g0" || argument == "-g1" || argument == "-ggdb0" || argument == "-ggdb1")
            has = false;
        else if (argument.starts_with("-g") && !argument.starts_with("-gno"))
            has = true;
    }
    return has;
}

// Behind the last #include that no condition is around; else at the start.
std::size_t place_for_include(std::string_view text) {
    std::size_t place = 0;
    int conditions = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t next = std::min(text.find('\n', at), text.size() - 1) + 1;
        const std::string_view line = text.substr(at, next - at);
        if (line.starts_with("#if"))
            ++conditions;
        else if (line.starts_with("#endif"))
            --conditions;
        else if (line.starts_with("#include") && conditions == 0)
            place = next;
        at = next;
    }
    return place;
}

std::string with_step(std::string text, bool in_c, bool has_header) {
    if (!text.ends_with('\n'))
        text += '\n';
    if (!has_header)
        text.insert(place_for_include(text), "#include <hotrun/module.h>\n");
    text += in_c ? "\n/* Called by hotrun, again and again, while it runs. */\n"
                   "void hotrun_step(hotrun_context *context) {\n"
                 : "\n// Called by hotrun, again and again, while it runs.\n"
                   "extern \"C\" void hotrun_step(hotrun_context *context) {\n";
    return text + "    (void)context;\n}\n";
}

std::string definition_of(bool in_c, bool wants_debug) {
    constexpr std::string_view kFound = "dependency('hotrun-module', fallback: 'hotrun')";
    const std::string found(kFound);
    if (in_c && !wants_debug)
        return "hotrun_module = " + found + "\n";
    const std::string debug = wants_debug ? "'-g'" : "";
    const std::string arguments =
        in_c ? debug
             : (debug.empty() ? "" : debug + ", ") + "'-fno-gnu-unique', '-fstandalone-debug'";
    return "hotrun_module = declare_dependency(\n"
           "  dependencies: " +
           found +
           ",\n"
           "  compile_args: meson.get_compiler('" +
           (in_c ? "c" : "cpp") +
           "').get_supported_arguments(\n"
           "    " +
           arguments +
           ",\n"
           "  ),\n"
           ")\n";
}

// The parts of one adaptation, in the order in which they are found out.
class Adapter {
  public:
    Adapter(const ProjectLibrary &library, const ReadText &read) : library_(library), read_(read) {
        for (const std::string &path : library.sources) {
            if (std::optional<std::string> text = read(path))
                sources_.push_back({path, std::move(*text)});
        }
        in_c_ = std::none_of(sources_.begin(), sources_.end(),
                             [](const Source &source) { return is_cpp(source.path); });
    }

    Result<Adaptation> adapt() {
        adaptation_.library = library_.name;
        if (const Status added = add_step(); !added)
            return added.error();
        if (const Status added = add_dependency(); !added)
            return added.error();
        return std::move(adaptation_);
    }

  private:
    Status add_step() {
        if (any_has(sources_, "hotrun_step"))
            return Done{};
        const auto source =
            std::find_if(sources_.begin(), sources_.end(), [this](const Source &each) {
                return in_c_ ? is_c(each.path) : is_cpp(each.path);
            });
        if (source == sources_.end())
            return misuse("the library " + library_.name +
                          " has no source in C or C++ that hotrun_step could be added to");
        const bool has_header = source->text.find("hotrun/module.h") != std::string::npos;
        adaptation_.changed.push_back(
            {source->path, source->text, with_step(source->text, in_c_, has_header)});
        return Done{};
    }

    // The header, and what the compiler has to be told, come by one dependency.
    Status add_dependency() {
        const std::optional<std::string> meson = read_(library_.defined_in);
        if (!meson)
            return misuse("can't read " + library_.defined_in);
        const auto says = [&](std::string_view words) {
            return meson->find(words) != std::string::npos;
        };
        const bool has_header = any_has(sources_, "hotrun/module.h");
        const bool keeps_code = in_c_ || says(kUniqueArgument) ||
                                std::ranges::count(library_.arguments, kUniqueArgument) != 0;
        const bool wants_debug = !library_.arguments.empty() && !says("'-g'") &&
                                 !has_debug_information(library_.arguments);
        if (has_header && keeps_code && !wants_debug)
            return Done{};
        const std::optional<std::string> changed = with_dependency(
            *meson, library_.name, definition_of(in_c_, wants_debug), "hotrun_module");
        if (!changed)
            return misuse(library_.defined_in + " does not name the library " + library_.name +
                          " in so many letters; add dependency('hotrun-module') to its "
                          "dependencies by hand, and -fno-gnu-unique to its arguments");
        adaptation_.changed.push_back({library_.defined_in, *meson, *changed});
        adaptation_.needs_dependency = true;
        return Done{};
    }

    const ProjectLibrary &library_;
    const ReadText &read_;
    std::vector<Source> sources_;
    bool in_c_ = false;
    Adaptation adaptation_;
};

} // namespace

Result<Adaptation> adapt(const std::vector<ProjectLibrary> &libraries, const std::string &name,
                         const ReadText &read) {
    const Result<const ProjectLibrary *> library = choose(libraries, name);
    if (!library)
        return library.error();
    return Adapter(**library, read).adapt();
}

} // namespace hotrun
