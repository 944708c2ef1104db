// The outcome of an operation that can fail for reasons outside the program.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace hotrun {

enum class ErrorKind {
    kMisuse, // the caller named something that does not exist or cannot be used so
    kBusy,   // somebody else has it
    kFailed, // the system, a file or a tool said no
};

// `message` is one sentence without a full stop; it names the object and, where there is one, the
// remedy. `system_code` is an errno value, or 0.
struct Error {
    ErrorKind kind = ErrorKind::kFailed;
    std::string message;
    int system_code = 0;
};

// A T or an Error. Reading the one that is not there is a programmer's error.
template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return content_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T &operator*() { return *std::get_if<0>(&content_); }
    const T &operator*() const { return *std::get_if<0>(&content_); }
    T *operator->() { return std::get_if<0>(&content_); }
    const T *operator->() const { return std::get_if<0>(&content_); }

    const Error &error() const { return *std::get_if<1>(&content_); }

  private:
    std::variant<T, Error> content_;
};

// For operations that give nothing back.
struct Done {};
using Status = Result<Done>;

} // namespace hotrun
