// The disk by way of the kernel and Boost.Filesystem.
#pragma once

#include "core/file_system.hpp"

namespace hotrun {

class LinuxFileSystem : public FileSystem {
  public:
    std::optional<Timestamp> timestamp(const std::string &path) const override;
    FileLook look(const std::string &path) const override;
    bool is_folder(const std::string &path) const override;
    bool is_link(const std::string &path) const override;
    Result<std::unique_ptr<File>> open(const std::string &path) const override;
    Result<std::string> read(const std::string &path, std::uint64_t offset) const override;
    bool same_content(const std::string &a, const std::string &b,
                      std::span<const Patch> patches = {}) const override;
    Result<std::vector<std::string>> list(const std::string &folder) const override;
    Status write_whole(const std::string &path, std::string_view content) override;
    std::string canonical(const std::string &path) const override;
    Status copy(const std::string &from, const std::string &to) override;
    Status patch(const std::string &path, std::span<const Patch> patches) override;
    Status sync(const std::string &path) override;
    Status create_folder(const std::string &path) override;
    bool can_create_in(const std::string &folder) const override;
    Result<std::string> make_private_folder(const std::string &prefix) override;
    Status remove(const std::string &path) override;
    Status make_old(const std::string &path) override;
};

} // namespace hotrun
