#include "common/math.h"

namespace snn {

double exp_f64(double x) {
    x = x > -708.0 ? x : -708.0;
    x = x < 709.0 ? x : 709.0;
    const double n = std::floor(x * 0x1.71547652b82fep+0 + 0.5);
    const double r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
    double p = 0x1.1f72fc730bc2ap-29;
    for (const double c : {0x1.af4ddd8488f8bp-26, 0x1.27e4db67b42ffp-22, 0x1.71de023756566p-19, 0x1.a01a01a6d7808p-16,
                           0x1.a01a01abe62ddp-13, 0x1.6c16c16c162d6p-10, 0x1.11111111100dfp-7, 0x1.5555555555556p-5,
                           0x1.5555555555557p-3, 0x1p-1, 1.0, 1.0})
        p = p * r + c;
    return p * std::bit_cast<double>(static_cast<uint64_t>(static_cast<int64_t>(n) + 1023) << 52);
}

double log_f64(double x) {
    x = x > 0x1p-1022 ? x : 0x1p-1022;
    x = x < 0x1.fffffffffffffp+1023 ? x : 0x1.fffffffffffffp+1023;
    const uint64_t bits = std::bit_cast<uint64_t>(x);
    double k = static_cast<double>(static_cast<int64_t>(bits >> 52) - 1023);
    double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFull) | (1023ull << 52));
    if (m > 0x1.6a09e667f3bcdp+0) {
        m = m * 0.5;
        k = k + 1.0;
    }
    const double s = (m - 1.0) / (m + 1.0);
    const double z = s * s;
    double p = 1.0 / 21.0;
    for (double j = 19.0; j >= 3.0; j -= 2.0) p = p * z + 1.0 / j;
    return k * 0x1.62e42fee00000p-1 + (2.0 * s + (2.0 * s * z * p + k * 0x1.a39ef35793c76p-33));
}

// W. Kahan's method: the rounding error of 1 + x affects its logarithm and (1 + x) - 1 alike, and cancels.
double log1p_f64(double x) {
    const double sum = 1.0 + x;
    return sum == 1.0 ? x : log_f64(sum) * (x / (sum - 1.0));
}

}  // namespace snn
