// Saves at random, in all the ways that programs have.
#pragma once

#include "editors/values_project.hpp"

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace hotrun::editors {

class RandomSaves {
  public:
    RandomSaves(ValuesProject &project, std::uint64_t seed) : project_(project), random_(seed) {}

    // Saves one file or several, the same one more than once among them, without a pause between
    // them. `during_build` waits until a build runs.
    struct Burst {
        std::string story;         // what was done
        std::size_t saves = 1;     // what a build each is granted to
        bool same_content = false; // nothing will be printed that was not printed before
    };
    Burst make(const std::function<void()> &wait_for_build_start);

  private:
    // Each brings `text` into the file and gives how many builds that may take.
    using Way = std::size_t (RandomSaves::*)(const std::string &file, const std::string &text);
    std::size_t write_in_place(const std::string &file, const std::string &text);
    std::size_t truncate_then_write(const std::string &file, const std::string &text);
    std::size_t rename_over(const std::string &file, const std::string &text);
    std::size_t move_older_over(const std::string &file, const std::string &text);
    std::size_t copy_older_over(const std::string &file, const std::string &text);
    std::size_t edit_with_sed(const std::string &file, const std::string &text);
    std::size_t delete_and_create(const std::string &file, const std::string &text);
    std::size_t point_link_to(const std::string &file, const std::string &text);

    struct NamedWay {
        const char *name;
        Way save;
    };
    static const std::vector<NamedWay> kWays;

    void save_new_value(Burst &burst);
    std::string older_file(const std::string &text);
    void pause(int most_ms);
    int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }

    ValuesProject &project_;
    std::mt19937_64 random_;
    int links_made_ = 0;
};

} // namespace hotrun::editors
