#include "core/hot_library.hpp"

#include "core/soname.hpp"
#include "hotrun/module.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace hotrun {

namespace {

std::string folder_of(const std::string &path) {
    return std::filesystem::path(path).parent_path().string();
}

// What the dynamic linker's sentence means, by the words that glibc's has always used.
RejectReason reason_of(const std::string &message) {
    if (message.find("undefined symbol") != std::string::npos ||
        message.find("symbol lookup error") != std::string::npos)
        return RejectReason::kUndefinedSymbol;
    if (message.find("file too short") != std::string::npos)
        return RejectReason::kTruncated;
    return RejectReason::kMissingLibrary;
}

// To the dynamic linker a hidden symbol is the library's own, and an absolute one does not move
// with it (gABI 4, "Symbol Table").
std::optional<Patch> bind_exit_calls(const ElfImage &image, const LibraryLoader &loader) {
    const auto offset = image.import_offset("__cxa_atexit");
    const std::uint64_t address = loader.exit_hook();
    if (!offset || address == 0)
        return std::nullopt;
    constexpr std::size_t kBegin = offsetof(Elf64_Sym, st_other); // what comes before it stays
    Elf64_Sym symbol{};
    const auto bytes_of = [](const Elf64_Sym &entry) {
        std::string bytes(sizeof entry - kBegin, '\0');
        std::memcpy(bytes.data(), reinterpret_cast<const char *>(&entry) + kBegin, bytes.size());
        return bytes;
    };
    Patch patch{*offset + kBegin, bytes_of(symbol), {}};
    symbol.st_other = STV_HIDDEN;
    symbol.st_shndx = SHN_ABS;
    symbol.st_value = address;
    patch.after = bytes_of(symbol);
    return patch;
}

HotLibrary::Outcome reject(RejectReason reason, std::string detail) {
    return {nullptr, Rejection{reason, std::move(detail)}};
}

} // namespace

std::vector<SearchFolder> search_folders(const std::string &run_path, const std::string &origin) {
    std::vector<SearchFolder> folders;
    for (std::size_t begin = 0; begin < run_path.size();) {
        const std::size_t end = std::min(run_path.find(':', begin), run_path.size());
        SearchFolder folder{run_path.substr(begin, end - begin)};
        for (const std::string token : {"${ORIGIN}", "$ORIGIN"}) {
            if (const std::size_t at = folder.path.find(token); at != std::string::npos) {
                folder.path.replace(at, token.size(), origin);
                folder.from_origin = true;
            }
        }
        if (!folder.path.empty())
            folders.push_back(std::move(folder));
        begin = end + 1;
    }
    return folders;
}

HotLibrary::HotLibrary(Services services, std::string path, bool needs_step)
    : services_(services), path_(std::move(path)), rules_{.needs_step = needs_step,
                                                          .machine = host_machine(),
                                                          .abi_version = HOTRUN_ABI_VERSION,
                                                          .loader = &services.loader} {
    remove_stale_live_copies(services_.files, services_.processes, path_);
}

HotLibrary::~HotLibrary() {
    if (!private_folder_.empty())
        static_cast<void>(services_.files.remove(private_folder_));
}

bool HotLibrary::changed() const {
    const std::optional<Timestamp> stamp = services_.files.timestamp(path_);
    return stamp && stamp != captured_;
}

void HotLibrary::remove_own_copies(const std::set<std::string> &spared) {
    const std::string folder = private_folder_.empty() ? folder_of(path_) : private_folder_;
    const std::string name_in_folder = std::filesystem::path(path_).filename().string();
    remove_live_copies(services_.files, path_, folder, [&](const LiveCopyName &name, auto) {
        return name.pid == services_.processes.own_pid() &&
               !spared.contains(folder + "/" + name.file_name(name_in_folder));
    });
    if (!private_folder_.empty() && spared.empty())
        static_cast<void>(services_.files.remove(private_folder_));
}

HotLibrary::Reading HotLibrary::read(Writer writer) {
    close();
    Result<std::unique_ptr<File>> file = services_.files.open(path_);
    if (!file)
        return services_.files.timestamp(path_) ? Reading::kUnsettled : Reading::kAbsent;
    if (!settled(**file, writer))
        return Reading::kUnsettled;
    file_ = std::move(*file);
    captured_ = file_->timestamp();
    std::variant<ElfImage, Rejection> read = ElfImage::read(*file_, path_);
    if (auto *rejection = std::get_if<Rejection>(&read)) {
        rejection_ = std::move(*rejection);
    } else {
        image_ = std::move(std::get<ElfImage>(read));
        rejection_ = verify(*image_, rules_);
    }
    return Reading::kDone;
}

void HotLibrary::close() {
    image_.reset();
    file_.reset();
}

const ElfImage *HotLibrary::image() const {
    return image_ && !rejection_ ? &*image_ : nullptr;
}

bool HotLibrary::is_origin_of(const LiveLibrary &version) const {
    return services_.files.same_content(path_, version.copy.path(), version.patches);
}

// After kNone the file stays as it is for as long as it is open here.
bool HotLibrary::settled(File &file, Writer writer) {
    const Writers writers = file.lock_out_writers();
    if (writers != Writers::kUnknown)
        return writers == Writers::kNone;
    const bool seen_before = unsettled_ == file.timestamp();
    unsettled_ = file.timestamp();
    return writer == Writer::kOurBuild || seen_before;
}

Result<std::string> HotLibrary::copy_folder() {
    if (!private_folder_.empty())
        return private_folder_;
    const std::string folder = folder_of(path_);
    if (services_.files.can_create_in(folder))
        return folder;
    Result<std::string> made = services_.files.make_private_folder("hotrun-");
    if (made)
        private_folder_ = *made;
    return made;
}

Result<LiveCopy> HotLibrary::copy(const Order &order) {
    attempts_ = order.number == last_number_ ? attempts_ + 1 : 1;
    last_number_ = order.number;
    const Result<std::string> folder = copy_folder();
    if (!folder)
        return folder.error();
    const LiveCopyName name{services_.processes.own_pid(), order.number, attempts_};
    return LiveCopy::create(services_.files, path_, name, *folder);
}

HotLibrary::Outcome HotLibrary::load(const Order &order, PhaseTimes &phases) {
    phases.mark(Phase::kVerify, services_.clock.now());
    Result<LiveCopy> copied = copy(order);
    if (services_.files.timestamp(path_) != captured_)
        return {}; // replaced while it was copied
    if (!copied)
        return reject(RejectReason::kNoSpace, copied.error().message);

    std::vector<Patch> patches;
    std::vector<LiveLibrary::Shared> links;
    const auto rename = [&](const std::string &from, const std::string &to) {
        for (Patch &patch : rename_library(*image_, from, to))
            patches.push_back(std::move(patch));
    };
    if (!order.soname.empty())
        rename(image_->soname, order.soname);
    for (const auto &[name, link] : order.links) {
        rename(name, link->soname);
        links.push_back(link);
    }
    if (std::optional<Patch> hook = bind_exit_calls(*image_, services_.loader))
        patches.push_back(std::move(*hook));
    if (!patches.empty()) {
        if (const Status patched = services_.files.patch(copied->path(), patches); !patched)
            return reject(RejectReason::kNoSpace, patched.error().message);
    }
    phases.mark(Phase::kCopy, services_.clock.now());

    bool has_unique_symbols = image_->unique_symbol_count > 0;
    for (const LiveLibrary::Shared &link : links)
        has_unique_symbols |= link->has_unique_symbols;
    std::vector<std::string> needed_paths;
    if (!private_folder_.empty())
        needed_paths = find_needed(order);
    std::vector<std::unique_ptr<Library>> needed = load_needed(needed_paths);
    const Origin origin{path_, *captured_};
    Result<std::unique_ptr<Library>> library = services_.loader.load(copied->path(), origin);
    if (!library)
        return reject(reason_of(library.error().message), library.error().message);
    phases.mark(Phase::kLoad, services_.clock.now());
    return {
        std::make_shared<const LiveLibrary>(LiveLibrary{.id = order.id,
                                                        .path = path_,
                                                        .origin = *captured_,
                                                        .content = order.content,
                                                        .soname = order.soname,
                                                        .copy = std::move(*copied),
                                                        .patches = std::move(patches),
                                                        .links = std::move(links),
                                                        .needed_paths = std::move(needed_paths),
                                                        .needed = std::move(needed),
                                                        .library = std::move(*library),
                                                        .has_unique_symbols = has_unique_symbols,
                                                        .is_module = order.is_module}),
        std::nullopt};
}

// A copy in another folder does not find its libraries through $ORIGIN; one that is open already
// is found by its name.
std::vector<std::string> HotLibrary::find_needed(const Order &order) const {
    std::vector<std::string> paths;
    const auto folders = search_folders(image_->run_path, folder_of(path_));
    for (const std::string &name : image_->needed) {
        if (std::ranges::find(order.links, name, [](auto &link) { return link.first; }) !=
            order.links.end())
            continue;
        for (const SearchFolder &folder : folders) {
            const std::string candidate = folder.path + "/" + name;
            if (!services_.files.timestamp(candidate))
                continue;
            paths.push_back(candidate);
            break;
        }
    }
    return paths;
}

std::vector<std::unique_ptr<Library>>
HotLibrary::load_needed(const std::vector<std::string> &paths) const {
    std::vector<std::unique_ptr<Library>> loaded;
    for (const std::string &path : paths) {
        if (auto library = services_.loader.load(path, {}))
            loaded.push_back(std::move(*library));
    }
    return loaded;
}

// This process has its functions elsewhere.
bool HotLibrary::bind_again(LiveLibrary &version) {
    const Result<std::unique_ptr<File>> file = services_.files.open(version.copy.path());
    if (!file)
        return false;
    const auto read = ElfImage::read(**file, version.copy.path());
    const auto *image = std::get_if<ElfImage>(&read);
    std::optional<Patch> hook =
        image == nullptr ? std::nullopt : bind_exit_calls(*image, services_.loader);
    if (!hook)
        return image != nullptr;
    version.patches.push_back(std::move(*hook));
    return services_.files.patch(version.copy.path(), version.patches).ok();
}

LiveLibrary::Shared HotLibrary::load_again(LiveLibrary version) {
    if (const std::string folder = folder_of(version.copy.path()); folder != folder_of(path_))
        private_folder_ = folder;
    version.needed = load_needed(version.needed_paths);
    if (!bind_again(version))
        return nullptr;
    Result<std::unique_ptr<Library>> library =
        services_.loader.load(version.copy.path(), Origin{path_, version.origin});
    if (!library)
        return nullptr;
    version.library = std::move(*library);
    return std::make_shared<const LiveLibrary>(std::move(version));
}

} // namespace hotrun
