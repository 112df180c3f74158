#include "train/latent_weights.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/quantization.h"
#include "network/stages.h"
#include "train/optimizer.h"

namespace snn {

namespace {

double square_sum_of(std::span<const double> values) {
    double sum = 0;
    for (const double value : values) sum += value * value;
    return sum;
}

[[noreturn]] void refuse_delays_with_few_bits(const Projection& projection) {
    throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "' cannot be quantised while its delays are ",
                "learned; quantise it in a trainer of its own, with the delays that were learned");
}

[[noreturn]] void refuse_one_scale(const Projection& projection) {
    throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "' is normalised, which folds a factor for each ",
                "channel into its weights: quantise it with per_channel");
}

}  // namespace

LatentWeights::LatentWeights(Executor& executor, Trainable& training, const Plan& plan, uint32_t batch_size,
                             uint32_t step_count)
    : executor_(executor), training_(training), plan_(plan), step_count_(step_count), counts_(batch_size, 1) {}

void LatentWeights::check(uint32_t index, const char* what) const {
    const Projection& projection = plan_.network->projection(index);
    if (!projection.trainable)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "' is not trained and cannot be ", what);
    if (projection.is_fixed())
        throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name, "' sums in fixed point and cannot be ", what,
                    "; connect it with SNN_ARITHMETIC_FLOAT");
}

LatentWeights::Latent* LatentWeights::find(uint32_t projection) {
    for (Latent& latent : latents_)
        if (latent.projection == projection) return &latent;
    return nullptr;
}

void LatentWeights::set_quantization(uint32_t index, uint32_t bits, bool per_channel) {
    if (bits != 0 && (bits < 2 || bits > 8))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "bits is ", bits, "; expected 2 to 8, or 0 for none");
    const Projection& projection = plan_.network->projection(index);
    Latent settings = settings_of(index);
    if (bits) {
        check(index, "quantised");
        if (settings.taps) refuse_delays_with_few_bits(projection);
        if (settings.is_normalized() && !per_channel) refuse_one_scale(projection);
    }
    settings.bits = bits;
    settings.per_channel = per_channel;
    restart(std::move(settings));
}

void LatentWeights::set_normalization(uint32_t index, double scale, double momentum, double epsilon) {
    const Projection& projection = plan_.network->projection(index);
    if (!(scale >= 0) || !std::isfinite(scale))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "scale is ", scale, "; expected a finite number above 0, or 0 for none");
    Latent settings = settings_of(index);
    if (scale > 0) {
        if (!(momentum > 0 && momentum <= 1))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "momentum is ", momentum, "; expected more than 0, at most 1");
        if (!(epsilon > 0) || !std::isfinite(epsilon))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "epsilon is ", epsilon, "; expected a finite number above 0");
        check(index, "normalised");
        if (!projection.bias)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name,
                        "' has no bias, which the normalisation is ", "folded into; connect it with one");
        if (lies_on_cycle(*plan_.network, index))
            throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name,
                        "' lies on a cycle: what it delivers depends on what it ",
                        "has delivered, and batch normalisation through time needs all steps at once");
        if (!training_.can_normalize())
            throw Error(
                SNN_ERROR_UNSUPPORTED, "the device cannot normalise projection '", projection.name,
                "'; \"cpu\" can by itself - ",
                "statistics are of the whole batch, so neither several devices nor micro-batches share one - in networks ",
                "without static sparse projections that have delays, unless those have SNN_ARITHMETIC_FLOAT");
        if (settings.bits && !settings.per_channel) refuse_one_scale(projection);
    }
    settings.scale = scale;
    settings.momentum = momentum;
    settings.epsilon = epsilon;
    restart(std::move(settings));
}

void LatentWeights::set_delay_learning(uint32_t index, uint32_t kernel, double width, double rate_factor) {
    const Projection& projection = plan_.network->projection(index);
    if (kernel > SNN_DELAY_KERNEL_TRIANGLE)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "kernel is ", kernel, "; expected one of SNN_DELAY_KERNEL_*");
    // A narrower Gaussian has only one tap, and a narrower triangle none between two taps: the position would get no gradient.
    constexpr double largest_width = 1e6;
    const double least = kernel == SNN_DELAY_KERNEL_GAUSSIAN ? 0.2 : 1.0;
    if (width != 0 && !(width >= least && width <= largest_width))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "width is ", width, "; expected ", least, " to ", largest_width,
                    " steps, or 0 for none");
    if (!(rate_factor >= 0) || !std::isfinite(rate_factor))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "rate_factor is ", rate_factor, "; expected a finite number of at least 0");
    if (Latent* const latent = find(index); latent && latent->taps && width > 0) {  // positions stay
        latent->kernel = {kernel, width};
        latent->rate_factor = rate_factor;
        return;
    }
    Latent settings = settings_of(index);
    settings.taps.reset();
    if (width > 0) {
        check(index, "given delays that are learned");
        if (projection.kind != SNN_CONNECT_SPARSE)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "' is ", name_of_kind(projection.kind),
                        "; delays are those of synapses, which sparse projections have");
        if (settings.bits) refuse_delays_with_few_bits(projection);
        settings.taps.emplace(projection);
        settings.kernel = {kernel, width};
        settings.rate_factor = rate_factor;
    }
    restart(std::move(settings));
}

// The settings of a projection, without what has been learned since they were set.
LatentWeights::Latent LatentWeights::settings_of(uint32_t projection) {
    Latent settings;
    settings.projection = projection;
    if (const Latent* const old = find(projection)) {
        settings.bits = old->bits;
        settings.per_channel = old->per_channel;
        settings.scale = old->scale;
        settings.momentum = old->momentum;
        settings.epsilon = old->epsilon;
        settings.taps = old->taps;
        settings.kernel = old->kernel;
        settings.rate_factor = old->rate_factor;
    }
    return settings;
}

// Starts the projection again from the session's present weights, with these settings.
void LatentWeights::restart(Latent latent) {
    const uint32_t projection = latent.projection;
    std::vector<double> weights(executor_.count({Slot::weight, projection}));
    executor_.read({Slot::weight, projection}, DType::float64, weights.data());
    if (latent.taps) {
        const size_t pairs = latent.taps->pair_count();
        for (auto* const values : {&latent.weights, &latent.positions, &latent.weight_gradient, &latent.position_gradient})
            values->resize(pairs);
        for (int moment = 0; moment < 2; ++moment) {
            latent.weight_moments[moment].resize(pairs);
            latent.position_moments[moment].resize(pairs);
        }
        latent.taps->collapse(weights, latent.weights, latent.positions);
    } else {
        latent.weights = std::move(weights);
    }
    if (latent.is_normalized()) {
        latent.bias.resize(executor_.count({Slot::bias, projection}));
        executor_.read({Slot::bias, projection}, DType::float64, latent.bias.data());
        for (auto* const values : {&latent.first, &latent.second, &latent.mean, &latent.gradient, &latent.gamma,
                                   &latent.batch_mean, &latent.batch_variance, &latent.gamma_gradient})
            values->resize(latent.bias.size());
        latent.lambda.assign(latent.bias.size(), 1.0);
        latent.variance.assign(latent.bias.size(), 1.0);
    }
    std::erase_if(latents_, [&](const Latent& old) { return old.projection == projection; });
    if (latent.bits || latent.is_normalized() || latent.taps) {
        write_derived(latent, For::session);
        latents_.push_back(std::move(latent));
    }
    runs_.clear();
    for (Latent& each : latents_)
        if (each.is_normalized())
            runs_.push_back({each.projection, each.gamma.data(), each.epsilon, counts_.data(), each.batch_mean.data(),
                             each.batch_variance.data(), each.gamma_gradient.data()});
}

size_t LatentWeights::channel_count(const Latent& latent) const {
    const Projection& projection = plan_.network->projection(latent.projection);
    const Population& target = plan_.network->population(projection.target);
    return projection.kind == SNN_CONNECT_CONV2D ? target.shape.dims[0] : target.size;
}

// Calls use(weight, output channel) for all of the projection's weights in the executor, in order.
template <class Use>
void LatentWeights::for_weights(const Latent& latent, Use&& use) const {
    const Projection& projection = plan_.network->projection(latent.projection);
    const size_t count = derived_.size(), channels = channel_count(latent);
    size_t i = 0;
    switch (projection.kind) {
        case SNN_CONNECT_DENSE:
            while (i < count)
                for (size_t c = 0; c < channels; ++c) use(i++, c);
            return;
        case SNN_CONNECT_CONV2D:
            for (size_t c = 0; c < channels; ++c)
                for (size_t k = 0; k < count / channels; ++k) use(i++, c);
            return;
        case SNN_CONNECT_SPARSE:
            for (; i < count; ++i) use(i, size_t{projection.synapses->index().targets[i]});
            return;
        default:
            for (; i < count; ++i) use(i, i);
    }
}

// Writes the values that the executor's optimiser changes.
void LatentWeights::write_latent(const Latent& latent) const {
    if (!latent.taps) executor_.write({Slot::weight, latent.projection}, DType::float64, latent.weights.data());
    if (latent.is_normalized()) executor_.write({Slot::bias, latent.projection}, DType::float64, latent.bias.data());
}

void LatentWeights::read_latent(Latent& latent) const {
    if (!latent.taps) executor_.read({Slot::weight, latent.projection}, DType::float64, latent.weights.data());
    if (latent.is_normalized()) executor_.read({Slot::bias, latent.projection}, DType::float64, latent.bias.data());
}

void LatentWeights::write_derived(const Latent& latent, For purpose) const {
    if (latent.taps) {
        derived_.resize(executor_.count({Slot::weight, latent.projection}));
        latent.taps->expand(latent.kernel, purpose == For::session, latent.weights, latent.positions, derived_);
    } else {
        derived_ = latent.weights;
    }
    folding_.clear();
    if (latent.is_normalized()) {
        derived_bias_ = latent.bias;
        if (purpose == For::session && latent.has_statistics) {
            folding_.resize(latent.bias.size());
            for (size_t c = 0; c < folding_.size(); ++c) {
                folding_[c] = latent.scale * latent.lambda[c] / std::sqrt(latent.variance[c] + latent.epsilon);
                derived_bias_[c] -= folding_[c] * latent.mean[c];
            }
        }
        executor_.write({Slot::bias, latent.projection}, DType::float64, derived_bias_.data());
    }
    if (latent.bits) quantize(latent);
    else if (!folding_.empty()) for_weights(latent, [&](size_t i, size_t c) { derived_[i] *= folding_[c]; });
    executor_.write({Slot::weight, latent.projection}, DType::float64, derived_.data());
}

// Turns derived_ into integers times a scale. The scale includes the factors of folding, if there are any.
void LatentWeights::quantize(const Latent& latent) const {
    factors_.assign(latent.per_channel ? channel_count(latent) : 1, 0.0);
    const auto scale_of = [&](size_t c) -> double& { return factors_[latent.per_channel ? c : 0]; };
    for_weights(latent, [&](size_t i, size_t c) { scale_of(c) = std::max(scale_of(c), std::abs(derived_[i])); });
    for (double& scale : factors_) scale = quantization_scale(scale, latent.bits);
    for_weights(latent, [&](size_t i, size_t c) {
        if (const double scale = scale_of(c); scale > 0) derived_[i] = std::nearbyint(derived_[i] / scale);
    });
    for (size_t c = 0; c < folding_.size(); ++c) factors_[c] = rounded_up(factors_[c] * folding_[c]);
    for_weights(latent, [&](size_t i, size_t c) { derived_[i] *= scale_of(c); });
}

void LatentWeights::begin() const {
    for (const Latent& latent : latents_)
        if (latent.differs_in_training()) write_derived(latent, For::training);
}

std::span<const NormalizedProjection> LatentWeights::normalization(const int32_t* labels) {
    for (size_t sample = 0; sample < counts_.size(); ++sample) counts_[sample] = !labels || labels[sample] >= 0;
    for (Latent& latent : latents_)
        for (size_t c = 0; c < latent.gamma.size(); ++c) latent.gamma[c] = latent.scale * latent.lambda[c];
    return runs_;
}

void LatentWeights::end() const {
    for (const Latent& latent : latents_)
        if (latent.differs_in_training()) write_derived(latent, For::session);
}

void LatentWeights::take_gradients() {
    for (Latent& latent : latents_) {
        if (latent.is_normalized())
            for (size_t c = 0; c < latent.gradient.size(); ++c) latent.gradient[c] = latent.scale * latent.gamma_gradient[c];
        if (latent.taps) {
            derived_.resize(executor_.count({Slot::weight_gradient, latent.projection}));
            executor_.read({Slot::weight_gradient, latent.projection}, DType::float64, derived_.data());
            latent.taps->gradients(latent.kernel, latent.weights, latent.positions, derived_, latent.weight_gradient,
                                   latent.position_gradient);
        }
    }
}

double LatentWeights::square_sum(uint32_t projection) const {
    for (const Latent& latent : latents_) {
        if (latent.projection != projection || !latent.taps) continue;
        derived_bias_.resize(executor_.count({Slot::bias_gradient, projection}));
        if (!derived_bias_.empty()) executor_.read({Slot::bias_gradient, projection}, DType::float64, derived_bias_.data());
        return square_sum_of(latent.weight_gradient) + square_sum_of(latent.position_gradient) + square_sum_of(derived_bias_);
    }
    const Gradients* const gradients = training_.gradients();
    return gradients ? gradients->square_sum(projection) : 0.0;
}

double LatentWeights::square_sum_of_scales() const {
    double sum = 0;
    for (const Latent& latent : latents_) sum += square_sum_of(latent.gradient);
    return sum;
}

void LatentWeights::check_gradients_are_finite() const {
    for (const Latent& latent : latents_)
        for (const double g : latent.gradient)
            if (!std::isfinite(g))
                throw Error(SNN_ERROR_DIVERGED, "projection '", plan_.network->projection(latent.projection).name,
                            "': the gradient of its normalisation is ", g,
                            ", so the weights were not updated; a lower learning rate or ", "gradient clipping may help");
}

void LatentWeights::update(const OptimizerStep& step, OptimizerMemory& memory) {
    try {
        for (const Latent& latent : latents_) write_latent(latent);
        training_.update(step, memory);
    } catch (...) {
        for (const Latent& latent : latents_) write_derived(latent, For::session);
        throw;
    }
    OptimizerStep undecayed = step;  // neither a scale nor a delay should decay to zero
    undecayed.weight_decay = undecayed.l1_regularization = 0;
    const OptimizerConstants<double> constants = optimizer_constants<double>(undecayed);
    for (Latent& latent : latents_) {
        read_latent(latent);
        for (size_t c = 0; c < latent.lambda.size(); ++c)
            update_value(step.optimizer, constants, latent.gradient[c], latent.lambda[c], latent.first[c], latent.second[c]);
        if (latent.taps) update_delays(latent, step, undecayed);
        if (latent.is_normalized()) update_statistics(latent);
        write_derived(latent, For::session);
    }
}

void LatentWeights::update_delays(Latent& latent, const OptimizerStep& of_weights, OptimizerStep of_positions) const {
    of_positions.learning_rate *= latent.rate_factor;
    const auto weights = optimizer_constants<double>(of_weights), positions = optimizer_constants<double>(of_positions);
    for (size_t i = 0; i < latent.weights.size(); ++i) {
        update_value(of_weights.optimizer, weights, latent.weight_gradient[i], latent.weights[i], latent.weight_moments[0][i],
                     latent.weight_moments[1][i]);
        update_value(of_weights.optimizer, positions, latent.position_gradient[i], latent.positions[i],
                     latent.position_moments[0][i], latent.position_moments[1][i]);
        latent.positions[i] = latent.taps->within(latent.positions[i]);
    }
}

void LatentWeights::update_statistics(Latent& latent) const {
    const Projection& projection = plan_.network->projection(latent.projection);
    const double plane =
        static_cast<double>(plan_.network->population(projection.target).size) / static_cast<double>(latent.mean.size());
    const double count = plane * step_count_ *
                         static_cast<double>(std::count(counts_.begin(), counts_.end(), 1));
    const double correction = count > 1 ? count / (count - 1) : 1;
    const double share = latent.has_statistics ? latent.momentum : 1;
    for (size_t c = 0; c < latent.mean.size(); ++c) {
        latent.mean[c] += share * (latent.batch_mean[c] - latent.mean[c]);
        latent.variance[c] += share * (correction * latent.batch_variance[c] - latent.variance[c]);
    }
    latent.has_statistics = true;
}

// The values from which training resumes, as one list: `use` gets each vector, and the flag as a vector of one number.
template <class Some, class Use>
void LatentWeights::for_values(Some& latent, Use&& use) {
    for (auto* const values : {&latent.weights, &latent.bias, &latent.lambda, &latent.first, &latent.second, &latent.mean,
                               &latent.variance, &latent.positions, &latent.weight_moments[0], &latent.weight_moments[1],
                               &latent.position_moments[0], &latent.position_moments[1]})
        use(*values);
    if (!latent.is_normalized()) return;
    std::vector<double> flag{latent.has_statistics ? 1.0 : 0.0};
    use(flag);
    if constexpr (!std::is_const_v<Some>) latent.has_statistics = flag[0] != 0;
}

size_t LatentWeights::count() const {
    size_t count = 0;
    for (const Latent& latent : latents_)
        for_values(latent, [&](const std::vector<double>& values) { count += values.size(); });
    return count;
}

void LatentWeights::read(std::span<double> out_values) const {
    double* out = out_values.data();
    for (const Latent& latent : latents_)
        for_values(latent, [&](const std::vector<double>& values) { out = std::copy(values.begin(), values.end(), out); });
}

void LatentWeights::for_squares(const std::function<void(size_t begin, size_t end)>& use) const {
    size_t at = 0;
    for (const Latent& latent : latents_)
        for_values(latent, [&](const std::vector<double>& values) {
            for (const auto* const squares :
                 {&latent.second, &latent.variance, &latent.weight_moments[1], &latent.position_moments[1]})
                if (squares == &values) use(at, at + values.size());
            at += values.size();
        });
}

void LatentWeights::write(std::span<const double> values) {
    const double* from = values.data();
    for (Latent& latent : latents_) {
        for_values(latent, [&](std::vector<double>& part) {
            std::copy_n(from, part.size(), part.begin());
            from += part.size();
        });
        for (double& position : latent.positions) position = latent.taps->within(position);
        write_derived(latent, For::session);
    }
}

}  // namespace snn
