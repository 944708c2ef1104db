// Where the control socket of a build folder is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hotrun {

// What the places depend on. The folders may be empty: not known.
struct SocketSurroundings {
    std::string runtime_folder;   // XDG_RUNTIME_DIR
    std::string temporary_folder; // TMPDIR
    std::uint32_t user_id = 0;
};

// In the address of a socket, a zero comes behind it.
inline constexpr std::size_t kMostSocketPathBytes = 107;

struct SocketPlace {
    std::string folder; // of the user's alone
    std::string path;
};

// `builddir` is canonical. The run takes the first that it can; who looks for it tries each, since
// it may have been started with another environment. All of them fit into a socket's address.
std::vector<SocketPlace> socket_places(const std::string &builddir,
                                       const SocketSurroundings &surroundings);

} // namespace hotrun
