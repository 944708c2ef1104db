// Brings the images of a heap into its file, on a thread of its own.
#pragma once

#include "core/event_loop.hpp"
#include "core/heap_file.hpp"
#include "core/heap_image.hpp"
#include "core/kept_code.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace hotrun {

// Only what has changed is read, from the image, and given up if that is taken anew meanwhile: then
// the next keep() brings it. So nobody ever waits for the disk.
class HeapKeeper {
  public:
    // All of these outlive it; `loop` is that of the thread that writes.
    struct Services {
        EventLoop &loop;
        FileSystem &files;
        HeapFile &file;
        HeapImage &image;
        std::function<void(const Error &)> warn; // on that thread
    };

    struct Start {
        bool is_loaded = false;     // the image is what the file has
        bool gives_up_file = false; // what the file has is given up by the first commit
        bool keeps_once = false;    // one commit is all: the file is a state to begin with
    };
    HeapKeeper(Services services, std::string module, Start start);
    HeapKeeper(const HeapKeeper &) = delete;
    HeapKeeper &operator=(const HeapKeeper &) = delete;
    ~HeapKeeper() = default;

    struct Moment {
        std::uint64_t generation = 0;
        std::uint64_t step = 0;
        std::uint64_t state = 0;
        std::string recipe;    // of the code that its words lead into
        bool is_fresh = false; // what the file had before was given up
        bool is_last = false;
    };
    // Host's thread, once the image has been taken: it is what belongs to the moment.
    void keep(Moment moment);

    // Whether the image may be being read, which another take() would put an end to. Any thread.
    bool is_writing() const { return is_writing_; }

    // Whether nothing more is kept. Any thread.
    bool has_kept() const { return has_kept_; }

  private:
    struct Request {
        Moment moment;
        std::uint64_t version = 0;
        std::uint64_t mark = 0;
        std::uint64_t used_bytes = 0;
        std::vector<HeapPart> changed;
    };

    void write_requested();
    Status write(const Request &request);
    bool is_in_file(const Request &request, const KeptState &state) const;
    Status set_aside();

    Services services_;
    const std::string module_;
    std::atomic<std::uint64_t> kept_mark_{0}; // what has changed before that is in the file
    std::atomic<bool> is_writing_{false};
    const bool keeps_once_;
    std::atomic<bool> has_kept_;
    std::mutex mutex_;
    std::optional<Request> request_; // guarded by mutex_

    // Of the thread that writes.
    KeptLibraries libraries_;
    std::string recipe_; // that was copied last
    std::string code_;   // what came of it
    bool has_failed_ = false;
    bool is_to_be_set_aside_ = false; // what the file has
};

// The folder beside it that holds the journal and the libraries.
std::string folder_of_heap_file(const std::string &path);

} // namespace hotrun
