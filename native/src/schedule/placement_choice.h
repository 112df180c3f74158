// Choosing places for the populations that the caller has not placed: by how long a step is expected to take, in memory that
// there is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "schedule/device_figures.h"
#include "schedule/placement.h"

namespace snn {

using Places = std::vector<std::vector<Placed>>;  // by population

// What goes from device to device, by the places of all populations but inputs.
struct Exchange {
    uint32_t shortest_delay = UINT32_MAX;  // steps
    size_t largest_frame = 0;              // neurons times samples of a population that another device reads, or that is cut
    bool any() const { return largest_frame > 0; }
    uint32_t window_steps() const;
};
Exchange exchange_of(const Network& network, const Places& places, uint32_t batch);

// Populations that go together.
struct Group {
    double work = 0;
    bool has_neurons = false;
    std::optional<uint32_t> placed_by;  // the population that the caller put somewhere
    std::vector<uint32_t> members;
};

// What a choice is made by, all of which outlives it.
struct Choosing {
    const Network& network;
    const std::vector<std::string>& devices;
    const DeviceFigures& figures;
    const std::vector<double>& work;  // by population, as population_work()
    uint32_t batch_size, thread_count;
};

// Seconds of a step, by device; 0 of one that has no neurons.
std::vector<double> expected_seconds(const Choosing& choosing, const Places& places);

// `places`: those that are fixed. `open`: the groups to be placed; `stays_whole`: by population, it cannot be cut.
// Throws SNN_ERROR_UNSUPPORTED for a group that none of the devices can run.
Places choose_places(const Choosing& choosing, Places places, const std::vector<Group>& groups, std::vector<uint32_t> open,
                     const std::vector<uint8_t>& stays_whole);

}  // namespace snn
