#include "train/loss.h"

#include <algorithm>
#include <cmath>

namespace snn {

namespace {

using Kind = LossKind;

constexpr LossKind kinds[loss_count] = {
    {Kind::count, Kind::cross_entropy},          // SNN_LOSS_CROSS_ENTROPY_COUNT
    {Kind::max_membrane, Kind::cross_entropy},   // SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE
    {Kind::mean_membrane, Kind::cross_entropy},  // SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE
    {Kind::rate, Kind::mean_square},             // SNN_LOSS_MEAN_SQUARE_RATE
    {Kind::rate, Kind::cross_entropy},           // SNN_LOSS_CROSS_ENTROPY_RATE
    {Kind::last_membrane, Kind::cross_entropy},  // SNN_LOSS_CROSS_ENTROPY_LAST_MEMBRANE
    {Kind::latency, Kind::cross_entropy},        // SNN_LOSS_CROSS_ENTROPY_LATENCY
    {Kind::count, Kind::mean_square},            // SNN_LOSS_MEAN_SQUARE_COUNT
    {Kind::max_membrane, Kind::mean_square},     // SNN_LOSS_MEAN_SQUARE_MAX_MEMBRANE
    {Kind::mean_membrane, Kind::mean_square},    // SNN_LOSS_MEAN_SQUARE_MEAN_MEMBRANE
    {Kind::last_membrane, Kind::mean_square},    // SNN_LOSS_MEAN_SQUARE_LAST_MEMBRANE
    {Kind::latency, Kind::mean_square},          // SNN_LOSS_MEAN_SQUARE_LATENCY
    {Kind::mean_membrane, Kind::membrane_in_time},  // SNN_LOSS_MEAN_SQUARE_MEMBRANE
    {Kind::count, Kind::van_rossum},                // SNN_LOSS_VAN_ROSSUM
    {Kind::mean_membrane, Kind::cross_entropy_in_time},  // SNN_LOSS_CROSS_ENTROPY_MEMBRANE
    {Kind::count, Kind::cross_entropy_in_time},          // SNN_LOSS_CROSS_ENTROPY_SPIKES
};

uint32_t count_samples(const LossShape& shape, const int32_t* labels) {
    uint32_t count = 0;
    for (uint32_t sample = 0; sample < shape.batch_size; ++sample) count += !labels || labels[sample] >= 0;
    return count;
}

// Softmax cross-entropy uses minus the latency, so that the earliest output has the largest score.
double sign_of_score(const LossKind& kind) {
    return kind.score == Kind::latency && kind.form == Kind::cross_entropy ? -1.0 : 1.0;
}

size_t best_output(const LossKind& kind, std::span<const double> score) {
    const bool smallest = kind.score == Kind::latency && kind.form == Kind::mean_square;
    const auto best = smallest ? std::min_element(score.begin(), score.end()) : std::max_element(score.begin(), score.end());
    return static_cast<size_t>(best - score.begin());
}

double class_weight(const LossShape& shape, size_t k) { return shape.class_weights.empty() ? 1.0 : shape.class_weights[k]; }

// The divisor of the mean of cross-entropies.
double sum_of_weights(const LossShape& shape, const int32_t* labels) {
    double sum = 0.0;
    for (uint32_t sample = 0; sample < shape.batch_size; ++sample)
        if (labels[sample] >= 0) sum += class_weight(shape, static_cast<size_t>(labels[sample]));
    return sum;
}

// Returns `share` times the cross-entropy of the softmax of `score`, and writes its gradient.
double cross_entropy_of(const LossShape& shape, std::span<const double> score, size_t label, double share,
                        std::span<double> out_gradient) {
    const double largest = *std::max_element(score.begin(), score.end());
    const double softened = shape.label_smoothing / static_cast<double>(score.size());
    const auto target = [&](size_t k) {
        return class_weight(shape, k) * ((k == label ? 1.0 - shape.label_smoothing : 0.0) + softened);
    };
    double sum = 0.0, wanted = 0.0, wanted_score = 0.0;
    for (size_t k = 0; k < score.size(); ++k) {
        sum += std::exp(score[k] - largest);
        wanted += target(k);
        wanted_score += target(k) * score[k];
    }
    for (size_t k = 0; k < score.size(); ++k)
        out_gradient[k] = share * (wanted * (std::exp(score[k] - largest) / sum) - target(k));
    return share * (wanted * (std::log(sum) + largest) - wanted_score);
}

}  // namespace

const LossKind& loss_kind(uint32_t loss) { return kinds[loss]; }

void loss_scores(const LossShape& shape, std::span<const double> counts, std::span<const double> frames,
                 std::span<double> out_scores, std::span<uint32_t> out_steps) {
    const LossKind& kind = loss_kind(shape.loss);
    const size_t frame = size_t{shape.batch_size} * shape.output_count;
    switch (kind.score) {
        case Kind::count: std::copy(counts.begin(), counts.end(), out_scores.begin()); break;
        case Kind::rate:
            for (size_t i = 0; i < frame; ++i) out_scores[i] = counts[i] / shape.step_count;
            break;
        case Kind::max_membrane:
            std::copy_n(frames.begin(), frame, out_scores.begin());
            std::fill_n(out_steps.begin(), frame, 0u);
            for (uint32_t step = 1; step < shape.step_count; ++step)
                for (size_t i = 0; i < frame; ++i)
                    if (frames[step * frame + i] > out_scores[i]) {
                        out_scores[i] = frames[step * frame + i];
                        out_steps[i] = step;
                    }
            break;
        case Kind::mean_membrane:
            std::fill_n(out_scores.begin(), frame, 0.0);
            for (uint32_t step = 0; step < shape.step_count; ++step)
                for (size_t i = 0; i < frame; ++i) out_scores[i] += frames[step * frame + i];
            for (size_t i = 0; i < frame; ++i) out_scores[i] /= shape.step_count;
            break;
        case Kind::last_membrane:
            std::copy_n(frames.end() - static_cast<std::ptrdiff_t>(frame), frame, out_scores.begin());
            break;
        case Kind::latency:
            for (size_t i = 0; i < frame; ++i) {
                double silent = 1.0, latency = 0.0;
                for (uint32_t step = 0; step < shape.step_count; ++step) latency += silent *= 1.0 - frames[step * frame + i];
                out_scores[i] = sign_of_score(kind) * latency;
            }
            break;
    }
}

LossResult evaluate_loss(const LossShape& shape, std::span<const double> scores, const int32_t* labels,
                         const float* targets, double target_on, double target_off, std::span<double> out_gradient) {
    const LossKind& kind = loss_kind(shape.loss);
    const size_t outputs = shape.output_count;
    const double unit = kind.score == Kind::count ? shape.step_count : 1.0;  // turns rates into counts
    LossResult result;
    result.sample_count = count_samples(shape, labels);
    std::fill(out_gradient.begin(), out_gradient.end(), 0.0);
    if (result.sample_count == 0) return result;
    const bool of_classes = kind.form == Kind::cross_entropy;
    const double total = of_classes ? sum_of_weights(shape, labels) : result.sample_count;
    const double weight = total > 0 ? 1.0 / total : 0.0;
    for (uint32_t sample = 0; sample < shape.batch_size; ++sample) {
        const int32_t label = labels ? labels[sample] : 0;
        if (label < 0) continue;
        const std::span<const double> score = scores.subspan(sample * outputs, outputs);
        const std::span<double> gradient = out_gradient.subspan(sample * outputs, outputs);
        if (labels) result.correct_count += best_output(kind, score) == static_cast<size_t>(label);
        if (!of_classes) {
            for (size_t k = 0; k < outputs; ++k) {
                const double target = targets ? double{targets[sample * outputs + k]}
                                              : unit * (k == static_cast<size_t>(label) ? target_on : target_off);
                const double difference = score[k] - target;
                result.loss += weight * difference * difference / static_cast<double>(outputs);
                gradient[k] = weight * 2.0 * difference / static_cast<double>(outputs);
            }
            continue;
        }
        result.loss += cross_entropy_of(shape, score, static_cast<size_t>(label), weight, gradient);
    }
    return result;
}

LossResult evaluate_loss_in_time(const LossShape& shape, std::span<const double> scores, std::span<const double> frames,
                                 const int32_t* labels, const float* targets, std::span<double> out_gradient) {
    const LossKind& kind = loss_kind(shape.loss);
    const size_t outputs = shape.output_count, frame = shape.batch_size * outputs;
    LossResult result;
    result.sample_count = count_samples(shape, labels);
    std::fill(out_gradient.begin(), out_gradient.end(), 0.0);
    if (result.sample_count == 0) return result;
    const bool filters = kind.form == Kind::van_rossum;
    const double decay = filters ? std::exp(-shape.dt_ms / shape.van_rossum_tau_ms) : 0.0;
    const double of_step = filters ? shape.dt_ms / shape.van_rossum_tau_ms : 1.0 / shape.step_count;
    const double weight = of_step / result.sample_count / static_cast<double>(outputs);
    const bool of_classes = kind.form == Kind::cross_entropy_in_time;
    const double total = of_classes ? sum_of_weights(shape, labels) : 0.0;
    const double share = total > 0 ? of_step / total : 0.0;
    for (uint32_t sample = 0; sample < shape.batch_size; ++sample) {
        if (labels && labels[sample] < 0) continue;
        const std::span<const double> score = scores.subspan(sample * outputs, outputs);
        if (labels) result.correct_count += best_output(kind, score) == static_cast<size_t>(labels[sample]);
        if (of_classes) {
            const auto label = static_cast<size_t>(labels[sample]);
            for (size_t at = sample * outputs; at < frames.size(); at += frame)
                result.loss +=
                    cross_entropy_of(shape, frames.subspan(at, outputs), label, share, out_gradient.subspan(at, outputs));
            continue;
        }
        for (size_t i = sample * outputs; i < (sample + 1) * outputs; ++i) {
            double error = 0.0;
            for (size_t at = i; at < frames.size(); at += frame) {
                error = decay * error + frames[at] - double{targets[at]};
                result.loss += weight * error * error;
                out_gradient[at] = weight * 2.0 * error;  // dL/d(error of this step), without its effect on later errors
            }
            double later = 0.0;
            for (size_t at = i + frames.size(); at > i;) {
                at -= frame;
                out_gradient[at] = later = out_gradient[at] + decay * later;
            }
        }
    }
    return result;
}

void spread_gradient(const LossShape& shape, std::span<const double> score_gradient, std::span<const double> frames,
                     std::span<const uint32_t> steps, std::span<double> out_gradient) {
    const LossKind& kind = loss_kind(shape.loss);
    const size_t frame = score_gradient.size();
    const uint32_t step_count = shape.step_count;
    switch (kind.score) {
        case Kind::count: std::copy(score_gradient.begin(), score_gradient.end(), out_gradient.begin()); break;
        case Kind::rate:
        case Kind::mean_membrane:
            for (size_t i = 0; i < frame; ++i) out_gradient[i] = score_gradient[i] / step_count;
            break;
        case Kind::max_membrane:
            std::fill(out_gradient.begin(), out_gradient.end(), 0.0);
            for (size_t i = 0; i < frame; ++i) out_gradient[steps[i] * frame + i] = score_gradient[i];
            break;
        case Kind::last_membrane:
            std::fill(out_gradient.begin(), out_gradient.end(), 0.0);
            std::copy(score_gradient.begin(), score_gradient.end(), out_gradient.end() - static_cast<std::ptrdiff_t>(frame));
            break;
        case Kind::latency:
            // d(latency)/d(s_t) = -silent before t * (1 + (1 - s_(t+1)) * (1 + (1 - s_(t+2)) * ...)): no division by 1 - s.
            for (size_t i = 0; i < frame; ++i) {
                const double given = sign_of_score(kind) * score_gradient[i];
                double after = 0.0;
                for (uint32_t step = step_count; step-- > 0;) {
                    out_gradient[step * frame + i] = -given * (1.0 + after);
                    after = (1.0 - frames[step * frame + i]) * (1.0 + after);
                }
                double silent = 1.0;
                for (uint32_t step = 0; step < step_count; ++step) {
                    out_gradient[step * frame + i] *= silent;
                    silent *= 1.0 - frames[step * frame + i];
                }
            }
            break;
    }
}

void spike_time_gradient(const LossShape& shape, std::span<const double> score_gradient, std::span<const double> frames,
                         std::span<double> io_gradient) {
    const LossKind& kind = loss_kind(shape.loss);
    const size_t frame = size_t{shape.batch_size} * shape.output_count;
    for (size_t i = 0; i < frame; ++i) {
        if (kind.form == LossKind::van_rossum) {
            double before = io_gradient[i];
            for (size_t at = i; at < frames.size(); at += frame) {
                const double after = at + frame < frames.size() ? io_gradient[at + frame] : 0.0, now = io_gradient[at];
                io_gradient[at] = (after - before) / 2;
                before = now;
            }
            continue;
        }
        bool silent = true;
        for (size_t at = i; at < frames.size(); at += frame) {
            const bool first = silent && frames[at] != 0;
            io_gradient[at] = first ? sign_of_score(kind) * score_gradient[i] : 0.0;
            silent &= !first;
        }
    }
}

}  // namespace snn
