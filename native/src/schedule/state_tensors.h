// What the state of a session is made of, as one list. Who saves a state (session_state.cpp) and who goes on from one
// (session_restore.cpp) walk it; docs/file-format.md, "The state file", has it in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "common/saved_state.h"

namespace snn {

struct StateTensor {
    // Where the values are: in a slot of the executor; or, of the session, what an input was set to for the step to come, a
    // parameter of a model, or the parameters of a rule of plasticity.
    enum Kind : uint8_t { values, input, parameter, rule_parameters };
    Kind kind;
    std::string name;
    TensorType type;
    // Of a parameter: of one value, where a state may have one for each neuron as well.
    std::vector<uint64_t> shape;
    Slot slot;               // of what is no slot: index is that of its population or projection
    uint32_t number = 0;     // of the parameter
    bool of_spikes = false;  // 0 or 1

    size_t count() const { return static_cast<size_t>(element_count(shape)); }
};

// In the network's order, populations first. A state may be without the input of spikes, where none was set; without weights
// and biases, where they are the network's; and without parameters of a rule, where they are.
std::vector<StateTensor> state_tensors(const Plan& plan, uint32_t batch_size);

DType dtype_of(TensorType type);  // of one that a state has

}  // namespace snn
