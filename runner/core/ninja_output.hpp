// What ninja prints while it builds, taken apart.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// The NINJA_STATUS that NinjaOutput needs; ninja is to run with CLICOLOR_FORCE=1, or it takes the
// colours out of what commands print. Ninja has no output for machines: the control character in
// front tells its status lines from everything else. The counts are those of the started, all, the
// running, the unstarted and the finished edges.
inline constexpr std::string_view kNinjaStatus = "\x1e%s %t %r %u %f ";

// Reads ninja's output, both streams merged on a pipe, in pieces of any size. Thread-bound.
//
// What is known of it, from ninja's status.cc and line_printer.cc (1.11) and status_printer.cc
// (later ones):
//   - When an edge ends, its status line is printed, then, if it failed, "FAILED: " with its
//     outputs and a line with its command, then what it printed.
//   - A console edge (Meson's regeneration is one) has its status line when it starts, and prints
//     by itself; if it fails, "FAILED: " follows without a status line. Edges that end meanwhile
//     are told afterwards, the silent ones among them not at all.
//   - A command whose output has no line break at its end has the next status line on its last
//     line.
class NinjaOutput {
  public:
    // What one edge printed, or ninja itself.
    struct Chunk {
        std::string output_name; // the outputs of a failed edge, as ninja lists them; else empty
        std::string description; // what its status line says; empty for ninja's own words
        bool failed = false;
        std::string heading; // of a failed edge: its line "FAILED: …"
        std::string command; // of a failed edge
        std::string text;    // whole lines
    };

    // True: finished() or total() changed.
    bool feed(std::string_view bytes);

    // There is no more. The results below are for afterwards.
    void finish();

    // Of the edges that ninja has planned so far; both start again after a regeneration.
    std::size_t finished() const { return finished_; }
    std::size_t total() const { return total_; }

    // Ninja said that there was no work to do (it may have regenerated its own files).
    bool nothing_to_do() const { return nothing_to_do_; }

    // What a user wants to see: what commands printed, the failed ones under their FAILED line,
    // and ninja's own errors. `verbose` adds the command lines of the failed.
    std::string printed(bool verbose = false) const;

    // The outputs of the failed edges. Ninja separates them by spaces and quotes nothing: a name
    // with a space in it comes out in parts.
    std::vector<std::string> failed_outputs() const;

    // In the order of the output; only those that failed or printed something.
    const std::vector<Chunk> &chunks() const { return chunks_; }

  private:
    struct Counts {
        std::size_t started = 0;
        std::size_t total = 0;
        std::size_t running = 0;
        std::size_t finished = 0;
    };
    struct StatusLine {
        Counts counts;
        std::string_view description;
    };

    static std::optional<StatusLine> parse_status(std::string_view text);
    void read_line(std::string_view line);
    void read_status(const StatusLine &status);
    void read_text(std::string_view line);
    void read_failure(std::string_view line, std::string_view outputs);
    bool read_own_line(std::string_view line);
    Chunk &current();
    void open_chunk(std::string_view description);

    std::string line_; // the start of a line whose end is not there yet
    std::vector<Chunk> chunks_;
    std::size_t current_ = 0;            // where text goes
    std::optional<std::size_t> console_; // the chunk of the console edge that started last
    bool command_follows_ = false;       // a FAILED line was the last one
    bool edge_ended_ = false;            // the last status line told the end of an edge
    bool nothing_to_do_ = false;
    std::size_t finished_ = 0;
    std::size_t total_ = 0;
};

} // namespace hotrun
