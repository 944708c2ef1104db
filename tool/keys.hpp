// The keys that a person presses while a run is on a terminal.
#pragma once

#include <string_view>
#include <vector>

namespace hotrun {

enum class Key { kReload, kBuild, kPause, kReplay, kStatus, kQuit, kHelp };

// What has a meaning among the bytes that a terminal sent at once. From an escape on they are a key
// of another kind, an arrow or a click.
std::vector<Key> keys_in(std::string_view bytes);

inline constexpr const char *kKeysHelp =
    "keys: r reload, b build, p pause, l loop what was recorded, s status, q quit, ? help";
inline constexpr const char *kNeverBuilds =
    "this run never builds (--no-build); r loads the library anew";

} // namespace hotrun
