// The game of life: `hotrun life`, then change a rule or a colour below and save. The world goes
// on.
#include <hotrun/module.hpp>

#include <cstdio>
#include <string>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

namespace {

// Lives in the permanent heap.
struct World {
    unsigned long generation = 0;
    int width = 0;
    int height = 0;
    std::vector<char, hotrun::allocator<char>> cells; // 1: alive

    // The edges meet.
    char &at(int x, int y) {
        return cells[static_cast<std::size_t>((y + height) % height * width + (x + width) % width)];
    }
};

constexpr const char *kAlive = "#";
constexpr const char *kDead = " ";

bool lives_on(bool alive, int neighbours) {
    return neighbours == 3 || (alive && neighbours == 2);
}

int neighbours_of(World &world, int x, int y) {
    int count = 0;
    for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx)
            count += (dx != 0 || dy != 0) && world.at(x + dx, y + dy) != 0 ? 1 : 0;
    }
    return count;
}

// A third of the cells, in each run the same.
bool is_seed(int x, int y) {
    unsigned mixed = static_cast<unsigned>(x) * 374761393U + static_cast<unsigned>(y) * 668265263U;
    mixed = (mixed ^ (mixed >> 13)) * 1274126177U;
    return (mixed >> 16) % 3 == 0;
}

// Keeps what there is; new room is seeded.
void resize(World &world, int width, int height) {
    World larger;
    larger.width = width;
    larger.height = height;
    larger.cells.resize(static_cast<std::size_t>(width * height));
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const bool old = x < world.width && y < world.height;
            larger.at(x, y) = old ? world.at(x, y) : static_cast<char>(is_seed(x, y));
        }
    }
    world.width = width;
    world.height = height;
    world.cells.swap(larger.cells);
}

// As large as the terminal, but for the lines that hotrun says something on.
void fit(World &world, bool terminal) {
    winsize size = {};
    int width = 40;
    int height = 12;
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        width = size.ws_col;
        height = size.ws_row > 7 ? size.ws_row - 4 : 3;
    }
    if (width != world.width || height != world.height)
        resize(world, width, height);
}

void advance(World &world) {
    auto next = world.cells;
    for (int y = 0; y < world.height; ++y) {
        for (int x = 0; x < world.width; ++x) {
            const bool alive = lives_on(world.at(x, y) != 0, neighbours_of(world, x, y));
            next[static_cast<std::size_t>(y * world.width + x)] = static_cast<char>(alive);
        }
    }
    world.cells.swap(next);
    ++world.generation;
}

void draw(World &world, bool terminal) {
    const char *const line_end = terminal ? "\x1b[K\n" : "\n";
    std::string rows;
    int alive = 0;
    for (int y = 0; y < world.height; ++y) {
        for (int x = 0; x < world.width; ++x) {
            alive += world.at(x, y);
            rows += world.at(x, y) != 0 ? kAlive : kDead;
        }
        rows += line_end;
    }
    std::printf("%sgeneration %lu: %d alive%s%s%s", terminal ? "\x1b[H" : "", world.generation,
                alive, line_end, rows.c_str(), terminal ? "\x1b[K" : "");
    std::fflush(stdout);
}

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    hotrun::state<World>(context);
}

extern "C" void hotrun_step(hotrun_context *context) {
    World &world = hotrun::state<World>(context);
    const bool terminal = isatty(STDOUT_FILENO) != 0;
    fit(world, terminal);
    draw(world, terminal);
    advance(world);
}
