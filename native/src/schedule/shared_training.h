// What is trained by several devices that share a batch, in host memory: weights and biases, the sum of the gradients that the
// devices found, and the optimiser's update. So all devices have the same weights, bit for bit, whatever their own update would
// round, and a device that is lost takes nothing with it.
//
// Values are kept as doubles; those of sessions that compute in float32 are rounded to it after every operation that a device
// would round.
//
// Thread-safety: one thread at a time.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "backend/trainable.h"
#include "common/thread_pool.h"

namespace snn {

class SharedTraining final : public Gradients {
public:
    // Begins with the weights of `executor`.
    SharedTraining(std::shared_ptr<const Plan> plan, bool in_double, const Executor& executor);

    // Whether a slot is a weight, a bias or a gradient of what is trained.
    bool has(const Slot& slot) const { return find(slot) != nullptr; }
    void read(const Slot& slot, DType dtype, void* out_data) const;
    void write(const Slot& slot, DType dtype, const void* data);
    // Calls use(slot, type, values) for all weights and biases.
    template <class Use>
    void for_weights(Use&& use) const {
        for (const Trained& trained : trained_) {
            if (in_double_) {
                use(trained.slot, DType::float64, static_cast<const void*>(trained.values.data()));
                continue;
            }
            floats_.assign(trained.values.begin(), trained.values.end());
            use(trained.slot, DType::float32, static_cast<const void*>(floats_.data()));
        }
    }

    // After the backward passes of all of them: their gradients, added up in the order of the calls.
    void add_gradients(Executor& executor, bool is_first);
    void finish_gradients();
    bool has_gradients() const { return has_gradients_; }
    void forget_gradients() { has_gradients_ = false; }
    double square_sum(uint32_t projection) const override;
    bool is_finite(uint32_t projection) const override;
    void read_constant(uint32_t population, uint32_t place, double* out_values) const override;
    void read_initial(uint32_t population, uint32_t state, double* out_values) const override;

    static std::unique_ptr<OptimizerMemory> make_optimizer_memory(const Plan& plan, uint32_t optimizer);
    // Of the weights here: whoever calls brings them to the devices.
    void update(const OptimizerStep& step, OptimizerMemory& memory, ThreadPool& pool);

private:
    struct Trained {  // the weights or biases of one projection
        Slot slot;
        double limit;  // what |weight| may be
        std::vector<double> values, gradient;
    };
    // dL/d(constant) or dL/d(state before the first step) of the neurons of a population that learns.
    struct Learned {
        uint32_t population, place;
        bool is_state;
        std::vector<double> gradient;
    };

    const Trained* find(const Slot& slot) const;
    double rounded(double value) const { return in_double_ ? value : static_cast<double>(static_cast<float>(value)); }
    const std::vector<double>& gradient_of(uint32_t population, uint32_t place, bool is_state) const;

    std::shared_ptr<const Plan> plan_;
    bool in_double_;
    std::vector<Trained> trained_;  // in the order of projections, weights before biases
    std::vector<Learned> learned_;
    std::vector<double> summand_;
    mutable std::vector<float> floats_;
    bool has_gradients_ = false;  // of the last taped run
};

}  // namespace snn
