// The programs in examples/, as a user has them who has copied the folder.
#include "e2e/hotrun_process.hpp"
#include "e2e/scoped_variable.hpp"
#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <numbers>
#include <sstream>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

class Examples : public testing::Test {
  protected:
    void set_up() const {
        fs::create_directory_symlink(fs::path(HOTRUN_INCLUDE).parent_path(), folder / "runner");
        fs::copy(HOTRUN_ROOT "/examples", folder / "examples", fs::copy_options::recursive);
        run_command({"meson", "setup", "build"}, folder / "examples");
    }

    std::string file_of(const std::string &name) const {
        return "examples/" + name + "/" + name + ".cpp";
    }
    void replace(const std::string &name, const std::string &old_text,
                 const std::string &new_text) const {
        std::string text = content_of(folder / file_of(name));
        const std::size_t at = text.find(old_text);
        ASSERT_NE(at, std::string::npos) << name << " has no " << old_text;
        folder.write(file_of(name), text.replace(at, old_text.size(), new_text));
    }
    void edit(HotrunProcess &hotrun, const std::string &name, const std::string &old_text,
              const std::string &new_text) const {
        replace(name, old_text, new_text);
        const boost::json::object *reloaded = hotrun.next("reloaded");
        ASSERT_NE(reloaded, nullptr);
        EXPECT_EQ(reloaded->at("module").as_string(), name);
        EXPECT_EQ(reloaded->at("state").as_string(), "kept");
    }

    void answer_while_the_responder_is_edited(HotrunProcess &hotrun) const;
    void draw_on_a_terminal() const;
    void run_without_hotrun() const;

    TemporaryFolder folder;
};

std::vector<std::string> lines_of(const std::string &text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

// Generations of a world count on from one to the next, whichever code draws them.
void expect_counted(const std::string &output) {
    unsigned long expected = 0;
    unsigned long generation = 0;
    for (const std::string &line : lines_of(output)) {
        if (std::sscanf(line.c_str(), "generation %lu: ", &generation) != 1)
            continue;
        EXPECT_EQ(generation, expected++);
    }
    EXPECT_GT(expected, 1U);
}

struct Block {
    double frequency;
    double phase; // at its start
};

std::vector<Block> blocks_in(const std::string &output) {
    std::vector<Block> blocks;
    unsigned long number = 0;
    Block block{};
    for (const std::string &line : lines_of(output)) {
        if (std::sscanf(line.c_str(), "block %lu: %lf Hz from phase %lf", &number, &block.frequency,
                        &block.phase) != 3)
            continue;
        EXPECT_EQ(number, blocks.size());
        blocks.push_back(block);
    }
    return blocks;
}

template <typename Number>
Number number_at(const std::string &bytes, std::size_t at) {
    Number number{};
    std::memcpy(&number, bytes.data() + at, sizeof number);
    return number;
}

constexpr std::size_t kHeaderBytes = 44;

void expect_wav_header(const std::string &wav, std::size_t block_count) {
    ASSERT_GT(wav.size(), kHeaderBytes);
    EXPECT_EQ(wav.substr(0, 4) + wav.substr(8, 8) + wav.substr(36, 4), "RIFFWAVEfmt data");
    EXPECT_EQ(number_at<std::uint32_t>(wav, 4), wav.size() - 8);
    EXPECT_EQ(number_at<std::uint16_t>(wav, 20), 1) << "plain samples";
    EXPECT_EQ(number_at<std::uint16_t>(wav, 22), 1) << "channels";
    EXPECT_EQ(number_at<std::uint16_t>(wav, 34), 16) << "bits of a sample";
    EXPECT_EQ(number_at<std::uint32_t>(wav, 28), 2 * number_at<std::uint32_t>(wav, 24));
    EXPECT_EQ(number_at<std::uint32_t>(wav, 40), wav.size() - kHeaderBytes);
    EXPECT_EQ((wav.size() - kHeaderBytes) % (2 * block_count), 0U);
}

double sine(double phase) {
    return std::sin(2 * std::numbers::pi * phase);
}
double saw_tooth(double phase) {
    return 2 * phase - 1;
}

// Each sample of a block is that of the wave, from the phase that the melody has come to.
bool sounds_like(double (*wave)(double), const std::string &wav, std::size_t block,
                 std::size_t block_samples, const Block &note) {
    const double rate = number_at<std::uint32_t>(wav, 24);
    for (std::size_t i = 0; i < block_samples; ++i) {
        double phase = note.phase + static_cast<double>(i) * note.frequency / rate;
        phase -= std::floor(phase);
        const auto sample =
            number_at<std::int16_t>(wav, kHeaderBytes + 2 * (block * block_samples + i));
        const double away = std::abs(sample - 0.8 * 32767 * wave(phase));
        // Rounded, and where a saw tooth falls a hair of the phase decides.
        if (away > 2 && phase > 1e-6 && phase < 1 - 1e-6)
            return false;
    }
    return true;
}

void expect_one_change_of_wave(const std::string &wav, const std::vector<Block> &blocks) {
    const std::size_t samples = (wav.size() - kHeaderBytes) / 2 / blocks.size();
    const double rate = number_at<std::uint32_t>(wav, 24);
    std::array<std::size_t, 2> counts{};
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const bool edited = sounds_like(saw_tooth, wav, i, samples, blocks[i]);
        EXPECT_TRUE(edited || sounds_like(sine, wav, i, samples, blocks[i])) << "block " << i;
        EXPECT_TRUE(edited || counts[1] == 0) << "old code ran after new code, block " << i;
        ++counts[edited ? 1 : 0];
        if (i == 0)
            continue;
        double phase =
            blocks[i - 1].phase + static_cast<double>(samples) * blocks[i - 1].frequency / rate;
        phase -= std::floor(phase);
        const double away = std::abs(phase - blocks[i].phase);
        EXPECT_LT(std::min(away, 1 - away), 1e-6) << "a click before block " << i;
    }
    EXPECT_GT(counts[0], 0U);
    EXPECT_GT(counts[1], 0U);
}

// A connection to the responder.
class Client {
  public:
    explicit Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
    }
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client() { ::close(socket_); }

    void say(const std::string &text) const {
        EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    std::string answer() const {
        const timeval patience = {kPatience.count(), 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        std::string text;
        std::array<char, 1024> bytes{};
        for (ssize_t got; (got = ::recv(socket_, bytes.data(), bytes.size(), 0)) > 0;)
            text.append(bytes.data(), static_cast<std::size_t>(got));
        return text;
    }

  private:
    int socket_;
};

std::string answer_to(int port, const std::string &line) {
    const Client client(port);
    client.say(line + "\r\nHost: localhost\r\n\r\n");
    return client.answer();
}

std::string ask(int port, const std::string &path) {
    return answer_to(port, "GET " + path + " HTTP/1.1");
}

bool ends_with(const std::string &text, const std::string &end) {
    return text.ends_with("\r\n\r\n" + end);
}

int port_in(const std::string &output) {
    const std::string before = "listening on http://127.0.0.1:";
    const std::size_t at = output.find(before);
    EXPECT_NE(at, std::string::npos) << output;
    return at == std::string::npos ? 0 : std::stoi(output.substr(at + before.size()));
}

void Examples::answer_while_the_responder_is_edited(HotrunProcess &hotrun) const {
    const int port = port_in(hotrun.child().output());
    EXPECT_TRUE(ends_with(ask(port, "/a"), "Hello from /a, request 1\n"));
    EXPECT_TRUE(answer_to(port, "?").starts_with("HTTP/1.1 400 "));
    const Client slow(port);
    slow.say("GET /slow HT");

    // While it is built and switched, one request follows the other: none is lost.
    replace("responder", "Hello from ", "Goodbye from ");
    unsigned long number = 2;
    const std::size_t switches = hotrun.count("reloaded");
    const auto asked_until_switched = [&] {
        const std::string end = " from /x, request " + std::to_string(number++) + "\n";
        const std::string answer = ask(port, "/x");
        EXPECT_TRUE(ends_with(answer, "Hello" + end) || ends_with(answer, "Goodbye" + end))
            << answer;
        return hotrun.count("reloaded") > switches || HasFailure();
    };
    ASSERT_TRUE(hotrun.child().wait_until(asked_until_switched, "the switch"));
    ASSERT_NE(hotrun.next("reloaded"), nullptr);
    slow.say("TP/1.1\r\n\r\n");
    EXPECT_TRUE(
        ends_with(slow.answer(), "Goodbye from /slow, request " + std::to_string(number++) + "\n"));
    EXPECT_TRUE(
        ends_with(ask(port, "/y"), "Goodbye from /y, request " + std::to_string(number) + "\n"));
}

// What it draws fits 80 columns and 24 rows.
void Examples::draw_on_a_terminal() const {
    const ScopedVariable dumb("TERM", "dumb"); // no status line is drawn in between
    HotrunProcess hotrun({"--interval", "1", "--steps", "9", "life"}, folder / "examples",
                         Child::Streams::kTerminal);
    ASSERT_TRUE(hotrun.wait_for("\x1b[Hgeneration 8: "));
    EXPECT_EQ(hotrun.child().wait_for_exit(), 0);
    const std::string &output = hotrun.child().output();
    const std::size_t begin = output.find("\x1b[Hgeneration 3: ");
    ASSERT_NE(begin, std::string::npos) << output;
    const std::string picture = output.substr(begin, output.find("\x1b[K\x1b[H", begin) - begin);
    std::vector<std::string> rows = lines_of(picture);
    EXPECT_EQ(rows.size(), 21U) << picture;
    rows.erase(rows.begin());
    for (const std::string &row : rows) {
        EXPECT_EQ(row.find_first_not_of("o "), 80U) << row;
        EXPECT_EQ(row.substr(std::min<std::size_t>(row.size(), 80)), "\x1b[K\r");
    }
}

void Examples::run_without_hotrun() const {
    const std::string examples = folder / "examples";
    run_command({"ninja", "life-plain", "synth-plain", "responder-plain"}, examples + "/build");
    Child life({"build/life-plain", "3", "1"}, examples, Child::Streams::kPipe);
    EXPECT_EQ(life.wait_for_exit(), 0);
    EXPECT_NE(life.output().find("generation 2: "), std::string::npos) << life.output();
    run_command({"build/synth-plain", "4", "1"}, examples);
    expect_wav_header(content_of(examples + "/synth.wav"), 4);
    Child first({"env", "PORT=0", "build/responder-plain"}, examples, Child::Streams::kPipe);
    ASSERT_TRUE(first.wait_for("/\n"));
    const std::string port = std::to_string(port_in(first.output()));
    Child second({"env", "PORT=" + port, "build/responder-plain"}, examples, Child::Streams::kPipe);
    EXPECT_EQ(second.wait_for_exit(), 1);
    EXPECT_NE(second.output().find("can't listen on port " + port), std::string::npos);
}

TEST_F(Examples, GoOnWhileTheyAreEdited) {
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        GTEST_SKIP() << "a sanitizer has nothing to see in other programs";
    set_up();
    const ScopedVariable port("PORT", "0");
    HotrunProcess hotrun({"--interval", "5", "responder", "synth", "life"}, folder / "examples");
    hotrun.wait_until_ready();
    ASSERT_TRUE(hotrun.wait_for("block 0"));
    answer_while_the_responder_is_edited(hotrun);
    edit(hotrun, "synth", "std::sin(2 * std::numbers::pi * phase)", "2 * phase - 1");
    edit(hotrun, "life", "kAlive = \"#\"", "kAlive = \"o\"");
    ASSERT_TRUE(hotrun.wait_for("oo"));
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);

    const std::string &output = hotrun.child().output();
    expect_counted(output);
    EXPECT_EQ(output.find('\x1b'), std::string::npos) << "this is a pipe";
    const std::vector<Block> blocks = blocks_in(output);
    const std::string wav = content_of(folder / "examples/synth.wav");
    ASSERT_FALSE(blocks.empty());
    expect_wav_header(wav, blocks.size());
    expect_one_change_of_wave(wav, blocks);
    draw_on_a_terminal();
    run_without_hotrun();
}

} // namespace
} // namespace hotrun::e2e
