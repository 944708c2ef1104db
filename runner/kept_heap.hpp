// The heap file of a run.
#pragma once

#include "core/heap_keeper.hpp"
#include "core/recording.hpp"
#include "hotrun/runner.hpp"
#include "linux/asio_event_loop.hpp"
#include "linux/file_storage.hpp"
#include "linux/heap_mapping.hpp"
#include "linux/linux_file_system.hpp"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace hotrun {

// Bound to the host's thread, with a thread of its own that writes.
class KeptHeap {
  public:
    // The file is locked, and whole; where it has a state that is to be gone on with, so is the
    // code that made it.
    static Result<std::unique_ptr<KeptHeap>> open(const std::string &path,
                                                  const std::string &module, OnRefuse on_refuse);
    KeptHeap(const KeptHeap &) = delete;
    KeptHeap &operator=(const KeptHeap &) = delete;
    ~KeptHeap();

    const std::string &path() const { return path_; }

    // The heap as the file has it, or a fresh one. An Error also if the file's is of another size.
    Result<std::unique_ptr<HeapMapping>> make_heap(std::size_t bytes);

    // None: there is no state to go on with.
    const std::optional<KeptCode> &code() const { return code_; }
    void *root() const { return root_; } // of that state

    const std::optional<KeptState> &state() const { return file_->state(); }

    // Brings what was written since into a heap of this process; everything is as after open() and
    // make_heap(). After an Error the heap is that of nobody.
    Status bring_back(HeapMapping &heap);

    // Puts static variables of that code where make_heap() has led the words of the heap.
    Status put_statics(const std::vector<StaticPart> &parts);

    // From here on what keeper() is given is written. `warn` is called on the thread that writes.
    void start(HeapMapping &heap, HeapKeeper::Start start, std::function<void(const Error &)> warn);
    HeapKeeper &keeper() { return *keeper_; }
    AsioEventLoop &loop() { return loop_; } // of the thread that writes

    // Waits until all of it is.
    void finish();

  private:
    KeptHeap(std::string path, std::string module)
        : path_(std::move(path)), module_(std::move(module)) {}

    Status open_file();
    Status read_file();
    Status find_code(OnRefuse on_refuse);
    Result<Storage *> open_journal();
    Status give_places(HeapMapping &heap);
    void put_first_values(const CodeRecipe &recipe) const;

    const std::string path_;
    const std::string module_;
    LinuxFileSystem files_;
    std::unique_ptr<FileStorage> storage_;
    std::unique_ptr<FileStorage> journal_;
    std::optional<HeapFile> file_;
    std::optional<KeptCode> code_;
    void *root_ = nullptr;
    std::vector<Library::Place> places_; // where the code lay, in the order of the recipes
    std::optional<HeapKeeper> keeper_;
    AsioEventLoop loop_;
    std::thread thread_;
};

} // namespace hotrun
