#include "linux/dl_library_loader.hpp"

#include "linux/closed_libraries.hpp"
#include "linux/exit_calls.hpp"
#include "linux/initial_memory.hpp"
#include "linux/library_layout.hpp"

#include <list>

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>

namespace hotrun {

namespace {

// An exception of a static object's constructor or destructor must not pass through the dynamic
// linker, which would keep its lock: it ends the program. To the compiler both functions throw
// nothing, and it would leave that out of calls by their names.
void *(*const volatile open_file)(const char *, int) = ::dlopen;
int (*const volatile close_handle)(void *) = ::dlclose;

void *open_library(const std::string &path) noexcept {
    return open_file(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

void close_library(void *handle) noexcept {
    close_handle(handle);
}

void run(const ExitCall &call) noexcept {
    if (!call.is_off)
        call.function(call.object);
}

class DlLibrary : public Library {
  public:
    DlLibrary(void *handle, std::string path)
        : handle_(handle), path_(std::move(path)), layout_(layout_of(handle)), initial_(layout_) {}
    DlLibrary(const DlLibrary &) = delete;
    DlLibrary &operator=(const DlLibrary &) = delete;
    ~DlLibrary() override;

    void *handle() const override { return handle_; }
    void *symbol(const char *name) const override;
    std::vector<std::span<std::byte>> writable_segments() const override {
        return layout_.writable;
    }
    Place place() const override { return layout_.place; }
    bool read_initial(std::uint64_t address, std::span<std::byte> to) const override {
        return initial_.read(address, to);
    }
    std::vector<ExitCall *> exit_calls() const override;
    ExitCall &add_exit_call(void (*function)(void *), void *object) override {
        return own_calls_.emplace_back(ExitCall{function, object, handle_, false});
    }

  private:
    void *handle_;
    const std::string path_;
    const LibraryLayout layout_;
    const InitialMemory initial_;
    mutable std::list<ExitCall> own_calls_; // that the library did not register itself
};

// Its addresses are not given out again: who still calls there is stopped by name, and lands in
// nothing else.
DlLibrary::~DlLibrary() {
    for (; !own_calls_.empty(); own_calls_.pop_back())
        run(own_calls_.back());
    close_library(handle_);
    dl_find_object found;
    const Place &place = layout_.place;
    if (place.begin == place.end ||
        _dl_find_object(reinterpret_cast<void *>(place.begin), &found) == 0)
        return;
    const void *reserved =
        ::mmap(reinterpret_cast<void *>(place.begin), place.end - place.begin, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (reserved != MAP_FAILED)
        remember_closed_library(place.begin, place.end, path_.c_str());
}

std::vector<ExitCall *> DlLibrary::exit_calls() const {
    std::vector<ExitCall *> calls = exit_calls_in({layout_.place.begin, layout_.place.end});
    for (ExitCall &call : own_calls_)
        calls.push_back(&call);
    return calls;
}

// dlsym also searches what the library needs, which may be another module with its own callbacks.
void *DlLibrary::symbol(const char *name) const {
    void *address = ::dlsym(handle_, name);
    link_map *own = nullptr;
    link_map *found = nullptr;
    Dl_info ignored;
    const bool is_own =
        address != nullptr && ::dlinfo(handle_, RTLD_DI_LINKMAP, &own) == 0 &&
        ::dladdr1(address, &ignored, reinterpret_cast<void **>(&found), RTLD_DL_LINKMAP) != 0 &&
        found == own;
    return is_own ? address : nullptr;
}

std::string last_error() {
    const char *text = ::dlerror(); // NOLINT(concurrency-mt-unsafe): glibc keeps it by thread
    return text == nullptr ? "the dynamic linker gave no reason" : text;
}

} // namespace

// RTLD_LOCAL: a global one would make the next generation bind to this one's functions.
Result<std::unique_ptr<Library>> DlLibraryLoader::load(const std::string &path,
                                                       const Origin & /*origin*/) {
    void *handle = open_library(path);
    if (handle == nullptr)
        return Error{ErrorKind::kFailed, last_error(), 0};
    return std::unique_ptr<Library>(std::make_unique<DlLibrary>(handle, path));
}

bool DlLibraryLoader::is_mapped(const std::string &path) const {
    void *handle = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    if (handle != nullptr)
        ::dlclose(handle);
    return handle != nullptr;
}

bool DlLibraryLoader::host_has_symbol(const char *name) const {
    return ::dlsym(RTLD_DEFAULT, name) != nullptr;
}

std::uint64_t DlLibraryLoader::exit_hook() const {
    return reinterpret_cast<std::uintptr_t>(&register_exit_call);
}

LibraryLoader::GetProc DlLibraryLoader::get_proc() const {
    return ::dlsym;
}

} // namespace hotrun
