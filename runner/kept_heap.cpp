#include "kept_heap.hpp"

#include "core/elf_parts.hpp"
#include "core/rebind_plan.hpp"
#include "linux/closed_libraries.hpp"
#include "linux/yielding_thread.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <cstring>
#include <random>

namespace hotrun {

namespace {

// As --heap takes it.
std::string size_text(std::uint64_t bytes) {
    constexpr std::string_view kUnits = "KMG";
    std::string text = std::to_string(bytes);
    for (const char unit : kUnits) {
        if (bytes == 0 || bytes % 1024 != 0)
            break;
        bytes /= 1024;
        text = std::to_string(bytes) + unit;
    }
    return text;
}

} // namespace

Result<std::unique_ptr<KeptHeap>> KeptHeap::open(const std::string &path, const std::string &module,
                                                 OnRefuse on_refuse) {
    std::unique_ptr<KeptHeap> heap(new KeptHeap(path, module));
    if (const Status opened = heap->open_file(); !opened)
        return opened.error();
    if (const Status found = heap->find_code(on_refuse); !found)
        return found.error();
    return heap;
}

Status KeptHeap::open_file() {
    Result<std::unique_ptr<FileStorage>> storage = FileStorage::open_locked(path_);
    if (!storage)
        return storage.error();
    storage_ = std::move(*storage);
    if (Status read = read_file(); !read)
        return read;
    const std::optional<KeptState> &state = file_->state();
    if (state && state->module != module_)
        return Error{ErrorKind::kFailed,
                     path_ + " has the heap of the module " + state->module + ", and not that of " +
                         module_ + ": give --heap-file another name",
                     0};
    return Done{};
}

Status KeptHeap::read_file() {
    file_.emplace(path_, *storage_, [this] { return open_journal(); });
    std::random_device random;
    const std::uint64_t id = (std::uint64_t{random()} << 32) | random();
    return file_->open(id);
}

Result<Storage *> KeptHeap::open_journal() {
    const std::string folder = folder_of_heap_file(path_);
    if (const Status made = files_.create_folder(folder); !made)
        return made.error();
    Result<std::unique_ptr<FileStorage>> journal = FileStorage::open(folder + "/journal");
    if (!journal)
        return journal.error();
    journal_ = std::move(*journal);
    if (journal_->is_new()) {
        if (const Status synced = files_.sync(folder); !synced)
            return synced.error();
    }
    return journal_.get();
}

Status KeptHeap::find_code(OnRefuse on_refuse) {
    if (!file_->state())
        return Done{};
    const KeptLibraries libraries(files_, folder_of_heap_file(path_));
    Result<std::vector<CodeRecipe>> recipes = libraries.find(file_->state()->code);
    if (recipes) {
        code_ = KeptCode{path_, std::move(*recipes)};
        root_ = reinterpret_cast<void *>(file_->state()->state);
    }
    if (!recipes && on_refuse == OnRefuse::kKeep)
        return Error{ErrorKind::kFailed,
                     "the state in " + path_ + " can't be gone on with, since " +
                         recipes.error().message +
                         ": put it back, or start with fresh state by --on-refuse fresh",
                     recipes.error().system_code};
    return Done{};
}

// A file that never had a state is litter, if it was not there before.
KeptHeap::~KeptHeap() {
    finish();
    if (storage_ == nullptr || !storage_->is_new() || !file_ || file_->state())
        return;
    const std::string folder = folder_of_heap_file(path_);
    for (const std::string &path : {folder + "/journal", folder, path_})
        static_cast<void>(files_.remove(path));
}

Result<std::unique_ptr<HeapMapping>> KeptHeap::make_heap(std::size_t bytes) {
    const std::optional<KeptState> &state = file_->state();
    if (state && code_ && state->heap_bytes != bytes)
        return Error{ErrorKind::kFailed,
                     path_ + " has a heap of " + size_text(state->heap_bytes) + ", and not of " +
                         size_text(bytes) + ": give --heap " + size_text(state->heap_bytes),
                     0};
    Result<std::unique_ptr<HeapMapping>> heap = HeapMapping::create(bytes);
    if (!heap || !state || !code_)
        return heap;
    if (reinterpret_cast<std::uintptr_t>((*heap)->base()) != state->heap_base)
        return Error{ErrorKind::kFailed,
                     "the place in memory of the heap in " + path_ +
                         " is taken in this process; start it again",
                     0};
    const Status loaded = file_->load([&](std::size_t offset, std::span<const std::byte> part) {
        return (*heap)->put(offset, part);
    });
    if (!loaded)
        return loaded.error();
    if (const Status given = give_places(**heap); !given)
        return given.error();
    return heap;
}

// Where the code lay that made it may be other code in this process: what leads there is led to
// places that nothing else gets.
Status KeptHeap::give_places(HeapMapping &heap) {
    std::vector<RebindPlan::Move> moves;
    for (CodeRecipe &recipe : code_->recipes) {
        const Library::Place from = recipe.place;
        const std::uintptr_t begin = reserve_as_closed(from.end - from.begin, recipe.path.c_str());
        if (begin == 0)
            return Error{ErrorKind::kFailed,
                         "no place is left in memory for what leads out of the heap in " + path_,
                         0};
        places_.push_back(from);
        const std::uint64_t by = begin - from.begin;
        recipe.place = {from.load_bias + by, from.begin + by, from.end + by};
        moves.push_back({from, recipe.place.load_bias});
    }
    RebindPlan(files_, std::move(moves)).apply(heap, file_->state()->used_bytes, root_);
    return Done{};
}

Status KeptHeap::bring_back(HeapMapping &heap) {
    finish();
    if (Status read = read_file(); !read)
        return read;
    if (const Status found = find_code(OnRefuse::kKeep); !found)
        return found;
    if (!code_)
        return Error{ErrorKind::kFailed, path_ + " has no state yet", 0};
    const Status loaded = file_->load([&](std::size_t offset, std::span<const std::byte> part) {
        std::memcpy(heap.memory().data() + offset, part.data(), part.size());
        return Status(Done{});
    });
    return loaded ? give_places(heap) : loaded;
}

Status KeptHeap::put_statics(const std::vector<StaticPart> &parts) {
    for (std::size_t i = 0; i < code_->recipes.size(); ++i) {
        const Library::Place &now = code_->recipes[i].place;
        const Library::Place &then = places_[i];
        if (!give_memory(now.begin, now.end))
            return Error{ErrorKind::kFailed,
                         "no memory is left for the static variables in " + path_, 0};
        put_first_values(code_->recipes[i]);
        for (const StaticPart &part : parts) {
            if (part.address >= then.begin && part.address < then.end &&
                part.bytes.size() <= then.end - part.address)
                std::memcpy(reinterpret_cast<void *>(part.address - then.begin + now.begin),
                            part.bytes.data(), part.bytes.size());
        }
    }
    return Done{};
}

// Of what had never been written there is nothing but the file.
void KeptHeap::put_first_values(const CodeRecipe &recipe) const {
    const Result<std::unique_ptr<File>> file = files_.open(recipe.copy);
    const std::optional<ElfParts> parts = file ? ElfParts::read(**file) : std::nullopt;
    if (!parts)
        return;
    for (const Elf64_Phdr &segment : parts->segments) {
        const std::uint64_t begin = recipe.place.load_bias + segment.p_vaddr;
        if ((segment.p_flags & PF_W) == 0 || begin < recipe.place.begin ||
            begin > recipe.place.end || segment.p_filesz > recipe.place.end - begin)
            continue;
        static_cast<void>(parts->read_loaded(
            segment.p_vaddr, {reinterpret_cast<std::byte *>(begin), segment.p_filesz}));
    }
}

void KeptHeap::start(HeapMapping &heap, HeapKeeper::Start start,
                     std::function<void(const Error &)> warn) {
    keeper_.emplace(HeapKeeper::Services{loop_, files_, *file_, heap, std::move(warn)}, module_,
                    start);
    thread_ = std::thread([this] {
        yield_to_others();
        const auto work = boost::asio::make_work_guard(loop_.io());
        loop_.io().run();
    });
}

void KeptHeap::finish() {
    if (!thread_.joinable())
        return;
    loop_.post([this] { loop_.io().stop(); });
    thread_.join();
}

} // namespace hotrun
