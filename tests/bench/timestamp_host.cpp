// What people write when they have no hotrun: a loop that steps a library and loads a copy of it
// anew when its timestamp changes. No state is kept, and nothing is checked.
#include <cstdio>
#include <filesystem>
#include <string>

#include <dlfcn.h>
#include <sys/stat.h>
#include <time.h>

namespace {

using Step = void (*)(void *);

class Library {
  public:
    explicit Library(std::string path) : path_(std::move(path)) {}

    // Code that is not whole yet is tried again in the next iteration.
    void load_if_changed() {
        struct stat status {};
        if (::stat(path_.c_str(), &status) != 0 ||
            (status.st_mtim.tv_sec == loaded_.tv_sec && status.st_mtim.tv_nsec == loaded_.tv_nsec))
            return;
        const std::string copy = path_ + ".copy" + std::to_string(++copy_count_);
        std::error_code failed;
        std::filesystem::copy_file(path_, copy, failed);
        void *library = failed ? nullptr : ::dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
        std::filesystem::remove(copy, failed);
        void *step = library == nullptr ? nullptr : ::dlsym(library, "hotrun_step");
        if (step == nullptr)
            return;
        if (library_ != nullptr)
            ::dlclose(library_);
        library_ = library;
        step_ = reinterpret_cast<Step>(step);
        loaded_ = status.st_mtim;
    }

    void step() const {
        if (step_ != nullptr)
            step_(nullptr);
    }

  private:
    std::string path_;
    void *library_ = nullptr;
    Step step_ = nullptr;
    timespec loaded_{};
    int copy_count_ = 0;
};

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fputs("timestamp-host: error: it takes one argument, the library\n", stderr);
        return 2;
    }
    Library library(argv[1]);
    for (;;) {
        library.load_if_changed();
        library.step();
        const timespec millisecond = {0, 1'000'000};
        ::nanosleep(&millisecond, nullptr);
    }
}
