#include "core/preambles.hpp"

#include "core/leading_includes.hpp"

#include <algorithm>
#include <filesystem>

namespace hotrun {

namespace {

// Each takes tens of megabytes of the disk.
constexpr std::size_t kMostPreambles = 8;

// Files are stamped by a clock that may be so far behind.
constexpr std::chrono::milliseconds kStampTick{10};

} // namespace

Preambles::Preambles(Services services, Setup setup)
    : services_(services), setup_(std::move(setup)),
      folder_(setup_.builddir + "/.hotrun_preambles") {
    remove_all(); // those of a run that was killed
}

Preambles::~Preambles() {
    stop();
    remove_all();
}

Preambles::Place Preambles::place_of(const std::string &object) const {
    return std::ranges::find(preambles_, object, &Preamble::object);
}

bool Preambles::is_current(const Preamble &preamble, const BuildFiles &build_files) const {
    if (preamble.build_files != build_files.stamps() || build_files.changed())
        return false;
    const Result<std::string> text = services_.files.read(preamble.commands->source());
    return text && leading_includes(*text) == preamble.includes &&
           std::ranges::all_of(preamble.files, [this](const auto &file) {
               return services_.files.timestamp(file.first) == file.second;
           });
}

std::optional<StandIn> Preambles::find(const std::string &object,
                                       const BuildFiles &build_files) const {
    const Place found = place_of(object);
    if (found == preambles_.end() || !found->is_proven || !is_current(*found, build_files))
        return std::nullopt;
    return StandIn{found->stand_in(), found->commands->compile(found->header(), found->stand_in())};
}

void Preambles::want(const std::string &object) {
    std::erase(wanted_, object);
    wanted_.push_back(object);
    if (wanted_.size() > kMostPreambles)
        wanted_.erase(wanted_.begin());
}

void Preambles::make(const BuildFiles &build_files) {
    build_files_ = &build_files;
    go_on();
}

void Preambles::go_on() {
    while (!running() && !wanted_.empty() && !build_files_->changed()) {
        const std::string object = std::move(wanted_.back());
        wanted_.pop_back();
        if (!begin(object))
            return;
    }
}

// False: nothing more can be run. -n: as for the graph.
bool Preambles::begin(const std::string &object) {
    const Place known = place_of(object);
    if (known != preambles_.end() && is_current(*known, *build_files_)) {
        if (known->is_proven)
            return true;
        making_ = *known;
        preambles_.erase(known);
        started_ = services_.clock.now();
        prove();
        return running();
    }
    drop(object);
    Preamble preamble;
    preamble.object = object;
    preamble.build_files = build_files_->stamps();
    preamble.path = folder_ + "/" + std::to_string(++made_count_);
    making_ = std::move(preamble);
    run({setup_.ninja, {"-n", "-t", "commands", "-s", object}, setup_.builddir, {}},
        &Preambles::take_command);
    return running();
}

void Preambles::run(const Command &command, OnEnd on_end) {
    output_.clear();
    auto started = services_.commands.start(
        command, [this](std::string_view chunk) { output_ += chunk; },
        [this, on_end](const Result<CommandEnd> &end) {
            const std::unique_ptr<RunningCommand> ended = std::move(running_);
            const bool succeeded = end && end->exit_status == 0 && end->signal == 0;
            (this->*on_end)(succeeded, std::exchange(output_, {}));
            go_on();
        });
    if (started)
        running_ = std::move(*started);
    else
        put_aside();
}

void Preambles::take_command(bool succeeded, const std::string &output) {
    making_->line = output;
    making_->commands = PreambleCommands::parse(output, setup_.builddir, setup_.find_program);
    if (!succeeded || !making_->commands)
        return put_aside();
    const Result<std::string> text = services_.files.read(making_->commands->source());
    if (!text)
        return put_aside();
    making_->includes = leading_includes(*text);
    const auto known = given_up_.find(making_->object);
    if (making_->includes.empty() ||
        (known != given_up_.end() && known->second == making_->key()) ||
        !services_.files.create_folder(folder_) ||
        !services_.files.write_whole(making_->header(), making_->includes))
        return put_aside();
    started_ = services_.clock.now();
    began_ = services_.clock.wall() - kStampTick;
    run(making_->commands->precompile(making_->header()), &Preambles::take_header);
}

void Preambles::take_header(bool succeeded, const std::string &output) {
    if (!succeeded)
        return give_up(*making_, "its headers can't be precompiled");
    std::vector<std::string> paths = printed_headers(output, setup_.builddir);
    paths.push_back(making_->commands->compiler());
    if (!note_files(paths))
        return put_aside();
    making_->has_header = true;
    prove();
}

void Preambles::prove() {
    making_->source = services_.files.timestamp(making_->commands->source());
    run(making_->commands->compile(making_->header(), making_->stand_in()),
        &Preambles::take_object);
}

// False: one has changed while it was read, or may have.
bool Preambles::note_files(const std::vector<std::string> &paths) {
    for (const std::string &path : paths) {
        const FileLook look = services_.files.look(path);
        if (!look.timestamp || look.changed_at >= began_)
            return false;
        making_->files.emplace_back(path, look.timestamp);
    }
    return true;
}

// Warnings may be those of this text alone; a save that has one is compiled by ninja.
void Preambles::take_object(bool succeeded, const std::string &output) {
    if (!is_built_of_source())
        return put_aside();
    if (!succeeded)
        return give_up(*making_, "it does not compile with its headers precompiled");
    if (!output.empty())
        return put_aside();
    const std::string why =
        services_.host.difference(setup_.builddir + "/" + making_->object, making_->stand_in());
    if (!why.empty())
        return give_up(*making_, why);
    services_.events.tell(
        PreambleMadeEvent{making_->commands->source(),
                          std::chrono::floor<Microseconds>(services_.clock.now() - started_)});
    making_->is_proven = true;
    put_aside();
}

bool Preambles::is_built_of_source() const {
    const Stamp source = services_.files.timestamp(making_->commands->source());
    const Stamp built = services_.files.timestamp(setup_.builddir + "/" + making_->object);
    return source && source == making_->source && built && built->mtime_ns >= source->mtime_ns;
}

// What was made takes longer than to prove it; what was not is of no use.
void Preambles::put_aside() {
    if (!making_)
        return;
    Preamble preamble = std::move(*std::exchange(making_, std::nullopt));
    if (!preamble.has_header)
        return remove_files(preamble);
    preambles_.push_back(std::move(preamble));
    if (preambles_.size() > kMostPreambles)
        drop(std::string(preambles_.front().object));
}

void Preambles::drop(const std::string &object) {
    const Place found = place_of(object);
    if (found == preambles_.end())
        return;
    remove_files(*found);
    preambles_.erase(found);
}

void Preambles::give_up(const std::string &object, const std::string &why) {
    const Place found = place_of(object);
    if (found == preambles_.end())
        return;
    const Preamble preamble = *found;
    preambles_.erase(found);
    give_up(preamble, why);
}

void Preambles::give_up(const Preamble &preamble, const std::string &why) {
    const std::string name = std::filesystem::path(preamble.commands->source()).filename().string();
    given_up_[preamble.object] = preamble.key();
    remove_files(preamble);
    making_.reset();
    services_.events.tell(WarningEvent{
        "preamble",
        name + " is compiled without a preamble, until its first includes change: " + why});
}

void Preambles::stop() {
    running_.reset();
    if (!making_)
        return;
    if (std::ranges::find(wanted_, making_->object) == wanted_.end())
        wanted_.push_back(making_->object);
    put_aside();
}

// What is left of it does no harm.
void Preambles::remove_files(const Preamble &preamble) {
    for (const std::string &path :
         {preamble.header(), preamble.header() + ".gch", preamble.stand_in()})
        static_cast<void>(services_.files.remove(path));
}

void Preambles::remove_all() {
    const auto names = services_.files.list(folder_);
    if (!names)
        return;
    for (const std::string &name : *names)
        static_cast<void>(services_.files.remove(folder_ + "/" + name));
    static_cast<void>(services_.files.remove(folder_));
}

} // namespace hotrun
