// What somebody writes to the standard input of the command.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace hotrun {

// Read by a thread of its own, from its making to its end.
class StandardInput {
  public:
    // Called on that thread; without bytes, once, at the end of the input.
    using Take = std::function<void(std::string_view bytes)>;

    // None: the system has no thread or descriptor left for it.
    static std::optional<StandardInput> read(Take take);
    StandardInput(StandardInput &&) noexcept;
    StandardInput &operator=(StandardInput &&) = delete;
    ~StandardInput();

  private:
    class Reader;
    explicit StandardInput(std::unique_ptr<Reader> reader);
    std::unique_ptr<Reader> reader_;
};

} // namespace hotrun
