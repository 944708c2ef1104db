#include "core/hot_library.hpp"

#include <cerrno>
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

// The folders of a run path in which a library that lies in `origin` finds what it needs.
std::vector<std::string> search_folders(const std::string &run_path, const std::string &origin) {
    std::vector<std::string> folders;
    for (std::size_t begin = 0; begin < run_path.size();) {
        const std::size_t end = std::min(run_path.find(':', begin), run_path.size());
        std::string folder = run_path.substr(begin, end - begin);
        for (const std::string token : {"${ORIGIN}", "$ORIGIN"}) {
            if (const std::size_t at = folder.find(token); at != std::string::npos)
                folder.replace(at, token.size(), origin);
        }
        if (!folder.empty())
            folders.push_back(std::move(folder));
        begin = end + 1;
    }
    return folders;
}

} // namespace

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

void HotLibrary::remove_own_copies() {
    const std::string folder = private_folder_.empty() ? folder_of(path_) : private_folder_;
    remove_live_copies(services_.files, path_, folder, [this](const LiveCopyName &name, auto) {
        return name.pid == services_.processes.own_pid();
    });
    if (!private_folder_.empty())
        static_cast<void>(services_.files.remove(private_folder_));
}

HotLibrary::Outcome HotLibrary::prepare(Writer writer, std::uint64_t number, PhaseTimes &phases) {
    if (!changed())
        return {Verdict::kUnchanged, nullptr, std::nullopt};
    Result<std::unique_ptr<File>> file = services_.files.open(path_);
    if (!file || !settled(**file, writer))
        return {Verdict::kUnsettled, nullptr, std::nullopt};
    const Timestamp stamp = (*file)->timestamp();
    if (!running_copy_.empty() && services_.files.same_content(path_, running_copy_)) {
        captured_ = stamp;
        return {Verdict::kUnchanged, nullptr, std::nullopt};
    }
    const std::variant<ElfImage, Rejection> read = ElfImage::read(**file, path_);
    if (const auto *rejection = std::get_if<Rejection>(&read))
        return reject(rejection->reason, rejection->detail, stamp);
    const auto &image = std::get<ElfImage>(read);
    if (const std::optional<Rejection> rejection = verify(image, rules_))
        return reject(rejection->reason, rejection->detail, stamp);
    phases.mark(Phase::kVerify, services_.clock.now());
    return copy_and_load(image, stamp, number, phases);
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

HotLibrary::Outcome HotLibrary::reject(RejectReason reason, std::string detail,
                                       const Timestamp &stamp) {
    captured_ = stamp;
    return {Verdict::kRejected, nullptr, Rejection{reason, std::move(detail)}};
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

HotLibrary::Outcome HotLibrary::copy_and_load(const ElfImage &image, const Timestamp &stamp,
                                              std::uint64_t number, PhaseTimes &phases) {
    attempts_ = number == last_number_ ? attempts_ + 1 : 1;
    last_number_ = number;
    const Result<std::string> folder = copy_folder();
    if (!folder)
        return reject(RejectReason::kNoSpace, folder.error().message, stamp);
    const LiveCopyName name{services_.processes.own_pid(), number, attempts_};
    Result<LiveCopy> copy = LiveCopy::create(services_.files, path_, name, *folder);
    if (services_.files.timestamp(path_) != stamp)
        return {Verdict::kUnsettled, nullptr, std::nullopt}; // replaced while it was copied
    if (!copy)
        return reject(RejectReason::kNoSpace, copy.error().message, stamp);
    phases.mark(Phase::kCopy, services_.clock.now());

    std::vector<std::unique_ptr<Library>> needed;
    if (!private_folder_.empty())
        needed = load_needed(image);
    Result<std::unique_ptr<Library>> library = services_.loader.load(copy->path());
    if (!library)
        return reject(reason_of(library.error().message), library.error().message, stamp);
    phases.mark(Phase::kLoad, services_.clock.now());

    const Callbacks callbacks = Callbacks::of(**library);
    captured_ = stamp;
    auto generation = std::make_unique<Generation>(
        Generation{.number = number,
                   .copy = std::move(*copy),
                   .needed = std::move(needed),
                   .library = std::move(*library),
                   .callbacks = callbacks,
                   .has_unique_symbols = image.unique_symbol_count > 0});
    phases.mark(Phase::kPrepare, services_.clock.now());
    return {Verdict::kReady, std::move(generation), std::nullopt};
}

// A copy in another folder does not find its libraries through $ORIGIN; one that is open already
// is found by its name.
std::vector<std::unique_ptr<Library>> HotLibrary::load_needed(const ElfImage &image) const {
    std::vector<std::unique_ptr<Library>> loaded;
    const auto folders = search_folders(image.run_path, folder_of(path_));
    for (const std::string &name : image.needed) {
        for (const std::string &folder : folders) {
            const std::string candidate = folder + "/" + name;
            if (!services_.files.timestamp(candidate))
                continue;
            if (auto library = services_.loader.load(candidate))
                loaded.push_back(std::move(*library));
            break;
        }
    }
    return loaded;
}

} // namespace hotrun
