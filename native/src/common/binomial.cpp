#include "common/binomial.h"

#include <cmath>

#include "common/math.h"

namespace snn {

namespace {

// log(k!) minus its Stirling approximation.
double stirling_error(double k) {
    static constexpr double small[] = {0.08106146679532726,  0.04134069595540929,  0.02767792568499834,  0.02079067210376509,
                                       0.01664469118982119,  0.01387612882307075,  0.01189670994589177,  0.01041126526197209,
                                       0.009255462182712733, 0.008330563433362871};
    if (k < 10.0) return small[static_cast<size_t>(k)];
    const double n = k + 1.0, square = n * n;
    return (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / n;
}

// For p <= 1/2 and an expected number of at least 10.
double binomial_by_rejection(RandomStream& io_stream, double n, double p) {
    const double deviation = std::sqrt(n * p * (1.0 - p));
    const double b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * p, c = n * p + 0.5;
    const double squeeze = 0.92 - 4.2 / b, ratio = p / (1.0 - p), alpha = (2.83 + 5.1 / b) * deviation;
    const double mode = std::floor((n + 1.0) * p);
    for (;;) {
        const double u = io_stream.uniform() - 0.5, v = io_stream.uniform(), side = 0.5 - std::abs(u);
        const double k = std::floor((2.0 * a / side + b) * u + c);
        if (!(k >= 0.0 && k <= n)) continue;
        if (side >= 0.07 && v <= squeeze) return k;
        const double height = log_f64(v * alpha / (a / (side * side) + b));
        const double density = (mode + 0.5) * log_f64((mode + 1.0) / (ratio * (n - mode + 1.0))) +
                               (n + 1.0) * log_f64((n - mode + 1.0) / (n - k + 1.0)) +
                               (k + 0.5) * log_f64(ratio * (n - k + 1.0) / (k + 1.0)) + stirling_error(mode) +
                               stirling_error(n - mode) - stirling_error(k) - stirling_error(n - k);
        if (height <= density) return k;
    }
}

}  // namespace

uint64_t draw_binomial(RandomStream& io_stream, uint64_t trials, double p) {
    if (trials == 0 || !(p > 0.0)) return 0;
    if (p >= 1.0) return trials;
    if (p > 0.5) return trials - draw_binomial(io_stream, trials, 1.0 - p);
    const double n = static_cast<double>(trials);
    if (n * p >= 10.0) return static_cast<uint64_t>(binomial_by_rejection(io_stream, n, p));
    const double log_miss = log1p_f64(-p);
    uint64_t happened = 0;
    for (double at = 0.0;;) {
        at += 1.0 + std::floor(log_f64(1.0 - io_stream.uniform()) / log_miss);
        if (!(at <= n)) return happened;
        ++happened;
    }
}

}  // namespace snn
