// Libraries whose code is functions of the test.
#pragma once

#include "core/library_loader.hpp"

#include <algorithm>
#include <functional>
#include <list>
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
    std::vector<std::span<std::byte>> writable_segments() const override { return segments; }
    bool read_initial(std::uint64_t address, std::span<std::byte> to) const override {
        const auto found = initial.find(address);
        if (found == initial.end() || found->second.size() != to.size())
            return false;
        std::ranges::copy(found->second, to.begin());
        return true;
    }
    std::vector<ExitCall *> exit_calls() const override {
        std::vector<ExitCall *> all;
        for (ExitCall &call : calls)
            all.push_back(&call);
        return all;
    }
    ExitCall &add_exit_call(void (*function)(void *), void *object) override {
        return calls.emplace_back(ExitCall{function, object, this, false});
    }
    Place place() const override { return lies_at; }

    std::vector<std::span<std::byte>> segments;
    std::map<std::uint64_t, std::vector<std::byte>> initial; // of variables, by their addresses
    mutable std::list<ExitCall> calls;
    Place lies_at;

  private:
    FakeSymbols symbols_;
    std::function<void()> on_close_;
};

class FakeLibraryLoader final : public LibraryLoader {
  public:
    Result<std::unique_ptr<Library>> load(const std::string &path, const Origin &origin) override {
        if (!failure.empty())
            return Error{ErrorKind::kFailed, failure, 0};
        loaded.push_back(path);
        origins[path] = origin;
        const auto own = symbols_by_path.find(path);
        auto library = std::make_unique<FakeLibrary>(
            own == symbols_by_path.end() ? symbols : own->second, [this, path] {
                closed.push_back(path);
                if (on_close)
                    on_close(path);
            });
        library->lies_at = place(loaded.size());
        return std::unique_ptr<Library>(std::move(library));
    }

    // Where the n-th library that was loaded lies, counted from 1. No two share an address.
    static Library::Place place(std::size_t number) {
        constexpr std::uint64_t kFirst = 0x7e0000000000;
        constexpr std::uint64_t kBytes = 0x100000;
        const std::uint64_t begin = kFirst + number * 2 * kBytes;
        return {begin, begin, begin + kBytes};
    }

    bool is_mapped(const std::string &path) const override { return stays_mapped.contains(path); }
    bool host_has_symbol(const char *name) const override { return host_symbols.contains(name); }
    std::uint64_t exit_hook() const override { return 0; }
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
    std::map<std::string, Origin> origins; // of these
    std::vector<std::string> closed;
};

} // namespace hotrun
