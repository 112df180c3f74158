// What the input populations of a session read in the steps to come: values that were set or bound, spikes that were added.
// Everything that is given is checked here.
//
// Thread-safety: one thread at a time. From hold() to take_held() what steps read and change belongs to the thread that does
// them; what is set or added meanwhile is kept beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "network/network.h"
#include "schedule/spike_lists.h"

namespace snn {

class SessionInputs {
public:
    SessionInputs(const Network& network, uint32_t batch_size);
    // All zero. Once the executor has told whether there is memory enough. `recorded`: steps are, see held_without_spikes().
    void make_room(bool recorded);

    // --- what the program gives
    void set(uint32_t population, const float* values, size_t count);
    void set_sample(uint32_t population, uint32_t sample, const float* values, size_t count);
    void add_spikes(uint32_t population, uint32_t sample, const uint32_t* neurons, size_t count);
    void bind(uint32_t population, const float* values, size_t count);  // null: ends the binding
    // It reads a buffer of the host program from now on, or does not any more; what was set is forgotten.
    void set_on_device(uint32_t population, bool on_device);
    // Throws where the input is bound and reads nothing else.
    void check_takes(uint32_t population) const;

    // What is given from now on is for steps after those that are under way.
    void hold();
    void take_held();

    // --- what a step reads. Places are those of the input populations in index order
    static constexpr uint32_t none = UINT32_MAX;
    size_t count() const { return inputs_.size(); }
    uint32_t place_of(uint32_t population) const { return places_[population]; }  // none: of neurons
    uint32_t population_at(size_t place) const { return inputs_[place].population; }
    // Spikes were set, for one step.
    bool is_pending(size_t place) const { return inputs_[place].is_pending(); }
    std::optional<uint32_t> first_pending() const {  // a population
        for (const Input& input : inputs_)
            if (input.is_pending()) return input.population;
        return std::nullopt;
    }
    // Of what was set or bound, for one step or, where nothing is listed, several.
    void tell(size_t place, InputFrames& out_frames) const { inputs_[place].tell(out_frames); }
    // Those of all places, until the next call.
    std::span<const InputFrames> frames() {
        for (size_t i = 0; i < inputs_.size(); ++i) inputs_[i].tell(frames_[i]);
        return frames_;
    }
    // The same without the spikes that were set, for steps that are recorded after the one that has them.
    std::span<const InputFrames> held_without_spikes();
    // Behind the step that read them.
    void clear_spikes(size_t place) { clear(inputs_[place]); }
    void clear_spikes();

    // --- as a part of the state
    std::span<const float> values(uint32_t population) const { return inputs_[places_[population]].values; }
    // A state without its values says that no spikes were set.
    bool is_set(uint32_t population) const;
    void restore(uint32_t population, std::span<const std::byte> values);
    // What was set for the samples whose number is not 0 in `begins`.
    void forget_spikes(std::span<const uint8_t> begins);

private:
    struct Input {
        uint32_t population, size;
        bool clears;                // spike input: empty after one step
        bool filled = false;        // a spike input that was set for the coming step
        const float* bound = nullptr;
        std::vector<float> values;  // [batch][size]
        bool on_device = false;     // read from a buffer of the host program instead
        bool listed = false;        // all that was set was added to `spikes`, and `values` say the same
        std::unique_ptr<StepSpikes> spikes{};  // null before spikes are added
        // What was given while steps are under way, by sample.
        enum Coming : uint8_t { nothing, set, added };
        std::vector<float> coming{};
        std::vector<Coming> is_coming{};
        bool any_coming = false;

        bool is_pending() const { return clears && filled; }
        void tell(InputFrames& out_frames) const {
            out_frames = {population, bound ? bound : values.data(), 0};
            if (listed && !bound) spikes->list(out_frames);
        }
        void forget_list() {
            if (std::exchange(listed, false)) spikes->forget();
        }
    };

    Input& input_of(uint32_t population);
    void check_takes(const Input& input) const;
    void check_sample(uint32_t sample) const;
    void set_samples(uint32_t population, uint32_t first, uint32_t sample_count, const float* values, size_t count);
    static void take_samples(Input& input, uint32_t first, uint32_t sample_count, const float* values);
    static void take_spikes(Input& input, uint32_t sample, std::span<const uint32_t> neurons);
    static void hold_spikes(Input& input, uint32_t sample, std::span<const uint32_t> neurons);
    void take_held(Input& input) const;
    static void clear(Input& input);

    const Network& network_;
    uint32_t batch_size_;
    bool holding_ = false;
    std::vector<Input> inputs_;        // in the order of their populations
    std::vector<uint32_t> places_;     // per population
    std::vector<InputFrames> frames_;  // one for each of inputs_, rewritten before a step
    std::vector<float> no_spikes_;     // of the largest spike input; empty where steps are not recorded
};

}  // namespace snn
