// Who may still be in old code.
#pragma once

#include "core/live_library.hpp"

#include <string>
#include <vector>

namespace hotrun {

// Thread-safe.
class CodeHolders {
  public:
    virtual ~CodeHolders() = default;

    // The threads, other than the caller's and the host's, that run the code at these places or
    // whose stacks have an address in it, each in a few words: "thread NUMBER (NAME) ...".
    virtual std::vector<std::string>
    threads_in(const std::vector<Library::Place> &places) const = 0;
};

// The first one of those in a library; empty: there is none.
inline std::string thread_in(const LiveLibrary &library, const CodeHolders &holders) {
    const std::vector<std::string> threads = holders.threads_in(places_of(library));
    return threads.empty() ? std::string() : threads.front();
}

// Why code that this thread is in is not patched.
inline std::string refusal_for(const std::string &thread) {
    return "the code can't be patched: " + thread;
}

// Whether that was for this thread, whatever it does now.
inline bool is_refusal_for(const std::string &refusal, const std::string &thread) {
    return refusal.starts_with(refusal_for(thread.substr(0, thread.find('('))));
}

} // namespace hotrun
