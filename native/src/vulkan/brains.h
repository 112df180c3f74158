// Small networks: a workgroup takes one sample, a "brain", through all steps of a dispatch, with states and activity in shared
// memory (shaders/brains.comp). All projections must be dense or one-to-one, in float, and a sample must fit in shared memory.
// Brains are used if one workgroup is faster than a dispatch for each kernel, or if samples have their own weights. They work
// on the memory of the executor's populations and projections, so the executor can switch between both ways at any step.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "vulkan/brain_layout.h"
#include "vulkan/device.h"
#include "vulkan/pipelines.h"
#include "vulkan/population.h"
#include "vulkan/projection.h"
#include "vulkan/steps.h"

namespace snn::vulkan {

// Buffers of the host program that are bound to one population. A range without a buffer: nothing is bound.
struct HostBuffers {
    Range input, spikes, spike_count;
    bool counts_are_own = false;  // `spike_count` is the executor's memory, for counts that are read back
};

class Brains {
public:
    // Everything that a dispatch reads and writes. What is referred to must outlive this object.
    struct Place {
        Device& device;
        Pipelines& pipelines;
        const Plan& plan;
        uint32_t samples, first_sample;
        const std::vector<PopulationMemory>& populations;
        const std::vector<ProjectionMemory>& projections;
        const std::vector<HostBuffers>& host_buffers;
        const Range &frames, &records;
        const std::vector<uint32_t>& frames_begin;   // by input population, in words
        const std::vector<uint32_t>& records_begin;  // by population, in words; shader::NOWHERE: it is not recorded
    };

    // Empty if brains are possible and worth it. Otherwise the reason why not, as the end of a sentence.
    static std::string why_not(const Plan& plan, const BrainLayout& layout, const Device& device, uint32_t samples);
    // Device memory that the populations and the projections take, with alignment.
    static VkDeviceSize memory_bytes(const Plan& plan, const Device& device, uint32_t samples);
    static VkDeviceSize weight_bytes(const Plan& plan, const Device& device, uint32_t samples);

    // `memory`, `weights`: the ranges that hold the populations and the projections.
    Brains(const Place& place, BrainLayout layout, const Range& memory, const Range& weights);

    void set_constants(uint32_t population, const PopulationConstants& constants) { constants_[population] = constants; }
    // Makes the shader and the table for the executor's present memory. Returns false if a binding cannot reach all of the
    // host's buffers.
    bool load();
    // Why it cannot reach them, and what would help, as a sentence.
    const std::string& out_of_reach() const { return out_of_reach_; }
    // True if the reason is that only some inputs are bound to host buffers; the others may be bound later.
    bool wait_for_inputs() const { return wait_for_inputs_; }
    // Makes the dispatch of the next `count` steps. `flags`: BRAINS_HELD, BRAINS_RECORDS and BRAINS_GO_ON. Of the first step,
    // `step` is the number for random draws, `now` its position in the rings, `frame` its frame in inputs and records.
    Dispatch steps(uint32_t count, uint32_t flags, uint64_t step, uint64_t now, uint64_t seed, uint32_t frame = 0) const;
    // Whether held inputs fit in the push constants of the dispatch. Then no input buffer is read.
    bool can_push() const { return can_push_; }
    void push(Dispatch& io_dispatch, std::span<const InputFrames> inputs) const;

    void reset() { place_.device.fill(counters_, 0); }
    void add_to(ExecutorCounters& io_counters) const;
    // Sets the step from which dispatches with BRAINS_GO_ON continue.
    void start_at(uint64_t now, uint64_t step);

private:
    const Population& population(uint32_t index) const { return place_.plan.network->population(index); }
    uint32_t frame(uint32_t index) const { return place_.populations[index].frame; }
    bool find_host_ranges();
    bool join(const std::vector<Range>& ranges, const char* what, Range& out_whole);
    void load_shader();
    void load_table();
    std::vector<uint32_t> entries() const;
    void fill_population(uint32_t index, uint32_t* out_entry) const;
    void fill_projection(uint32_t index, uint32_t* out_entry) const;

    Place place_;
    BrainLayout layout_;
    // Recorded commands may still wait to run, so other buffers of the host get another table.
    struct Table {
        Range range;
        std::vector<uint32_t> words;
    };
    std::map<std::vector<uint32_t>, Table> tables_;  // by their entries
    Range memory_, weights_, counters_, table_;
    std::vector<PopulationConstants> constants_;  // by population
    std::vector<uint32_t> program_of_;            // by population
    std::vector<uint32_t> pushed_;                // by population: its offset in the pushed words
    bool can_push_ = false, wait_for_inputs_ = false;
    std::string out_of_reach_;
    Range host_inputs_, host_outputs_;            // ranges that span the host's buffers; without a buffer if none is bound
    std::vector<uint32_t> shader_;
    uint32_t group_size_ = 0;
    VkPipeline pipeline_ = VK_NULL_HANDLE;
};

}  // namespace snn::vulkan
