// hotrun/module.hpp without a host: what it makes, and where.
#include "hotrun/module.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <memory_resource>
#include <vector>

namespace {

int blocks_in_use;

constexpr std::align_val_t kAlignment{alignof(std::max_align_t)};

void *allocate(hotrun_context *, std::size_t bytes, std::size_t alignment) {
    if (bytes > 1'000'000 || alignment > static_cast<std::size_t>(kAlignment))
        return nullptr;
    ++blocks_in_use;
    return ::operator new(bytes, kAlignment);
}

void *allocate_typed(hotrun_context *context, std::size_t count, const hotrun_type *type) {
    return allocate(context, count * type->size_bytes, alignof(std::max_align_t));
}

void release(hotrun_context *, void *memory) {
    --blocks_in_use;
    ::operator delete(memory, kAlignment);
}

class ModuleHeader : public testing::Test {
  protected:
    ModuleHeader() {
        blocks_in_use = 0;
        context.allocate = allocate;
        context.allocate_typed = allocate_typed;
        context.release = release;
        hotrun_bind(&context);
    }
    ~ModuleHeader() override { hotrun_bind(nullptr); }

    hotrun_context context = {};
};

TEST_F(ModuleHeader, AnObjectOfTheHeapIsMadeOfWhatIsMovedIntoIt) {
    struct Owner {
        explicit Owner(std::unique_ptr<int> given, const int &also)
            : value(std::move(given)), sum(*value + also) {}
        std::unique_ptr<int> value;
        int sum;
    };
    auto *owner = hotrun::make<Owner>(std::make_unique<int>(6), 7);
    EXPECT_EQ(owner->sum, 13);
    EXPECT_EQ(blocks_in_use, 1);
    hotrun::destroy(owner);
    EXPECT_EQ(blocks_in_use, 0);
}

TEST_F(ModuleHeader, APmrContainerLiesInTheHeapOfTheSourceThatIncludesItsHeader) {
    {
        std::pmr::vector<int> numbers(hotrun::memory_resource());
        numbers.assign(1000, 7);
        EXPECT_EQ(blocks_in_use, 1);
        const std::pmr::vector<int> others({1, 2, 3}, hotrun::memory_resource());
        EXPECT_EQ(numbers.get_allocator(), others.get_allocator());
        hotrun::heap_resource another;
        EXPECT_TRUE(another.is_equal(*hotrun::memory_resource())) << "there is one heap";
        EXPECT_FALSE(another.is_equal(*std::pmr::new_delete_resource()));
        EXPECT_THROW(numbers.resize(1'000'000), std::bad_alloc);
    }
    EXPECT_EQ(blocks_in_use, 0);
    hotrun_bind(nullptr);
    EXPECT_THROW(static_cast<void>(hotrun::memory_resource()->allocate(1)), std::bad_alloc);
}

} // namespace
