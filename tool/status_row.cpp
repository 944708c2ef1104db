#include "status_row.hpp"

#include <utility>

namespace hotrun {

StatusRow::StatusRow(Screen &screen, Parts parts) : screen_(screen), parts_(parts) {
    if (!parts_.handed_over)
        return;
    size_ = screen_.size();
    shown_ = true;
    row_shown_ = parts_.row && has_room_for_row(size_);
    title_kept_ = parts_.title;
    note_last_words();
}

// Said before it is true: the process may die in between.
void StatusRow::note_last_words() {
    std::string words;
    if (row_shown_)
        words += kReleaseRow;
    if (title_kept_)
        words += kPutTitleBack;
    screen_.set_last_words(words);
}

void StatusRow::show() {
    const ScreenSize size = screen_.size();
    shown_ = true;
    if (parts_.row && has_room_for_row(size)) {
        row_shown_ = true;
        size_ = size;
    } else if (std::exchange(row_shown_, false)) {
        screen_.write(kReleaseRow);
    }
    const bool keeps_title = parts_.title && !std::exchange(title_kept_, parts_.title);
    note_last_words();
    if (keeps_title)
        screen_.write(kKeepTitle);
    if (row_shown_)
        screen_.write(reserve_row(size_));
    drawn_.clear();
    titled_.clear();
}

void StatusRow::hide() {
    if (!std::exchange(shown_, false))
        return;
    if (std::exchange(row_shown_, false))
        screen_.write(kReleaseRow);
    if (std::exchange(title_kept_, false))
        screen_.write(kPutTitleBack);
    note_last_words();
}

std::size_t StatusRow::columns() const {
    return row_shown_ ? size_.columns - 1 : 0;
}

void StatusRow::draw(const std::string &text, const std::string &title, Draw draw) {
    if (!shown_ || !screen_.is_ready())
        return;
    if (title_kept_ && titled_ != title)
        screen_.write(set_title(titled_ = title));
    if (row_shown_ && (draw == Draw::kAnyway || drawn_ != text))
        screen_.write(draw_row(size_, drawn_ = text));
}

} // namespace hotrun
