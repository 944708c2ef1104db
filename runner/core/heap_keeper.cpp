#include "core/heap_keeper.hpp"

#include <utility>

namespace hotrun {

std::string folder_of_heap_file(const std::string &path) {
    return path + ".d";
}

HeapKeeper::HeapKeeper(Services services, std::string module, Start start)
    : services_(std::move(services)), module_(std::move(module)),
      kept_mark_(start.is_loaded ? services_.image.mark() : 0), keeps_once_(start.keeps_once),
      has_kept_(start.keeps_once && services_.file.state().has_value()),
      libraries_(services_.files, folder_of_heap_file(services_.file.path())),
      is_to_be_set_aside_(start.gives_up_file) {}

// One request waits at most: only the image of the last one is still there.
void HeapKeeper::keep(Moment moment) {
    if (has_kept_)
        return;
    Request request;
    request.moment = std::move(moment);
    request.version = services_.image.version();
    request.used_bytes = services_.image.image().size();
    request.changed = services_.image.changed_since(kept_mark_, request.used_bytes);
    request.mark = services_.image.mark();
    const std::lock_guard lock(mutex_);
    if (request_)
        request.moment.is_fresh |= request_->moment.is_fresh;
    const bool is_awaited = request_.has_value();
    request_ = std::move(request);
    if (!is_awaited)
        services_.loop.post([this] { write_requested(); });
}

void HeapKeeper::write_requested() {
    std::optional<Request> request;
    {
        const std::lock_guard lock(mutex_);
        request = std::exchange(request_, std::nullopt);
    }
    if (has_kept_)
        return;
    const Status written = write(*request);
    is_writing_ = false;
    if (!written && !std::exchange(has_failed_, true))
        services_.warn(Error{ErrorKind::kFailed,
                             written.error().message + "; " + services_.file.path() +
                                 " keeps the state from before until that is mended",
                             written.error().system_code});
    if (written)
        has_failed_ = false;
}

// A program at rest need not keep the disk awake to count its steps.
bool HeapKeeper::is_in_file(const Request &request, const KeptState &state) const {
    if (!services_.file.state() || request.moment.is_last || !request.changed.empty())
        return false;
    KeptState kept = *services_.file.state();
    kept.step = state.step;
    return kept == state;
}

Status HeapKeeper::write(const Request &request) {
    const Moment &moment = request.moment;
    is_to_be_set_aside_ |= moment.is_fresh;
    if (is_to_be_set_aside_) {
        if (Status aside = set_aside(); !aside)
            return aside;
        is_to_be_set_aside_ = false;
    }
    if (moment.recipe != recipe_) {
        Result<std::string> code =
            libraries_.keep(moment.recipe, services_.file.commit_count() + 1);
        if (!code)
            return code.error();
        recipe_ = moment.recipe;
        code_ = std::move(*code);
    }
    const std::span<std::byte> memory = services_.image.memory();
    const KeptState state{.heap_base = reinterpret_cast<std::uintptr_t>(memory.data()),
                          .heap_bytes = memory.size(),
                          .used_bytes = request.used_bytes,
                          .generation = moment.generation,
                          .step = moment.step,
                          .state = moment.state,
                          .module = module_,
                          .code = code_};
    if (is_in_file(request, state))
        return Done{};
    is_writing_ = true;
    const Result<HeapFile::Commit> commit = services_.file.commit(
        state, request.changed, [&](std::size_t offset, std::span<std::byte> bytes) {
            return services_.image.read_image(offset, bytes).ok() &&
                   services_.image.version() == request.version;
        });
    if (!commit)
        return commit.error();
    if (*commit == HeapFile::Commit::kDone) {
        kept_mark_ = request.mark;
        has_kept_ = keeps_once_;
        libraries_.remove_others(code_);
    }
    return Done{};
}

// Under a name that nothing has yet, as a heap file of its own.
Status HeapKeeper::set_aside() {
    const std::optional<KeptState> &state = services_.file.state();
    if (!state)
        return Done{};
    const std::string &path = services_.file.path();
    std::string name = path + ".bak";
    for (int number = 2; services_.files.timestamp(name); ++number)
        name = path + ".bak" + std::to_string(number);
    if (Status copied = libraries_.copy_to(state->code, folder_of_heap_file(name)); !copied)
        return copied;
    if (Status copied = services_.files.copy(path, name); !copied)
        return copied;
    return services_.files.sync(name);
}

} // namespace hotrun
