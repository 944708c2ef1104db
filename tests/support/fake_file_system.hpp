// A disk in memory.
#pragma once

#include "core/file_system.hpp"
#include "support/fake_clock.hpp"

#include <functional>
#include <map>
#include <set>

namespace hotrun {

// Files get the clock's wall time as theirs. Folders come into being with what is put into them.
class FakeFileSystem final : public FileSystem {
  public:
    explicit FakeFileSystem(const FakeClock &clock) : clock_(clock) { make_folder("/"); }

    std::optional<Timestamp> timestamp(const std::string &path) const override;
    FileLook look(const std::string &path) const override;
    bool is_folder(const std::string &path) const override;
    bool is_link(const std::string &path) const override;
    Result<std::unique_ptr<File>> open(const std::string &path) const override;
    Result<std::string> read(const std::string &path, std::uint64_t offset = 0) const override;
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

    bool exists(const std::string &path) const { return timestamp(path).has_value(); }
    std::string content(const std::string &path) const { return *read(path); }

    // In place: the inode stays.
    void write(const std::string &path, const std::string &content);

    // As an editor or a linker does that writes beside the file and renames: a new inode.
    void replace(const std::string &path, const std::string &content);

    void make_folder(const std::string &path);
    void make_link(const std::string &path, const std::string &target);
    void set_time(const std::string &path, std::chrono::nanoseconds wall); // it was written then
    void set_time(const std::string &path, std::chrono::nanoseconds written,
                  std::chrono::nanoseconds changed);
    void set_stamp(const std::string &path, const Timestamp &stamp);
    void set_writers(const std::string &path, Writers writers);
    void forbid_creation_in(const std::string &folder) { closed_folders_.insert(folder); }

    // Both are asked by each copy() as long as they are set.
    std::optional<Error> copy_failure;
    std::function<void()> during_copy;
    std::optional<Error> patch_failure;
    std::vector<std::string> synced;
    mutable std::map<std::string, int> questions; // how often timestamp(), look() or is_link()
    std::optional<Error> private_folder_failure;

  private:
    enum class Kind { kFile, kFolder, kLink };
    struct Node {
        Kind kind = Kind::kFile;
        std::string content; // of a link: its target
        Timestamp stamp{};
        std::chrono::nanoseconds changed{};
        Writers writers = Writers::kNone;
    };

    const Node *find(const std::string &path) const;
    bool names_link(const std::string &path) const;
    Node &node_for_writing(const std::string &path);
    void put(const std::string &path, Kind kind, const std::string &content, bool new_inode);

    const FakeClock &clock_;
    std::map<std::string, Node> nodes_; // by canonical path, but for a link's own name
    std::set<std::string> closed_folders_;
    std::uint64_t last_inode_ = 0;
    int private_folder_count_ = 0;
};

} // namespace hotrun
