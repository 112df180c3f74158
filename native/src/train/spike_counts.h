// How often each neuron of the spiking populations has spiked in a run: for the statistics, the losses of counts and the
// regularisation of rates. The arrays are sized in the constructor and do not move.
//
// Thread-safety: one thread at a time, with its trainer.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <span>
#include <vector>

#include "backend/trainable.h"
#include "network/plan.h"
#include "train/loss.h"

namespace snn {

class SpikeCounts {
public:
    SpikeCounts(const Plan& plan, uint32_t batch_size, const SNNTrainerDef& def);

    void add_records(std::vector<RecordFrames>& io_records);
    void add_gradients(std::vector<OutputGradient>& io_gradients) const;
    void clear();  // call before a run, because a run adds to the counts

    // [batch][size]; empty if the population does not spike.
    std::span<const double> of(uint32_t population) const;
    // The sum over samples that are not padding; `labels` as in SNNBatch.
    double sum(const int32_t* labels) const;
    // Adds the regularisation for a run of `step_count` steps to the loss, and computes the gradients that add_gradients()
    // passes on.
    void regularize(uint32_t step_count, const int32_t* labels, LossResult& io_result);

private:
    struct Entry {
        uint32_t population;
        std::vector<double> counts;    // [batch][size]
        std::vector<double> gradient;  // of the regularisation, [batch][size]; empty: none
    };

    uint32_t batch_size_;
    double strength_, target_;  // of the regularisation; target: spikes in a step
    std::vector<Entry> entries_;
};

}  // namespace snn
