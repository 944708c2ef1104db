// A terminal that is drawn on.
#pragma once

#include "reserved_row.hpp"

#include <string_view>

namespace hotrun {

class Screen {
  public:
    virtual ~Screen() = default;

    virtual ScreenSize size() const = 0;

    // Whether it takes a write now: one that a person has stopped by Ctrl+S does not.
    virtual bool is_ready() const = 0;

    // In one write, past the stream that others print to.
    virtual void write(std::string_view bytes) = 0;

    // What is written by itself if the process dies without a word; empty: nothing.
    virtual void set_last_words(std::string_view bytes) = 0;
};

} // namespace hotrun
