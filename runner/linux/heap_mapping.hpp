// The memory of one module's permanent heap.
#pragma once

#include "core/heap_image.hpp"
#include "linux/page_map.hpp"
#include "linux/unique_fd.hpp"

#include <atomic>
#include <memory>
#include <mutex>

namespace hotrun {

// Memory at an address that every run gets again, so that a pointer into the heap can be kept. One
// for each module: the n-th heap of the process lies at the n-th place.
//
// The image is a file in memory, and the heap a private mapping of it: what is written is a page of
// its own, and to drop that page is to go back to the image. The file outlives the process if its
// descriptor is handed over.
class HeapMapping final : public HeapImage {
  public:
    static constexpr std::size_t kMaxBytes = std::size_t{16} << 30;

    // Zeroed.
    static Result<std::unique_ptr<HeapMapping>> create(std::size_t bytes);

    // As the image is that a process before has left; closes the descriptor.
    static Result<std::unique_ptr<HeapMapping>> adopt(int descriptor, std::size_t bytes);

    HeapMapping(const HeapMapping &) = delete;
    HeapMapping &operator=(const HeapMapping &) = delete;
    ~HeapMapping() override;

    // Into the image, and so into what nobody has written of the memory.
    Status put(std::size_t offset, std::span<const std::byte> bytes);

    void *base() const { return base_; }
    std::size_t bytes() const { return bytes_; }
    int descriptor() const { return file_.get(); }

    // How many threads of the process are none of the module's.
    void set_own_thread_count(std::size_t count) { own_thread_count_ = count; }

    std::span<std::byte> memory() override { return {static_cast<std::byte *>(base_), bytes_}; }
    Status take(std::size_t used_bytes, Memory memory) override;
    void restore() override;
    std::span<const std::byte> image() const override {
        return {static_cast<const std::byte *>(image_), taken_bytes_.load()};
    }
    std::uint64_t version() const override { return version_.load(); }
    Status read_image(std::size_t offset, std::span<std::byte> bytes) const override;
    std::uint64_t mark() override;
    std::vector<HeapPart> changed_since(std::uint64_t mark, std::size_t used_bytes) const override;

  private:
    HeapMapping(UniqueFd file, void *base, void *image, std::size_t bytes);
    static Result<std::unique_ptr<HeapMapping>> map(UniqueFd file, std::size_t bytes);

    Status take_written(std::size_t used_bytes, Memory memory);
    Status take_pages(std::size_t first, std::size_t end);
    bool is_in_file(std::size_t first, std::size_t end) const;
    Status write_page_run(std::size_t first, std::size_t end);
    void give_back_idle(std::size_t first, std::size_t end);

    UniqueFd file_;
    PageMap page_map_;
    void *const base_;
    void *const image_; // second mapping, shared
    const std::size_t bytes_;
    std::atomic<std::size_t> taken_bytes_{0};
    std::atomic<std::uint64_t> version_{0};
    std::size_t own_thread_count_ = 2; // the host's and the runner's
    std::size_t to_give_back_ = 0;     // pages that take() may still give back

    std::mutex mutex_;                      // take() and mark() come one after the other
    std::uint64_t now_ = 1;                 // guarded by mutex_
    std::vector<std::uint64_t> changed_at_; // by page, 0: never; of the host's thread
};

} // namespace hotrun
