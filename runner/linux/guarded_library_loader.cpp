#include "linux/guarded_library_loader.hpp"

#include "linux/constructor_scope.hpp"

#include <utility>

namespace hotrun {

class GuardedLibraryLoader::GuardedLibrary final : public Library {
  public:
    GuardedLibrary(GuardedLibraryLoader &loader, std::unique_ptr<Library> library, Origin origin)
        : loader_(loader), library_(std::move(library)), origin_(std::move(origin)) {}
    GuardedLibrary(const GuardedLibrary &) = delete;
    GuardedLibrary &operator=(const GuardedLibrary &) = delete;
    ~GuardedLibrary() override {
        const ConstructorScope scope(loader_.restart_, FailureRecord::Where::kDestructor, origin_,
                                     loader_.limit_, loader_.on_host());
        library_.reset();
    }

    void *handle() const override { return library_->handle(); }
    void *symbol(const char *name) const override { return library_->symbol(name); }
    std::vector<std::span<std::byte>> writable_segments() const override {
        return library_->writable_segments();
    }
    bool read_initial(std::uint64_t address, std::span<std::byte> to) const override {
        return library_->read_initial(address, to);
    }
    std::vector<ExitCall *> exit_calls() const override { return library_->exit_calls(); }
    ExitCall &add_exit_call(void (*function)(void *), void *object) override {
        return library_->add_exit_call(function, object);
    }
    Place place() const override { return library_->place(); }

  private:
    GuardedLibraryLoader &loader_;
    std::unique_ptr<Library> library_;
    const Origin origin_;
};

Result<std::unique_ptr<Library>> GuardedLibraryLoader::load(const std::string &path,
                                                            const Origin &origin) {
    const ConstructorScope scope(restart_, FailureRecord::Where::kConstructor, origin, limit_,
                                 on_host());
    Result<std::unique_ptr<Library>> loaded = loader_.load(path, origin);
    if (!loaded)
        return loaded;
    return std::unique_ptr<Library>(
        std::make_unique<GuardedLibrary>(*this, std::move(*loaded), origin));
}

} // namespace hotrun
