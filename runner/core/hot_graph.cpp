#include "core/hot_graph.hpp"

#include "core/soname.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

namespace hotrun {

namespace {

using Shared = LiveLibrary::Shared;

std::string name_of(const std::string &path) {
    return std::filesystem::path(path).filename().string();
}

// Adds `code` and all that it is bound to, by path. False: two versions of one library meet.
using Closure = std::map<std::string, Shared>;
bool add_to(Closure &closure, const Shared &code) {
    const auto [place, is_new] = closure.emplace(code->path, code);
    if (!is_new)
        return place->second == code;
    bool agree = true;
    for (const Shared &link : code->links)
        agree &= add_to(closure, link);
    return agree;
}

// Which of the libraries that it links make the code another one than what runs.
std::string what_changed(const LiveLibrary::Shared &running, const LiveLibrary::Shared &code) {
    if (running == nullptr || running->content != code->content)
        return {};
    Closure before;
    Closure now;
    add_to(before, running);
    add_to(now, code);
    std::string names;
    for (const auto &[path, version] : now) {
        const auto old = before.find(path);
        if (old == before.end() || old->second->content != version->content)
            names += (names.empty() ? "" : ", ") + name_of(path);
    }
    return names.empty() ? names : names + " changed";
}

} // namespace

HotGraph::HotGraph(HotLibrary::Services services, const std::vector<std::string> &modules,
                   bool needs_step)
    : services_(services), module_count_(modules.size()) {
    for (const std::string &path : modules) {
        nodes_.push_back(std::make_unique<Node>(services_, path, services_.files.canonical(path),
                                                true, needs_step));
        nodes_.back()->in_use = true;
    }
}

std::vector<std::string> HotGraph::libraries() const {
    std::vector<std::string> paths;
    for (const auto &node : nodes_) {
        if (node->in_use)
            paths.push_back(node->library.path());
    }
    return paths;
}

std::vector<std::string> HotGraph::changed() const {
    std::vector<std::string> paths;
    for (const auto &node : nodes_) {
        if (node->in_use && node->library.changed())
            paths.push_back(node->library.path());
    }
    return paths;
}

// All is read before anything is loaded: a library that is linked by another one needs a name.
HotGraph::Look HotGraph::look(Writer writer, const PhaseTimes &phases) {
    writer_ = writer;
    order_.clear();
    for (const auto &node : nodes_) {
        node->in_use = node->surveyed = node->is_new = false;
        node->settled = true;
        node->visit = Visit::kNone;
        node->phases = phases;
    }
    for (std::size_t i = 0; i < module_count_; ++i)
        survey(*nodes_[i]);
    for (std::size_t i = 0; i < module_count_; ++i)
        mark_in_use(*nodes_[i]);
    for (std::size_t i = 0; i < module_count_; ++i)
        evaluate(*nodes_[i], nodes_[i]->phases);
    for (const auto &node : nodes_)
        node->library.close();

    Look look;
    for (const Node *node : order_) {
        const auto place = std::ranges::find(nodes_, node, [](auto &each) { return each.get(); });
        const auto index = static_cast<std::size_t>(place - nodes_.begin());
        if (index >= module_count_)
            continue;
        look.settled &= node->settled;
        if (std::optional<News> news = news_of(index))
            look.news.push_back(std::move(*news));
    }
    settled_ = look.settled;
    return look;
}

void HotGraph::survey(Node &node) {
    if (std::exchange(node.surveyed, true))
        return;
    if (node.library.changed())
        node.settled = read(node) != HotLibrary::Reading::kUnsettled;
    for (const Link &link : node.links)
        survey(*link.node);
}

HotLibrary::Reading HotGraph::read(Node &node) {
    const std::optional<Timestamp> before = node.library.captured();
    const HotLibrary::Reading reading = node.library.read(writer_);
    if (reading != HotLibrary::Reading::kDone || node.library.captured() == before)
        return reading;
    const std::uint64_t content = content_of(node);
    if (content == node.content)
        return reading;
    node.content = content;
    const ElfImage *image = node.library.image();
    const bool has_name = image != nullptr && can_rename(*image, image->soname);
    node.soname = has_name ? image->soname : std::string();
    node.links = image != nullptr ? links_of(node) : Links();
    return reading;
}

std::uint64_t HotGraph::content_of(const Node &node) {
    if (node.counts_as_new)
        return ++last_content_;
    for (const Shared &version : versions_of(node)) {
        if (node.library.is_origin_of(*version))
            return version->content;
    }
    return ++last_content_;
}

HotGraph::Links HotGraph::links_of(const Node &node) {
    Links links;
    const ElfImage &image = *node.library.image();
    const std::string origin = std::filesystem::path(node.library.path()).parent_path().string();
    const std::vector<SearchFolder> folders = search_folders(image.run_path, origin);
    for (const std::string &name : image.needed) {
        if (!can_rename(image, name))
            continue;
        if (Node *needed = find_needed(name, folders))
            links.push_back({needed, name});
    }
    return links;
}

// As the dynamic linker does, in the first folder that has it. A library that we know has its place
// there even if a build has just removed it.
HotGraph::Node *HotGraph::find_needed(const std::string &name,
                                      const std::vector<SearchFolder> &folders) {
    for (const SearchFolder &folder : folders) {
        const std::string path =
            std::filesystem::path(folder.path + "/" + name).lexically_normal().string();
        if (Node *known = find(path))
            return known;
        if (!services_.files.timestamp(path))
            continue;
        std::string canonical = services_.files.canonical(path);
        if (Node *known = find(canonical))
            return known;
        if (!folder.from_origin || services_.loader.is_mapped(name))
            return nullptr;
        nodes_.push_back(std::make_unique<Node>(services_, canonical, canonical, false, false));
        return nodes_.back().get();
    }
    return nullptr;
}

HotGraph::Node *HotGraph::find(const std::string &path) const {
    const auto found = std::ranges::find_if(nodes_, [&](const auto &node) {
        return node->library.path() == path || node->canonical == path;
    });
    return found == nodes_.end() ? nullptr : found->get();
}

// Both have to call it by one name, and both names have to be such that they can be changed. What
// is not there, or broken, is taken to be so.
bool HotGraph::is_hot(const Link &link) {
    const Node &node = *link.node;
    return node.content == 0 || node.library.rejection() || node.soname == link.name;
}

void HotGraph::mark_in_use(Node &node) {
    if (std::exchange(node.in_use, true))
        return;
    for (const Link &link : node.links) {
        if (!is_hot(link))
            continue;
        link.node->is_linked = true;
        mark_in_use(*link.node);
    }
}

// Libraries that link each other in a circle can't all have names before they are loaded: the link
// that closes the circle stays as it is.
void HotGraph::evaluate(Node &node, PhaseTimes &phases) {
    if (node.visit != Visit::kNone)
        return;
    node.visit = Visit::kUnderWay;
    Links links;
    std::vector<std::uint64_t> inputs = {node.content};
    for (const Link &link : node.links) {
        Node &needed = *link.node;
        if (!is_hot(link))
            continue;
        evaluate(needed, needed.is_module ? needed.phases : phases);
        if (needed.visit == Visit::kUnderWay)
            continue;
        node.settled &= needed.settled;
        const Shared version = version_for_users(needed);
        inputs.push_back(version == nullptr ? needed.id : version->id);
        links.push_back(link);
    }
    node.visit = Visit::kDone;
    order_.push_back(&node);
    const bool lacks_name = node.is_linked && node.code != nullptr && node.code->soname.empty();
    if (node.content == 0 || !node.settled || (inputs == node.inputs && !lacks_name))
        return;
    if (take_known(node) || renew(node, links, phases))
        node.inputs = std::move(inputs);
}

// What another library is bound to: of a module that is rejected, the code that runs on. Null:
// there is nothing.
Shared HotGraph::version_for_users(const Node &node) {
    const Shared &version = node.code == nullptr ? node.running : node.code;
    return version != nullptr && !version->soname.empty() ? version : nullptr;
}

std::vector<Shared> HotGraph::versions_for_users(const Links &links) {
    std::vector<Shared> versions;
    for (const Link &link : links)
        versions.push_back(version_for_users(*link.node));
    return versions;
}

// The library because of which no code can be bound to these links: there is no version of it, or
// it runs on and is bound to another version of something than the rest.
const HotGraph::Node *HotGraph::find_obstacle(const Links &links) const {
    Closure closure;
    bool agree = true;
    for (const Link &link : links) {
        const Shared version = version_for_users(*link.node);
        if (version == nullptr)
            return link.node;
        agree &= add_to(closure, version);
    }
    const auto stands_in = [&](const auto &node) {
        const auto bound = closure.find(node->library.path());
        return node->rejection && bound != closure.end() && bound->second == node->running;
    };
    const auto found = std::ranges::find_if(nodes_, stands_in);
    return agree || found == nodes_.end() ? nullptr : found->get();
}

Rejection HotGraph::rejection_by(const Node &obstacle, const Node &user) {
    const Rejection missing{RejectReason::kMissingLibrary,
                            obstacle.library.path() + " is not there"};
    const Rejection &cause = obstacle.rejection ? *obstacle.rejection : missing;
    return {cause.reason, name_of(obstacle.library.path()) + ", which " +
                              name_of(user.library.path()) +
                              " needs, can't be loaded: " + cause.detail};
}

// False: it stays as it is for now.
bool HotGraph::renew(Node &node, const Links &links, PhaseTimes &phases) {
    if (node.library.rejection()) {
        reject(node, *node.library.rejection());
        return true;
    }
    if (const Node *obstacle = find_obstacle(links)) {
        reject(node, rejection_by(*obstacle, node));
        return true;
    }
    return take_old_version(node, links) || load(node, links, phases);
}

// A save that was undone leads back to the code that runs, with its variables.
bool HotGraph::take_old_version(Node &node, const Links &links) {
    const std::vector<Shared> bound = versions_for_users(links);
    for (const Shared &version : versions_of(node)) {
        if (version->content != node.content || version->links != bound ||
            (node.is_linked && version->soname.empty()))
            continue;
        accept(node, version);
        return true;
    }
    return false;
}

bool HotGraph::load(Node &node, const Links &links, PhaseTimes &phases) {
    const std::uint64_t content = node.content;
    if (!node.library.is_open()) { // only what it links has changed
        const HotLibrary::Reading reading = read(node);
        if (reading != HotLibrary::Reading::kDone || node.content != content) {
            node.settled = reading == HotLibrary::Reading::kAbsent;
            return false;
        }
    }
    HotLibrary::Order order;
    order.number = node.number;
    order.id = ++last_id_;
    order.content = content;
    order.is_module = node.is_module;
    if (node.is_linked)
        order.soname = unique_soname(node.soname, order.id);
    for (const Link &link : links)
        order.links.emplace_back(link.name, version_for_users(*link.node));
    HotLibrary::Outcome outcome = node.library.load(order, phases);
    if (!node.is_module)
        ++node.number;
    if (outcome.rejection)
        reject(node, std::move(*outcome.rejection));
    else if (outcome.loaded != nullptr)
        accept(node, std::move(outcome.loaded));
    else
        node.settled = false;
    return node.settled;
}

void HotGraph::accept(Node &node, Shared code) {
    node.id = code->id;
    node.code = std::move(code);
    node.rejection.reset();
    node.is_new = true;
}

void HotGraph::reject(Node &node, Rejection rejection) {
    node.id = ++last_id_;
    node.code.reset();
    node.rejection = std::move(rejection);
    node.is_new = true;
}

// Those that may still be taken for new code.
std::vector<Shared> HotGraph::versions_of(const Node &node) const {
    std::vector<Shared> versions;
    const auto add = [&](const Shared &version) {
        if (version != nullptr && std::ranges::find(versions, version) == versions.end())
            versions.push_back(version);
    };
    add(node.running);
    add(node.code);
    for (std::size_t i = 0; i < module_count_; ++i) {
        Closure closure;
        if (nodes_[i]->running != nullptr)
            add_to(closure, nodes_[i]->running);
        if (const auto bound = closure.find(node.library.path()); bound != closure.end())
            add(bound->second);
    }
    return versions;
}

std::optional<HotGraph::News> HotGraph::news_of(std::size_t module) const {
    const Node &node = *nodes_[module];
    if (!node.settled)
        return std::nullopt;
    if (node.rejection && node.is_new)
        return News{module, nullptr, node.rejection, {}, node.phases};
    if (node.code == nullptr || node.code == node.running)
        return std::nullopt;
    return News{module, node.code, std::nullopt, what_changed(node.running, node.code),
                node.phases};
}

void HotGraph::runs(std::size_t module, Shared code, std::uint64_t generation) {
    Node &node = *nodes_[module];
    node.running = std::move(code);
    node.number = generation + 1;
    node.counts_as_new = false;
}

void HotGraph::rolled_back(std::size_t module, const Shared &failed, Shared code) {
    Node &node = *nodes_[module];
    if (node.code == failed)
        node.code = code;
    node.running = std::move(code);
}

void HotGraph::capture(const std::string &library) {
    if (Node *node = find(library))
        node->library.capture();
}

bool HotGraph::is_current(std::size_t module) const {
    const Node &node = *nodes_[module];
    return node.settled && node.running != nullptr && node.code == node.running &&
           !node.rejection && node.content == node.running->content;
}

void HotGraph::load_anew() {
    known_.clear();
    for (std::size_t i = 0; i < module_count_; ++i) {
        nodes_[i]->library.forget();
        nodes_[i]->counts_as_new = true;
    }
}

void HotGraph::remove_own_copies() {
    for (const auto &node : nodes_)
        node->library.remove_own_copies();
}

// A library's private folder goes with its node, and has to be empty then.
void HotGraph::close() {
    order_.clear();
    known_.clear();
    module_count_ = 0;
    for (const auto &node : nodes_) {
        node->code.reset();
        node->running.reset();
    }
    nodes_.clear();
}

} // namespace hotrun
