// Spikes that a program gives one by one, in the forms that executors read: lists (InputFrames::neurons) and frames.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "network/network.h"

namespace snn {

// Spikes for the coming step, a bit for each neuron of each sample: added in any order, told in ascending order. Nothing but
// the constructor allocates.
class StepSpikes {
public:
    StepSpikes(uint32_t batch, uint32_t size);
    // Whether there may be such lists: their places are 32-bit numbers.
    static bool fits(uint32_t batch, uint32_t size) { return uint64_t{batch} * size <= UINT32_MAX; }

    void add(uint32_t sample, std::span<const uint32_t> neurons);
    // As the lists of a request of one step; valid until the next call.
    void list(InputFrames& io_frames);
    void forget();
    // The same, and sets to 0 what they are in `io_values`, [batch][size].
    void clear(float* io_values);

private:
    // function(sample, neuron), ascending.
    template <class Function>
    void for_each(Function&& function) const;

    uint32_t batch_, size_, words_;  // words of a sample
    std::vector<uint64_t> bits_;
    std::vector<uint32_t> neurons_, offsets_;
};

// An input of a run that is given as events, checked; told in pieces of the run, one after the other. The caller's arrays stay
// as they are meanwhile.
class RunSpikes {
public:
    // `place`: what errors call it. The call's steps are `first_step` to `first_step` + `step_count` - 1 of the run; events
    // before them are passed over.
    enum class Form : uint8_t { lists, frames };
    enum class Length : uint8_t { pieces, whole };  // whole: all steps are one piece, however much memory that takes
    RunSpikes(const SNNSpikeInput& given, const std::string& place, const Population& input, uint32_t batch,
              uint32_t first_step, uint32_t step_count, Form form, Length length);

    uint32_t population() const { return population_; }
    uint32_t most_steps() const { return most_steps_; }  // of a piece
    // Of the next `steps` steps; valid until the next call.
    InputFrames next(uint32_t steps);

private:
    void check(const SNNSpikeInput& given, const std::string& place, const Population& input, uint32_t step_count) const;
    bool is_ascending() const;
    void sort();
    uint32_t sample_of(size_t event) const { return samples_ ? samples_[event] : 0; }

    uint32_t population_, batch_, size_, most_steps_;
    bool as_lists_;
    const uint32_t *steps_, *neurons_, *samples_;  // samples: null where there is one
    size_t count_;
    size_t next_event_ = 0, written_ = 0;  // events from written_ to next_event_ are in the frames
    uint32_t next_step_, written_step_ = 0;
    std::vector<uint32_t> own_steps_, own_neurons_, own_samples_;  // sorted, where the caller's are not
    std::vector<uint32_t> offsets_;
    std::vector<float> frames_;
};

}  // namespace snn
