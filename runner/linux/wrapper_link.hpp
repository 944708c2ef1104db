// The connection of a program that is wrapped to the run that wraps it.
#pragma once

#include "control/attached_program.hpp"
#include "control/line_reader.hpp"
#include "core/phase_times.hpp"
#include "hotrun/runner.hpp"
#include "linux/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

// Bound to the runner's thread once it serves. Sends the events that it observes.
class WrapperLink : public Observer {
  public:
    struct Candidate {
        std::uint64_t number = 0;
        PhaseTimes phases{TimePoint{}};
        bool anew = false;
    };

    // Says hello to who listens at HOTRUN_SOCKET, and waits for the answer. Null: nobody wraps this
    // program, or not for this build folder.
    static std::unique_ptr<WrapperLink> join(boost::asio::io_context &io, const Hello &hello);
    ~WrapperLink() override;

    void serve(std::function<void(const Candidate &)> on_candidate);
    void answer(std::uint64_t candidate);
    void event(const Event &event) override;

  private:
    WrapperLink(boost::asio::io_context &io, UniqueFd socket);
    bool await_hello_answer();
    void read_when_ready();
    void read();
    void take(std::string_view line);
    void send(const std::string &line);
    void flush();

    boost::asio::posix::stream_descriptor stream_;
    LineReader lines_;
    std::function<void(const Candidate &)> on_candidate_;
    std::vector<std::string> early_; // lines that came before somebody served
    std::string unsent_;
    bool writing_ = false;
    bool closed_ = false; // by the other side
};

} // namespace hotrun
