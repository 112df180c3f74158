// Checks of what callers name and hand in, shared by a session's runs and its variables. Each throws Error with the thing and
// its value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "common/error.h"
#include "network/network.h"

namespace snn {

DType checked_dtype(uint32_t dtype);
// Neurons whose model does not spike have no activity: zeros would look like an answer.
void check_has_activity(const Population& population, std::string_view place);
uint32_t state_index(const Population& population, std::string_view name);
// The state holds 32-bit whole numbers.
bool is_whole(const Population& population, uint32_t state);
// Frames of an input, [step][sample][size], or one that is held: every value is finite, of a spike input 0 or 1.
void check_frames(const float* values, size_t count, const Population& input, uint32_t first_sample, uint32_t sample_count,
                  bool held);
// Throws what is wrong with the value at `index` of such frames.
[[noreturn]] void refuse_value(const float* values, size_t index, const Population& input, uint32_t first_sample,
                               uint32_t sample_count, bool held);
// What a check gives, of an entry of an array: its sentence begins with the place, "records[3]", where it does not say so
// itself.
template <class Check>
auto checked_at(const std::string& place, Check&& check) {
    try {
        return check();
    } catch (const Error& error) {
        if (std::string_view(error.what()).starts_with(place)) throw;
        throw Error(error.status(), place, ": ", error.what());
    }
}
// The product of a run's dimensions, refused when it cannot be an array size.
size_t checked_product(size_t a, size_t b, std::string_view what);

}  // namespace snn
