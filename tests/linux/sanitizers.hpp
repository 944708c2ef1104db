// Which sanitizer the tests are built with.
#pragma once

extern "C" __attribute__((weak)) void __lsan_disable();
extern "C" __attribute__((weak)) void __lsan_enable();

namespace hotrun {

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif

constexpr bool kSanitizer = kAddressSanitizer || kThreadSanitizer;

// Functions that a sanitizer puts its own before, in whose frames a call can't be left.
enum class Through { kNone, kLibc, kThrow, kAbort };

// Null: such a call can be left.
inline const char *why_not_left(Through through) {
    if (through == Through::kLibc && kSanitizer)
        return "the sanitizer's own function stands between the module and that of the C library";
    if (through == Through::kThrow && kAddressSanitizer)
        return "AddressSanitizer's own __cxa_throw stands between the module and the unwinder";
    if ((through == Through::kThrow || through == Through::kAbort) && kThreadSanitizer)
        return "ThreadSanitizer's own abort stands between the module and that of the C library";
    return nullptr;
}

// Frames that are left do not give back what they have allocated.
class LeaksAreExpected {
  public:
    LeaksAreExpected() {
        if (__lsan_disable != nullptr)
            __lsan_disable();
    }
    LeaksAreExpected(const LeaksAreExpected &) = delete;
    LeaksAreExpected &operator=(const LeaksAreExpected &) = delete;
    ~LeaksAreExpected() {
        if (__lsan_enable != nullptr)
            __lsan_enable();
    }
};

} // namespace hotrun
