#include "train/delay_taps.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/math.h"

namespace snn {

DelayTaps::DelayTaps(const Projection& projection) : index_(&projection.synapses->index()) {
    count_ = uint32_t{index_->max_delay} - index_->min_delay + 1;
    pair_count_ = index_->targets.size() / count_;
    values_.resize(count_);
    slopes_.resize(count_);
    const auto refuse = [&](size_t row, const std::string& why) {
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "': ", why, " of source ", row,
                    "; delays are learned where each source has the same targets, once each, at every delay from ",
                    index_->min_delay, " to ", index_->max_delay, " steps");
    };
    for (size_t row = 0; row + 1 < index_->row_offsets.size(); ++row) {
        const size_t begin = index_->row_offsets[row], size = index_->row_offsets[row + 1] - begin;
        if (size % count_ != 0) refuse(row, text("there are ", size, " synapses"));
        const size_t targets = size / count_;
        for (size_t k = 0; k < size; ++k) {
            const size_t tap = k / targets, place = k % targets;
            const uint32_t target = index_->targets[begin + k];
            if (!index_->delays.empty() && index_->delays[begin + k] != index_->min_delay + tap)
                refuse(row, text("synapse ", k, " has the delay ", index_->delays[begin + k]));
            if (target != index_->targets[begin + place] || (place > 0 && target == index_->targets[begin + k - 1]))
                refuse(row, text("synapse ", k, " has the target ", target));
        }
    }
}

template <class Use>
void DelayTaps::for_pairs(Use&& use) const {
    size_t pair = 0;
    for (size_t row = 0; row + 1 < index_->row_offsets.size(); ++row) {
        const size_t begin = index_->row_offsets[row], targets = (index_->row_offsets[row + 1] - begin) / count_;
        for (size_t place = 0; place < targets; ++place) use(pair++, begin + place, targets);
    }
}

void DelayTaps::evaluate(const Kernel& kernel, double position) const {
    const auto nearest = static_cast<uint32_t>(std::lround(position));
    if (kernel.shape == SNN_DELAY_KERNEL_GAUSSIAN) {
        // g(x + 1) / g(x) falls by the same factor from tap to tap, so three exponentials give all taps. The loops go outwards
        // from the nearest tap, so that values only shrink.
        const double scale = 1.0 / (kernel.width * kernel.width), x = nearest - position;
        const double step = exp_f64(-scale);
        const auto go = [&](double distance, int direction) {
            double value = exp_f64(-0.5 * scale * x * x), ratio = exp_f64(-scale * (distance + 0.5));
            for (int64_t d = nearest; d >= 0 && d < count_; d += direction) {
                values_[d] = value;
                value *= ratio;
                ratio *= step;
            }
        };
        go(x, 1);
        go(-x, -1);
        for (uint32_t d = 0; d < count_; ++d) slopes_[d] = values_[d] * scale * (d - position);
    } else {
        for (uint32_t d = 0; d < count_; ++d) {
            const double x = d - position;
            values_[d] = std::max(0.0, kernel.width - std::abs(x));
            slopes_[d] = values_[d] > 0 ? static_cast<double>((x > 0) - (x < 0)) : 0.0;
        }
    }
    double sum = 0, slope = 0;
    for (uint32_t d = 0; d < count_; ++d) {
        sum += values_[d];
        slope += slopes_[d];
    }
    for (uint32_t d = 0; d < count_; ++d) {
        values_[d] /= sum;
        slopes_[d] = (slopes_[d] - values_[d] * slope) / sum;
    }
}

void DelayTaps::expand(const Kernel& kernel, bool rounded, std::span<const double> weights, std::span<const double> positions,
                       std::span<double> out_taps) const {
    std::fill(out_taps.begin(), out_taps.end(), 0.0);
    for_pairs([&](size_t pair, size_t first, size_t stride) {
        if (rounded) {
            out_taps[first + static_cast<size_t>(std::lround(positions[pair])) * stride] = weights[pair];
            return;
        }
        evaluate(kernel, positions[pair]);
        for (uint32_t d = 0; d < count_; ++d) out_taps[first + d * stride] = weights[pair] * values_[d];
    });
}

void DelayTaps::collapse(std::span<const double> taps, std::span<double> out_weights, std::span<double> out_positions) const {
    for_pairs([&](size_t pair, size_t first, size_t stride) {
        double sum = 0, magnitude = 0, moment = 0;
        for (uint32_t d = 0; d < count_; ++d) {
            const double tap = taps[first + d * stride];
            sum += tap;
            magnitude += std::abs(tap);
            moment += std::abs(tap) * d;
        }
        out_weights[pair] = sum;
        out_positions[pair] = magnitude > 0 ? within(moment / magnitude) : last() / 2;
    });
}

void DelayTaps::gradients(const Kernel& kernel, std::span<const double> weights, std::span<const double> positions,
                          std::span<const double> of_taps, std::span<double> out_of_weights,
                          std::span<double> out_of_positions) const {
    for_pairs([&](size_t pair, size_t first, size_t stride) {
        evaluate(kernel, positions[pair]);
        double of_weight = 0, of_position = 0;
        for (uint32_t d = 0; d < count_; ++d) {
            const double gradient = of_taps[first + d * stride];
            of_weight += gradient * values_[d];
            of_position += gradient * slopes_[d];
        }
        out_of_weights[pair] = of_weight;
        out_of_positions[pair] = weights[pair] * of_position;
    });
}

}  // namespace snn
