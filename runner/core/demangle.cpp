#include "core/demangle.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>

namespace hotrun {
namespace {

constexpr std::size_t kLongestName = 8192; // the demangler's time is not bound by the length

} // namespace

std::string demangle(std::string_view name) {
    const std::string mangled(name);
    if (!name.starts_with("_Z") || name.size() > kLongestName)
        return mangled;
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
    return status == 0 && text ? std::string(text.get()) : mangled;
}

} // namespace hotrun
