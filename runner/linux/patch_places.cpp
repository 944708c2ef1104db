#include "linux/patch_places.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <utility>

namespace hotrun {
namespace {

struct NotedRoom {
    std::atomic<std::uintptr_t> begin{0};
    std::atomic<std::uintptr_t> end{0}; // 0: nobody uses this one
    std::atomic<const link_map *> library{nullptr};
};
std::array<NotedRoom, 256> rooms;

std::mutex places_mutex;
std::vector<const PatchSections *> loaded; // guarded by places_mutex

} // namespace

// Nobody looks for an address in there before this returns.
PatchRoom::PatchRoom(const AddressRange &range, const link_map *library) {
    const std::lock_guard lock(places_mutex);
    const auto room =
        std::ranges::find_if(rooms, [](const NotedRoom &each) { return each.end == 0; });
    if (room == rooms.end())
        return;
    room->begin = range.begin;
    room->library = library;
    room->end = range.end;
    index_ = static_cast<std::size_t>(room - rooms.begin());
}

PatchRoom::~PatchRoom() {
    const std::lock_guard lock(places_mutex);
    if (index_)
        rooms[*index_].end = 0;
}

const link_map *library_patched_at(std::uintptr_t address) {
    for (const NotedRoom &room : rooms) {
        if (address < room.end.load(std::memory_order_acquire) && address >= room.begin)
            return room.library;
    }
    return nullptr;
}

PatchSections::PatchSections(Bytes object, std::vector<Section> sections)
    : object_(std::move(object)), sections_(std::move(sections)) {
    const std::lock_guard lock(places_mutex);
    loaded.push_back(this);
}

PatchSections::~PatchSections() {
    const std::lock_guard lock(places_mutex);
    std::erase(loaded, this);
}

std::optional<PatchSections::Found> PatchSections::at(std::uint64_t address) {
    const std::lock_guard lock(places_mutex);
    for (const PatchSections *object : loaded) {
        for (const Section &section : object->sections_) {
            if (section.range.contains(address))
                return Found{object->object_, {section.index, address - section.range.begin}};
        }
    }
    return std::nullopt;
}

} // namespace hotrun
