// Checks of what callers name, shared by a session's runs and its variables. Each throws Error with the thing and its value.
#pragma once

#include <cstdint>
#include <string_view>

#include "backend/backend.h"
#include "network/network.h"

namespace snn {

DType checked_dtype(uint32_t dtype);
// Neurons whose model does not spike have no activity: zeros would look like an answer.
void check_has_activity(const Population& population, std::string_view place);
uint32_t state_index(const Population& population, std::string_view name);
// The state holds 32-bit whole numbers.
bool is_whole(const Population& population, uint32_t state);

}  // namespace snn
