// Source texts that are compiled, loaded, and patched into what is loaded.
#pragma once

#include "linux/dl_library_loader.hpp"
#include "linux/dwarf_read_object.hpp"
#include "linux/linux_file_system.hpp"
#include "linux/patched_library.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

struct ObjectToolchain {
    const char *compiler;
    const char *options;
};

inline constexpr ObjectToolchain kPlainToolchain{"g++", "-O0 -fno-gnu-unique"};

inline void PrintTo(const ObjectToolchain &toolchain, std::ostream *stream) {
    *stream << toolchain.compiler << ' ' << toolchain.options;
}

inline std::string replaced(std::string text, const std::string &from, const std::string &to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

inline std::vector<std::byte> object_bytes(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto *begin = reinterpret_cast<const std::byte *>(text.data());
    return {begin, begin + text.size()};
}

class ObjectCompiler {
  public:
    explicit ObjectCompiler(const ObjectToolchain &toolchain, std::string flags = "-g -fPIC")
        : command_(std::string(toolchain.compiler) + " -std=c++17 -w " + toolchain.options + " " +
                   std::move(flags)) {}

    static bool is_there(const char *compiler) {
        return run(std::string(compiler) + " --version >/dev/null 2>&1");
    }

    // The same name each time, so that the library knows its source.
    DwarfReadObject object(const std::string &text) {
        const std::string source = folder_.path() + "/game.cpp";
        std::ofstream(source) << text;
        EXPECT_TRUE(run(command_ + " -c " + source + " -o " + object_path())) << text;
        auto object = ObjectFile::read(object_path(), object_bytes(object_path()));
        if (!object)
            throw std::runtime_error(object.error().message);
        return DwarfReadObject(std::move(*object));
    }

    std::string library() {
        const std::string path =
            folder_.path() + "/libgame_live." + std::to_string(++library_count_) + ".so";
        EXPECT_TRUE(run(command_ + " -shared " + object_path() + " -o " + path));
        return path;
    }

  private:
    static bool run(const std::string &command) {
        return std::system(command.c_str()) == 0; // NOLINT(concurrency-mt-unsafe)
    }
    std::string object_path() const { return folder_.path() + "/game.o"; }

    TemporaryFolder folder_;
    std::string command_;
    int library_count_ = 0;
};

// A library that is live, and the object files that it was made of one after the other.
class LiveGame {
  public:
    LiveGame(ObjectCompiler &compiler, const std::string &text,
             const CodeHolders *holders = nullptr)
        : compiler_(compiler) {
        objects_.push_back(compiler.object(text));
        const std::string path = compiler.library();
        file_ = std::move(*LinuxFileSystem().open(path));
        symbols_ = SymbolTable::read(*file_);
        auto library = DlLibraryLoader().load(path, {});
        if (!library)
            throw std::runtime_error(library.error().message);
        library_ = std::move(*library);
        auto patched = PatchedLibrary::make({.symbols = {SymbolCache::Shared(), &symbols_},
                                             .handle = library_->handle(),
                                             .place = library_->place(),
                                             .holders = holders});
        if (!patched)
            throw std::runtime_error(patched.error().message);
        patched_ = std::move(*patched);
    }

    // Empty, or why not.
    std::string patch(const std::string &text) {
        objects_.push_back(compiler_.object(text));
        const ObjectChange change{&objects_[objects_.size() - 2], &objects_.back()};
        const Result<CodePatch *> patch = patched_->prepare({&change, 1});
        if (!patch) {
            objects_.pop_back();
            return patch.error().message;
        }
        patches_.push_back(*patch);
        const Status applied = patches_.back()->apply();
        return applied ? std::string() : applied.error().message;
    }

    void undo() {
        ASSERT_TRUE(patches_.back()->undo());
        patches_.pop_back();
        patched_->drop_last();
        objects_.pop_back();
    }

    template <typename Function>
    Function *function(const char *name) const {
        return reinterpret_cast<Function *>(library_->symbol(name));
    }
    int call(const char *name) const { return function<int()>(name)(); }
    int call(const char *name, int argument) const { return function<int(int)>(name)(argument); }
    template <typename T>
    T &variable(const char *name) const {
        return *static_cast<T *>(library_->symbol(name));
    }
    const PatchNames &names() const { return patched_->names(); }
    const SymbolTable &symbols() const { return symbols_; }
    std::uint64_t load_bias() const { return library_->place().load_bias; }
    AddressRange patches() const { return patched_->names().range(); }

  private:
    ObjectCompiler &compiler_;
    std::deque<DwarfReadObject> objects_;
    std::unique_ptr<File> file_;
    SymbolTable symbols_;
    std::unique_ptr<PatchedLibrary> patched_;
    std::vector<CodePatch *> patches_;
    std::unique_ptr<Library> library_; // closed first: its last calls are into patches
};

} // namespace hotrun
