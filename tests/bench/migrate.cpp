// What a migration of a million objects takes of the pause.
#include "bench/clocks.hpp"
#include "bench/figures.hpp"
#include "core/migration.hpp"
#include "unit/migrated_types.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <sys/mman.h>

namespace hotrun::bench {
namespace {

constexpr std::size_t kObjectCount = 1'000'000;
constexpr std::size_t kHeapBytes = std::size_t{256} << 20;
constexpr int kRunCount = 7;
constexpr double kBarMs = 150;

struct OldNode {
    OldNode *next;
    int value;
    float speed;
};

struct NewNode {
    double speed;
    NewNode *next;
    long value;
};

class Heap {
  public:
    Heap()
        : memory_(::mmap(nullptr, kHeapBytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)),
          heap_(memory_, kHeapBytes) {
        TypeLayout &old_node = types_.object("Node", sizeof(OldNode), {});
        old_node.members = {
            TypeLayouts::member("next", types_.pointer_to(old_node), offsetof(OldNode, next)),
            TypeLayouts::member("value", types_.of<int>(), offsetof(OldNode, value)),
            TypeLayouts::member("speed", types_.of<float>(), offsetof(OldNode, speed))};
        TypeLayout &new_node = types_.object("Node", sizeof(NewNode), {});
        new_node.members = {
            TypeLayouts::member("speed", types_.of<double>(), offsetof(NewNode, speed)),
            TypeLayouts::member("next", types_.pointer_to(new_node), offsetof(NewNode, next)),
            TypeLayouts::member("value", types_.of<long>(), offsetof(NewNode, value))};
        descriptor_ = &before_.add(old_node);
        after_.add(new_node);
    }
    ~Heap() { ::munmap(memory_, kHeapBytes); }
    Heap(const Heap &) = delete;
    Heap &operator=(const Heap &) = delete;

    // Each leads to the one before it.
    void fill(std::size_t objects_in_a_block) {
        OldNode *last = nullptr;
        for (std::size_t i = 0; i < kObjectCount; i += objects_in_a_block) {
            auto *nodes =
                static_cast<OldNode *>(heap_.allocate_typed(objects_in_a_block, *descriptor_));
            for (std::size_t k = 0; k < objects_in_a_block; ++k) {
                nodes[k] = {last, static_cast<int>(i + k), 0.5F};
                last = nodes + k;
            }
        }
        state_ = last;
    }

    double migrate() {
        Migration migration(std::vector{before_.loaded()}, std::vector{after_.loaded()});
        const double start = thread_ms();
        const auto refusal =
            migration.apply(heap_, state_, [](auto, void *, std::size_t) { return std::string(); });
        const double ms = thread_ms() - start;
        EXPECT_FALSE(refusal) << *refusal;
        return ms;
    }

    bool holds() const {
        std::size_t left = kObjectCount;
        for (auto *node = static_cast<const NewNode *>(state_); node != nullptr;
             node = node->next) {
            if (node->value != static_cast<long>(--left) || node->speed != 0.5)
                return false;
        }
        return left == 0;
    }

  private:
    void *memory_;
    PermanentHeap heap_;
    TypeLayouts types_;
    LibraryVersion before_;
    LibraryVersion after_;
    const hotrun_type *descriptor_ = nullptr;
    void *state_ = nullptr;
};

void measure(const std::string &name, std::size_t objects_in_a_block) {
    std::vector<double> times;
    for (int i = 0; i < kRunCount; ++i) {
        Heap heap;
        heap.fill(objects_in_a_block);
        times.push_back(heap.migrate());
        EXPECT_TRUE(heap.holds());
    }
    tell_figure("a million objects in " + name, "ms", times, {"", kBarMs});
}

TEST(Migrate, AMillionObjectsInOneArray) {
    measure("one array", kObjectCount);
}

TEST(Migrate, AMillionObjectsInBlocksOfTheirOwn) {
    measure("blocks of their own", 1);
}

} // namespace
} // namespace hotrun::bench
