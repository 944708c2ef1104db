#include "support/fake_file_system.hpp"

#include "support/memory_file.hpp"

#include <cstring>
#include <filesystem>

namespace hotrun {

namespace {

constexpr std::uint64_t kDevice = 7;

std::string parent_of(const std::string &path) {
    return std::filesystem::path(path).parent_path().string();
}

std::string name_of(const std::string &path) {
    return std::filesystem::path(path).filename().string();
}

std::vector<std::byte> bytes_of(const std::string &text) {
    std::vector<std::byte> bytes(text.size());
    if (!text.empty())
        std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

class FakeFile final : public File {
  public:
    FakeFile(const std::string &content, const Timestamp &stamp, Writers writers)
        : bytes_(bytes_of(content)), stamp_(stamp), writers_(writers) {}

    Timestamp timestamp() const override { return stamp_; }
    bool read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
        return bytes_.read_at(offset, bytes);
    }
    Writers lock_out_writers() override { return writers_; }

  private:
    MemoryFile bytes_;
    Timestamp stamp_;
    Writers writers_;
};

Error no_such_file(const std::string &what, const std::string &path) {
    return Error{ErrorKind::kFailed, what + " " + path + ": No such file or directory", 2};
}

} // namespace

const FakeFileSystem::Node *FakeFileSystem::find(const std::string &path) const {
    const auto node = nodes_.find(canonical(path));
    return node == nodes_.end() ? nullptr : &node->second;
}

std::optional<Timestamp> FakeFileSystem::timestamp(const std::string &path) const {
    ++questions[path];
    const Node *node = find(path);
    return node == nullptr ? std::nullopt : std::optional(node->stamp);
}

FileLook FakeFileSystem::look(const std::string &path) const {
    const Node *node = find(path);
    ++questions[path];
    FileLook look;
    look.is_link = names_link(path);
    if (node == nullptr)
        return look;
    look.timestamp = node->stamp;
    look.changed_at = node->changed;
    return look;
}

bool FakeFileSystem::is_folder(const std::string &path) const {
    const Node *node = find(path);
    return node != nullptr && node->kind == Kind::kFolder;
}

bool FakeFileSystem::is_link(const std::string &path) const {
    ++questions[path];
    return names_link(path);
}

bool FakeFileSystem::names_link(const std::string &path) const {
    const std::string name = canonical(parent_of(path)) + "/" + name_of(path);
    const auto node = nodes_.find(std::filesystem::path(name).lexically_normal().string());
    return node != nodes_.end() && node->second.kind == Kind::kLink;
}

Result<std::unique_ptr<File>> FakeFileSystem::open(const std::string &path) const {
    const Node *node = find(path);
    if (node == nullptr || node->kind != Kind::kFile)
        return no_such_file("can't open", path);
    return std::unique_ptr<File>(
        std::make_unique<FakeFile>(node->content, node->stamp, node->writers));
}

Result<std::string> FakeFileSystem::read(const std::string &path, std::uint64_t offset) const {
    const Node *node = find(path);
    if (node == nullptr || node->kind != Kind::kFile)
        return no_such_file("can't read", path);
    return offset < node->content.size() ? node->content.substr(offset) : std::string();
}

bool FakeFileSystem::same_content(const std::string &a, const std::string &b,
                                  std::span<const Patch> patches) const {
    const Node *node_a = find(a);
    const Node *node_b = find(b);
    if (node_a == nullptr || node_b == nullptr)
        return false;
    std::string before = node_b->content;
    for (const Patch &patch : patches)
        before.replace(patch.offset, patch.before.size(), patch.before);
    return node_a->content == before;
}

Result<std::vector<std::string>> FakeFileSystem::list(const std::string &folder) const {
    const std::string real = canonical(folder);
    if (!is_folder(real))
        return no_such_file("can't list", folder);
    std::vector<std::string> names;
    for (const auto &[path, node] : nodes_) {
        if (path != real && parent_of(path) == real)
            names.push_back(name_of(path));
    }
    return names;
}

std::string FakeFileSystem::canonical(const std::string &path) const {
    std::filesystem::path real = "/";
    for (const std::filesystem::path &part : std::filesystem::path(path).relative_path()) {
        if (part.empty() || part == ".")
            continue;
        if (part == "..") {
            real = real.parent_path();
            continue;
        }
        const auto node = nodes_.find((real / part).string());
        const bool link = node != nodes_.end() && node->second.kind == Kind::kLink;
        real = link ? canonical((real / node->second.content).string()) : (real / part).string();
    }
    return real.string();
}

Status FakeFileSystem::copy(const std::string &from, const std::string &to) {
    if (copy_failure)
        return *copy_failure;
    const Node *node = find(from);
    if (node == nullptr)
        return no_such_file("can't copy", from);
    replace(to, node->content);
    if (during_copy)
        during_copy();
    return Done{};
}

Status FakeFileSystem::patch(const std::string &path, std::span<const Patch> patches) {
    if (patch_failure)
        return *patch_failure;
    if (!exists(path))
        return no_such_file("can't write", path);
    for (const Patch &patch : patches)
        node_for_writing(path).content.replace(patch.offset, patch.after.size(), patch.after);
    return Done{};
}

Status FakeFileSystem::sync(const std::string &path) {
    if (!exists(path))
        return no_such_file("can't write", path);
    synced.push_back(path);
    return Done{};
}

Status FakeFileSystem::write_whole(const std::string &path, std::string_view content) {
    if (closed_folders_.contains(parent_of(path)))
        return no_such_file("can't write", path);
    replace(path, std::string(content));
    return Done{};
}

Status FakeFileSystem::create_folder(const std::string &path) {
    make_folder(path);
    return Done{};
}

bool FakeFileSystem::can_create_in(const std::string &folder) const {
    return is_folder(folder) && !closed_folders_.contains(folder);
}

Result<std::string> FakeFileSystem::make_private_folder(const std::string &prefix) {
    if (private_folder_failure)
        return *private_folder_failure;
    std::string path = "/temporary/" + prefix + std::to_string(++private_folder_count_);
    make_folder(path);
    return path;
}

Status FakeFileSystem::remove(const std::string &path) {
    const std::string name = canonical(parent_of(path)) + "/" + name_of(path);
    if (is_folder(name) && !list(name)->empty())
        return Error{ErrorKind::kFailed, "can't remove " + path + ": Directory not empty", 39};
    nodes_.erase(name);
    return Done{};
}

Status FakeFileSystem::make_old(const std::string &path) {
    if (!exists(path))
        return no_such_file("can't set the time of", path);
    set_time(path, std::chrono::seconds(1), clock_.wall());
    return Done{};
}

void FakeFileSystem::put(const std::string &path, Kind kind, const std::string &content,
                         bool new_inode) {
    const std::string parent = parent_of(path);
    if (parent != path && !exists(parent))
        make_folder(parent);
    Node &node = nodes_[kind == Kind::kLink ? path : canonical(path)];
    if (new_inode || node.stamp.inode == 0)
        node.stamp.inode = ++last_inode_;
    node.kind = kind;
    node.content = content;
    node.stamp.mtime_ns = clock_.wall().count();
    node.changed = clock_.wall();
    node.stamp.size_bytes = content.size();
    node.stamp.device = kDevice;
}

void FakeFileSystem::write(const std::string &path, const std::string &content) {
    put(path, Kind::kFile, content, false);
}

void FakeFileSystem::replace(const std::string &path, const std::string &content) {
    put(path, Kind::kFile, content, true);
}

void FakeFileSystem::make_folder(const std::string &path) {
    put(path, Kind::kFolder, "", false);
}

void FakeFileSystem::make_link(const std::string &path, const std::string &target) {
    put(path, Kind::kLink, target, true);
}

FakeFileSystem::Node &FakeFileSystem::node_for_writing(const std::string &path) {
    return nodes_.at(canonical(path));
}

void FakeFileSystem::set_time(const std::string &path, std::chrono::nanoseconds wall) {
    set_time(path, wall, wall);
}

void FakeFileSystem::set_time(const std::string &path, std::chrono::nanoseconds written,
                              std::chrono::nanoseconds changed) {
    Node &node = node_for_writing(path);
    node.stamp.mtime_ns = written.count();
    node.changed = changed;
}

void FakeFileSystem::set_stamp(const std::string &path, const Timestamp &stamp) {
    node_for_writing(path).stamp = stamp;
}

void FakeFileSystem::set_writers(const std::string &path, Writers writers) {
    node_for_writing(path).writers = writers;
}

} // namespace hotrun
