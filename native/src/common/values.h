// Looking through the values that callers give: loops that compilers turn into vector code.
#pragma once

#include <cstddef>

namespace snn {

// Index of the first value that is neither 0 nor 1; `count` when there is none.
size_t first_no_spike(const float* values, size_t count);
// Index of the first value that is infinite or not a number; `count` when there is none.
size_t first_not_finite(const float* values, size_t count);
// What an input may not be: the first of the two for spikes, else the second.
inline size_t first_wrong(const float* values, size_t count, bool of_spikes) {
    return of_spikes ? first_no_spike(values, count) : first_not_finite(values, count);
}

}  // namespace snn
