#include "core/host_thread_loader.hpp"

namespace hotrun {

Result<std::unique_ptr<Library>> HostThreadLoader::load(const std::string &path,
                                                        const Origin &origin) {
    Order order{path, origin, std::nullopt};
    std::unique_lock lock(mutex_);
    if (!closed_) {
        order_ = &order;
        wake_host_();
        changed_.wait(lock, [&] { return order.outcome || closed_; });
        order_ = nullptr;
    }
    lock.unlock();
    return order.outcome ? std::move(*order.outcome) : loader_.load(path, origin);
}

void HostThreadLoader::serve() {
    const std::lock_guard lock(mutex_);
    if (order_ == nullptr || order_->outcome)
        return;
    order_->outcome = loader_.load(order_->path, order_->origin);
    changed_.notify_one();
}

void HostThreadLoader::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_one();
}

} // namespace hotrun
