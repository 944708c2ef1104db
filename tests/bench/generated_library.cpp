#include "bench/generated_library.hpp"

#include "e2e/test_project.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace hotrun::bench {

namespace {

namespace fs = std::filesystem;

constexpr int kFunctionCount = 100;
constexpr int kCompiledCount = 8; // the other sources are copies of these

std::string content_of(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Ninja goes by the time.
void write_if_new(const std::string &path, const std::string &text) {
    if (content_of(path) == text)
        return;
    std::ofstream(path, std::ios::binary) << text;
}

// A word of one length that nothing else contains: a source's objects are copied, and become others
// by having it replaced in their tables of names.
std::string tag_of(int number) {
    const std::string digits = std::to_string(number);
    std::string tag = "Q";
    tag.append(3 - digits.size(), '0');
    return tag.append(digits);
}

std::string source_name(int number) {
    return "source" + tag_of(number) + ".cpp";
}

// One function of a mixture as programs have it: loops, variables of a block, strings, lambdas,
// virtual functions, and calls into other sources.
void write_function(std::ostream &out, int source, int k, const std::vector<int> &others) {
    const std::string id = tag_of(source);
    out << "int f_" << id << "_" << k << "(World *world, int by) {\n";
    if (k % 10 == 0)
        out << "    static int count = " << k << ";\n    ++count;\n";
    if (k % 20 == 0)
        out << "    static std::string lazy = std::to_string(by);\n    by += (int)lazy.size();\n";
    out << "    int sum = by * " << k + 1 << " + " << source << ";\n"
        << "    for (int i = 0; i < by; ++i) {\n"
        << "        Enemy &enemy = world->enemies[(i + " << k << ") & 63];\n"
        << "        enemy.health -= i;\n        enemy.place.x += 0.5f * i;\n"
        << "        if (enemy.health < 0)\n            enemy.kind = Kind::kElf;\n"
        << "        sum += enemy.health;\n    }\n"
        << "    ++hits_" << id << ";\n    calls += " << k << ";\n    counter_" << id
        << " += sum & 1;\n";
    if (k % 7 == 0)
        out << "    list_" << id << ".push_back(sum);\n    world->scores.push_back(sum);\n";
    if (k % 11 == 0)
        out << "    world->label = \"label " << source << " " << k
            << "\";\n    world->names[sum] = \"n" << k << "\";\n";
    if (k % 25 == 0 && k > 0)
        out << "    if (by > 1000000)\n        sum += f_"
            << tag_of(others[static_cast<std::size_t>(k / 25) % others.size()]) << "_" << k - 25
            << "(world, by - 1);\n";
    if (k > 0)
        out << "    if (by > 100000)\n        sum += f_" << id << "_" << k - 1
            << "(world, by / 2);\n";
    if (k % 33 == 0)
        out << "    auto added = [&](int more) { return more + sum; };\n    sum = added(by);\n";
    if (k % 50 == 0)
        out << "    world->object = new Object" << id << ";\n";
    if (k % 51 == 0)
        out << "    world->callback = &f_" << id << "_" << k << ";\n";
    out << "    return sum;\n}\n";
}

std::string source_text(int source, int source_count) {
    const std::string id = tag_of(source);
    std::vector<int> others;
    std::ostringstream out;
    for (int other = 0; other < std::min(source_count, kCompiledCount); ++other) {
        others.push_back(other);
        for (int k = 0; k < kFunctionCount; k += 25)
            out << "int f_" << tag_of(other) << "_" << k << "(World *, int);\n";
    }
    out << "int counter_" << id << " = " << source << ";\nstatic int hits_" << id
        << ";\nstatic std::vector<int> list_" << id << ";\nnamespace { int calls = 7; }\n"
        << "struct Object" << id << " : Base {\n    int sum = " << source
        << ";\n    Vector3 place{1, 2, 3};\n"
        << "    int update(int by) override { return sum += by; }\n};\n";
    for (int k = 0; k < kFunctionCount; ++k)
        write_function(out, source, k, others);
    return out.str();
}

} // namespace

std::string library_cache() {
    const char *given = std::getenv("HOTRUN_BENCH_CACHE");
    const std::string path = given == nullptr ? PAUSE_CACHE : given;
    fs::create_directories(path);
    return fs::canonical(path).string();
}

GeneratedLibrary::GeneratedLibrary(const std::string &cache, const LibrarySize &size)
    : folder_(cache + "/" + size.name), path_(folder_ + "/libpause.so") {
    fs::create_directories(folder_);
    for (int i = 0; i < std::min(size.source_count, kCompiledCount); ++i)
        write_if_new(folder_ + "/" + source_name(i), source_text(i, size.source_count));
    write_build_file(size);
    e2e::run_command({"ninja"}, folder_);
    put(1);
}

std::string GeneratedLibrary::compile_command(const LibrarySize &size) {
    const bool is_small = size.source_count == 0; // debug information would be most of it
    return std::string("g++ -std=c++17 ") + (is_small ? "-g0" : "-g") +
           " -O0 -fPIC -fno-gnu-unique -I" HOTRUN_INCLUDE " -I" PAUSE_SOURCES
           " -DPAUSE_STATICS_BYTES=" +
           std::to_string(size.statics_bytes) + " -DPAUSE_GENERATED=" + (is_small ? "0" : "1");
}

std::string GeneratedLibrary::link_command() {
    return std::string("g++ -shared -fuse-ld=") + (e2e::program_exists("mold") ? "mold" : "lld");
}

void GeneratedLibrary::write_build_file(const LibrarySize &size) {
    std::ostringstream out;
    out << "compile = " << compile_command(size)
        << "\nrule cxx\n command = $compile $more -c $in -o $out\n"
           "rule precompile\n command = $compile -x c++-header $in -o $out\n"
           "rule link\n command = "
        << link_command()
        << " @$out.rsp -o $out\n rspfile = $out.rsp\n rspfile_content = $in\n"
           "rule copy\n command = sed s/$from/$to/g $in > $out\n"
           "build pause_state.hpp.gch: precompile " PAUSE_SOURCES "/pause_state.hpp\n";
    std::string objects;
    for (int i = 0; i < size.source_count; ++i) {
        const std::string source = source_name(i);
        const int base = i % kCompiledCount;
        if (i == base)
            out << "build " << source << ".o: cxx " << source
                << " | pause_state.hpp.gch\n more = -I. -include pause_state.hpp\n";
        else
            out << "build " << source << ".o: copy " << source_name(base)
                << ".o\n from = " << tag_of(base) << "\n to = " << tag_of(i) << "\n";
        objects += " " + source + ".o";
        objects_.push_back(folder_ + "/" + source + ".o");
    }
    for (const char *version : {"1", "2"})
        out << "build module" << version << ".o: cxx " PAUSE_SOURCES "/pause_module.cpp | "
            << PAUSE_SOURCES "/pause_state.hpp " HOTRUN_INCLUDE
                             "/hotrun/module.h\n more = -DPAUSE_VERSION="
            << version << "\nbuild version" << version << ".so: link module" << version << ".o"
            << objects << "\n";
    write_if_new(folder_ + "/build.ninja", out.str());
}

std::string GeneratedLibrary::version_path(int version) const {
    return folder_ + "/version" + std::to_string(version) + ".so";
}

double GeneratedLibrary::size_mb() const {
    return static_cast<double>(fs::file_size(path_)) / (1 << 20);
}

void GeneratedLibrary::put(int version) const {
    const std::string beside = path_ + ".new";
    fs::remove(beside);
    fs::create_hard_link(version_path(version), beside);
    fs::rename(beside, path_);
}

void GeneratedLibrary::put_copy_of_other() {
    version_ = 3 - version_;
    const std::string beside = path_ + ".new";
    fs::remove(beside); // may be another name of the version itself
    fs::copy_file(version_path(version_), beside);
    fs::rename(beside, path_);
}

void GeneratedLibrary::put_other() {
    version_ = 3 - version_;
    put(version_);
}

} // namespace hotrun::bench
