#include "keys.hpp"

namespace hotrun {

std::vector<Key> keys_in(std::string_view bytes) {
    std::vector<Key> keys;
    for (const char byte : bytes.substr(0, bytes.find('\x1b'))) {
        switch (byte) {
        case 'r':
            keys.push_back(Key::kReload);
            break;
        case 'b':
            keys.push_back(Key::kBuild);
            break;
        case 'p':
            keys.push_back(Key::kPause);
            break;
        case 'l':
            keys.push_back(Key::kReplay);
            break;
        case 's':
            keys.push_back(Key::kStatus);
            break;
        case 'q':
            keys.push_back(Key::kQuit);
            break;
        case '?':
        case 'h':
            keys.push_back(Key::kHelp);
            break;
        default:
            break;
        }
    }
    return keys;
}

} // namespace hotrun
