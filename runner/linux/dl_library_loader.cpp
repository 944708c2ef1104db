#include "linux/dl_library_loader.hpp"

#include <dlfcn.h>

namespace hotrun {

namespace {

class DlLibrary : public Library {
  public:
    explicit DlLibrary(void *handle) : handle_(handle) {}
    DlLibrary(const DlLibrary &) = delete;
    DlLibrary &operator=(const DlLibrary &) = delete;
    ~DlLibrary() override { ::dlclose(handle_); }

    void *handle() const override { return handle_; }
    void *symbol(const char *name) const override { return ::dlsym(handle_, name); }

  private:
    void *handle_;
};

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
