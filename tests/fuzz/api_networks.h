// Random calls that make models, and that build, save, load and look at networks.
#ifndef SNN_TESTS_FUZZ_API_NETWORKS_H
#define SNN_TESTS_FUZZ_API_NETWORKS_H

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "api_values.h"

namespace fuzz {

const char* const model_text =
    R"({"format": 1, "kind": "neuron", "name": "adder", "title": "", "parameters": [{"name": "threshold", "unit": "1",
        "default": 1.0, "doc": ""}], "options": [], "states": [{"name": "v", "unit": "1", "type": "float", "initial": 0.0,
        "doc": ""}], "receptors": [{"name": "current", "unit": "1", "doc": ""}], "derived": [], "membrane": "v",
        "spiking": true, "derive": {"ops": [], "outputs": []}, "step": {"ops": [["add", 2, 1], ["sub", 3, 0],
        ["iconst", 1], ["spike", 4, 5], ["const", 0.5], ["lt", 7, 6], ["const", 0.0], ["select", 8, 9, 3]],
        "states": [10], "spike": 6, "tape": []}})";

class NetworkCalls : protected ApiValues {
protected:
    using ApiValues::ApiValues;

    // ---- Library and models

    void library() {
        uint32_t count = 0;
        CHECKED(snn_device_count(source_.chance(90) ? &count : nullptr));
        SNNDeviceInfo info{};
        info.struct_size = struct_size<SNNDeviceInfo>();
        CHECKED(snn_device_get(index(3), &info));
        snn_model_builtin_name(static_cast<uint32_t>(source_.bits()));
        snn_surrogate_builtin_name(source_.below(9));
        snn_status_name(static_cast<int32_t>(source_.bits()));
        CHECKED(snn_random_fill(source_.bits(), source_.bits(), source_.below(3), source_.number(), source_.number(),
                                scratch_.data(), source_.below(300)));
    }

    void make_model() {
        SNNModel model = nullptr;
        if (source_.chance(40)) {
            CHECKED(snn_model_builtin(name({"lif", "adaptive_lif", "leaky_integrator", "current_lif", "izhikevich", "arctan"}),
                                      source_.below(3),
                                      &model));
        } else {
            std::string text = model_text;
            for (uint32_t i = source_.chance(50) ? 0 : source_.below(4); i > 0; --i)
                text[source_.below(static_cast<uint32_t>(text.size()))] = static_cast<char>(source_.bits() >> 40);
            CHECKED(snn_model_load(text.data(), source_.chance(95) ? text.size() : source_.below(400), &model));
        }
        if (model) models_.add(model);
        const char* read = nullptr;
        size_t size = 0;
        CHECKED(snn_model_text(models_.pick(source_), &read, &size));
    }

    // ---- Networks

    void make_network() {
        SNNNetwork network = nullptr;
        CHECKED(snn_network_create(source_.chance(90) ? 1.0 : source_.number(), &network));
        if (network) networks_.add(network);
    }

    // A network that works, so that the later calls have something to work on.
    void make_whole_network() {
        make_network();
        if (networks_.all().empty()) return;
        const SNNNetwork network = networks_.all().back();
        const uint32_t kinds[3] = {source_.one_of<uint32_t>({1, 2}), 0, 0};
        const char* const names[3] = {"in", "cells", "readout"};
        for (int i = 0; i < 3; ++i) {
            SNNPopulationDef def;
            snn_population_def_default(&def);
            def.name = names[i];
            def.kind = kinds[i];
            def.shape.dims[0] = 1 + source_.below(12);
            def.model_name = i == 2 ? "leaky_integrator"
                                    : source_.one_of<const char*>({"lif", "adaptive_lif", "integrate_and_fire", "current_lif",
                                                                  "izhikevich"});
            CHECKED(snn_network_add_population(network, &def, nullptr));
        }
        for (uint32_t i = 0; i < 2; ++i) {
            SNNProjectionDef def;
            snn_projection_def_default(&def);
            def.source = i;
            def.target = i + 1;
            def.delay_steps = source_.chance(70) ? 0 : source_.below(5);
            def.weights = floats();
            def.weight_count = size_of(network, i) * size_of(network, i + 1);
            CHECKED(snn_network_connect(network, &def, nullptr));
        }
        if (source_.chance(90)) CHECKED(snn_network_finish(network));
    }

    void add_population() {
        SNNPopulationDef def;
        snn_population_def_default(&def);
        def.struct_size = struct_size<SNNPopulationDef>();
        def.kind = source_.chance(95) ? source_.below(3) : 7;
        def.name = name({"in", "cells", "readout", "more", "image"});
        def.model_name = name({"lif", "leaky_integrator", "adaptive_lif", "integrate_and_fire", "current_lif", "izhikevich", "adex",
                               "conductance_lif", "alpha_lif", "hodgkin_huxley"});
        if (source_.chance(30)) def.model = models_.pick(source_);
        def.shape.rank = source_.chance(70) ? 1 : source_.below(5);
        // Very large populations are legal and need memory that a test should not take; those that cannot exist are refused.
        for (uint32_t& size : def.shape.dims)
            size = source_.chance(95) ? 1 + source_.below(9) : source_.one_of<uint32_t>({0, UINT32_MAX});
        uint32_t at = 0;
        CHECKED(snn_network_add_population(networks_.pick(source_), &def, source_.chance(80) ? &at : nullptr));
    }

    void change() {
        const SNNNetwork network = networks_.pick(source_);
        const uint32_t population = index(population_count(network));
        const size_t count = source_.chance(50) ? 1 : source_.count(size_of(network, population));
        const char* const choices[] = {"value", "subtract", "value", "detached"};
        switch (source_.below(4)) {
            case 0:
                CHECKED(snn_network_set_parameter(network, population, name({"threshold", "tau_membrane", "v_rest"}),
                                                  doubles(), count));
                break;
            case 1:
                CHECKED(snn_network_set_option(network, population, name({"reset", "decay", "comparison"}),
                                               source_.chance(90) ? choices[source_.below(4)] : nullptr));
                break;
            case 2: CHECKED(snn_network_set_initial_state(network, population, name({"v", "u"}), doubles(), count)); break;
            default:
                CHECKED(snn_network_set_surrogate(network, population, name({"arctan", "boxcar", "triangle"}),
                                                  source_.chance(80) ? nullptr : models_.pick(source_), doubles(),
                                                  source_.below(4)));
        }
    }

    void connect() {
        const SNNNetwork network = networks_.pick(source_);
        SNNProjectionDef def;
        snn_projection_def_default(&def);
        def.struct_size = struct_size<SNNProjectionDef>();
        def.kind = source_.chance(97) ? source_.below(5) : 11;
        def.name = source_.chance(50) ? nullptr : name({"p0", "p1", "p2", "p3", "p4", "p5"});
        def.source = index(population_count(network));
        def.target = index(population_count(network));
        def.receptor = source_.chance(80) ? nullptr : name({"current", "exc"});
        def.delay_steps = source_.chance(60) ? source_.below(4) : source_.one_of<uint32_t>({1, 300, 70000, UINT32_MAX});
        def.trainable = source_.below(2);
        def.arithmetic = source_.chance(90) ? source_.below(3) : 5;
        def.pool_mode = source_.below(4);
        for (int axis = 0; axis < 2; ++axis) {
            def.kernel[axis] = source_.chance(95) ? 1 + source_.below(3) : source_.one_of<uint32_t>({0, UINT32_MAX});
            def.stride[axis] = source_.chance(95) ? 1 + source_.below(2) : source_.one_of<uint32_t>({0, UINT32_MAX});
            def.padding[axis] = source_.chance(95) ? source_.below(2) : UINT32_MAX;
            def.dilation[axis] = source_.chance(95) ? 1 : source_.one_of<uint32_t>({0, 2, UINT32_MAX});
        }
        def.groups = source_.chance(90) ? 1 : source_.below(4);
        const size_t source_size = size_of(network, def.source), target_size = size_of(network, def.target);
        size_t right = source_size * target_size;
        std::vector<uint64_t> rows(source_size + 1);
        std::vector<uint32_t> targets(64);
        std::vector<uint16_t> delays(64);
        if (def.kind == SNN_CONNECT_ONE_TO_ONE) right = source_size;
        if (def.kind == SNN_CONNECT_POOL2D) right = 0;
        if (def.kind == SNN_CONNECT_CONV2D) right = source_.below(40);
        if (def.kind == SNN_CONNECT_SPARSE) {
            right = source_.below(60);
            for (size_t i = 0; i < rows.size(); ++i)
                rows[i] = source_.chance(98) ? right * i / source_size : source_.bits() >> source_.below(64);
            for (uint32_t& target : targets)
                target = source_.chance(99) ? source_.below(static_cast<uint32_t>(target_size)) : 0xFFFFFFu;
            for (uint16_t& delay : delays) delay = static_cast<uint16_t>(source_.below(source_.chance(99) ? 5 : 65536));
            def.row_offsets = source_.chance(98) ? rows.data() : nullptr;
            def.row_offset_count = source_.chance(98) ? rows.size() : rows.size() - 1;
            def.synapse_targets = source_.chance(98) ? targets.data() : nullptr;
            def.synapse_delays = source_.chance(60) ? delays.data() : nullptr;
            def.synapse_count = std::min<size_t>(source_.count(right), 64);
        }
        def.weights = source_.chance(85) ? floats() : nullptr;
        def.weight_count = def.weights || source_.chance(5) ? std::min(source_.count(right), scratch_size) : 0;
        if (source_.chance(30)) {
            def.bias = floats();
            def.bias_count = std::min(source_.count(target_size), scratch_size);
        }
        if (source_.chance(80)) {
            CHECKED(snn_network_connect(network, &def, nullptr));
            if (source_.chance(25)) plasticity();
            return;
        }
        SNNRandomConnectionDef rule;
        snn_random_connection_def_default(&rule);
        rule.struct_size = struct_size<SNNRandomConnectionDef>();
        rule.rule = source_.below(8);
        rule.probability = source_.chance(90) ? source_.below(1000) * 1e-3 : source_.number();
        rule.count = source_.chance(95) ? source_.below(200) : UINT64_MAX >> source_.below(8);
        if (source_.chance(80)) rule.seed = source_.bits();
        if (source_.chance(70)) rule.weight = distribution();
        if (source_.chance(70)) {
            rule.delay = {SNN_DISTRIBUTION_UNIFORM, 1.0 + source_.below(4), 5.0 + source_.below(9), -1e9, 1e9};
            if (source_.chance(20)) rule.delay = distribution();
        }
        rule.allow_autapses = source_.below(2);
        rule.allow_multapses = source_.below(2);
        rule.kernel = source_.below(3);
        rule.dimensions = source_.below(5);
        rule.kernel_width = source_.chance(90) ? 0.5 : source_.number();
        rule.cutoff = source_.chance(90) ? 1.0 : source_.number();
        if (source_.chance(30)) rule.period[source_.below(3)] = source_.chance(70) ? 3.0 : source_.number();
        if (source_.chance(90)) {
            rule.source_positions = rule.target_positions = floats();
            rule.source_position_count = std::min(source_.count(source_size * rule.dimensions), scratch_size);
            rule.target_position_count = std::min(source_.count(target_size * rule.dimensions), scratch_size);
        }
        if (source_.chance(85)) {
            def.kind = SNN_CONNECT_SPARSE;
            def.weights = nullptr;
            def.row_offsets = nullptr;
            def.synapse_targets = nullptr;
            def.synapse_delays = nullptr;
            def.weight_count = def.row_offset_count = def.synapse_count = 0;
        }
        CHECKED(snn_network_connect_random(network, &def, &rule, nullptr));
    }

    SNNDistribution distribution() {
        return {source_.below(6), source_.number(), source_.number(), source_.chance(60) ? -1e9 : source_.number(),
                source_.chance(60) ? 1e9 : source_.number()};
    }

    void plasticity() {
        const SNNNetwork network = networks_.pick(source_);
        const uint32_t projection = index(4);
        CHECKED(snn_network_set_plasticity(network, projection, name({"pair_stdp", "tsodyks_markram", "hebb"}),
                                           source_.chance(80) ? nullptr : models_.pick(source_)));
        CHECKED(snn_network_set_plasticity_parameter(network, projection, name({"w_max", "tau_plus", "tau_x", "w_min"}),
                                                     source_.chance(70) ? 3.0 : source_.number()));
        CHECKED(snn_network_set_plasticity_option(network, projection, name({"bounds", "pairing"}),
                                                  name({"soft", "nearest", "hard"})));
        double value = 0;
        const char* choice = nullptr;
        SNNModel rule = nullptr;
        CHECKED(snn_network_get_plasticity_parameter(network, projection, name({"w_max", "none"}), &value));
        CHECKED(snn_network_get_plasticity_option(network, projection, name({"bounds", "none"}), &choice));
        if (CHECKED(snn_network_get_plasticity(network, projection, source_.chance(95) ? &rule : nullptr)) == SNN_OK)
            snn_model_release(rule);
    }

    void finish() { CHECKED(snn_network_finish(networks_.pick(source_))); }

    void look() {
        const SNNNetwork network = networks_.pick(source_);
        SNNNetworkInfo info{};
        info.struct_size = struct_size<SNNNetworkInfo>();
        CHECKED(snn_network_get_info(network, source_.chance(95) ? &info : nullptr));
        SNNPopulationInfo population{};
        population.struct_size = struct_size<SNNPopulationInfo>();
        CHECKED(snn_network_get_population(network, index(3), &population));
        SNNProjectionInfo projection{};
        projection.struct_size = struct_size<SNNProjectionInfo>();
        CHECKED(snn_network_get_projection(network, index(2), &projection));
        SNNProjectionArrays arrays{};
        arrays.struct_size = struct_size<SNNProjectionArrays>();
        CHECKED(snn_network_get_projection_arrays(network, index(2), &arrays));
        SNNRandomConnectionDef rule{};
        rule.struct_size = struct_size<SNNRandomConnectionDef>();
        CHECKED(snn_network_get_connection_rule(network, index(2), &rule));
        uint32_t targets[20];
        size_t synapses = source_.below(21);
        CHECKED(snn_network_get_synapses(network, index(2), source_.below(4), source_.below(4), nullptr, targets, nullptr,
                                         nullptr, &synapses));
        uint32_t at = 0;
        size_t capacity = source_.below(20);
        const char* choice = nullptr;
        CHECKED(snn_network_find_population(network, name({"in", "cells"}), &at));
        CHECKED(snn_network_find_projection(network, name({"in_to_cells"}), &at));
        CHECKED(snn_network_get_parameter(network, index(3), name({"threshold"}), doubles_.data(), &capacity));
        capacity = source_.below(20);
        CHECKED(snn_network_get_initial_state(network, index(3), name({"v"}), doubles_.data(), &capacity));
        CHECKED(snn_network_get_surrogate_parameters(network, index(3), nullptr, &capacity));
        CHECKED(snn_network_get_option(network, index(3), name({"reset"}), &choice));
        SNNModel model = nullptr;
        if (CHECKED(snn_network_get_model(network, index(3), &model)) == SNN_OK) models_.add(model);
        if (CHECKED(snn_network_get_surrogate(network, index(3), &model)) == SNN_OK) models_.add(model);
    }

    void save_load() {
        if (CHECKED(snn_network_save(networks_.pick(source_), path())) != SNN_OK) return;
        std::vector<unsigned char> bytes;
        if (std::FILE* file = std::fopen(path(), "rb")) {
            for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) bytes.push_back(static_cast<unsigned char>(c));
            std::fclose(file);
        }
        if (bytes.empty()) return;
        if (source_.chance(60))
            for (uint32_t i = 1 + source_.below(3); i > 0; --i)
                bytes[source_.below(static_cast<uint32_t>(bytes.size()))] = static_cast<unsigned char>(source_.bits() >> 40);
        if (source_.chance(10)) bytes.resize(source_.below(static_cast<uint32_t>(bytes.size())));
        SNNNetwork network = nullptr;
        if (CHECKED(snn_network_load_memory(bytes.data(), bytes.size(), &network)) == SNN_OK) networks_.add(network);
        CHECKED(snn_load_weights(sessions_.pick(source_), source_.chance(90) ? path() : nullptr));
    }
};

}  // namespace fuzz
#endif  // SNN_TESTS_FUZZ_API_NETWORKS_H
