#include "editors/values_project.hpp"

#include <filesystem>

namespace hotrun::editors {

ValuesProject::ValuesProject(const std::string &compiler)
    : project_({e2e::Language::kC, compiler, ""}) {
    project_.write("meson.build",
                   "project('demo', 'c')\n"
                   "data = custom_target('data', input: 'data.in', output: 'data.h',\n"
                   "  command: ['cp', '@INPUT@', '@OUTPUT@'])\n"
                   "shared_module('game', 'game.c', data, include_directories: "
                   "include_directories(get_option('hotrun')))\n");
    reset();
    project_.set_up();
}

std::string ValuesProject::content(const std::string &file, int value) {
    const std::string number = std::to_string(value);
    if (file == "values.h")
        return "enum { kHeader =\n" + number + " };\n";
    if (file == "data.in")
        return "enum { kData =\n" + number + " };\n";
    return "#include \"data.h\"\n"
           "#include \"hotrun/module.h\"\n"
           "#include \"values.h\"\n"
           "#include <stdio.h>\n"
           "struct state { long steps; };\n"
           "void hotrun_step(hotrun_context *ctx) {\n"
           "    if (!ctx->state)\n"
           "        ctx->state = HOTRUN_NEW(ctx, struct state);\n"
           "    struct state *s = (struct state *)ctx->state;\n"
           "    const int source =\n" +
           number +
           ";\n"
           "    printf(\"game.c=%d values.h=%d data.in=%d steps=%ld\\n\",\n"
           "           source, kHeader, kData, ++s->steps);\n"
           "}\n";
}

void ValuesProject::reset() {
    for (const std::string &file : kFiles) {
        std::filesystem::remove(path(file));
        project_.write(file, content(file, new_value(file)));
    }
}

std::string ValuesProject::line() const {
    std::string text;
    for (const std::string &file : kFiles)
        text += file + "=" + std::to_string(value(file)) + " ";
    return text + "steps=";
}

} // namespace hotrun::editors
