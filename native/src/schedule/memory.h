// What a network and a session of it take, before anything of the session is made.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace snn {

struct MemoryEstimate {
    uint64_t network_bytes = 0;  // what the network holds, with arrays that the session makes it make, without what it gives up
    uint64_t weight_bytes = 0;   // the session's own forms of weights and synapses
    uint64_t state_bytes = 0;    // states, sums, activity kept for delays, the plan
    uint64_t new_bytes = 0;      // of these, what opening the session would add
    uint64_t plan_bytes = 0;     // of those, what plans take, which are made before a session asks for memory
    std::map<std::string, uint64_t> device_bytes;  // of those, what lies in memory that only a device has, by its name
    std::vector<uint64_t> projection_bytes;  // of network and weights, by projection

    uint64_t total() const { return network_bytes + weight_bytes + state_bytes; }
};

MemoryEstimate estimate_memory(const Plan& plan, std::string_view device, const ExecutorOptions& options);

// Of values that a plan has for each neuron, and of tables by which traces decay.
uint64_t plan_bytes(const Plan& plan);

// Bytes of the memory that only this device has; 0: it works in the host's, or nobody knows.
uint64_t own_memory_bytes(std::string_view device, const ExecutorOptions& options);
// Arrays that a projection's synapses become when a device asks for them.
uint64_t array_bytes(const Network& network, const Projection& projection);

// Throws SNN_ERROR_OUT_OF_MEMORY with both numbers when opening a session would take more than there is, on the host or on a
// device.
void check_memory(const MemoryEstimate& estimate);
std::string gibibytes(uint64_t bytes);  // "3.2 GiB"

}  // namespace snn
