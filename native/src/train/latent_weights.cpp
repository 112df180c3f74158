#include "train/latent_weights.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/quantization.h"
#include "network/stages.h"
#include "train/optimizer.h"

namespace snn {

LatentWeights::LatentWeights(Executor& executor, const Plan& plan, uint32_t batch_size, uint32_t step_count)
    : executor_(executor), plan_(plan), step_count_(step_count), counts_(batch_size, 1) {}

void LatentWeights::check(uint32_t index, const char* what) const {
    const Projection& projection = plan_.network->projection(index);
    if (!projection.trainable)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "' is not trained and cannot be ", what);
    if (projection.is_fixed())
        throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name, "' sums in fixed point and cannot be ", what,
                    "; connect it with SNN_ARITHMETIC_FLOAT");
}

void LatentWeights::set_quantization(uint32_t projection, uint32_t bits, bool per_channel) {
    if (bits != 0 && (bits < 2 || bits > 8))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "bits is ", bits, "; expected 2 to 8, or 0 for none");
    plan_.network->projection(projection);
    if (bits) check(projection, "quantised");
    for (const Latent& latent : latents_)
        if (bits && latent.projection == projection && latent.scale > 0)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", plan_.network->projection(projection).name,
                        "' is normalised; quantise it in a trainer of its own, after the normalisation is folded");
    forget(projection);
    if (!bits) return;
    Latent latent = new_latent(projection);
    latent.bits = bits;
    latent.per_channel = per_channel;
    write_derived(latent);
    latents_.push_back(std::move(latent));
}

void LatentWeights::set_normalization(uint32_t index, double scale, double momentum, double epsilon) {
    const Projection& projection = plan_.network->projection(index);
    if (!(scale >= 0) || !std::isfinite(scale))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "scale is ", scale, "; expected a finite number above 0, or 0 for none");
    if (scale > 0) {
        if (!(momentum > 0 && momentum <= 1))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "momentum is ", momentum, "; expected more than 0, at most 1");
        if (!(epsilon > 0) || !std::isfinite(epsilon))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "epsilon is ", epsilon, "; expected a finite number above 0");
        check(index, "normalised");
        if (!projection.bias)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "' has no bias, which the normalisation is ",
                        "folded into; connect it with one");
        if (lies_on_cycle(*plan_.network, index))
            throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name, "' lies on a cycle: what it delivers depends on what it ",
                        "has delivered, and batch normalisation through time needs all steps at once");
        if (!executor_.can_normalize())
            throw Error(SNN_ERROR_UNSUPPORTED, "the device cannot normalise projection '", projection.name, "'; \"cpu\" can, in networks ",
                        "without static sparse projections that have delays, unless those have SNN_ARITHMETIC_FLOAT");
        for (const Latent& latent : latents_)
            if (latent.projection == index && latent.bits)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "' is quantised; normalise it in a trainer of "
                            "its own, before");
    }
    forget(index);
    if (scale > 0) {
        Latent latent = new_latent(index);
        latent.bias.resize(projection.bias->size());
        executor_.read({Slot::bias, index}, DType::float64, latent.bias.data());
        latent.scale = scale;
        latent.momentum = momentum;
        latent.epsilon = epsilon;
        for (auto* const values : {&latent.first, &latent.second, &latent.mean, &latent.gradient, &latent.gamma,
                                   &latent.batch_mean, &latent.batch_variance})
            values->resize(latent.bias.size());
        latent.lambda.assign(latent.bias.size(), 1.0);
        latent.variance.assign(latent.bias.size(), 1.0);
        latents_.push_back(std::move(latent));
    }
    prepare_runs();
}

LatentWeights::Latent LatentWeights::new_latent(uint32_t projection) const {
    Latent latent;
    latent.projection = projection;
    latent.weights.resize(executor_.count({Slot::weight, projection}));
    executor_.read({Slot::weight, projection}, DType::float64, latent.weights.data());
    return latent;
}

// The session keeps the weights that it has.
void LatentWeights::forget(uint32_t projection) {
    std::erase_if(latents_, [&](const Latent& latent) { return latent.projection == projection; });
    prepare_runs();
}

void LatentWeights::prepare_runs() {
    runs_.clear();
    for (Latent& latent : latents_)
        if (latent.scale > 0)
            runs_.push_back({latent.projection, latent.gamma.data(), latent.epsilon, counts_.data(), latent.batch_mean.data(),
                             latent.batch_variance.data()});
}

size_t LatentWeights::channel_count(const Latent& latent) const {
    const Projection& projection = plan_.network->projection(latent.projection);
    const Population& target = plan_.network->population(projection.target);
    return projection.kind == SNN_CONNECT_CONV2D ? target.shape.dims[0] : target.size;
}

// Calls use(weight, output channel) for all weights in order.
template <class Use>
void LatentWeights::for_weights(const Latent& latent, Use&& use) const {
    const Projection& projection = plan_.network->projection(latent.projection);
    const size_t count = latent.weights.size(), channels = channel_count(latent);
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

void LatentWeights::write_latent(const Latent& latent) const {
    executor_.write({Slot::weight, latent.projection}, DType::float64, latent.weights.data());
    if (latent.scale > 0) executor_.write({Slot::bias, latent.projection}, DType::float64, latent.bias.data());
}

void LatentWeights::read_latent(Latent& latent) const {
    executor_.read({Slot::weight, latent.projection}, DType::float64, latent.weights.data());
    if (latent.scale > 0) executor_.read({Slot::bias, latent.projection}, DType::float64, latent.bias.data());
}

void LatentWeights::write_derived(const Latent& latent) const {
    if (latent.scale > 0 && !latent.has_statistics) return write_latent(latent);  // nothing to fold yet
    derived_ = latent.weights;
    if (latent.scale > 0) {
        derived_bias_ = latent.bias;
        factors_.resize(latent.bias.size());
        for (size_t c = 0; c < factors_.size(); ++c) {
            factors_[c] = latent.scale * latent.lambda[c] / std::sqrt(latent.variance[c] + latent.epsilon);
            derived_bias_[c] -= factors_[c] * latent.mean[c];
        }
        for_weights(latent, [&](size_t i, size_t c) { derived_[i] *= factors_[c]; });
        executor_.write({Slot::bias, latent.projection}, DType::float64, derived_bias_.data());
    } else {
        factors_.assign(latent.per_channel ? channel_count(latent) : 1, 0.0);
        const auto scale_of = [&](size_t c) -> double& { return factors_[latent.per_channel ? c : 0]; };
        for_weights(latent, [&](size_t i, size_t c) { scale_of(c) = std::max(scale_of(c), std::abs(derived_[i])); });
        for (double& scale : factors_) scale = quantization_scale(scale, latent.bits);
        for_weights(latent, [&](size_t i, size_t c) {
            if (const double scale = scale_of(c); scale > 0) derived_[i] = scale * std::nearbyint(derived_[i] / scale);
        });
    }
    executor_.write({Slot::weight, latent.projection}, DType::float64, derived_.data());
}

void LatentWeights::begin() const {
    for (const Latent& latent : latents_)
        if (latent.scale > 0) write_latent(latent);
}

std::span<const NormalizedProjection> LatentWeights::normalization(const int32_t* labels) {
    for (size_t sample = 0; sample < counts_.size(); ++sample) counts_[sample] = !labels || labels[sample] >= 0;
    for (Latent& latent : latents_)
        for (size_t c = 0; c < latent.gamma.size(); ++c) latent.gamma[c] = latent.scale * latent.lambda[c];
    return runs_;
}

void LatentWeights::end() const {
    for (const Latent& latent : latents_)
        if (latent.scale > 0) write_derived(latent);
}

void LatentWeights::take_gradients() {
    for (Latent& latent : latents_) {
        if (latent.scale == 0) continue;
        executor_.read_gamma_gradient(latent.projection, latent.gradient.data());
        for (double& gradient : latent.gradient) gradient *= latent.scale;
    }
}

double LatentWeights::square_sum() const {
    double sum = 0;
    for (const Latent& latent : latents_)
        for (const double g : latent.gradient) sum += g * g;
    return sum;
}

void LatentWeights::check_gradients_are_finite() const {
    for (const Latent& latent : latents_)
        for (const double g : latent.gradient)
            if (!std::isfinite(g))
                throw Error(SNN_ERROR_STATE, "projection '", plan_.network->projection(latent.projection).name,
                            "': the gradient of its normalisation is ", g, ", so the weights were not updated; a lower learning rate or ",
                            "gradient clipping may help");
}

void LatentWeights::update(const OptimizerStep& step, OptimizerMemory& memory) {
    try {
        for (const Latent& latent : latents_) write_latent(latent);
        executor_.update(step, memory);
    } catch (...) {
        for (const Latent& latent : latents_) write_derived(latent);
        throw;
    }
    OptimizerStep of_lambda = step;
    of_lambda.weight_decay = of_lambda.l1_regularization = 0;  // a scale has no reason to go to zero
    const OptimizerConstants<double> constants = optimizer_constants<double>(of_lambda);
    for (Latent& latent : latents_) {
        read_latent(latent);
        for (size_t c = 0; c < latent.lambda.size(); ++c)
            update_value(step.optimizer, constants, latent.gradient[c], latent.lambda[c], latent.first[c], latent.second[c]);
        if (latent.scale > 0) update_statistics(latent);
        write_derived(latent);
    }
}

void LatentWeights::update_statistics(Latent& latent) const {
    const Projection& projection = plan_.network->projection(latent.projection);
    const double plane = static_cast<double>(plan_.network->population(projection.target).size) / static_cast<double>(latent.mean.size());
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

// What training goes on from, as one list: `use` gets each vector, and the flag as a vector of one number.
template <class Self, class Use>
void LatentWeights::for_state(Self& self, Use&& use) {
    for (auto& latent : self.latents_) {
        for (auto* const values : {&latent.weights, &latent.bias, &latent.lambda, &latent.first, &latent.second, &latent.mean,
                                   &latent.variance})
            use(*values);
        if (latent.scale == 0) continue;
        std::vector<double> flag{latent.has_statistics ? 1.0 : 0.0};
        use(flag);
        if constexpr (!std::is_const_v<Self>) latent.has_statistics = flag[0] != 0;
    }
}

size_t LatentWeights::count() const {
    size_t count = 0;
    for_state(*this, [&](const std::vector<double>& values) { count += values.size(); });
    return count;
}

void LatentWeights::read(std::span<double> out_values) const {
    double* out = out_values.data();
    for_state(*this, [&](const std::vector<double>& values) { out = std::copy(values.begin(), values.end(), out); });
}

void LatentWeights::write(std::span<const double> values) {
    const double* from = values.data();
    for_state(*this, [&](std::vector<double>& part) {
        std::copy_n(from, part.size(), part.begin());
        from += part.size();
    });
    for (const Latent& latent : latents_) write_derived(latent);
}

}  // namespace snn
