#include "control/socket_path.hpp"

#include "control/sha256.hpp"

namespace hotrun {

std::vector<SocketPlace> socket_places(const std::string &builddir,
                                       const SocketSurroundings &surroundings) {
    constexpr std::size_t kNameDigits = 16;
    const std::string name = "/" + sha256(builddir).substr(0, kNameDigits) + ".sock";
    std::vector<SocketPlace> places;
    const auto add = [&](const std::string &parent, const std::string &folder) {
        if (parent.starts_with('/') &&
            parent.size() + folder.size() + name.size() <= kMostSocketPathBytes)
            places.push_back({parent + folder, parent + folder + name});
    };
    const std::string own_folder = "/hotrun-" + std::to_string(surroundings.user_id);
    add(surroundings.runtime_folder, "/hotrun");
    add(surroundings.temporary_folder, own_folder);
    if (surroundings.temporary_folder != "/tmp")
        add("/tmp", own_folder);
    return places;
}

} // namespace hotrun
