#include "bench/figures.hpp"

#include "bench/statistics.hpp"

#include <boost/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace hotrun::bench {

namespace {

namespace json = boost::json;

json::object figure(const char *unit, const std::vector<double> &sample,
                    const Comparison &comparison) {
    json::object object = {{"unit", unit},
                           {"count", sample.size()},
                           {"min", percentile(sample, 0)},
                           {"median", median(sample)},
                           {"p95", percentile(sample, 0.95)},
                           {"max", percentile(sample, 1)}};
    if (!comparison.with.empty())
        object["compared_with"] = comparison.with;
    if (comparison.bar) {
        object["bar"] = *comparison.bar;
        object["bar_of"] = comparison.bar_of_p95 ? "p95" : "median";
    }
    return object;
}

void print(const std::string &name, const json::object &figure) {
    static bool headed = false;
    if (!std::exchange(headed, true))
        std::printf("%-58s %9s %9s %9s %9s %7s\n", "", "min", "median", "p95", "max", "count");
    std::printf("%-58s", (name + ", " + figure.at("unit").as_string().c_str()).c_str());
    for (const char *field : {"min", "median", "p95", "max"})
        std::printf(" %9.2f", figure.at(field).to_number<double>());
    std::printf(" %7.0f", figure.at("count").to_number<double>());
    if (figure.contains("bar"))
        std::printf("  (bar of the %s: %g)", figure.at("bar_of").as_string().c_str(),
                    figure.at("bar").to_number<double>());
    std::printf("\n");
    std::fflush(stdout);
}

// Whole after each figure, so that a benchmark that breaks off leaves what it has.
void write(const std::string &path, const std::string &name, const json::object &figure) {
    static json::object all;
    all[name] = figure;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << json::serialize(all) << '\n';
}

} // namespace

void tell_figure(const std::string &name, const char *unit, const std::vector<double> &sample,
                 const Comparison &comparison) {
    if (sample.empty()) // what was to be measured has failed, and said so
        return;
    const json::object told = figure(unit, sample, comparison);
    print(name, told);
    if (const char *path = std::getenv("HOTRUN_BENCH_FIGURES"))
        write(path, name, told);
}

void tell_figure(const std::string &name, const char *unit, double value,
                 const Comparison &comparison) {
    tell_figure(name, unit, std::vector{value}, comparison);
}

} // namespace hotrun::bench
