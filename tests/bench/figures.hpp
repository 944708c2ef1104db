// What a benchmark has measured: a row for who watches it run, and an object of JSON for
// docs/performance.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace hotrun::bench {

// What a figure is read beside.
struct Comparison {
    std::string with; // another figure of the same benchmark, or words
    std::optional<double> bar{};
    bool bar_of_p95 = false; // else of the median
};

// Prints the figure, and puts it into the file that HOTRUN_BENCH_FIGURES names, if it does. A
// figure that is there already is replaced.
void tell_figure(const std::string &name, const char *unit, const std::vector<double> &sample,
                 const Comparison &comparison = {});

// What is no sample.
void tell_figure(const std::string &name, const char *unit, double value,
                 const Comparison &comparison = {});

} // namespace hotrun::bench
