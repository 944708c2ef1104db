// Libraries whose code is functions of the test.
#pragma once

#include "core/library_loader.hpp"

#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace hotrun {

using FakeSymbols = std::map<std::string, void *>;

class FakeLibrary final : public Library {
  public:
    explicit FakeLibrary(FakeSymbols symbols, std::function<void()> on_close = {})
        : symbols_(std::move(symbols)), on_close_(std::move(on_close)) {}
    FakeLibrary(const FakeLibrary &) = delete;
    FakeLibrary &operator=(const FakeLibrary &) = delete;
    ~FakeLibrary() override {
        if (on_close_)
            on_close_();
    }

    void *handle() const override { return const_cast<FakeLibrary *>(this); }
    void *symbol(const char *name) const override {
        const auto found = symbols_.find(name);
        return found == symbols_.end() ? nullptr : found->second;
    }

  private:
    FakeSymbols symbols_;
    std::function<void()> on_close_;
};

class FakeLibraryLoader final : public LibraryLoader {
  public:
    Result<std::unique_ptr<Library>> load(const std::string &path) override {
        if (!failure.empty())
            return Error{ErrorKind::kFailed, failure, 0};
        loaded.push_back(path);
        const auto own = symbols_by_path.find(path);
        return std::unique_ptr<Library>(std::make_unique<FakeLibrary>(
            own == symbols_by_path.end() ? symbols : own->second, [this, path] {
                closed.push_back(path);
                if (on_close)
                    on_close(path);
            }));
    }

    bool is_mapped(const std::string &path) const override { return stays_mapped.contains(path); }
    bool host_has_symbol(const char *name) const override { return host_symbols.contains(name); }
    GetProc get_proc() const override {
        return [](void *library, const char *name) {
            return static_cast<const FakeLibrary *>(library)->symbol(name);
        };
    }

    FakeSymbols symbols; // of those without an entry of their own
    std::map<std::string, FakeSymbols> symbols_by_path;
    std::set<std::string> stays_mapped; // after it was closed
    std::set<std::string> host_symbols;
    std::string failure; // not empty: what the next loads fail with
    std::function<void(const std::string &path)> on_close;
    std::vector<std::string> loaded;
    std::vector<std::string> closed;
};

} // namespace hotrun
