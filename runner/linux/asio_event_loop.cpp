#include "linux/asio_event_loop.hpp"

#include <boost/asio/post.hpp>

namespace hotrun {

void AsioEventLoop::post(std::function<void()> work) { boost::asio::post(io_, std::move(work)); }

void AsioEventLoop::set_alarm(int name, TimePoint when, std::function<void()> work) {
    boost::asio::steady_timer &timer = alarms_.try_emplace(name, io_).first->second;
    timer.expires_at(when);
    timer.async_wait([work = std::move(work)](const boost::system::error_code &error) {
        if (!error)
            work();
    });
}

void AsioEventLoop::clear_alarm(int name) {
    if (const auto alarm = alarms_.find(name); alarm != alarms_.end())
        alarm->second.cancel();
}

} // namespace hotrun
