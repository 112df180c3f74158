// Small networks: a workgroup takes one sample, a "brain", through all steps of a dispatch, with states and activity in shared
// memory (shaders/brains.comp). For dense and one-to-one projections in float, where a sample fits there and one workgroup is
// quicker than a dispatch for each kernel, or samples have weights of their own. It works on the memory of the executor's
// populations and projections, so a step may go one way and the next the other.
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

// Buffers of the host program, of one population; without a buffer where none is bound.
struct HostBuffers {
    Range input, spikes, spike_count;
    bool counts_are_own = false;  // `spike_count` is memory of the executor, for counts that are read back
};

class Brains {
public:
    // Where everything is that a dispatch reads and writes; what it refers to outlives it.
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

    // Empty: brains are possible and worth it. Else why not, as the end of a sentence.
    static std::string why_not(const Plan& plan, const BrainLayout& layout, const Device& device, uint32_t samples);
    // What the populations and the projections take on the device, with what alignment adds.
    static VkDeviceSize memory_bytes(const Plan& plan, const Device& device, uint32_t samples);
    static VkDeviceSize weight_bytes(const Plan& plan, const Device& device, uint32_t samples);

    // `memory`, `weights`: the ranges that those lie in.
    Brains(const Place& place, BrainLayout layout, const Range& memory, const Range& weights);

    void set_constants(uint32_t population, const PopulationConstants& constants) { constants_[population] = constants; }
    // Makes shader and table for what the executor's memory is now. False: brains do not reach the host's buffers.
    bool load();
    // Why they do not, as a sentence that says what would do.
    const std::string& out_of_reach() const { return out_of_reach_; }
    // It is because the host's buffers hold some inputs and not the others, which may follow.
    bool wait_for_inputs() const { return wait_for_inputs_; }
    // The next steps. `flags`: BRAINS_HELD, BRAINS_RECORDS and BRAINS_GO_ON; `step`: the number of the first for random draws;
    // `now`: its position in the rings; `frame`: of inputs and records.
    Dispatch steps(uint32_t count, uint32_t flags, uint64_t step, uint64_t now, uint64_t seed, uint32_t frame = 0) const;
    // Inputs that are held may come within the dispatch, no buffer is read then.
    bool can_push() const { return can_push_; }
    void push(Dispatch& io_dispatch, std::span<const InputFrames> inputs) const;

    void reset() { place_.device.fill(counters_, 0); }
    void add_to(ExecutorCounters& io_counters) const;
    // Where dispatches with BRAINS_GO_ON begin.
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
    // What was recorded may still wait to run: other buffers of the host have another table.
    struct Table {
        Range range;
        std::vector<uint32_t> words;
    };
    std::map<std::vector<uint32_t>, Table> tables_;  // by their entries
    Range memory_, weights_, counters_, table_;
    std::vector<PopulationConstants> constants_;  // by population
    std::vector<uint32_t> program_of_;            // by population
    std::vector<uint32_t> pushed_;                // by population: its place among pushed words
    bool can_push_ = false, wait_for_inputs_ = false;
    std::string out_of_reach_;
    Range host_inputs_, host_outputs_;            // what holds the host's buffers; without a buffer where there is none
    std::vector<uint32_t> shader_;
    uint32_t group_size_ = 0;
    VkPipeline pipeline_ = VK_NULL_HANDLE;
};

}  // namespace snn::vulkan
