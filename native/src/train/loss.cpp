#include "train/loss.h"

#include <algorithm>
#include <cmath>

namespace snn {

void loss_scores(const LossShape& shape, std::span<const double> counts, std::span<const double> membrane,
                 std::span<double> out_scores, std::span<uint32_t> out_steps) {
    const size_t frame = size_t{shape.batch_size} * shape.output_count;
    switch (shape.loss) {
        case SNN_LOSS_CROSS_ENTROPY_COUNT: std::copy(counts.begin(), counts.end(), out_scores.begin()); break;
        case SNN_LOSS_MEAN_SQUARE_RATE:
            for (size_t i = 0; i < frame; ++i) out_scores[i] = counts[i] / shape.step_count;
            break;
        case SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE:
            std::copy_n(membrane.begin(), frame, out_scores.begin());
            std::fill_n(out_steps.begin(), frame, 0u);
            for (uint32_t step = 1; step < shape.step_count; ++step)
                for (size_t i = 0; i < frame; ++i)
                    if (membrane[step * frame + i] > out_scores[i]) {
                        out_scores[i] = membrane[step * frame + i];
                        out_steps[i] = step;
                    }
            break;
        case SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE:
            std::fill_n(out_scores.begin(), frame, 0.0);
            for (uint32_t step = 0; step < shape.step_count; ++step)
                for (size_t i = 0; i < frame; ++i) out_scores[i] += membrane[step * frame + i];
            for (size_t i = 0; i < frame; ++i) out_scores[i] /= shape.step_count;
            break;
        default: break;
    }
}

LossResult evaluate_loss(const LossShape& shape, std::span<const double> scores, const int32_t* labels,
                         const float* targets, double rate_on, double rate_off, std::span<double> out_gradient) {
    const size_t outputs = shape.output_count;
    LossResult result;
    for (uint32_t sample = 0; sample < shape.batch_size; ++sample)
        result.sample_count += !labels || labels[sample] >= 0;
    std::fill(out_gradient.begin(), out_gradient.end(), 0.0);
    if (result.sample_count == 0) return result;
    const double weight = 1.0 / result.sample_count;
    for (uint32_t sample = 0; sample < shape.batch_size; ++sample) {
        const int32_t label = labels ? labels[sample] : 0;
        if (label < 0) continue;
        const std::span<const double> score = scores.subspan(sample * outputs, outputs);
        const std::span<double> gradient = out_gradient.subspan(sample * outputs, outputs);
        if (labels) result.correct_count += std::max_element(score.begin(), score.end()) - score.begin() == label;
        if (shape.loss == SNN_LOSS_MEAN_SQUARE_RATE) {
            for (size_t k = 0; k < outputs; ++k) {
                const double target =
                    targets ? targets[sample * outputs + k] : (k == static_cast<size_t>(label) ? rate_on : rate_off);
                const double difference = score[k] - target;
                result.loss += weight * difference * difference / static_cast<double>(outputs);
                gradient[k] = weight * 2.0 * difference / static_cast<double>(outputs);
            }
            continue;
        }
        const double largest = *std::max_element(score.begin(), score.end());
        double sum = 0.0;
        for (const double z : score) sum += std::exp(z - largest);
        result.loss += weight * (std::log(sum) + largest - score[static_cast<size_t>(label)]);
        for (size_t k = 0; k < outputs; ++k)
            gradient[k] = weight * (std::exp(score[k] - largest) / sum - (k == static_cast<size_t>(label) ? 1.0 : 0.0));
    }
    return result;
}

}  // namespace snn
