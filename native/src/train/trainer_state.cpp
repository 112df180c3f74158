#include "train/trainer_state.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "common/error.h"

namespace snn {

namespace {

constexpr size_t counter_count = 5;

}  // namespace

// Calls use(part, index of its first value) for the parts after the counters, in order.
template <class Use>
void TrainerState::for_parts(Use&& use) const {
    size_t begin = counter_count;
    const auto visit = [&](auto& part) {
        use(part, begin);
        begin += part.count();
    };
    visit(moments_);
    visit(parameters_);
    visit(latent_);
}

void TrainerState::count_update(const LossResult& result, uint32_t runs_of_batch, bool ends_batch) {
    ++update_;
    batch_loss_ += result.loss;
    if (!ends_batch) return;
    epoch_samples_ += result.sample_count;
    epoch_correct_ += result.correct_count;
    epoch_loss_ += batch_loss_ / runs_of_batch * result.sample_count;
}

SNNEpoch TrainerState::end_epoch() {
    SNNEpoch epoch{sizeof epoch, ++epoch_, epoch_samples_, epoch_correct_,
                   epoch_samples_ ? epoch_loss_ / static_cast<double>(epoch_samples_) : 0.0};
    epoch_samples_ = epoch_correct_ = 0;
    epoch_loss_ = 0;
    return epoch;
}

size_t TrainerState::count() const {
    size_t count = counter_count;
    for_parts([&](const auto& part, size_t) { count += part.count(); });
    return count;
}

void TrainerState::read(std::span<double> out_values) const {
    const double counters[counter_count] = {static_cast<double>(update_), static_cast<double>(epoch_),
                                            static_cast<double>(epoch_samples_), static_cast<double>(epoch_correct_),
                                            epoch_loss_};
    std::copy(std::begin(counters), std::end(counters), out_values.begin());
    for_parts([&](const auto& part, size_t begin) { part.read(out_values.subspan(begin, part.count())); });
}

void TrainerState::write(std::span<const double> values) {
    const auto fail = [&](size_t i, const char* why) {
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "values[", i, "] is ", values[i], "; ", why,
                    "this is not the state of a trainer");
    };
    for (size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) fail(i, "");
        const bool is_whole = i + 1 < counter_count;  // a number of updates, epochs or samples
        if (is_whole && (values[i] < 0 || values[i] > 0x1p53 || values[i] != std::floor(values[i]))) fail(i, "");
    }
    for_parts([&](const auto& part, size_t begin) {
        part.for_squares([&](size_t first, size_t last) {
            for (size_t i = begin + first; i < begin + last; ++i)
                if (values[i] < 0) fail(i, "second moments and variances are at least 0: ");
        });
    });
    update_ = static_cast<uint64_t>(values[0]);
    epoch_ = static_cast<uint64_t>(values[1]);
    epoch_samples_ = static_cast<uint64_t>(values[2]);
    epoch_correct_ = static_cast<uint64_t>(values[3]);
    epoch_loss_ = values[4];
    for_parts([&](auto& part, size_t begin) { part.write(values.subspan(begin, part.count())); });
}

}  // namespace snn
