// The part of StaticCarry that sees to it that each object is destroyed once.
#include "core/static_carry.hpp"

#include <algorithm>
#include <iterator>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

// Those of objects in the variable.
std::vector<ExitCall *> exit_calls_of(const std::vector<ExitCall *> &all,
                                      std::span<const std::byte> memory) {
    const AddressRange range = range_of(memory);
    std::vector<ExitCall *> own;
    std::ranges::copy_if(all, std::back_inserter(own), [&](const ExitCall *call) {
        return !call->is_off && range.contains(reinterpret_cast<std::uintptr_t>(call->object));
    });
    return own;
}

} // namespace

// What the new library has made in the place of a value.
std::optional<std::string> StaticCarry::destroy_new(const Process &process) {
    std::vector<ExitCall *> gone;
    for (const Pair &pair : pairs_) {
        const std::vector<ExitCall *> all = pair.new_version.code->library->exit_calls();
        for (const Value &value : values_) {
            if (value.carried->pair != &pair || !value.carried->is_same)
                continue;
            const auto own = exit_calls_of(all, value.carried->new_memory());
            gone.insert(gone.end(), own.begin(), own.end());
        }
    }
    for (std::size_t i = 0; i < gone.size(); ++i) {
        const std::string failure = process.destroy(*gone[i]);
        if (failure.empty())
            continue;
        for (std::size_t done = 0; done <= i; ++done)
            gone[done]->is_off = true;
        return "a destructor of a static object has failed (" + failure + ")";
    }
    return std::nullopt;
}

void StaticCarry::hand_over_destructors() {
    for (const Pair &pair : pairs_) {
        const std::vector<ExitCall *> old_calls = pair.old_version.code->library->exit_calls();
        const std::vector<ExitCall *> new_calls = pair.new_version.code->library->exit_calls();
        for (const Value &value : values_) {
            if (value.carried->pair != &pair)
                continue;
            const auto before = exit_calls_of(old_calls, value.carried->old_memory());
            const auto now = exit_calls_of(new_calls, value.carried->new_memory());
            old_calls_.insert(old_calls_.end(), before.begin(), before.end());
            new_calls_.insert(new_calls_.end(), now.begin(), now.end());
            for (const ExitCall *call : before) {
                if (now.empty())
                    register_anew(*value.carried, *call);
            }
        }
        add_array_destructors(pair);
    }
    for (ExitCall *call : old_calls_)
        call->is_off = true;
}

// A function's own object, which the new code has not reached and so not registered.
void StaticCarry::register_anew(const Carried &carried, const ExitCall &call) {
    const auto function = reinterpret_cast<std::uintptr_t>(call.function);
    std::optional<std::uint64_t> now = function;
    if (rebind_->leads_into_old(function))
        now = rebind_->answer(function);
    const auto object = place_of(reinterpret_cast<std::uintptr_t>(call.object));
    if (now && object)
        new_calls_.push_back(&carried.pair->new_version.code->library->add_exit_call(
            reinterpret_cast<void (*)(void *)>(*now), reinterpret_cast<void *>(*object)));
}

// The destructors of an array's elements are one call, which does not say of what array.
void StaticCarry::add_array_destructors(const Pair &pair) {
    const bool has_array = std::ranges::any_of(values_, [&](const Value &value) {
        return value.carried->pair == &pair && value.carried->old_one->type->kind == Kind::kArray;
    });
    if (!has_array)
        return;
    const auto add = [](const Version &version, std::vector<ExitCall *> &calls) {
        const std::uint64_t bias = version.code->library->place().load_bias;
        const std::vector<std::uint64_t> &functions = version.types->array_destructors;
        for (ExitCall *call : version.code->library->exit_calls()) {
            const auto function = reinterpret_cast<std::uintptr_t>(call->function);
            if (call->object == nullptr && !call->is_off &&
                std::ranges::find(functions, function - bias) != functions.end())
                calls.push_back(call);
        }
    };
    add(pair.old_version, old_calls_);
    add(pair.new_version, new_calls_);
}

void StaticCarry::undo() {
    if (outside_)
        outside_->undo();
    for (ExitCall *call : old_calls_)
        call->is_off = false;
    for (ExitCall *call : new_calls_)
        call->is_off = true;
    old_calls_.clear();
    new_calls_.clear();
    for (const Value &value : values_)
        *value.carried->pair->new_version.code->has_values = false;
}

} // namespace hotrun
