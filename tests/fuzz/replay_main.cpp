// Runs a fuzzer over inputs that are there: the files named as arguments, and every file in the
// folders named. For compilers without libFuzzer, and for inputs that once failed.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace {

namespace fs = std::filesystem;

bool replay_file(const fs::path &path) {
    std::ifstream stream(path, std::ios::binary);
    const std::vector<char> content{std::istreambuf_iterator<char>(stream), {}};
    if (!stream.is_open() || stream.bad()) {
        std::fprintf(stderr, "replay: cannot read %s\n", path.c_str());
        return false;
    }
    // A buffer of exactly this size, so that a sanitizer sees the first byte past it.
    const std::vector<std::uint8_t> bytes(content.begin(), content.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    return true;
}

std::vector<fs::path> files_at(const fs::path &path) {
    std::error_code error;
    if (!fs::is_directory(path, error))
        return {path};
    std::vector<fs::path> files;
    for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->is_regular_file(error))
            files.push_back(entry->path());
    }
    return files;
}

} // namespace

int main(int argument_count, char **arguments) {
    std::size_t replayed = 0;
    bool all_read = true;
    for (int i = 1; i < argument_count; ++i) {
        for (const fs::path &file : files_at(arguments[i])) {
            if (replay_file(file))
                ++replayed;
            else
                all_read = false;
        }
    }
    std::printf("replayed %zu input%s\n", replayed, replayed == 1 ? "" : "s");
    return all_read && replayed > 0 ? 0 : 1;
}
