#include "editors/random_saves.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace hotrun::editors {

namespace fs = std::filesystem;

namespace {

// Longer than a file may be gone before that counts.
constexpr int kLongPauseMs = 80;

void write_to(const std::string &path, const std::string &text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

} // namespace

const std::vector<RandomSaves::NamedWay> RandomSaves::kWays = {
    {"write", &RandomSaves::write_in_place},
    {"truncate, write", &RandomSaves::truncate_then_write},
    {"rename", &RandomSaves::rename_over},
    {"mv older", &RandomSaves::move_older_over},
    {"cp -p older", &RandomSaves::copy_older_over},
    {"sed -i", &RandomSaves::edit_with_sed},
    {"delete, create", &RandomSaves::delete_and_create},
    {"ln -s", &RandomSaves::point_link_to},
};

RandomSaves::Burst RandomSaves::make(const std::function<void()> &wait_for_build_start) {
    Burst burst;
    burst.saves = 0;
    switch (up_to(9)) {
    case 0: { // several files, or one several times
        const int count = 2 + up_to(3);
        std::size_t pauses = 0;
        for (int i = 0; i < count; ++i) {
            save_new_value(burst);
            pauses += burst.saves - 1;
            burst.saves = 0;
        }
        burst.saves = 1 + pauses;
        break;
    }
    case 1: // while the build of another save runs
        save_new_value(burst);
        wait_for_build_start();
        pause(60);
        save_new_value(burst);
        break;
    case 2: {
        const std::string &file = kFiles[static_cast<std::size_t>(up_to(2))];
        burst = {"touch " + file, 1, true};
        e2e::run_command({"touch", file}, project_.path());
        break;
    }
    case 3: {
        const std::string &file = kFiles[static_cast<std::size_t>(up_to(2))];
        burst = {"the same content: " + file, 1, true};
        write_in_place(file, ValuesProject::content(file, project_.value(file)));
        break;
    }
    default:
        save_new_value(burst);
    }
    return burst;
}

void RandomSaves::save_new_value(Burst &burst) {
    const std::string &file = kFiles[static_cast<std::size_t>(up_to(2))];
    const NamedWay &way =
        kWays[static_cast<std::size_t>(up_to(static_cast<int>(kWays.size()) - 1))];
    const int value = project_.new_value(file);
    burst.story += std::string(way.name) + " " + file + "=" + std::to_string(value) + "; ";
    burst.saves += (this->*way.save)(file, ValuesProject::content(file, value));
}

std::size_t RandomSaves::write_in_place(const std::string &file, const std::string &text) {
    write_to(project_.path(file), text);
    return 1;
}

std::size_t RandomSaves::truncate_then_write(const std::string &file, const std::string &text) {
    write_to(project_.path(file), "");
    pause(kLongPauseMs);
    write_to(project_.path(file), text);
    return 2;
}

std::size_t RandomSaves::rename_over(const std::string &file, const std::string &text) {
    write_to(project_.path("temporary"), text);
    fs::rename(project_.path("temporary"), project_.path(file));
    return 1;
}

std::size_t RandomSaves::move_older_over(const std::string &file, const std::string &text) {
    fs::rename(older_file(text), project_.path(file));
    return 1;
}

std::size_t RandomSaves::copy_older_over(const std::string &file, const std::string &text) {
    e2e::run_command({"cp", "-p", older_file(text), file}, project_.path());
    return 1;
}

// It replaces a link by a file.
std::size_t RandomSaves::edit_with_sed(const std::string &file, const std::string &text) {
    write_to(project_.path("wanted"), text);
    e2e::run_command({"sed", "-i", "-e", "1r wanted", "-e", "1,$d", file}, project_.path());
    return 1;
}

std::size_t RandomSaves::delete_and_create(const std::string &file, const std::string &text) {
    fs::remove(project_.path(file));
    pause(kLongPauseMs);
    write_to(project_.path(file), text);
    return 2;
}

std::size_t RandomSaves::point_link_to(const std::string &file, const std::string &text) {
    // Two targets for each file take turns, so that a link also points back.
    const std::string target = "target" + std::to_string(++links_made_ % 2) + "/" + file;
    project_.files().write(target, text);
    e2e::run_command({"ln", "-sfT", target, file}, project_.path());
    return 1;
}

// An own time for each, or a file of the same size could not be told from the one before.
std::string RandomSaves::older_file(const std::string &text) {
    const std::string path = project_.path("older");
    write_to(path, text);
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(24) -
                                  std::chrono::milliseconds(up_to(1'000'000'000)));
    return path;
}

void RandomSaves::pause(int most_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(up_to(most_ms)));
}

} // namespace hotrun::editors
