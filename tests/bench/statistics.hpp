// Percentiles of a sample.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace hotrun::bench {

// `fraction` from 0 to 1; the nearest rank. The sample is not empty.
inline double percentile(std::vector<double> sample, double fraction) {
    std::sort(sample.begin(), sample.end());
    const auto rank =
        static_cast<std::size_t>(fraction * static_cast<double>(sample.size() - 1) + 0.5);
    return sample[rank];
}

inline double median(const std::vector<double> &sample) {
    return percentile(sample, 0.5);
}

} // namespace hotrun::bench
