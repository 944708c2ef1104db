// Patches whose only effect is a list of what was done with them.
#pragma once

#include "core/code_difference.hpp"
#include "core/code_patch.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

struct PatchTrace {
    std::vector<std::string> calls;
    std::string refusal;       // not empty: why nothing can be prepared
    std::string apply_failure; // not empty: why nothing can be applied
    bool can_be_undone = true;
    std::size_t last_number = 0;
};

class FakeCodePatch final : public CodePatch {
  public:
    explicit FakeCodePatch(PatchTrace &trace)
        : trace_(trace), number_(std::to_string(++trace.last_number)) {}

    Status apply() override {
        if (!trace_.apply_failure.empty())
            return Error{ErrorKind::kFailed, trace_.apply_failure, 0};
        trace_.calls.push_back("apply " + number_);
        return Done{};
    }
    Status undo() override {
        trace_.calls.push_back("undo " + number_);
        if (!trace_.can_be_undone)
            return Error{ErrorKind::kFailed, "the code can't be written", 0};
        return Done{};
    }

  private:
    PatchTrace &trace_;
    const std::string number_;
};

class FakeReadObject final : public ReadObject {
  public:
    explicit FakeReadObject(ObjectFile file) : file_(std::move(file)) {}
    const ObjectFile &file() const override { return file_; }
    void read_ahead() override {}

  private:
    const ObjectFile file_;
};

class FakeLibraryPatches final : public LibraryPatches {
  public:
    explicit FakeLibraryPatches(PatchTrace &trace) : trace_(trace) {}

    Result<CodePatch *> prepare(std::span<const ObjectChange> changes) override {
        if (!trace_.refusal.empty())
            return Error{ErrorKind::kFailed, trace_.refusal, 0};
        std::string call = "prepare";
        for (const ObjectChange &change : changes)
            call += " " + change.after->file().path();
        trace_.calls.push_back(std::move(call));
        return patches_.emplace_back(std::make_unique<FakeCodePatch>(trace_)).get();
    }
    void drop_last() override {
        trace_.calls.emplace_back("drop");
        patches_.pop_back();
    }
    const PatchNames &names() const override { return names_; }

    static constexpr AddressRange kRange{0x7c0000000000, 0x7c0000001000};

  private:
    PatchTrace &trace_;
    std::vector<std::unique_ptr<FakeCodePatch>> patches_;
    PatchNames names_{kRange};
};

class FakePatchLoader final : public PatchLoader {
  public:
    std::string obstacle() const override { return why_not; }
    Result<std::shared_ptr<ReadObject>> read(const std::string &path,
                                             std::vector<std::byte> bytes) override {
        auto file = ObjectFile::read(path, std::move(bytes));
        if (!file)
            return file.error();
        return std::shared_ptr<ReadObject>(std::make_shared<FakeReadObject>(std::move(*file)));
    }
    std::string difference(ReadObject &one, ReadObject &other) override {
        return difference_of_code(ObjectMatch(one.file(), other.file()));
    }
    Result<std::unique_ptr<LibraryPatches>> open(const LiveLibrary &,
                                                 SymbolCache::Shared) override {
        trace.calls.emplace_back("open");
        return std::unique_ptr<LibraryPatches>(std::make_unique<FakeLibraryPatches>(trace));
    }
    std::uint64_t reserve_lost(std::uint64_t, const std::string &) override { return kLost; }
    static constexpr std::uint64_t kLost = 0x7d0000000000;
    std::string why_not;

    PatchTrace trace;
};

} // namespace hotrun
