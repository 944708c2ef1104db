#include "builddir_parts.hpp"

#include <utility>

namespace hotrun {

Status claim_builddir(const std::string &builddir, std::optional<BuildLock> &lock, bool again) {
    lock.reset();
    Result<BuildLock> taken = again ? BuildLock::take_again(builddir) : BuildLock::take(builddir);
    if (!taken)
        return taken.error();
    lock = std::move(*taken);
    return Done{};
}

std::unique_ptr<ControlSocket> make_control_socket(AsioEventLoop &loop, EventStream &events,
                                                   const std::string &builddir) {
    Result<std::unique_ptr<ControlSocket>> made = ControlSocket::create(loop.io(), builddir);
    if (made)
        return std::move(*made);
    loop.post([&events, message = made.error().message] {
        events.tell(WarningEvent{"socket", message});
    });
    return nullptr;
}

} // namespace hotrun
