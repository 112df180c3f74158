// Collects the spikes of one population in a run for an EventRecord. The code that lists the active neurons of a step copies
// them into the log. Several threads do so at once, each into its own area. After the run, one thread puts the spikes in order:
//
//     list 0 (of a range, or of all neurons)   sample 0:  | step 0 | step 1 | step 2 |  ...   of different lengths
//                                              sample 1:  | step 0 | step 1 |  ...
//     list 1                                   sample 0:  ...
//
// Thread-safety: threads may call add() at once for different lists or samples. One thread calls everything else.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "cpu/memory.h"
#include "cpu/population_data.h"

namespace snn::cpu {

class EventLog {
public:
    // Makes room for `step_count` steps in which all neurons spike. Allocates only if no earlier run needed as much.
    void begin(const PopulationData& population, const SNNAllocator& allocator, uint32_t step_count);
    void add(uint32_t step, uint32_t sample, uint32_t list_index, const uint32_t* list, uint32_t count) {
        if (step_count_ == 0) return;  // not recorded in this run
        const size_t place = size_t{list_index} * batch_ + sample;
        counts_[place * step_count_ + step] = count;
        size_t& end = ends_[place * spacing];
        std::memcpy(neurons_.data() + end, list, count * sizeof(uint32_t));
        end += count;
    }
    // Appends what was added since begin().
    void end(EventRecord& io_record);

private:
    static constexpr size_t spacing = 8;  // ends_ of different threads lie in different cache lines

    size_t area_of(uint32_t list_index, uint32_t sample) const;  // where its neurons begin in neurons_

    const PopulationData* population_ = nullptr;
    uint32_t batch_ = 0, list_count_ = 0, step_count_ = 0;
    Buffer<uint32_t> neurons_;  // [list][sample]: an area for all neurons of the list in every step
    Buffer<uint32_t> counts_;   // [list][sample][step]
    Buffer<size_t> ends_;       // [list][sample]: end of the used part of the area
};

}  // namespace snn::cpu
