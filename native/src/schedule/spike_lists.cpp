#include "schedule/spike_lists.h"

#include <algorithm>
#include <bit>

#include "common/error.h"

namespace snn {

namespace {

// Of a piece of a run: 4 MB of frames or of places in lists.
constexpr size_t most_places = size_t{1} << 20;

}  // namespace

// ---- Of one step

StepSpikes::StepSpikes(uint32_t batch, uint32_t size)
    : batch_(batch),
      size_(size),
      words_((size + 63) / 64),
      bits_(size_t{batch} * words_, 0),
      neurons_(size_t{batch} * size),
      offsets_(size_t{batch} + 1, 0) {}

void StepSpikes::add(uint32_t sample, std::span<const uint32_t> neurons) {
    uint64_t* const bits = bits_.data() + size_t{sample} * words_;
    for (const uint32_t neuron : neurons) bits[neuron / 64] |= uint64_t{1} << neuron % 64;
}

template <class Function>
void StepSpikes::for_each(Function&& function) const {
    for (uint32_t sample = 0; sample < batch_; ++sample)
        for (uint32_t w = 0; w < words_; ++w)
            for (uint64_t word = bits_[size_t{sample} * words_ + w]; word != 0; word &= word - 1)
                function(sample, w * 64 + static_cast<uint32_t>(std::countr_zero(word)));
}

void StepSpikes::list(InputFrames& io_frames) {
    uint32_t count = 0;
    std::fill(offsets_.begin(), offsets_.end(), 0);
    for_each([&](uint32_t sample, uint32_t neuron) {
        neurons_[count++] = neuron;
        offsets_[sample + 1] = count;
    });
    for (uint32_t sample = 0; sample < batch_; ++sample)
        offsets_[sample + 1] = std::max(offsets_[sample], offsets_[sample + 1]);
    io_frames.neurons = neurons_.data();
    io_frames.offsets = offsets_.data();
}

void StepSpikes::forget() { std::fill(bits_.begin(), bits_.end(), 0); }

void StepSpikes::clear(float* io_values) {
    for_each([&](uint32_t sample, uint32_t neuron) { io_values[size_t{sample} * size_ + neuron] = 0.0f; });
    forget();
}

// ---- Of a run

RunSpikes::RunSpikes(const SNNSpikeInput& given, const std::string& place, const Population& input, uint32_t batch,
                     uint32_t first_step, uint32_t step_count, Form form, Length length)
    : population_(given.population),
      batch_(batch),
      size_(input.size),
      as_lists_(form == Form::lists && StepSpikes::fits(batch, input.size)),
      steps_(given.steps),
      neurons_(given.neurons),
      samples_(batch > 1 ? given.samples : nullptr),
      count_(given.count),
      next_step_(first_step) {
    check(given, place, input, first_step + step_count);
    const size_t places = as_lists_ ? batch_ : size_t{batch_} * size_;
    const size_t most = length == Length::whole ? step_count : std::min<size_t>(most_places / places, step_count);
    most_steps_ = static_cast<uint32_t>(std::max<size_t>(most, 1));
    if (as_lists_ && !is_ascending()) sort();
    if (as_lists_) offsets_.resize(size_t{most_steps_} * batch_ + 1);
    else frames_.resize(size_t{most_steps_} * batch_ * size_);
    next_event_ = static_cast<size_t>(std::lower_bound(steps_, steps_ + count_, first_step) - steps_);
    written_ = next_event_;
}

void RunSpikes::check(const SNNSpikeInput& given, const std::string& place, const Population& input,
                      uint32_t step_count) const {
    const auto refuse = [&](const auto&... words) { throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": ", words...); };
    if (count_ == 0) return;
    if (!steps_) refuse("steps is null, but count is ", count_);
    if (!neurons_) refuse("neurons is null, but count is ", count_);
    if (!given.samples && batch_ > 1) refuse("samples is null; it may be for a batch_size of 1 only, and that is ", batch_);
    if (count_ > UINT32_MAX) refuse("count is ", count_, "; it is at most ", UINT32_MAX);
    for (size_t i = 0; i < count_; ++i) {
        if (i > 0 && steps_[i] < steps_[i - 1])
            refuse("steps[", i, "] is ", steps_[i], ", after ", steps_[i - 1], "; events are in the order of their steps");
        if (neurons_[i] >= size_) refuse("neurons[", i, "] is ", neurons_[i], "; '", input.name, "' has ", size_, ", from 0");
        if (given.samples && given.samples[i] >= batch_)
            refuse("samples[", i, "] is ", given.samples[i], "; batch_size is ", batch_);
    }
    if (steps_[count_ - 1] >= step_count)
        refuse("steps[", count_ - 1, "] is ", steps_[count_ - 1], "; the run has ", step_count, " steps, from 0");
}

// As executors want them: by step, sample and neuron, none twice.
bool RunSpikes::is_ascending() const {
    for (size_t i = 1; i < count_; ++i) {
        if (steps_[i] != steps_[i - 1]) continue;
        const uint32_t sample = sample_of(i), before = sample_of(i - 1);
        if (sample < before || (sample == before && neurons_[i] <= neurons_[i - 1])) return false;
    }
    return true;
}

void RunSpikes::sort() {
    std::vector<uint64_t> places;  // of one step
    for (size_t begin = 0, end = 0; begin < count_; begin = end) {
        places.clear();
        for (; end < count_ && steps_[end] == steps_[begin]; ++end)
            places.push_back(uint64_t{sample_of(end)} * size_ + neurons_[end]);
        std::sort(places.begin(), places.end());
        places.erase(std::unique(places.begin(), places.end()), places.end());
        own_steps_.insert(own_steps_.end(), places.size(), steps_[begin]);
        for (const uint64_t place : places) {
            own_neurons_.push_back(static_cast<uint32_t>(place % size_));
            if (samples_) own_samples_.push_back(static_cast<uint32_t>(place / size_));
        }
    }
    steps_ = own_steps_.data();
    neurons_ = own_neurons_.data();
    if (samples_) samples_ = own_samples_.data();
    count_ = own_steps_.size();
}

InputFrames RunSpikes::next(uint32_t steps) {
    const uint32_t begin = next_step_;
    const size_t first = next_event_;
    const auto row_of = [&](size_t event) { return size_t{steps_[event] - begin} * batch_ + sample_of(event); };
    const auto is_here = [&] { return next_event_ < count_ && steps_[next_event_] - begin < steps; };
    next_step_ += steps;
    if (as_lists_) {
        for (size_t row = 0; row < size_t{steps} * batch_; ++row) {
            offsets_[row] = static_cast<uint32_t>(next_event_ - first);
            while (is_here() && row_of(next_event_) == row) ++next_event_;
        }
        offsets_[size_t{steps} * batch_] = static_cast<uint32_t>(next_event_ - first);
        return {population_, nullptr, 1, neurons_ + first, offsets_.data()};
    }
    for (size_t event = written_; event < first; ++event)
        frames_[(size_t{steps_[event] - written_step_} * batch_ + sample_of(event)) * size_ + neurons_[event]] = 0.0f;
    for (; is_here(); ++next_event_) frames_[row_of(next_event_) * size_ + neurons_[next_event_]] = 1.0f;
    written_ = first;
    written_step_ = begin;
    return {population_, frames_.data(), size_t{batch_} * size_};
}

}  // namespace snn
