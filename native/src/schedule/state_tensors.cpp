#include "schedule/state_tensors.h"

#include "backend/slots.h"

namespace snn {

namespace {

TensorType tensor_type_of(DType type) {
    switch (type) {
        case DType::float32: return TensorType::f32;
        case DType::float64: return TensorType::f64;
        case DType::int32: return TensorType::i32;
        case DType::uint8: return TensorType::u8;
    }
    return TensorType::f32;
}

const char* name_of_trace(Slot::Kind kind) {
    switch (kind) {
        case Slot::pre_traces: return ".pre_traces";
        case Slot::pre_age: return ".pre_age";
        case Slot::post_traces: return ".post_traces";
        case Slot::post_age: return ".post_age";
        case Slot::synapse_traces: return ".synapse_traces";
        default: return ".synapse_age";
    }
}

class List {
public:
    List(const Plan& plan, uint32_t batch_size) : plan_(plan), network_(*plan.network), batch_(batch_size) {}

    std::vector<StateTensor> made() {
        for_population_slots(plan_, [&](const Slot& slot, DType dtype) { add_values_of_population(slot, dtype); });
        for (uint32_t p = 0; p < network_.populations().size(); ++p) {
            if (network_.population(p).is_input()) add_input(p);
            else add_parameters(p);
        }
        for (uint32_t q = 0; q < network_.projections().size(); ++q) {
            for_trace_slots(plan_, q, [&](const Slot& slot, DType dtype) { add_traces(slot, dtype); });
            add_rule_parameters(q);
            add_weights(q);
        }
        return std::move(tensors_);
    }

private:
    void add_values_of_population(const Slot& slot, DType dtype) {
        const Population& population = network_.population(slot.index);
        StateTensor tensor{StateTensor::values, {}, tensor_type_of(dtype), {batch_, population.size}, slot};
        if (slot.kind == Slot::state) {
            tensor.name = population.name + ".state." + population.model->states[slot.sub].name;
        } else {
            tensor.name = population.name + ".history";
            const uint64_t depth = slot.kind == Slot::history ? plan_.populations[slot.index].history_depth : 1;
            tensor.shape.insert(tensor.shape.begin(), depth);
            tensor.of_spikes = population.is_binary();
        }
        tensors_.push_back(std::move(tensor));
    }

    void add_input(uint32_t p) {
        const Population& population = network_.population(p);
        tensors_.push_back({.kind = StateTensor::input,
                            .name = population.name + ".input",
                            .type = TensorType::f32,
                            .shape = {batch_, population.size},
                            .slot = {Slot::activity, p},
                            .of_spikes = population.is_binary()});
    }

    void add_parameters(uint32_t p) {
        const Population& population = network_.population(p);
        for (uint32_t i = 0; i < population.model->parameters.size(); ++i)
            tensors_.push_back({.kind = StateTensor::parameter,
                                .name = population.name + ".parameter." + population.model->parameters[i].name,
                                .type = TensorType::f64,
                                .shape = {1},
                                .slot = {Slot::state, p},
                                .number = i});
    }

    void add_traces(const Slot& slot, DType dtype) {
        const Projection& projection = network_.projection(slot.index);
        const PlasticityPlan& plan = *plan_.plasticity[slot.index];
        const Slot::Kind side = side_of(slot.kind);
        std::vector<uint64_t> shape{projection.weight_count()};
        if (side == Slot::pre_traces) shape = {network_.population(projection.source).size, plan.delays.size()};
        if (side == Slot::post_traces) shape = {network_.population(projection.target).size};
        if (!is_age(slot.kind)) shape.insert(shape.begin(), traces_of(plan, side).size());
        tensors_.push_back(
            {StateTensor::values, projection.name + name_of_trace(slot.kind), tensor_type_of(dtype), std::move(shape), slot});
    }

    void add_rule_parameters(uint32_t q) {
        const Projection& projection = network_.projection(q);
        if (!projection.plasticity) return;
        tensors_.push_back({.kind = StateTensor::rule_parameters,
                            .name = projection.name + ".rule_parameters",
                            .type = TensorType::f64,
                            .shape = {projection.plasticity->parameters.size()},
                            .slot = {Slot::weight, q}});
    }

    void add_weights(uint32_t q) {
        const Projection& projection = network_.projection(q);
        const auto add = [&](const char* what, Slot::Kind kind, uint64_t count) {
            std::vector<uint64_t> shape{count};
            if (plan_.sample_weights) shape.insert(shape.begin(), batch_);
            tensors_.push_back({StateTensor::values, projection.name + what, TensorType::f32, std::move(shape), {kind, q}});
        };
        add(".weight", Slot::weight, projection.weight_count());
        if (projection.bias) add(".bias", Slot::bias, projection.bias_count());
    }

    const Plan& plan_;
    const Network& network_;
    const uint64_t batch_;
    std::vector<StateTensor> tensors_;
};

}  // namespace

std::vector<StateTensor> state_tensors(const Plan& plan, uint32_t batch_size) { return List(plan, batch_size).made(); }

DType dtype_of(TensorType type) {
    switch (type) {
        case TensorType::f64: return DType::float64;
        case TensorType::i32: return DType::int32;
        case TensorType::u8: return DType::uint8;
        default: return DType::float32;
    }
}

}  // namespace snn
