// Checks of values that callers pass in, in loops that compilers vectorise.
#pragma once

#include <cstddef>

namespace snn {

// Index of the first value that is neither 0 nor 1; `count` if there is none.
size_t first_no_spike(const float* values, size_t count);
// Index of the first value that is infinite or not a number; `count` if there is none.
size_t first_not_finite(const float* values, size_t count);
// Index of the first value that an input must not have: first_no_spike() for spikes, else first_not_finite().
inline size_t first_wrong(const float* values, size_t count, bool of_spikes) {
    return of_spikes ? first_no_spike(values, count) : first_not_finite(values, count);
}

}  // namespace snn
