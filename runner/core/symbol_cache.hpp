// The symbols of a loaded library, read when they are first asked for.
#pragma once

#include "core/file_system.hpp"
#include "core/symbol_table.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace hotrun {

// Thread-safe. What it has given stays as long as it is held.
class SymbolCache {
  public:
    using Shared = std::shared_ptr<const SymbolTable>;

    // `path`: the live copy, as long as it is there.
    Shared get(const FileSystem &files, const std::string &path) {
        const std::lock_guard lock(mutex_);
        if (symbols_ == nullptr)
            symbols_ = std::make_shared<const Symbols>(files.open(path));
        return {symbols_, &symbols_->table};
    }

    void drop() {
        const std::lock_guard lock(mutex_);
        symbols_.reset();
    }

  private:
    struct Symbols {
        explicit Symbols(Result<std::unique_ptr<File>> opened)
            : file(opened ? std::move(*opened) : nullptr),
              table(file != nullptr ? SymbolTable::read(*file) : SymbolTable()) {}

        std::unique_ptr<File> file;
        SymbolTable table; // reads from the file
    };

    std::mutex mutex_;
    std::shared_ptr<const Symbols> symbols_; // guarded by mutex_
};

} // namespace hotrun
