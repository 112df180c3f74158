#include "schedule/checks.h"

#include "common/error.h"
#include "common/values.h"

namespace snn {

DType checked_dtype(uint32_t dtype) {
    if (dtype > SNN_UINT8)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "dtype is ", dtype, "; expected SNN_FLOAT32, _FLOAT64, _INT32 or _UINT8");
    return static_cast<DType>(dtype);
}

void check_has_activity(const Population& population, std::string_view place) {
    if (!population.is_input() && !population.is_binary())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": population '", population.name, "' has model '",
                    population.model->name, "', which does not spike");
}

uint32_t state_index(const Population& population, std::string_view name) {
    std::string known;
    if (population.model) {
        const auto& states = population.model->states;
        for (uint32_t i = 0; i < states.size(); ++i) {
            if (states[i].name == name) return i;
            known += (i ? ", " : "") + states[i].name;
        }
    }
    throw Error(SNN_ERROR_NOT_FOUND, "population '", population.name, "' has no state '", name, "'",
                known.empty() ? "" : "; it has: ", known);
}

bool is_whole(const Population& population, uint32_t state) {
    return population.model->states[state].type == ValueType::int_;
}

void check_frames(const float* values, size_t count, const Population& input, uint32_t first_sample, uint32_t sample_count,
                  bool held) {
    const size_t wrong = first_wrong(values, count, input.kind == SNN_POPULATION_SPIKE_INPUT);
    if (wrong < count) refuse_value(values, wrong, input, first_sample, sample_count, held);
}

void refuse_value(const float* values, size_t index, const Population& input, uint32_t first_sample, uint32_t sample_count,
                  bool held) {
    throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", input.name, "' is ", values[index], " at ",
                held ? std::string() : text("step ", index / input.size / sample_count, ", "), "sample ",
                first_sample + index / input.size % sample_count, ", neuron ", index % input.size,
                input.kind == SNN_POPULATION_SPIKE_INPUT ? "; a spike input takes 0 and 1 only" : "; values must be finite");
}

size_t checked_product(size_t a, size_t b, std::string_view what) {
    if (b != 0 && a > SIZE_MAX / 8 / b)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", a, " times ", b, " values do not fit in memory");
    return a * b;
}

}  // namespace snn
