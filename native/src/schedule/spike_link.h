// Spikes of one population, or of a slice of it, on their way to other devices, as lists, a window of steps to each:
//
//     slot 0            slot 1            slot 2            slot 3            slot 0 again
//     steps 0 .. w-1    steps w .. 2w-1   ...
//
// Spikes are read `lag` steps late, which is one window or two. In a link of two windows there are four slots: while one
// device writes a window, another may read the one that begins two windows earlier, and either may be a window behind the
// other.
//
// Thread-safety: one thread writes, others read; whoever uses it sees to it that a slot is not written while it is read.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "backend/backend.h"

namespace snn {

class SpikeLink {
public:
    // `lag_steps` is `window_steps` or twice that. Steps are counted from `lag_steps` on, so that those before are no less than
    // 0.
    SpikeLink(uint32_t population, Slice neurons, uint32_t batch, uint32_t window_steps, uint32_t lag_steps);

    uint32_t population() const { return population_; }
    Slice neurons() const { return neurons_; }
    void clear();

    // What a device that has the population is to record in `steps` steps from `step` on, all in one window: end_write() takes
    // what it says then, and the spikes of those steps are there.
    EventRecord begin_write(uint64_t step);
    void end_write(const EventRecord& written, uint64_t step, uint32_t steps);
    // Appends the same steps to a record of the caller's.
    void copy_to(EventRecord& io_record, const EventRecord& written, uint32_t first_step) const;

    // What a device that runs steps from `step` on reads: the spikes of `lag_steps` before, as lists.
    InputFrames read(uint64_t step) const;
    // The same as frames, for devices that take no lists. `io_frames`: [steps][batch][size of the population], whose columns of
    // these neurons are 0.
    void read_frames(uint64_t step, uint32_t steps, uint32_t size, float* io_frames) const;

    // What happened in the `lag_steps` before `now`: rows of activity, [lag_steps][batch][size of the population], the newest
    // first.
    void write_history(uint64_t now, uint32_t size, const float* rows);

private:
    struct Slot {
        std::unique_ptr<uint32_t[]> neurons;  // room for all of them in each step
        std::vector<uint32_t> offsets;        // [step of the window][sample], and the end: where they begin
    };
    Slot& slot_of(uint64_t step) { return slots_[step / window_ % slots_.size()]; }
    const Slot& slot_of(uint64_t step) const { return slots_[step / window_ % slots_.size()]; }
    size_t place_of(uint64_t step) const { return step % window_ * batch_; }  // among the offsets

    uint32_t population_;
    Slice neurons_;
    uint32_t batch_, window_, lag_;
    std::vector<Slot> slots_;
    std::unique_ptr<uint32_t[]> steps_, samples_;  // of what is written at the moment
};

// The spikes of a population whose slices come by several links, as one list.
class GatheredSpikes {
public:
    GatheredSpikes(std::vector<uint32_t> links, uint32_t size, uint32_t batch, uint32_t window_steps);
    // As SpikeLink::read(), for `steps` steps from `step` on; valid until the next call. `links`: all there are.
    InputFrames read(const std::vector<SpikeLink>& links, uint64_t step, uint32_t steps);

private:
    std::vector<uint32_t> links_;  // in order of their neurons
    uint32_t batch_;
    std::unique_ptr<uint32_t[]> neurons_;
    std::vector<uint32_t> offsets_;
};

}  // namespace snn
