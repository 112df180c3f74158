// Looking through the values that callers give: loops that compilers turn into vector code.
#pragma once

#include <cstddef>

namespace snn {

// Index of the first value that is neither 0 nor 1; `count` when there is none.
size_t first_no_spike(const float* values, size_t count);
// Index of the first value that is infinite or not a number; `count` when there is none.
size_t first_not_finite(const float* values, size_t count);

}  // namespace snn
