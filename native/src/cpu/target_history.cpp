#include "cpu/target_history.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace snn::cpu {

namespace {

// Inserts a value before the first `kept` values of a list, which lie `width` apart. The value behind them is lost.
template <class T>
void push_front(T* list, size_t width, uint32_t kept, T value) {
    for (T* end = list + kept * width; end != list; end -= width) *end = *(end - width);
    *list = value;
}

}  // namespace

void TargetHistory::allocate(const SNNAllocator& allocator, const PlasticityPlan& plan, uint32_t target_count, Keeps keeps) {
    target_count_ = target_count;
    state_count_ = static_cast<uint32_t>(plan.target_states.size());
    const size_t post_count = plan.post_traces.size();
    width_ = padded(target_count) + size_t{16};  // sixteen lanes may begin at the last target
    if (width_ / 16 % 2 == 0) width_ += 16;      // otherwise a target's whole list may fall on a few sets of the cache
    spikes_.allocate(allocator, width_ * remembered_spikes);
    std::fill_n(spikes_.data(), spikes_.size(), -1);
    last_spike_.allocate(allocator, width_);
    if (keeps.post_before) post_before_.allocate(allocator, width_ * remembered_spikes * post_count);
    post_after_.allocate(allocator, width_ * post_count);
    post_now_.allocate(allocator, width_ * post_count);
    if (keeps.target_before) {
        target_now_.allocate(allocator, width_ * state_count_);
        target_before_.allocate(allocator, width_ * remembered_spikes * state_count_);
    }
}

void TargetHistory::fill(PlasticArgs& out_args) const {
    out_args.row = width_;
    out_args.spikes = spikes_.data();
    out_args.post_before = post_before_.data();
    out_args.last_spike = last_spike_.data();
    out_args.post_after = post_after_.data();
    out_args.target_before = target_before_.data();
}

void TargetHistory::keep_states(const float* const* states) {
    if (target_now_.empty()) return;
    for (size_t k = 0; k < state_count_; ++k)
        std::memcpy(target_now_.data() + k * width_, states[k], target_count_ * sizeof(float));
}

template <class Use>
void TargetHistory::for_spikes(const uint16_t* bits, Use&& use) const {
    for (uint32_t word = 0; word < target_count_ / 16; ++word)
        for (uint32_t left = bits[word]; left != 0; left &= left - 1)
            use(word * 16 + static_cast<uint32_t>(std::countr_zero(left)));
}

TargetHistory::Seen TargetHistory::see(const uint16_t* bits) const {
    Seen seen{};
    const int32_t* const oldest = spikes_.data() + (remembered_spikes - 1) * width_;
    for_spikes(bits, [&](uint32_t j) {
        seen.any = true;
        seen.full |= oldest[j] >= caught_up_;
    });
    return seen;
}

void TargetHistory::add(const PlasticityPlan& plan, const uint16_t* bits, int32_t now) {
    const size_t width = width_, list_size = width_ * remembered_spikes;
    const bool keeps_traces = !post_before_.empty();
    const size_t states = target_before_.empty() ? 0 : state_count_;
    is_behind_ = true;
    for_spikes(bits, [&](uint32_t j) {
        int32_t* const spikes = spikes_.data() + j;
        uint32_t kept = 0;  // spikes that some row has yet to learn
        while (kept < remembered_spikes - 1 && spikes[kept * width] >= caught_up_) ++kept;
        for (size_t t = 0; t < plan.post_traces.size(); ++t) {
            float& after = post_after_[t * width + j];
            const float before = decayed(plan.post_traces[t], after, now - last_spike_[j]);
            after = plan.post_traces[t].keep * before + 1.0f;
            if (keeps_traces) push_front(post_before_.data() + t * list_size + j, width, kept, before);
        }
        for (size_t t = 0; t < states; ++t)
            push_front(target_before_.data() + t * list_size + j, width, kept, target_now_[t * width + j]);
        push_front(spikes, width, kept, now);
        last_spike_[j] = now;
    });
}

int32_t TargetHistory::step_that_makes_room() const {
    constexpr uint32_t kept = remembered_spikes * 2 / 3;
    const int32_t* const first_gone = spikes_.data() + kept * width_;
    return *std::max_element(first_gone, first_gone + width_) + 1;
}

void TargetHistory::all_caught_up() {
    std::fill_n(spikes_.data(), spikes_.size(), -1);
    is_behind_ = false;
    caught_up_ = caught_up_at_ = 0;
}

void TargetHistory::forget() {
    last_spike_.clear();
    post_after_.clear();
}

}  // namespace snn::cpu
