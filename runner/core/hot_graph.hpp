// The hot libraries of a run and how they link each other.
#pragma once

#include "core/hot_library.hpp"
#include "core/known_code.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hotrun {

// Its libraries are the modules and their companions. A companion is a library that a module needs,
// directly or not, and finds through $ORIGIN in its run path, unless the host has loaded it as
// well. New code of a library is bound to the current version of each hot library that it links,
// and is out of date when one of these changes. Bound to the runner's thread.
class HotGraph {
  public:
    HotGraph(HotLibrary::Services services, const std::vector<std::string> &modules,
             bool needs_step);
    HotGraph(const HotGraph &) = delete;
    HotGraph &operator=(const HotGraph &) = delete;
    ~HotGraph() { close(); }

    // The files whose change can mean new code, the modules' own first.
    std::vector<std::string> libraries() const;
    std::vector<std::string> changed() const; // those with another timestamp than at the last look
    bool up_to_date() const { return settled_ && changed().empty(); }

    // Of a module: code that is ready to run, or why there is none.
    struct News {
        std::size_t module = 0;
        LiveLibrary::Shared code;
        std::optional<Rejection> rejection;
        std::string why; // what is new, if the module's own content is not
        PhaseTimes phases;
    };
    struct Look {
        bool settled = true; // false: somebody is writing a library, look again later
        std::vector<News> news;
    };
    // Loads what has changed. There is news of each module whose newest code is not what the host
    // runs, with a library before those that link it; of a rejection there is once.
    Look look(Writer writer, const PhaseTimes &phases);

    // The host runs this code of the module now.
    void runs(std::size_t module, LiveLibrary::Shared code, std::uint64_t generation);

    // That code has failed, and the host is back at this one.
    void rolled_back(std::size_t module, const LiveLibrary::Shared &failed,
                     LiveLibrary::Shared code);

    // What the host runs has failed, and is called no more: the next file counts as new even if it
    // has the same content.
    void parked(std::size_t module) { nodes_[module]->counts_as_new = true; }

    // What the host runs has been patched, and is not what its file holds: as above. False: it is
    // as it was loaded.
    void patched(std::size_t module, bool is_patched) {
        nodes_[module]->counts_as_new = is_patched;
    }

    // A file holds what the host runs, patched; or what has failed there. It is not looked at until
    // it changes.
    void capture(const std::string &library);

    // Whether another hot library links the module's.
    bool is_linked(std::size_t module) const { return nodes_[module]->is_linked; }

    // Whether the host runs what the module's file held at the last look, but for patches.
    bool is_current(std::size_t module) const;
    std::optional<Timestamp> captured(std::size_t module) const {
        return nodes_[module]->library.captured();
    }

    // What the modules' files hold counts as new, also if it is what runs, or what has failed.
    void load_anew();

    // Loads the code again that ran in the process before, as a generation of that number, and the
    // next has this one; null: it can't be loaded. The copies of all other code are removed when
    // every module has been resumed.
    LiveLibrary::Shared resume(std::size_t module, const std::vector<CodeRecipe> &recipes);
    void set_next_number(std::size_t module, std::uint64_t number) {
        nodes_[module]->number = number;
    }
    void remove_other_copies();
    KnownCode &known() { return known_; }
    const KnownCode &known() const { return known_; }

    void remove_own_copies();

    // Lets go of all code.
    void close();

  private:
    struct Node;
    struct Link {
        Node *node;
        std::string name; // by which it is needed
    };
    using Links = std::vector<Link>;
    enum class Visit { kNone, kUnderWay, kDone };

    struct Node {
        HotLibrary library;
        const std::string canonical; // path
        const bool is_module;

        // Of the content that was read last.
        std::uint64_t content = 0; // 0: there has been none
        std::string soname;        // empty: it can't be renamed
        Links links;

        // What came of it, and of which content and versions of its links that came.
        std::vector<std::uint64_t> inputs;
        std::uint64_t id = 0; // of the code, or of the rejection
        LiveLibrary::Shared code;
        std::optional<Rejection> rejection;

        std::uint64_t number = 1;    // of the next copy: of a module, the next generation
        LiveLibrary::Shared running; // of a module
        bool is_linked = false;      // by another hot library, now or before
        bool counts_as_new = false;  // the next content that is read, whatever it is

        // Of the last look.
        bool in_use = false;
        bool surveyed = false;
        Visit visit = Visit::kNone;
        bool settled = true;
        bool is_new = false; // what came of it
        PhaseTimes phases{TimePoint{}};

        Node(HotLibrary::Services services, std::string path, std::string canonical_path,
             bool module, bool needs_step)
            : library(services, std::move(path), needs_step), canonical(std::move(canonical_path)),
              is_module(module) {}
    };

    // Which libraries there are, and what is in their files.
    void survey(Node &node);
    HotLibrary::Reading read(Node &node);
    std::uint64_t content_of(const Node &node);
    Links links_of(const Node &node);
    Node *find_needed(const std::string &name, const std::vector<SearchFolder> &folders);
    Node *find(const std::string &path) const;
    static bool is_hot(const Link &link);
    void mark_in_use(Node &node);

    // What comes of them.
    void evaluate(Node &node, PhaseTimes &phases);
    static LiveLibrary::Shared version_for_users(const Node &node);
    static std::vector<LiveLibrary::Shared> versions_for_users(const Links &links);
    const Node *find_obstacle(const Links &links) const;
    static Rejection rejection_by(const Node &obstacle, const Node &user);
    bool take_known(Node &node);
    void add_files(const Node &node, Combination &combination) const;
    bool renew(Node &node, const Links &links, PhaseTimes &phases);
    bool take_old_version(Node &node, const Links &links);
    bool load(Node &node, const Links &links, PhaseTimes &phases);
    void accept(Node &node, LiveLibrary::Shared code);
    void reject(Node &node, Rejection rejection);
    std::vector<LiveLibrary::Shared> versions_of(const Node &node) const;
    std::optional<News> news_of(std::size_t module) const;

    HotLibrary::Services services_;
    std::vector<std::unique_ptr<Node>> nodes_; // the modules first
    std::size_t module_count_;
    KnownCode known_;
    std::set<std::string> resumed_copies_;
    std::vector<const Node *> order_; // in which the last look has evaluated them
    std::uint64_t last_id_ = 0;
    std::uint64_t last_content_ = 0;
    bool settled_ = true;
    Writer writer_ = Writer::kOurBuild;
};

} // namespace hotrun
