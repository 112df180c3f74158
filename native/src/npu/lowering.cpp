#include "npu/lowering.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "common/error.h"
#include "npu/folded_model.h"
#include "npu/integer_weights.h"

namespace snn::npu {

namespace {

using Node = Graph::Node;

constexpr uint64_t most_sparse_pairs = uint64_t{1} << 22;  // in a sparse projection, which becomes a matrix: 16 MiB
constexpr uint32_t most_delay = 64;                        // steps; each is one more input of every inference

// The bits of the nearest float16, ties to even; values that are too large become infinity.
uint16_t half_of(float value) {
    const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
    const float magnitude = std::fabs(value);
    if (magnitude >= 65520.0f) return sign | 0x7C00;
    if (magnitude < 0x1p-14f)
        return static_cast<uint16_t>(sign + std::lrint(magnitude * 0x1p24f));  // subnormal; may round up to the smallest normal
    int exponent = 0;
    const float fraction = std::frexp(magnitude, &exponent);  // [0.5, 1)
    return static_cast<uint16_t>(sign + ((exponent + 13) << 10) + std::lrint(fraction * 2048.0f));
}

std::string quoted(const Extents& values) {
    std::string list;
    for (const uint64_t value : values) list += (list.empty() ? "" : ",") + std::to_string(value);
    return "\"" + list + "\"";
}

class Lowering {
public:
    Lowering(const Plan& plan, const SessionValues& values, const LoweringOptions& options)
        : plan_(plan), network_(*plan.network), values_(values), options_(options) {}

    Lowered run() {
        const auto& populations = network_.populations();
        result_.states.resize(populations.size());
        incoming_.resize(populations.size());
        folded_.resize(populations.size());
        state_nodes_.resize(populations.size());
        for (uint32_t q = 0; q < network_.projections().size(); ++q) incoming_[network_.projection(q).target].push_back(q);
        for (uint32_t p = 0; p < populations.size(); ++p)
            if (!populations[p].is_input()) prepare(p);
        for (step_ = 0; step_ < options_.step_count; ++step_)
            for (const uint32_t p : plan_.order)
                if (!populations[p].is_input()) add_step(p);
        add_results();
        return std::move(result_);
    }

private:
    const Model& model_of(uint32_t p) const { return *network_.population(p).model; }
    Extents frame(uint32_t p) const { return {options_.batch_size, network_.population(p).size}; }

    void prepare(uint32_t p) {
        const Model& model = model_of(p);
        std::vector<std::optional<double>> uniform;
        for (uint32_t s = 0; s < model.states.size(); ++s) uniform.push_back(values_.uniform_state(p, s));
        std::vector<uint8_t> unused(model.receptors.size(), 1);
        for (const uint32_t q : incoming_[p]) unused[network_.projection(q).receptor] = 0;
        folded_[p] = fold_model(model, values_.constants(p).constants, uniform, unused);
        result_.states[p].resize(model.states.size());
        for (size_t s = 0; s < model.states.size(); ++s)
            if (folded_[p].state_stays[s]) result_.states[p][s].stays = uniform[s];
        state_nodes_[p].resize(model.states.size());
    }

    // ---- Activity

    // The activity of a population `lag` steps before the current step.
    Node activity(uint32_t p, uint32_t lag) {
        const int32_t step = static_cast<int32_t>(step_) - static_cast<int32_t>(lag);
        const auto [found, is_new] = activities_.try_emplace({p, step}, 0);
        if (is_new) {  // spikes of earlier steps in this graph are already in the map
            const std::string name = text("activity_", p, "_", step);
            found->second = graph().parameter(name, Element::f32, frame(p));
            result_.activities.push_back({p, step, name});
        }
        return found->second;
    }

    // ---- Receptor sums

    // The weights that a projection delivers: for fixed-point sums, they are rounded to multiples of the fixed-point unit.
    std::vector<float> delivered_weights(uint32_t q) const {
        const std::span<const float> weights = values_.weights(q);
        std::vector<float> delivered(weights.begin(), weights.end());
        const Projection& projection = network_.projection(q);
        if (projection.is_fixed())
            for (float& weight : delivered)
                weight = static_cast<float>(
                    std::ldexp(std::nearbyint(std::ldexp(static_cast<double>(weight), projection.fixed_exponent)),
                               -projection.fixed_exponent));
        return delivered;
    }

    Node weight_constant(const std::vector<float>& weights, const Extents& extents) {
        if (options_.weights != WeightFormat::float16) return graph().constant(Element::f32, extents, weights.data());
        std::vector<uint16_t> halves(weights.size());
        std::transform(weights.begin(), weights.end(), halves.begin(), half_of);
        return as_float(graph().constant(Element::f16, extents, halves.data()));
    }

    // The same, but in 8 bits if the format is int8. `channels`: the extents of the scales, 1 along all axes without a scale.
    Node channel_constant(const std::vector<float>& weights, const Extents& extents, const Extents& channels) {
        if (options_.weights != WeightFormat::int8) return weight_constant(weights, extents);
        size_t count = 1, stride = 1;
        for (size_t axis = 0; axis < extents.size(); ++axis) {
            count *= channels[axis];
            stride = channels[axis] > 1 ? 1 : stride * extents[axis];
        }
        const IntegerWeights rounded = integer_weights(weights, stride, count);
        const Node integers = as_float(graph().constant(Element::i8, extents, rounded.integers.data()));
        const Node scales = graph().constant(Element::f32, channels, rounded.scales.data());
        return graph().operation("Multiply", {integers, scales}, Element::f32, extents);
    }

    Node as_float(Node constant) {
        return graph().operation("Convert", {constant}, Element::f32, graph().extents(constant), "destination_type=\"f32\"");
    }

    // Weights are built once, and all steps of a graph share them.
    Node weights(uint32_t q, const std::function<Node()>& make) {
        const auto [found, is_new] = weights_.try_emplace(q, 0);
        if (is_new) found->second = make();
        return found->second;
    }

    Node image(Node flat, const Shape& shape) {
        return graph().reshape(flat, {options_.batch_size, shape.dims[0], shape.dims[1], shape.dims[2]});
    }

    Node deliver_window(uint32_t q, Node source_activity) {
        const Projection& projection = network_.projection(q);
        const Window& window = projection.window;
        const Shape &from = network_.population(projection.source).shape, &to = network_.population(projection.target).shape;
        const Extents padding{window.padding[0], window.padding[1]};
        std::string attributes = text("strides=", quoted({window.stride[0], window.stride[1]}), " dilations=",
                                      quoted({window.dilation[0], window.dilation[1]}), " pads_begin=", quoted(padding),
                                      " pads_end=", quoted(padding), " auto_pad=\"explicit\"");
        const Extents output{options_.batch_size, to.dims[0], to.dims[1], to.dims[2]};
        const Node input = image(source_activity, from);
        Node sums;
        if (projection.kind == SNN_CONNECT_POOL2D && projection.pool_mode == SNN_POOL_MAX) {
            attributes += text(" kernel=", quoted({window.kernel[0], window.kernel[1]}), " rounding_type=\"floor\"");
            // MaxPool has dilations only since operation set 8, which adds a second output; we leave that unused.
            sums = graph().operation("MaxPool", {input}, Element::f32, output,
                                     attributes + " index_element_type=\"i64\" axis=\"0\"", "opset8");
        } else if (projection.kind == SNN_CONNECT_POOL2D || window.groups > 1) {
            // Sum or average pooling is a convolution of each channel with a constant kernel.
            const bool pools = projection.kind == SNN_CONNECT_POOL2D;
            const uint64_t groups = pools ? from.dims[0] : window.groups;
            const Extents kernel{groups, to.dims[0] / groups, from.dims[0] / groups, window.kernel[0], window.kernel[1]};
            const Node constant = weights(q, [&] {
                if (!pools) return channel_constant(delivered_weights(q), kernel, {groups, kernel[1], 1, 1, 1});
                const std::vector<float> ones(groups * window.kernel[0] * window.kernel[1], pool_weight(projection));
                return weight_constant(ones, kernel);
            });
            sums = graph().operation("GroupConvolution", {input, constant}, Element::f32, output, attributes);
        } else {
            const Extents kernel{to.dims[0], from.dims[0], window.kernel[0], window.kernel[1]};
            const Node constant =
                weights(q, [&] { return channel_constant(delivered_weights(q), kernel, {kernel[0], 1, 1, 1}); });
            sums = graph().operation("Convolution", {input, constant}, Element::f32, output, attributes);
        }
        return graph().reshape(sums, frame(projection.target));
    }

    Node deliver(uint32_t q) {
        const Projection& projection = network_.projection(q);
        const uint64_t sources = network_.population(projection.source).size,
                       targets = network_.population(projection.target).size;
        switch (projection.kind) {
            case SNN_CONNECT_ONE_TO_ONE: {
                const Node constant = weights(q, [&] { return weight_constant(delivered_weights(q), {1, targets}); });
                return graph().elementwise("Multiply", {activity(projection.source, projection.delay_steps), constant},
                                           Element::f32);
            }
            case SNN_CONNECT_CONV2D:
            case SNN_CONNECT_POOL2D: return deliver_window(q, activity(projection.source, projection.delay_steps));
            default: break;
        }
        const Node matrix = weights(q, [&] {
            std::vector<float> values = delivered_weights(q);
            if (projection.kind != SNN_CONNECT_DENSE) {
                const SparseIndex& index = projection.synapses->index();
                std::vector<float> dense(sources * targets, 0.0f);
                for (uint64_t i = 0; i < sources; ++i)
                    for (uint64_t k = index.row_offsets[i]; k < index.row_offsets[i + 1]; ++k)
                        dense[i * targets + index.targets[k]] += values[k];
                values = std::move(dense);
            }
            return channel_constant(values, {sources, targets}, {1, targets});
        });
        return graph().operation("MatMul", {activity(projection.source, projection.min_delay()), matrix}, Element::f32,
                                 frame(projection.target), "transpose_a=\"false\" transpose_b=\"false\"");
    }

    Node bias_constant(uint32_t q) {
        const Projection& projection = network_.projection(q);
        const std::span<const float> bias = values_.bias(q);
        const Population& target = network_.population(projection.target);
        std::vector<float> values(bias.begin(), bias.end());
        if (projection.kind == SNN_CONNECT_CONV2D) {  // has a bias for each channel
            values.resize(target.size);
            const uint32_t area = target.size / target.shape.dims[0];
            for (uint32_t j = 0; j < target.size; ++j) values[j] = bias[j / area];
        }
        return weight_constant(values, {1, target.size});
    }

    Node receptor_sum(uint32_t p, uint32_t receptor) {
        std::optional<Node> sum;
        const auto add = [&](Node term) { sum = sum ? graph().elementwise("Add", {*sum, term}, Element::f32) : term; };
        for (const uint32_t q : incoming_[p]) {
            if (network_.projection(q).receptor != receptor) continue;
            add(deliver(q));
            if (network_.projection(q).bias) {
                const auto [found, is_new] = biases_.try_emplace(q, 0);
                if (is_new) found->second = bias_constant(q);
                add(found->second);
            }
        }
        return *sum;
    }

    // ---- Neurons

    // The nodes of registers, which are made on first use.
    struct Registers {
        uint32_t population;
        std::vector<std::optional<Node>> nodes;
    };

    Node known_constant(ValueType type, double value) {
        if (type == ValueType::int_) return graph().constant(static_cast<int32_t>(value));
        if (type == ValueType::bool_) return graph().constant(value != 0);
        return graph().constant(static_cast<float>(value));
    }

    Node register_node(Registers& registers, uint16_t wanted) {
        const FoldedModel& folded = folded_[registers.population];
        const uint16_t reg = folded.resolved(wanted);
        if (registers.nodes[reg]) return *registers.nodes[reg];
        const Program& program = model_of(registers.population).step;
        const Node node = folded.known[reg] ? known_constant(program.types[reg], *folded.known[reg])
                          : reg < program.input_count
                              ? input_node(registers.population, reg)
                              : operation_node(registers, program.instructions[reg - program.input_count], program.types[reg]);
        registers.nodes[reg] = node;
        return node;
    }

    Node input_node(uint32_t p, uint16_t reg) {
        const Model& model = model_of(p);
        const size_t first_receptor = model.constant_count(), first_state = first_receptor + model.receptors.size();
        if (reg >= first_state) return state_node(p, reg - static_cast<uint32_t>(first_state));
        if (reg >= first_receptor) return receptor_sum(p, reg - static_cast<uint32_t>(first_receptor));
        const auto [found, is_new] = own_constants_.try_emplace({p, reg}, 0);
        if (is_new) {
            const Constant& constant = values_.constants(p).constants[reg];
            const bool is_whole = constant.type == ValueType::int_;
            found->second =
                graph().constant(is_whole ? Element::i32 : Element::f32, {1, network_.population(p).size},
                                 is_whole ? static_cast<const void*>(constant.ints.data()) : constant.floats.data());
        }
        return found->second;
    }

    Node state_node(uint32_t p, uint32_t s) {
        std::optional<Node>& node = state_nodes_[p][s];
        if (!node) {
            Lowered::State& state = result_.states[p][s];
            state.name = text("state_", p, "_", s);
            node = graph().parameter(state.name, model_of(p).states[s].type == ValueType::int_ ? Element::i32 : Element::f32,
                                     frame(p));
        }
        return *node;
    }

    Node operation_node(Registers& registers, const Instruction& op, ValueType type) {
        const auto node = [&](uint16_t reg) { return register_node(registers, reg); };
        const auto real = [&](std::string_view name) {
            return graph().elementwise(name, {node(op.a), node(op.b)}, Element::f32);
        };
        const auto whole = [&](std::string_view name) {
            return graph().elementwise(name, {node(op.a), node(op.b)}, Element::i32);
        };
        const auto truth = [&](std::string_view name) {
            return graph().elementwise(name, {node(op.a), node(op.b)}, Element::boolean);
        };
        const auto unary = [&](std::string_view name) { return graph().elementwise(name, {node(op.a)}, Element::f32); };
        switch (op.op) {
            case Op::add: return real("Add");
            case Op::sub: return real("Subtract");
            case Op::mul: return real("Multiply");
            case Op::min: return real("Minimum");
            case Op::max: return real("Maximum");
            case Op::neg: return unary("Negative");
            case Op::abs: return unary("Abs");
            case Op::floor: return unary("Floor");
            case Op::exp:  // clamped as in docs/model-format.md, so that nothing becomes infinite
                return graph().elementwise(
                    "Exp", {graph().elementwise("Clamp", {node(op.a)}, Element::f32, "min=\"-87\" max=\"88\"")}, Element::f32);
            case Op::log:  // clamped likewise
                return graph().elementwise(
                    "Log",
                    {graph().elementwise("Clamp", {node(op.a)}, Element::f32, "min=\"1.17549435e-38\" max=\"3.40282347e+38\"")},
                    Element::f32);
            case Op::reciprocal: return graph().elementwise("Divide", {graph().constant(1.0f), node(op.a)}, Element::f32);
            case Op::iadd: return whole("Add");
            case Op::isub: return whole("Subtract");
            case Op::imul: return whole("Multiply");
            case Op::imin: return whole("Minimum");
            case Op::imax: return whole("Maximum");
            case Op::lt:
            case Op::ilt: return truth("Less");
            case Op::le:
            case Op::ile: return truth("LessEqual");
            case Op::eq:
            case Op::ieq: return truth("Equal");
            case Op::and_: return truth("LogicalAnd");
            case Op::or_: return truth("LogicalOr");
            case Op::not_: return graph().elementwise("LogicalNot", {node(op.a)}, Element::boolean);
            case Op::select: {
                const Node condition = node(op.a), then = node(op.b), otherwise = node(op.c);
                if (type != ValueType::bool_)
                    return graph().elementwise("Select", {condition, then, otherwise}, graph().element(then));
                const Node no = graph().elementwise("LogicalNot", {condition}, Element::boolean);
                return graph().elementwise("LogicalOr",
                                           {graph().elementwise("LogicalAnd", {condition, then}, Element::boolean),
                                            graph().elementwise("LogicalAnd", {no, otherwise}, Element::boolean)},
                                           Element::boolean);
            }
            case Op::to_float: return graph().elementwise("Convert", {node(op.a)}, Element::f32, "destination_type=\"f32\"");
            case Op::to_int: {
                const Node held =
                    graph().elementwise("Clamp", {node(op.a)}, Element::f32, "min=\"-2147483648\" max=\"2147483520\"");
                const Node rounded = graph().elementwise("Round", {held}, Element::f32, "mode=\"half_to_even\"", "opset5");
                return graph().elementwise("Convert", {rounded}, Element::i32, "destination_type=\"i32\"");
            }
            case Op::spike: {
                const FoldedModel& folded = folded_[registers.population];
                const Node zero = graph().constant(0.0f), one = graph().constant(1.0f);
                const auto fired = [&](std::string_view comparison) {
                    return graph().elementwise(comparison, {node(op.a), zero}, Element::boolean);
                };
                const auto as_activity = [&](Node condition) {
                    return graph().elementwise("Select", {condition, one, zero}, Element::f32);
                };
                if (folded.known[op.b]) return as_activity(fired(*folded.known[op.b] != 0 ? "GreaterEqual" : "Greater"));
                const Node with_equal =
                    graph().elementwise("Equal", {node(op.b), graph().constant(int32_t{1})}, Element::boolean);
                const Node equal = graph().elementwise("LogicalAnd", {fired("Equal"), with_equal}, Element::boolean);
                return as_activity(graph().elementwise("LogicalOr", {fired("Greater"), equal}, Element::boolean));
            }
            default: throw Error(SNN_ERROR_INTERNAL, "an operation that no graph can have was not refused");
        }
    }

    // Broadcasts a node to [batch][size].
    Node whole_frame(Node node, uint32_t p) {
        if (graph().extents(node) == frame(p)) return node;
        const Extents wanted = frame(p);
        const Node shape = graph().constant(Element::i64, {2}, wanted.data());
        return graph().operation("Broadcast", {node, shape}, graph().element(node), wanted, "mode=\"numpy\"", "opset3");
    }

    void add_step(uint32_t p) {
        const Model& model = model_of(p);
        const FoldedModel& folded = folded_[p];
        const uint16_t first_state = static_cast<uint16_t>(model.constant_count() + model.receptors.size());
        Registers registers{p, std::vector<std::optional<Node>>(model.step.register_count())};
        std::vector<std::optional<Node>> next(model.states.size());
        for (uint16_t s = 0; s < next.size(); ++s) {
            const uint16_t reg = folded.resolved(model.step_states[s]);
            if (folded.state_stays[s] || (reg == first_state + s && !folded.known[reg])) continue;
            next[s] = whole_frame(register_node(registers, model.step_states[s]), p);
        }
        if (model.spiking) {
            const Node spikes = whole_frame(register_node(registers, static_cast<uint16_t>(model.step_spike)), p);
            activities_[{p, static_cast<int32_t>(step_)}] = spikes;
        }
        for (size_t s = 0; s < next.size(); ++s)
            if (next[s]) {
                state_nodes_[p][s] = next[s];
                is_written_.insert_or_assign({p, static_cast<uint32_t>(s)}, true);
            }
    }

    void add_results() {
        uint32_t count = 0;
        for (uint32_t p = 0; p < network_.populations().size(); ++p) {
            if (network_.population(p).is_input()) continue;
            for (uint32_t s = 0; s < state_nodes_[p].size(); ++s) {
                if (!is_written_.contains({p, s})) continue;
                graph().result(*state_nodes_[p][s]);
                result_.states[p][s].result = count++;
            }
            if (!model_of(p).spiking) continue;
            for (uint32_t step = 0; step < options_.step_count; ++step) {
                graph().result(activities_.at({p, static_cast<int32_t>(step)}));
                result_.spikes.push_back({p, step, count++});
            }
        }
    }

    Graph& graph() { return result_.graph; }

    const Plan& plan_;
    const Network& network_;
    const SessionValues& values_;
    LoweringOptions options_;
    Lowered result_;
    uint32_t step_ = 0;  // the current step
    std::vector<std::vector<uint32_t>> incoming_;  // projections by target
    std::vector<FoldedModel> folded_;              // by population
    std::vector<std::vector<std::optional<Node>>> state_nodes_;  // by population and state: value before the current step
    std::map<std::pair<uint32_t, uint32_t>, bool> is_written_;   // by population and state
    std::map<std::pair<uint32_t, int32_t>, Node> activities_;    // by population and step of the graph
    std::map<uint32_t, Node> weights_, biases_;                  // by projection
    std::map<std::pair<uint32_t, uint16_t>, Node> own_constants_;  // by population and register
};

}  // namespace

std::vector<std::string> cannot_lower(const Network& network) {
    std::vector<std::string> reasons(network.populations().size());
    const auto refuse = [&](uint32_t population, const auto&... reason) {
        if (reasons[population].empty()) reasons[population] = text(reason...);
    };
    for (uint32_t p = 0; p < reasons.size(); ++p) {
        const Population& population = network.population(p);
        if (population.is_input()) continue;
        const auto& instructions = population.model->step.instructions;
        if (std::any_of(instructions.begin(), instructions.end(), [](const Instruction& one) { return is_draw(one.op); }))
            refuse(p, "model '", population.model->name, "' of population '", population.name,
                   "' draws random numbers, and a graph of tensors has none of ours");
    }
    for (const Projection& projection : network.projections()) {
        const uint32_t p = projection.target;
        if (projection.plasticity)
            refuse(p, "projection '", projection.name, "' is plastic, and the weights of a graph are constants");
        if (projection.max_delay() > most_delay)
            refuse(p, "projection '", projection.name, "' has a delay of ", projection.max_delay(), " steps, and at most ",
                   most_delay, " are kept");
        if (projection.kind != SNN_CONNECT_SPARSE) continue;
        if (projection.min_delay() != projection.max_delay())
            refuse(p, "the synapses of sparse projection '", projection.name,
                   "' have delays of their own, which takes delivery by events, as on \"cpu\" and \"vulkan\"");
        const uint64_t pairs = uint64_t{network.population(projection.source).size} * network.population(p).size;
        if (pairs > most_sparse_pairs)
            refuse(p, "sparse projection '", projection.name, "' would become a matrix of ", pairs, " weights, and at most ",
                   most_sparse_pairs, " are allowed");
    }
    return reasons;
}

void check_can_lower(const Plan& plan, std::string_view device) {
    for (const std::string& reason : cannot_lower(*plan.network))
        if (!reason.empty())
            throw Error(SNN_ERROR_UNSUPPORTED, "device '", device, "' cannot run this network: ", reason,
                        "; device \"cpu\" can");
}

Lowered lower(const Plan& plan, const SessionValues& values, const LoweringOptions& options) {
    return Lowering(plan, values, options).run();
}

std::vector<uint32_t> fan_out(const Network& network, const Projection& projection) {
    const Population &source = network.population(projection.source), &target = network.population(projection.target);
    switch (projection.kind) {
        case SNN_CONNECT_DENSE: return {target.size};
        case SNN_CONNECT_ONE_TO_ONE: return {1};
        case SNN_CONNECT_SPARSE: {
            const std::vector<uint64_t>& offsets = projection.synapses->index().row_offsets;
            std::vector<uint32_t> counts(source.size);
            for (uint32_t i = 0; i < source.size; ++i) counts[i] = static_cast<uint32_t>(offsets[i + 1] - offsets[i]);
            return counts;
        }
        default: break;
    }
    // By place along each axis of the source: the number of target places whose windows contain it.
    const Window& window = projection.window;
    std::vector<uint32_t> along[2];
    for (size_t axis = 0; axis < 2; ++axis) {
        along[axis].assign(source.shape.dims[axis + 1], 0);
        for (int64_t out = 0; out < target.shape.dims[axis + 1]; ++out)
            for (int64_t k = 0; k < window.kernel[axis]; ++k) {
                const int64_t at = out * window.stride[axis] + k * window.dilation[axis] - window.padding[axis];
                if (at >= 0 && at < source.shape.dims[axis + 1]) ++along[axis][static_cast<size_t>(at)];
            }
    }
    const uint32_t channels = projection.kind == SNN_CONNECT_CONV2D ? target.shape.dims[0] / window.groups : 1;
    std::vector<uint32_t> counts;
    for (uint32_t channel = 0; channel < source.shape.dims[0]; ++channel)
        for (const uint32_t y : along[0])
            for (const uint32_t x : along[1]) counts.push_back(channels * y * x);
    return counts;
}

}  // namespace snn::npu
