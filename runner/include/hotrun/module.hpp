// The C++ side of the contract (hotrun/module.h), for C++17 and later: typed objects in the
// permanent heap. A module needs this header and no library.
//
//     struct State { std::vector<Enemy, hotrun::allocator<Enemy>> enemies; int lives = 3; };
//
//     void hotrun_step(hotrun_context *ctx) { hotrun::state<State>(ctx).lives... }
//
// What is made here keeps its values when its type changes; docs/state.md says what is carried
// over. Where an object has got new members its default constructor, if it has one, is called
// first, so that they have the values of their initialisers.
//
// Any thread may call these once the module's first callback has begun, as far as the objects
// themselves allow it. Before that, in static constructors, there is no heap: std::bad_alloc.
#ifndef HOTRUN_MODULE_HPP
#define HOTRUN_MODULE_HPP

#include "hotrun/module.h"

// Compiled at each save: what takes long to compile is left to those who use it.
#include <cstddef>
#include <new>
#include <type_traits>

#if defined _GLIBCXX_RELEASE && !_GLIBCXX_INLINE_VERSION
#pragma GCC visibility push(default)
namespace std::pmr { // NOLINT(cert-dcl58-cpp): as libstdc++ declares it
class memory_resource;
}
#pragma GCC visibility pop
#else
#include <memory_resource>
#endif

namespace hotrun {

namespace detail {

// Of each version of the library its own.
__attribute__((visibility("hidden"))) inline hotrun_context *context = nullptr;

template <typename T>
void construct(hotrun_context *on) {
    auto *objects = static_cast<T *>(on->subject);
    for (std::size_t i = 0; i < on->subject_count; ++i)
        ::new (static_cast<void *>(objects + i)) T{};
}

template <typename T>
constexpr auto constructor_of() -> void (*)(hotrun_context *) {
    if constexpr (std::is_default_constructible_v<T>)
        return construct<T>;
    else
        return nullptr;
}

// As HOTRUN_TYPE, with a name that says which type it is, and with its default constructor.
template <typename T>
const hotrun_type *type() {
    static const struct {
        hotrun_type type;
        T *of;
        void (*construct)(hotrun_context *);
    } hotrun_type_ __attribute__((used)) = {
        {__PRETTY_FUNCTION__, sizeof(T), alignof(T)}, nullptr, constructor_of<T>()};
    return &hotrun_type_.type;
}

template <typename T>
T *allocate(std::size_t count) {
    void *memory =
        context == nullptr ? nullptr : context->allocate_typed(context, count, type<T>());
    if (memory == nullptr)
        throw std::bad_alloc();
    return static_cast<T *>(memory);
}

inline void release(void *memory) noexcept {
    if (context != nullptr)
        context->release(context, memory);
}

// Code that only gives a T back has to know its type too: it may have been made by other code.
template <typename T>
void release_typed(T *memory) noexcept {
    static_cast<void>(type<T>());
    release(memory);
}

} // namespace detail

// A T in the permanent heap. Throws std::bad_alloc where that is full, and what the constructor
// throws.
template <typename T, typename... Arguments>
T *make(Arguments &&...arguments) {
    T *memory = detail::allocate<T>(1);
    try {
        return ::new (static_cast<void *>(memory)) T(static_cast<Arguments &&>(arguments)...);
    } catch (...) {
        detail::release(memory);
        throw;
    }
}

// What make() has made; null is nothing.
template <typename T>
void destroy(T *object) noexcept {
    if (object == nullptr)
        return;
    object->~T();
    detail::release_typed(object);
}

// The module's root: made the first time, the same object after each reload.
template <typename T>
T &state(hotrun_context *context) {
    detail::context = context;
    if (context->state == nullptr)
        context->state = make<T>();
    return *static_cast<T *>(context->state);
}

// For standard containers whose elements are to lie in the permanent heap.
template <typename T>
class allocator {
  public:
    using value_type = T;
    using is_always_equal = std::true_type;

    allocator() noexcept = default;
    template <typename Other>
    allocator(const allocator<Other> &) noexcept {} // NOLINT(google-explicit-constructor)

    [[nodiscard]] T *allocate(std::size_t count) { return detail::allocate<T>(count); }
    void deallocate(T *memory, std::size_t) noexcept { detail::release_typed(memory); }

    template <typename Other>
    friend bool operator==(const allocator &, const allocator<Other> &) noexcept {
        return true;
    }
    template <typename Other>
    friend bool operator!=(const allocator &, const allocator<Other> &) noexcept {
        return false;
    }
};

namespace detail {

template <typename Resource>
class heap_resource final : public Resource {
  private:
    void *do_allocate(std::size_t bytes, std::size_t alignment) override {
        hotrun_context *on = context;
        void *memory = on == nullptr ? nullptr : on->allocate(on, bytes, alignment);
        if (memory == nullptr)
            throw std::bad_alloc();
        return memory;
    }
    void do_deallocate(void *memory, std::size_t, std::size_t) override { detail::release(memory); }
    bool do_is_equal(const Resource &other) const noexcept override {
        return dynamic_cast<const heap_resource *>(&other) != nullptr;
    }
};

template <typename Resource>
__attribute__((visibility("hidden"))) inline heap_resource<Resource> resource;

} // namespace detail

// For std::pmr containers, in a source that includes <memory_resource>. Its blocks have no type:
// while there are any, a reload that changes a struct is refused.
using heap_resource = detail::heap_resource<std::pmr::memory_resource>;

template <typename Resource = std::pmr::memory_resource>
Resource *memory_resource() noexcept {
    return &detail::resource<Resource>;
}

} // namespace hotrun

// Called by the host before hotrun_init and hotrun_reload.
extern "C" HOTRUN_EXPORT __attribute__((used)) inline void hotrun_bind(hotrun_context *context) {
    hotrun::detail::context = context;
}

#endif
