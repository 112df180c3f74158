#include "train/spike_counts.h"

#include <algorithm>
#include <numeric>

namespace snn {

SpikeCounts::SpikeCounts(const Plan& plan, uint32_t batch_size, const SNNTrainerDef& def)
    : batch_size_(batch_size), strength_(def.rate_regularization), target_(def.rate_target) {
    const auto& populations = plan.network->populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (populations[p].is_input() || !populations[p].is_binary()) continue;
        const size_t count = size_t{batch_size} * populations[p].size;
        const bool regularized = strength_ > 0 && plan.populations[p].needs_activity_gradient;
        entries_.push_back({p, std::vector<double>(count), std::vector<double>(regularized ? count : 0)});
    }
}

void SpikeCounts::add_records(std::vector<RecordFrames>& io_records) {
    for (Entry& entry : entries_)
        io_records.push_back({RecordFrames::activity_sum, entry.population, 0, DType::float64, entry.counts.data(), 0});
}

void SpikeCounts::add_gradients(std::vector<OutputGradient>& io_gradients) const {
    for (const Entry& entry : entries_)
        if (!entry.gradient.empty())
            io_gradients.push_back({OutputGradient::activity, entry.population, 0, DType::float64, entry.gradient.data(), 0});
}

void SpikeCounts::clear() {
    for (Entry& entry : entries_) std::fill(entry.counts.begin(), entry.counts.end(), 0.0);
}

std::span<const double> SpikeCounts::of(uint32_t population) const {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.population == population; });
    return found == entries_.end() ? std::span<const double>() : found->counts;
}

double SpikeCounts::sum(const int32_t* labels) const {
    double sum = 0;
    for (const Entry& entry : entries_) {
        const size_t size = entry.counts.size() / batch_size_;
        for (uint32_t sample = 0; sample < batch_size_; ++sample) {
            if (labels && labels[sample] < 0) continue;
            const double* const first = entry.counts.data() + sample * size;
            sum += std::reduce(first, first + size);  // whole numbers: exact in any order
        }
    }
    return sum;
}

// strength * mean over neurons and samples of (rate - target)^2, rate = count / T.
void SpikeCounts::regularize(uint32_t step_count, const int32_t* labels, LossResult& io_result) {
    if (!(strength_ > 0)) return;
    size_t neurons = 0;
    for (const Entry& entry : entries_) neurons += entry.counts.size() / batch_size_;
    const double weight = io_result.sample_count ? strength_ / (static_cast<double>(neurons) * io_result.sample_count) : 0;
    for (Entry& entry : entries_) {
        const size_t size = entry.counts.size() / batch_size_;
        for (size_t i = 0; i < entry.counts.size(); ++i) {
            const bool padding = labels && labels[i / size] < 0;
            const double difference = padding ? 0 : entry.counts[i] / step_count - target_;
            io_result.loss += weight * difference * difference;
            if (!entry.gradient.empty()) entry.gradient[i] = weight * 2 * difference / step_count;
        }
    }
}

}  // namespace snn
