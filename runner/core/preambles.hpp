// Headers that are precompiled ahead of the next save of a source.
#pragma once

#include "core/build_files.hpp"
#include "core/code_host.hpp"
#include "core/event_stream.hpp"
#include "core/ninja_build.hpp"
#include "core/preamble_commands.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

// Bound to the runner's thread. A preamble is what a source begins with, precompiled with the
// command that ninja has for its object. It is made while nothing is built, and proven: the object
// that is compiled with it has to be the code of ninja's object, which is made of the same text.
// It is used as long as all that it was made from is the same.
//
//     want ─make→ command ─→ header ─→ object ─compared→ of use, until something changes
//       ↑                      │  └──────┴─→ given up, until the includes or the command change
//       └──────stop────────────┘ the header is kept
class Preambles {
  public:
    struct Services {
        CommandRunner &commands;
        FileSystem &files;
        const Clock &clock;
        CodeHost &host;
        EventStream &events;
    };
    struct Setup {
        std::string ninja; // absolute path
        std::string builddir;
        FindProgram find_program;
    };

    Preambles(Services services, Setup setup);
    Preambles(const Preambles &) = delete;
    Preambles &operator=(const Preambles &) = delete;
    ~Preambles();

    // How to make this object, as ninja calls it, with its preamble: into a file of our own. None:
    // there is no such preamble, or it may not be what the source begins with any more.
    std::optional<StandIn> find(const std::string &object, const BuildFiles &build_files) const;

    // This object was saved: it is the next one to be made for.
    void want(const std::string &object);

    // Makes in the background what is wanted, one after the other. All is built. The build files
    // stay where they are until stop().
    void make(const BuildFiles &build_files);

    // The object that was made with it was not what ninja has made of the same text.
    void give_up(const std::string &object, const std::string &why);

    // Ends what runs, and waits for that; it is still wanted.
    void stop();
    bool running() const { return running_ != nullptr; }

  private:
    using Stamp = std::optional<Timestamp>;
    struct Preamble {
        std::string object; // as ninja calls it
        std::string line;   // the command
        std::optional<PreambleCommands> commands;
        std::string includes;
        std::string path; // of the header and of the object, but for their endings
        std::map<std::string, Stamp> build_files;
        std::vector<std::pair<std::string, Stamp>> files; // all that is in the header
        Stamp source;                                     // when it was compared
        bool has_header = false;                          // which is compiled
        bool is_proven = false;

        std::string header() const { return path + ".hpp"; }
        std::string stand_in() const { return path + ".o"; }
        std::string key() const { return includes + line; }
    };
    using OnEnd = void (Preambles::*)(bool succeeded, const std::string &output);

    using Place = std::vector<Preamble>::const_iterator;

    Place place_of(const std::string &object) const;
    bool is_current(const Preamble &preamble, const BuildFiles &build_files) const;
    bool begin(const std::string &object);
    void run(const Command &command, OnEnd on_end);
    void take_command(bool succeeded, const std::string &output);
    void take_header(bool succeeded, const std::string &output);
    void take_object(bool succeeded, const std::string &output);
    void prove();
    bool note_files(const std::vector<std::string> &paths);
    bool is_built_of_source() const;
    void put_aside();
    void drop(const std::string &object);
    void go_on();
    void remove_files(const Preamble &preamble);
    void remove_all();
    void give_up(const Preamble &preamble, const std::string &why);

    Services services_;
    Setup setup_;
    std::string folder_;
    std::vector<std::string> wanted_;             // objects; the last one is the next
    std::vector<Preamble> preambles_;             // whose header is made; the newest is the last
    std::map<std::string, std::string> given_up_; // by object: the key
    std::optional<Preamble> making_;
    const BuildFiles *build_files_ = nullptr;
    std::unique_ptr<RunningCommand> running_;
    std::string output_; // of what runs
    TimePoint started_{};
    std::chrono::nanoseconds began_{}; // wall clock
    std::size_t made_count_ = 0;
};

} // namespace hotrun
