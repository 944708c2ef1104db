#include "linux/dl_library_loader.hpp"

#include <dlfcn.h>
#include <link.h>

namespace hotrun {

namespace {

class DlLibrary : public Library {
  public:
    explicit DlLibrary(void *handle) : handle_(handle) {}
    DlLibrary(const DlLibrary &) = delete;
    DlLibrary &operator=(const DlLibrary &) = delete;
    ~DlLibrary() override { ::dlclose(handle_); }

    void *handle() const override { return handle_; }
    void *symbol(const char *name) const override;

  private:
    void *handle_;
};

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
Result<std::unique_ptr<Library>> DlLibraryLoader::load(const std::string &path) {
    void *handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr)
        return Error{ErrorKind::kFailed, last_error(), 0};
    return std::unique_ptr<Library>(std::make_unique<DlLibrary>(handle));
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

LibraryLoader::GetProc DlLibraryLoader::get_proc() const {
    return ::dlsym;
}

} // namespace hotrun
