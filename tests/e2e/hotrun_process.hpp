// The built hotrun at work, with its event stream.
#pragma once

#include "e2e/child.hpp"
#include "support/temporary_folder.hpp"

#include <boost/json.hpp>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace hotrun::e2e {

class HotrunProcess {
  public:
    // Runs `hotrun ARGUMENTS --events FIFO` in `directory`.
    HotrunProcess(const std::vector<std::string> &arguments, const std::string &directory,
                  Child::Streams streams = Child::Streams::kPipe);
    HotrunProcess(const HotrunProcess &) = delete;
    HotrunProcess &operator=(const HotrunProcess &) = delete;
    ~HotrunProcess();

    Child &child() { return *child_; }

    // The next event of that name; those before it are skipped. Never null: if it does not come in
    // time an exception ends the test as a failure.
    const boost::json::object *next(const std::string &name) { return next_of({name}); }

    // As next(), of whichever of these names comes first.
    const boost::json::object *next_of(const std::vector<std::string> &names);

    // Waits for the ready event.
    void wait_until_ready();

    const std::deque<boost::json::object> &events() const { return events_; }
    std::size_t count(const std::string &name) const;

    bool wait_for(const std::string &text) { return child_->wait_for(text); }
    int end_with(int signal);

    // Of so many generations that have been replaced or rolled back, waits until all are closed but
    // the last ones, which stay mapped.
    void wait_until_closed(std::size_t retired_count);

  private:
    std::string all_events() const;
    void take_events(std::string_view bytes);

    TemporaryFolder folder_;
    int fifo_ = -1;
    std::string rest_;
    std::deque<boost::json::object> events_; // references stay
    std::size_t seen_ = 0;
    std::unique_ptr<Child> child_;
};

} // namespace hotrun::e2e
