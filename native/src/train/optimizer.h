// One update of one weight: the optimisers' formulas, written once for every backend. Plain arithmetic on `Real`, which
// may be a scalar or a type of lanes with + - * /, a square_root and a sign.
//
//   SGD    g += decay w;  m = momentum m + g;  w -= rate m
//   Adam   g += decay w;  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  w -= rate mhat / (sqrt(vhat) + eps)
//          (Kingma & Ba 2015)
//   AdamW  as Adam without the decay in g;  w -= rate decay w first  (Loshchilov & Hutter 2019)
//   Lion   w -= rate (sign(b1 m + (1-b1) g) + decay w);  m = b2 m + (1-b2) g  (Chen et al. 2023, arXiv 2302.06675)
//
// L1 adds l1 sign(w) to g, whatever the optimiser; sign(0) is 0.
#pragma once

#include <snn/snn.h>

#include <cmath>

namespace snn {

template <class Real>
struct OptimizerConstants {
    Real rate, momentum, beta1, beta2, one_minus_beta1, one_minus_beta2, epsilon, decay, l1, gradient_scale;
    Real first_correction, second_correction;  // 1 / (1 - beta^t)
};

// `step` is an OptimizerStep (backend/trainable.h). It is a template parameter so that kernels compiled for one instruction set
// can include this header and nothing else.
template <class Real, class Step>
OptimizerConstants<Real> optimizer_constants(const Step& step) {
    const double t = static_cast<double>(step.update);
    return {static_cast<Real>(step.learning_rate),
            static_cast<Real>(step.momentum),
            static_cast<Real>(step.beta1),
            static_cast<Real>(step.beta2),
            static_cast<Real>(1.0 - step.beta1),
            static_cast<Real>(1.0 - step.beta2),
            static_cast<Real>(step.epsilon),
            static_cast<Real>(step.weight_decay),
            static_cast<Real>(step.l1_regularization),
            static_cast<Real>(step.gradient_scale),
            static_cast<Real>(1.0 / (1.0 - std::pow(step.beta1, t))),
            static_cast<Real>(1.0 / (1.0 - std::pow(step.beta2, t)))};
}

// Clipping scales only the gradient of the loss, not the regularisation.
template <class Real, class Sign>
inline Real regularized(const OptimizerConstants<Real>& c, Sign&& sign, Real gradient, Real weight) {
    return gradient * c.gradient_scale + c.l1 * sign(weight);
}

template <class Real, class Sign>
inline void update_sgd(const OptimizerConstants<Real>& c, Sign&& sign, Real gradient, Real& io_weight, Real& io_moment) {
    const Real g = regularized(c, sign, gradient, io_weight) + c.decay * io_weight;
    io_moment = c.momentum * io_moment + g;
    io_weight = io_weight - c.rate * io_moment;
}

// `decay` acts on the gradient (Adam) or on the weight (AdamW).
template <class Real, bool decoupled, class SquareRoot, class Sign>
inline void update_adam(const OptimizerConstants<Real>& c, SquareRoot&& square_root, Sign&& sign, Real gradient,
                        Real& io_weight, Real& io_first, Real& io_second) {
    Real g = regularized(c, sign, gradient, io_weight);
    if constexpr (decoupled) io_weight = io_weight - c.rate * c.decay * io_weight;
    else g = g + c.decay * io_weight;
    io_first = c.beta1 * io_first + c.one_minus_beta1 * g;
    io_second = c.beta2 * io_second + c.one_minus_beta2 * g * g;
    const Real step = io_first * c.first_correction / (square_root(io_second * c.second_correction) + c.epsilon);
    io_weight = io_weight - c.rate * step;
}

template <class Real, class Sign>
inline void update_lion(const OptimizerConstants<Real>& c, Sign&& sign, Real gradient, Real& io_weight, Real& io_moment) {
    const Real g = regularized(c, sign, gradient, io_weight);
    const Real direction = sign(c.beta1 * io_moment + c.one_minus_beta1 * g);
    io_moment = c.beta2 * io_moment + c.one_minus_beta2 * g;
    io_weight = io_weight - c.rate * (direction + c.decay * io_weight);
}

// By SNN_OPTIMIZER_*, for scalars. The second moment is not read if the optimiser has none.
template <class Real>
void update_value(uint32_t optimizer, const OptimizerConstants<Real>& c, Real gradient, Real& io_weight, Real& io_first,
                  Real& io_second) {
    const auto square_root = [](Real x) { return std::sqrt(x); };
    const auto sign = [](Real x) { return static_cast<Real>((x > 0) - (x < 0)); };
    switch (optimizer) {
        case SNN_OPTIMIZER_SGD: update_sgd(c, sign, gradient, io_weight, io_first); break;
        case SNN_OPTIMIZER_ADAM:
            update_adam<Real, false>(c, square_root, sign, gradient, io_weight, io_first, io_second);
            break;
        case SNN_OPTIMIZER_ADAMW:
            update_adam<Real, true>(c, square_root, sign, gradient, io_weight, io_first, io_second);
            break;
        default: update_lion(c, sign, gradient, io_weight, io_first);
    }
}

constexpr bool has_second_moment(uint32_t optimizer) {
    return optimizer == SNN_OPTIMIZER_ADAM || optimizer == SNN_OPTIMIZER_ADAMW;
}

}  // namespace snn
