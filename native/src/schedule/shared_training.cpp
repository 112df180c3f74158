#include "schedule/shared_training.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "backend/slots.h"
#include "train/optimizer.h"

namespace snn {

namespace {

constexpr size_t values_of_task = 8192;

Slot::Kind gradient_kind(Slot::Kind kind) { return kind == Slot::weight ? Slot::weight_gradient : Slot::bias_gradient; }

template <class Use>
void for_trained(const Network& network, Use&& use) {
    for (uint32_t q = 0; q < network.projections().size(); ++q) {
        const Projection& projection = network.projection(q);
        if (!projection.trainable) continue;
        use(Slot{Slot::weight, q}, projection.weight_count());
        if (projection.bias_count() > 0) use(Slot{Slot::bias, q}, projection.bias_count());
    }
}

struct HostMoments final : OptimizerMemory {
    struct Pair {
        std::vector<double> first, second;
    };
    std::vector<Pair> pairs;  // as for_trained() goes through them

    template <class Use>
    void for_each(Use&& use) {
        for (Pair& pair : pairs) {
            use(pair.first);
            use(pair.second);
        }
    }
    size_t count() const override {
        size_t sum = 0;
        for (const Pair& pair : pairs) sum += pair.first.size() + pair.second.size();
        return sum;
    }
    void read(std::span<double> out_values) const override {
        double* out = out_values.data();
        const_cast<HostMoments*>(this)->for_each(
            [&](const std::vector<double>& moment) { out = std::copy(moment.begin(), moment.end(), out); });
    }
    void write(std::span<const double> values) override {
        const double* from = values.data();
        for_each([&](std::vector<double>& moment) {
            std::copy_n(from, moment.size(), moment.begin());
            from += moment.size();
        });
    }
    void for_squares(const std::function<void(size_t begin, size_t end)>& use) const override {
        size_t at = 0;
        for (const Pair& pair : pairs) {
            at += pair.first.size();
            use(at, at + pair.second.size());
            at += pair.second.size();
        }
    }
};

// The optimiser is known when this is compiled, so that compilers make lanes of the loop: the same operations, the same bits.
template <class Real, uint32_t optimizer>
void update_values(const OptimizerStep& step, double limit, std::span<double> values, std::span<const double> gradient,
                   double* first, double* second) {
    const OptimizerConstants<Real> constants = optimizer_constants<Real>(step);
    for (size_t i = 0; i < values.size(); ++i) {
        auto value = static_cast<Real>(values[i]), one = static_cast<Real>(first[i]), two = Real{0};
        if constexpr (has_second_moment(optimizer)) two = static_cast<Real>(second[i]);
        update_value(optimizer, constants, static_cast<Real>(gradient[i]), value, one, two);
        const auto updated = static_cast<double>(value);
        values[i] = updated < -limit ? -limit : updated > limit ? limit : updated;
        first[i] = static_cast<double>(one);
        if constexpr (has_second_moment(optimizer)) second[i] = static_cast<double>(two);
    }
}

template <class Real>
auto update_by(uint32_t optimizer) {
    switch (optimizer) {
        case SNN_OPTIMIZER_SGD: return update_values<Real, SNN_OPTIMIZER_SGD>;
        case SNN_OPTIMIZER_ADAM: return update_values<Real, SNN_OPTIMIZER_ADAM>;
        case SNN_OPTIMIZER_ADAMW: return update_values<Real, SNN_OPTIMIZER_ADAMW>;
        default: return update_values<Real, SNN_OPTIMIZER_LION>;
    }
}

}  // namespace

SharedTraining::SharedTraining(std::shared_ptr<const Plan> plan, bool in_double, const Executor& executor)
    : plan_(std::move(plan)), in_double_(in_double) {
    const Network& network = *plan_->network;
    const std::vector<float> limits = fixed_weight_limits(network);
    for_trained(network, [&](const Slot& slot, size_t count) {
        const double none = std::numeric_limits<float>::max();
        Trained trained{slot, slot.kind == Slot::weight ? static_cast<double>(limits[slot.index]) : none,
                        std::vector<double>(count), std::vector<double>(count)};
        executor.read(slot, DType::float64, trained.values.data());
        trained_.push_back(std::move(trained));
    });
    for (uint32_t p = 0; p < network.populations().size(); ++p) {
        const Population& population = network.population(p);
        const auto& learning = plan_->populations[p].learning;
        if (!learning) continue;
        const std::vector<double> zeros(population.size);
        for (uint32_t k = 0; k < learning->constants.size(); ++k) learned_.push_back({p, k, false, zeros});
        for (uint32_t s = 0; s < population.model->states.size(); ++s)
            if (population.learnable_initial(s)) learned_.push_back({p, s, true, zeros});
    }
}

const SharedTraining::Trained* SharedTraining::find(const Slot& slot) const {
    const auto found = std::find_if(trained_.begin(), trained_.end(), [&](const Trained& trained) {
        return trained.slot.index == slot.index &&
               (trained.slot.kind == slot.kind || gradient_kind(trained.slot.kind) == slot.kind);
    });
    return found == trained_.end() ? nullptr : &*found;
}

void SharedTraining::read(const Slot& slot, DType dtype, void* out_data) const {
    const Trained& found = *find(slot);
    const std::vector<double>& values = slot.kind == found.slot.kind ? found.values : found.gradient;
    convert(DType::float64, values.data(), dtype, out_data, values.size());
}

void SharedTraining::write(const Slot& slot, DType dtype, const void* data) {
    std::vector<double>& values = const_cast<Trained*>(find(slot))->values;
    convert(dtype, data, DType::float64, values.data(), values.size());
    for (double& value : values) value = rounded(value);
}

void SharedTraining::add_gradients(Executor& executor, bool is_first) {
    const Gradients& gradients = *executor.trainable()->gradients();
    const auto add = [&](std::vector<double>& io_sum, auto&& read) {
        if (is_first) return read(io_sum.data());
        summand_.resize(io_sum.size());
        read(summand_.data());
        for (size_t i = 0; i < io_sum.size(); ++i) io_sum[i] += summand_[i];
    };
    for (Trained& trained : trained_) {
        const Slot slot{gradient_kind(trained.slot.kind), trained.slot.index};
        std::vector<double>& sum = trained.gradient;
        if (in_double_) {
            add(sum, [&](double* out_values) { executor.read(slot, DType::float64, out_values); });
            continue;
        }
        floats_.resize(sum.size());
        executor.read(slot, DType::float32, floats_.data());
        if (is_first) std::copy(floats_.begin(), floats_.end(), sum.begin());
        else
            for (size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(floats_[i]);
    }
    for (Learned& learned : learned_)
        add(learned.gradient, [&](double* out_values) {
            if (learned.is_state) gradients.read_initial(learned.population, learned.place, out_values);
            else gradients.read_constant(learned.population, learned.place, out_values);
        });
}

// A sum of floats is a float.
void SharedTraining::finish_gradients() {
    for (Trained& trained : trained_)
        for (double& value : trained.gradient) value = rounded(value);
    has_gradients_ = true;
}

double SharedTraining::square_sum(uint32_t projection) const {
    double sum = 0;
    for (const Trained& trained : trained_)
        for (size_t i = 0; trained.slot.index == projection && i < trained.gradient.size(); ++i)
            sum += trained.gradient[i] * trained.gradient[i];
    return sum;
}

bool SharedTraining::is_finite(uint32_t projection) const {
    return std::all_of(trained_.begin(), trained_.end(), [&](const Trained& trained) {
        return trained.slot.index != projection ||
               std::all_of(trained.gradient.begin(), trained.gradient.end(), [](double value) { return std::isfinite(value); });
    });
}

const std::vector<double>& SharedTraining::gradient_of(uint32_t population, uint32_t place, bool is_state) const {
    return std::find_if(learned_.begin(), learned_.end(), [&](const Learned& learned) {
               return learned.population == population && learned.place == place && learned.is_state == is_state;
           })->gradient;
}

void SharedTraining::read_constant(uint32_t population, uint32_t place, double* out_values) const {
    const std::vector<double>& gradient = gradient_of(population, place, false);
    std::copy(gradient.begin(), gradient.end(), out_values);
}

void SharedTraining::read_initial(uint32_t population, uint32_t state, double* out_values) const {
    const std::vector<double>& gradient = gradient_of(population, state, true);
    std::copy(gradient.begin(), gradient.end(), out_values);
}

std::unique_ptr<OptimizerMemory> SharedTraining::make_optimizer_memory(const Plan& plan, uint32_t optimizer) {
    auto moments = std::make_unique<HostMoments>();
    for_trained(*plan.network, [&](const Slot&, size_t count) {
        moments->pairs.push_back({std::vector<double>(count), std::vector<double>(has_second_moment(optimizer) ? count : 0)});
    });
    return moments;
}

void SharedTraining::update(const OptimizerStep& step, OptimizerMemory& memory, ThreadPool& pool) {
    auto& moments = static_cast<HostMoments&>(memory);
    for (size_t k = 0; k < trained_.size(); ++k) {
        Trained& trained = trained_[k];
        HostMoments::Pair& pair = moments.pairs[k];
        const size_t count = trained.values.size();
        pool.deal(static_cast<uint32_t>((count + values_of_task - 1) / values_of_task), [&](uint32_t task, uint32_t) {
            const size_t begin = task * values_of_task, size = std::min(values_of_task, count - begin);
            const auto update = in_double_ ? update_by<double>(step.optimizer) : update_by<float>(step.optimizer);
            update(step, trained.limit, std::span(trained.values).subspan(begin, size),
                   std::span(trained.gradient).subspan(begin, size), pair.first.data() + begin,
                   pair.second.empty() ? nullptr : pair.second.data() + begin);
        });
    }
}

}  // namespace snn
