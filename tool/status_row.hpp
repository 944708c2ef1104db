// A status on the screen: the last row of a terminal, and its title.
#pragma once

#include "screen.hpp"

#include <string>

namespace hotrun {

// Thread-bound. Shown from show() to hide(); what is drawn while it is hidden is drawn by show().
class StatusRow {
  public:
    struct Parts {
        bool row = true;
        bool title = false;
        bool handed_over = false; // by the process before, which has left them on the screen
    };

    StatusRow(Screen &screen, Parts parts);
    StatusRow(const StatusRow &) = delete;
    StatusRow &operator=(const StatusRow &) = delete;
    ~StatusRow() { hide(); }

    // For this and what is drawn later. A screen that is too small gets no row.
    void show();
    void hide();
    bool has_row() const { return row_shown_; }

    // What the text may take: one less than the screen has, since a terminal may take the next
    // character for the next line. 0: there is no row.
    std::size_t columns() const;

    enum class Draw {
        kIfChanged,
        kAnyway, // somebody may have cleared the screen
    };
    void draw(const std::string &text, const std::string &title, Draw draw = Draw::kIfChanged);

  private:
    void note_last_words();

    Screen &screen_;
    const Parts parts_;
    ScreenSize size_; // for which the row is kept
    bool shown_ = false;
    bool row_shown_ = false;
    bool title_kept_ = false;
    std::string drawn_;
    std::string titled_;
};

} // namespace hotrun
