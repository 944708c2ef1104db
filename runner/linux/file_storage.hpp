// Files that are written in place.
#pragma once

#include "core/storage.hpp"
#include "linux/unique_fd.hpp"

#include <memory>
#include <string>

namespace hotrun {

class FileStorage final : public Storage {
  public:
    // What a file is for, in words: "can't WANTED FILE", "another run DOES FILE".
    struct Purpose {
        const char *wanted;
        const char *does;
    };
    static constexpr Purpose kHeap{"keep the heap in", "keeps its heap in"};
    static constexpr Purpose kRecord{"record to", "has"};
    static constexpr Purpose kReplay{"replay", "has"};

    // Both make the file if there is none. The lock is for one run, and goes with this object.
    static Result<std::unique_ptr<FileStorage>> open(const std::string &path,
                                                     Purpose purpose = kHeap);
    static Result<std::unique_ptr<FileStorage>> open_locked(const std::string &path,
                                                            Purpose purpose = kHeap);

    // Whether there was no such file before.
    bool is_new() const { return is_new_; }

    std::uint64_t size_bytes() const override;
    Status read_at(std::uint64_t offset, std::span<std::byte> bytes) const override;
    Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override;
    Status cut(std::uint64_t size_bytes) override;
    Status sync() override;

  private:
    FileStorage(std::string path, UniqueFd fd, bool is_new)
        : path_(std::move(path)), fd_(std::move(fd)), is_new_(is_new) {}

    std::string path_;
    UniqueFd fd_;
    bool is_new_;
};

} // namespace hotrun
