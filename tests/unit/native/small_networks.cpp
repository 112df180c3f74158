#include "small_networks.h"

#include "common/error.h"

namespace snn::test {

uint32_t NetworkMaker::add(uint32_t kind, const std::vector<uint32_t>& shape, std::shared_ptr<const Model> model) {
    const std::string name = text("p", network_->populations().size());
    SNNPopulationDef def{};
    def.struct_size = sizeof def;
    def.kind = kind;
    def.name = name.c_str();
    def.shape.rank = static_cast<uint32_t>(shape.size());
    for (size_t axis = 0; axis < shape.size(); ++axis) def.shape.dims[axis] = shape[axis];
    return network_->add_population(def, std::move(model));
}

uint32_t NetworkMaker::connect(const Connection& connection) {
    const std::string name = text("w", network_->projections().size());
    SNNProjectionDef def{};
    def.struct_size = sizeof def;
    def.kind = connection.kind;
    def.name = name.c_str();
    def.source = connection.source;
    def.target = connection.target;
    def.receptor = connection.receptor;
    def.delay_steps = connection.delay_steps;
    def.trainable = connection.trainable;
    def.arithmetic = connection.arithmetic;
    def.pool_mode = connection.pool_mode;
    def.weights = connection.weights.empty() ? nullptr : connection.weights.data();
    def.weight_count = connection.weights.size();
    def.bias = connection.bias.empty() ? nullptr : connection.bias.data();
    def.bias_count = connection.bias.size();
    if (connection.kind == SNN_CONNECT_SPARSE) {
        def.row_offsets = connection.sparse.row_offsets.data();
        def.row_offset_count = connection.sparse.row_offsets.size();
        def.synapse_targets = connection.sparse.targets.data();
        def.synapse_delays = connection.sparse.delays.empty() ? nullptr : connection.sparse.delays.data();
        def.synapse_count = connection.sparse.targets.size();
    }
    for (int axis = 0; axis < 2; ++axis) {
        def.kernel[axis] = connection.window.kernel[axis];
        def.stride[axis] = connection.window.stride[axis];
        def.padding[axis] = connection.window.padding[axis];
        def.dilation[axis] = connection.window.dilation[axis];
    }
    def.groups = connection.window.groups;
    return network_->connect(def);
}

std::shared_ptr<const Plan> NetworkMaker::plan() {
    network_->finish();
    return std::make_shared<const Plan>(make_plan(network_));
}

std::shared_ptr<const Model> probe_model() {
    // Step inputs: receptor, v. Adjoint inputs: dL/dv, dL/dspike.
    return parse_model(
        R"({"format": 1, "kind": "neuron", "name": "probe", "title": "Probe", "parameters": [], "options": [],
        "states": [{"name": "v", "unit": "", "type": "float", "initial": 0, "doc": ""}],
        "receptors": [{"name": "input", "unit": "", "doc": ""}], "derived": [], "membrane": "v", "spiking": false,
        "derive": {"ops": [], "outputs": []},
        "step": {"ops": [], "states": [0], "spike": -1, "tape": []},
        "adjoint": {"ops": [["const", 0]], "states": [2], "receptors": [0]}})");
}

std::shared_ptr<const Model> two_receptor_model() {
    return parse_model(R"({"format": 1, "kind": "neuron", "name": "two_receptors", "title": "Difference of two sums",
        "parameters": [], "options": [],
        "states": [{"name": "v", "unit": "", "type": "float", "initial": 0, "doc": ""}],
        "receptors": [{"name": "plus", "unit": "", "doc": ""}, {"name": "minus", "unit": "", "doc": ""}], "derived": [],
        "membrane": "v", "spiking": false, "derive": {"ops": [], "outputs": []},
        "step": {"ops": [["sub", 0, 1]], "states": [3], "spike": -1, "tape": []},
        "adjoint": {"ops": [["const", 0], ["neg", 0]], "states": [2], "receptors": [0, 3]}})");
}

std::shared_ptr<const Model> relay_model() {
    // Step inputs: receptor 0, v 1. Adjoint inputs: tape 0, dL/dv 1, dL/dspike 2.
    return parse_model(
        R"({"format": 1, "kind": "neuron", "name": "relay", "title": "Relay", "parameters": [], "options": [],
        "states": [{"name": "v", "unit": "", "type": "float", "initial": 0, "doc": ""}],
        "receptors": [{"name": "input", "unit": "", "doc": ""}], "derived": [], "membrane": "v", "spiking": true,
        "derive": {"ops": [], "outputs": []},
        "step": {"ops": [["const", 0.5], ["sub", 0, 2], ["iconst", 0], ["spike", 3, 4]], "states": [0], "spike": 5,
                 "tape": [{"name": "distance", "type": "float", "register": 3}]},
        "adjoint": {"ops": [["const", 0], ["surrogate", 0], ["mul", 2, 4], ["add", 1, 5]], "states": [3],
                    "receptors": [6]}})");
}

Run::Run(std::shared_ptr<const Plan> plan_of_network, uint32_t batch, uint32_t flags, const char* backend)
    : plan(std::move(plan_of_network)), batch_size(batch) {
    ExecutorOptions options;
    options.batch_size = batch;
    options.flags = flags;
    executor = find_backend(backend).open(plan, options);
    executor->reset_state();
}

std::vector<float> Run::states(uint32_t input, const std::vector<float>& frames, uint32_t step_count,
                               uint32_t population, uint32_t state) {
    const Network& network = *plan->network;
    const size_t frame = size_t{batch_size} * network.population(population).size;
    std::vector<float> result(frame * step_count, -1e9f);
    const InputFrames given{input, frames.data(), size_t{batch_size} * network.population(input).size};
    const RecordFrames wanted{RecordFrames::state, population, state, DType::float32, result.data(), frame};
    RunRequest request;
    request.step_count = step_count;
    request.inputs = {&given, 1};
    request.records = {&wanted, 1};
    executor->run(request);
    return result;
}

std::vector<double> Run::read(Slot::Kind kind, uint32_t index, uint32_t sub) const {
    const Slot slot{kind, index, sub};
    std::vector<double> values(executor->count(slot));
    executor->read(slot, DType::float64, values.data());
    return values;
}

void Run::write(Slot::Kind kind, uint32_t index, const std::vector<double>& values, uint32_t sub) {
    executor->write({kind, index, sub}, DType::float64, values.data());
}

}  // namespace snn::test
