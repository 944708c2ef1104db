#include "e2e/hotrun_process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hotrun::e2e {

HotrunProcess::HotrunProcess(const std::vector<std::string> &arguments,
                             const std::string &directory, Child::Streams streams) {
    const std::string fifo = folder_.path() + "/events";
    EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    fifo_ = ::open(fifo.c_str(), O_RDWR | O_CLOEXEC); // never at its end, and never blocks hotrun
    ::fcntl(fifo_, F_SETPIPE_SZ, 1 << 20);
    std::vector<std::string> words = {HOTRUN_TOOL};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const bool names_subcommand = !arguments.empty() && !arguments.front().starts_with('-');
    const std::vector<std::string> events = {"--events", fifo};
    words.insert(words.begin() + (names_subcommand ? 2 : 1), events.begin(), events.end());
    child_ = std::make_unique<Child>(words, directory, streams);
    child_->also_read(fifo_, [this](std::string_view bytes) { take_events(bytes); });
}

HotrunProcess::~HotrunProcess() {
    if (child_->running())
        end_with(SIGTERM);
    child_.reset();
    ::close(fifo_);
}

void HotrunProcess::take_events(std::string_view bytes) {
    rest_ += bytes;
    for (std::size_t end; (end = rest_.find('\n')) != std::string::npos; rest_.erase(0, end + 1)) {
        events_.push_back(boost::json::parse(rest_.substr(0, end)).as_object());
        const auto seq = static_cast<std::size_t>(events_.back().at("seq").to_number<long>());
        EXPECT_EQ(seq, events_.size()) << "a gap in the events";
    }
}

const boost::json::object *HotrunProcess::next_of(const std::vector<std::string> &names) {
    const boost::json::object *found = nullptr;
    child_->wait_until(
        [&] {
            for (; seen_ < events_.size() && found == nullptr; ++seen_) {
                const std::string name(events_[seen_].at("event").as_string());
                if (std::ranges::count(names, name) != 0)
                    found = &events_[seen_];
            }
            return found != nullptr;
        },
        "the event " + names.front());
    if (found == nullptr)
        throw std::runtime_error("the event " + names.front() +
                                 " did not come; the events were:\n" + all_events());
    return found;
}

std::string HotrunProcess::all_events() const {
    std::string lines;
    for (const boost::json::object &event : events_)
        lines += boost::json::serialize(event) + "\n";
    return lines;
}

void HotrunProcess::wait_until_ready() {
    ASSERT_NE(next("ready"), nullptr);
}

void HotrunProcess::wait_until_closed(std::size_t retired_count) {
    constexpr std::size_t kKept = 8;
    const auto is_closed = [](const boost::json::object &event) {
        return event.at("event") == "retired" && event.at("unmapped") == true;
    };
    child_->wait_until(
        [&] {
            return std::ranges::count_if(events_, is_closed) ==
                   static_cast<std::ptrdiff_t>(retired_count - kKept);
        },
        "old code to be closed");
}

std::size_t HotrunProcess::count(const std::string &name) const {
    return static_cast<std::size_t>(
        std::count_if(events_.begin(), events_.end(), [&](const boost::json::object &event) {
            return event.at("event").as_string() == name;
        }));
}

int HotrunProcess::end_with(int signal) {
    child_->signal(signal);
    return child_->wait_for_exit();
}

} // namespace hotrun::e2e
