// Random sequences of valid and invalid calls of the C interface: fuzz_api SEED ITERATIONS. Nothing may crash, every status
// must be one of the header's, every error has its sentence, SNN_ERROR_INTERNAL never appears. Meant to run under
// AddressSanitizer and UndefinedBehaviorSanitizer. With -DSNN_LIBFUZZER the decisions come from libFuzzer.
#include <snn/snn.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "source.h"

namespace {

using fuzz::Source;

constexpr size_t scratch_size = 1 << 16;  // every array given to the library has room for this many values

const char* const model_text =
    R"({"format": 1, "kind": "neuron", "name": "adder", "title": "", "parameters": [{"name": "threshold", "unit": "1",
        "default": 1.0, "doc": ""}], "options": [], "states": [{"name": "v", "unit": "1", "type": "float", "initial": 0.0,
        "doc": ""}], "receptors": [{"name": "current", "unit": "1", "doc": ""}], "derived": [], "membrane": "v",
        "spiking": true, "derive": {"ops": [], "outputs": []}, "step": {"ops": [["add", 2, 1], ["sub", 3, 0],
        ["iconst", 1], ["spike", 4, 5], ["const", 0.5], ["lt", 7, 6], ["const", 0.0], ["select", 8, 9, 3]],
        "states": [10], "spike": 6, "tape": []}})";

// Handles that were given out, the dead ones too: those are worth calling with.
template <class Handle>
class Pool {
public:
    void add(Handle handle) { all_.push_back(handle); }
    Handle pick(Source& source) const {
        if (all_.empty() || source.chance(3))
            return source.chance(50) ? nullptr : reinterpret_cast<Handle>(source.bits());
        const size_t recent = std::min<size_t>(all_.size(), 4);
        if (source.chance(90)) return all_[all_.size() - 1 - source.below(static_cast<uint32_t>(recent))];
        return all_[source.below(static_cast<uint32_t>(all_.size()))];
    }
    const std::vector<Handle>& all() const { return all_; }

private:
    std::vector<Handle> all_;
};

class ApiFuzzer {
public:
    explicit ApiFuzzer(Source& source) : source_(source) {}
    ~ApiFuzzer() {
        for (SNNTrainer trainer : trainers_.all()) snn_trainer_release(trainer);
        for (SNNHandle session : sessions_.all()) snn_destroy_network(session);
        for (SNNNetwork network : networks_.all())
            while (snn_network_retain(network) == SNN_OK) {
                snn_network_release(network);
                snn_network_release(network);
            }
        for (SNNModel model : models_.all())
            while (snn_model_retain(model) == SNN_OK) {
                snn_model_release(model);
                snn_model_release(model);
            }
        std::remove(path());
    }

    void step() {
        using Action = void (ApiFuzzer::*)();
        static constexpr Action actions[] = {
            &ApiFuzzer::library,        &ApiFuzzer::make_model,   &ApiFuzzer::make_network, &ApiFuzzer::make_whole_network,
            &ApiFuzzer::add_population, &ApiFuzzer::change,       &ApiFuzzer::connect,      &ApiFuzzer::connect,
            &ApiFuzzer::finish,         &ApiFuzzer::look,         &ApiFuzzer::save_load,    &ApiFuzzer::open,
            &ApiFuzzer::open,           &ApiFuzzer::give_input,   &ApiFuzzer::give_input,   &ApiFuzzer::advance,
            &ApiFuzzer::advance,        &ApiFuzzer::variables,    &ApiFuzzer::variables,    &ApiFuzzer::run,
            &ApiFuzzer::callbacks,      &ApiFuzzer::make_trainer, &ApiFuzzer::train,        &ApiFuzzer::train,
            &ApiFuzzer::encode,         &ApiFuzzer::release,
        };
        (this->*actions[source_.below(sizeof actions / sizeof actions[0])])();
    }

private:
    static const char* path() { return "tmp_fuzz_api.snn"; }

    // What every call must keep to.
    static SNNStatus checked(SNNStatus status, const char* call) {
        if (status == SNN_OK) return status;
        const bool known = std::strcmp(snn_status_name(status), "SNN_UNKNOWN_STATUS") != 0;
        if (!known || status == SNN_ERROR_INTERNAL || snn_last_error()[0] == 0) {
            std::fprintf(stderr, "%s: status %d (%s), sentence \"%s\"\n", call, status, snn_status_name(status),
                         snn_last_error());
            std::abort();
        }
        return status;
    }
#define CHECKED(call) checked(call, #call)

    const float* floats(bool spikes = false) {
        for (size_t i = 0; i < 256; ++i)
            floats_[i] = spikes ? static_cast<float>(source_.below(2)) : static_cast<float>(source_.below(1000)) * 1e-3f;
        if (source_.chance(5)) floats_[source_.below(64)] = static_cast<float>(source_.number());
        return source_.chance(2) ? nullptr : floats_.data();
    }
    const double* doubles() {
        for (size_t i = 0; i < 64; ++i) doubles_[i] = source_.number();
        return source_.chance(2) ? nullptr : doubles_.data();
    }
    const char* name(std::initializer_list<const char*> likely) {
        if (source_.chance(92)) return source_.one_of<const char*>(likely);
        return source_.one_of<const char*>({nullptr, "", "a.b", "\xff\xfe", "in", "cells", "v", "weight", "....", "lif"});
    }
    template <class T>
    uint32_t struct_size() {
        return source_.chance(95) ? static_cast<uint32_t>(sizeof(T))
                                  : source_.one_of<uint32_t>({0, 3, 4, 8, sizeof(T) - 4, sizeof(T) + 4, UINT32_MAX});
    }
    uint32_t index(uint32_t count) {
        return source_.chance(93) ? source_.below(count ? count : 1) : source_.one_of<uint32_t>({count, 99, UINT32_MAX});
    }
    uint32_t population_count(SNNNetwork network) const {
        SNNNetworkInfo info{};
        info.struct_size = sizeof info;
        return snn_network_get_info(network, &info) == SNN_OK ? info.population_count : 2;
    }
    size_t size_of(SNNNetwork network, uint32_t population) const {
        SNNPopulationInfo info{};
        info.struct_size = sizeof info;
        return snn_network_get_population(network, population, &info) == SNN_OK ? info.size : 3;
    }
    const char* population_name(SNNNetwork network, uint32_t population) const {
        SNNPopulationInfo info{};
        info.struct_size = sizeof info;
        return snn_network_get_population(network, population, &info) == SNN_OK ? info.name : "nobody";
    }

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
        rule.rule = source_.below(7);
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
        return {source_.below(5), source_.number(), source_.number(), source_.chance(60) ? -1e9 : source_.number(),
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

    // ---- Sessions

    void open() {
        SNNConfig config;
        snn_config_default(&config);
        config.struct_size = struct_size<SNNConfig>();
        config.network = networks_.pick(source_);
        if (source_.chance(5)) config.file = path();
        config.device = source_.chance(60) ? nullptr : name({"cpu", "reference", "null"});
        config.batch_size = source_.chance(60) ? 1 : source_.one_of<uint32_t>({1, 2, 2, 3, 3, 0, UINT32_MAX});
        config.thread_count = source_.chance(95) ? 1 + source_.below(3) : source_.one_of<uint32_t>({0, UINT32_MAX});
        config.instruction_set = source_.below(5);
        config.max_catch_up_steps = source_.below(20);
        config.flags = source_.chance(80) ? 0 : source_.below(32);
        SNNHandle session = nullptr;
        if (CHECKED(snn_create_network(source_.chance(98) ? &config : nullptr, &session)) == SNN_OK) sessions_.add(session);
    }

    SNNNetwork network_of(SNNHandle session) {
        SNNNetwork network = nullptr;
        if (CHECKED(snn_session_network(session, &network)) == SNN_OK) networks_.add(network);
        return network;
    }

    void give_input() {
        const SNNHandle session = sessions_.pick(source_);
        const uint32_t population = index(2);
        size_t right = 0;
        const SNNNetwork network = network_of(session);
        const std::string variable = std::string(population_name(network, population)) + ".spikes";
        if (snn_session_value_count(session, variable.c_str(), &right) != SNN_OK) right = 3;
        const size_t count = std::min(source_.count(right), scratch_size);
        if (source_.chance(85)) {
            CHECKED(snn_session_set_input(session, population, floats(source_.chance(60)), count));
            CHECKED(snn_session_set_sample_input(session, population, source_.below(4), floats(source_.chance(60)), source_.below(9)));
            for (uint32_t& neuron : words_) neuron = source_.below(source_.chance(90) ? 3 : 300);
            CHECKED(snn_session_add_input_spikes(session, population, source_.below(3), source_.chance(95) ? words_.data() : nullptr,
                                                 source_.below(9)));
        } else {
            for (float& value : bound_) value = static_cast<float>(source_.below(2));
            CHECKED(snn_session_bind_input(session, population, source_.chance(70) ? bound_.data() : nullptr, right));
        }
    }

    void advance() {
        const SNNHandle session = sessions_.pick(source_);
        switch (source_.below(4)) {
            case 0: CHECKED(snn_run_step(session, static_cast<float>(source_.chance(90) ? 0.004 : source_.number()))); break;
            case 1: CHECKED(snn_session_reset(session)); break;
            default: CHECKED(snn_session_step(session, source_.below(6)));
        }
        uint64_t steps = 0;
        CHECKED(snn_session_step_count(session, &steps));
        const uint32_t* neurons = nullptr;
        uint32_t count = 0;
        if (CHECKED(snn_session_get_spikes(session, index(3), index(2), &neurons, &count)) == SNN_OK)
            for (uint32_t i = 1; i < count; ++i)
                if (neurons[i] <= neurons[i - 1]) std::abort();
    }

    void variables() {
        const SNNHandle session = sessions_.pick(source_);
        const char* variable =
            name({"cells.v", "cells.spikes", "in.spikes", "readout.v", "in_to_cells.weight", "cells_to_readout.weight",
                  "in_to_cells.weight.gradient", "cells.history", "in.history", "in_to_cells.bias", "cells.refractory"});
        size_t right = 0;
        CHECKED(snn_session_value_count(session, variable, &right));
        if (right > scratch_size / 8) return;  // history of a long delay
        const size_t count = source_.count(right);
        const uint32_t dtype = source_.below(5);
        if (source_.chance(60)) {
            CHECKED(snn_session_read(session, variable, dtype, scratch_.data(), count));
        } else {
            for (size_t i = 0; i < 64; ++i) scratch_[i] = static_cast<float>(source_.number());
            CHECKED(snn_session_write(session, variable, dtype, scratch_.data(), count));
        }
        CHECKED(snn_get_membrane_potentials(session, name({"cells", "readout"}), scratch_.data(), source_.below(40)));
    }

    static int32_t SNN_CALL maybe_stop(uint64_t done, uint64_t, void*) { return done > 12; }

    void run() {
        const SNNHandle session = sessions_.pick(source_);
        const SNNNetwork network = network_of(session);
        size_t right = 3;
        const std::string variable = std::string(population_name(network, 0)) + ".spikes";
        if (snn_session_value_count(session, variable.c_str(), &right) != SNN_OK) right = 3;
        SNNRunDef def;
        snn_run_def_default(&def);
        def.struct_size = struct_size<SNNRunDef>();
        def.step_count = source_.below(20);
        SNNInputArray inputs[2];
        for (SNNInputArray& input : inputs)
            input = {index(1), source_.below(2), floats(source_.chance(70)),
                     std::min(source_.count(right * (source_.chance(50) ? 1 : def.step_count)), scratch_size)};
        def.inputs = source_.chance(95) ? inputs : nullptr;
        def.input_count = source_.chance(95) ? source_.below(2) : 2;
        SNNRecordArray records[2];
        for (SNNRecordArray& record : records) {
            const uint32_t population = index(3);
            const size_t frame = size_of(network, population);
            record = {population, source_.below(4), name({"v", "spikes", "spike_count"}), records_.data(),
                      std::min(source_.count(frame * (source_.chance(70) ? def.step_count : 1)), scratch_size / 2)};
        }
        def.records = records;
        def.record_count = source_.below(3);
        // One list of numbers for steps, neurons and samples: mostly ascending, mostly small enough.
        uint32_t last = 0;
        for (uint32_t& word : words_) word = source_.chance(99) ? last += source_.chance(20) : source_.below(40);
        std::array<SNNSpikeInput, 2> spikes{};
        for (SNNSpikeInput& given : spikes)
            given = {struct_size<SNNSpikeInput>(), index(2), words_.data(), source_.chance(95) ? words_.data() + source_.below(8) : nullptr,
                     source_.chance(70) ? words_.data() : nullptr, source_.below(8)};
        def.spike_inputs = source_.chance(95) ? spikes.data() : nullptr;
        def.spike_input_count = source_.chance(70) ? source_.below(2) : 2;
        std::array<uint64_t, 4> chosen{};
        for (uint64_t& place : chosen) place = source_.below(source_.chance(95) ? 3 : 100);
        std::array<SNNValueRecord, 2> values{};
        for (SNNValueRecord& record : values) {
            const size_t places = source_.below(5);
            record = {struct_size<SNNValueRecord>(), source_.below(4),
                      name({"cells.v", "cells.spikes", "in.spikes", "in_to_cells.weight", "cells.threshold"}),
                      source_.chance(80) ? chosen.data() : nullptr, places, records_.data(),
                      std::min(source_.count(places * (source_.chance(80) ? def.step_count : 1)), scratch_size / 2)};
        }
        def.value_records = source_.chance(95) ? values.data() : nullptr;
        def.value_record_count = source_.below(3);
        if (source_.chance(30)) {
            def.progress = maybe_stop;
            def.progress_interval = source_.below(8);
        }
        CHECKED(snn_session_run(session, source_.chance(98) ? &def : nullptr));
    }

    static void SNN_CALL on_spikes(SNNHandle handle, const SNNSpikes* spikes, void* user) {
        ApiFuzzer& self = *static_cast<ApiFuzzer*>(user);
        if (spikes->count == 0) std::abort();
        float value = 0;
        CHECKED(snn_get_membrane_potentials(handle, "cells", &value, 1));
        CHECKED(snn_session_step(handle, 1));
        if (self.source_.chance(3)) snn_destroy_network(handle);
    }

    void callbacks() {
        const SNNHandle session = sessions_.pick(source_);
        CHECKED(snn_register_spike_callback(session, source_.chance(60) ? on_spikes : nullptr, this));
        CHECKED(snn_register_weight_callback(session, nullptr, nullptr));
        CHECKED(snn_register_epoch_callback(session, nullptr, nullptr));
    }

    // ---- Training

    void make_trainer() {
        SNNTrainerDef def;
        snn_trainer_def_default(&def);
        def.struct_size = struct_size<SNNTrainerDef>();
        def.output_population = source_.chance(80) ? 2 : index(3);
        def.step_count = source_.below(9);
        def.loss = source_.chance(60) ? 1 + source_.below(2) : source_.chance(70) ? uint32_t{SNN_LOSS_NONE} : source_.below(5);
        def.optimizer = source_.below(4);
        if (source_.chance(20)) def.learning_rate = source_.number();
        if (source_.chance(20)) def.weight_decay = source_.number();
        if (source_.chance(20)) def.gradient_clip_norm = source_.number();
        if (source_.chance(20)) def.rate_regularization = source_.number();
        if (source_.chance(10)) def.beta1 = source_.number();
        SNNTrainer trainer = nullptr;
        if (CHECKED(snn_trainer_create(sessions_.pick(source_), &def, &trainer)) == SNN_OK) trainers_.add(trainer);
    }

    void train() {
        const SNNTrainer trainer = trainers_.pick(source_);
        SNNInputArray input{index(1), 1, floats(source_.chance(60)), source_.count(1 + source_.below(12))};
        for (int32_t& label : labels_) label = source_.chance(97) ? 0 : static_cast<int32_t>(source_.bits() >> 32);
        SNNBatch batch{};
        batch.struct_size = struct_size<SNNBatch>();
        batch.inputs = source_.chance(97) ? &input : nullptr;
        batch.input_count = source_.chance(95) ? 1 : 0;
        batch.labels = source_.chance(90) ? labels_.data() : nullptr;
        batch.label_count = source_.chance(60) ? batch.labels != nullptr : source_.below(4);
        batch.targets = source_.chance(10) ? floats_.data() : nullptr;
        batch.target_count = batch.targets || source_.chance(3) ? source_.below(40) : 0;
        SNNTrainResult result{};
        result.struct_size = struct_size<SNNTrainResult>();
        SNNRecordArray arrays[2];  // what a loss of the fuzzer's own sees, and its gradients
        for (SNNRecordArray& array : arrays)
            array = {index(3), source_.chance(80) ? uint32_t{SNN_FLOAT32} : source_.below(5), name({"v", "spikes", "spike_count"}),
                     source_.chance(97) ? records_.data() : nullptr,
                     source_.chance(3) ? source_.count(1) : std::min<size_t>((1 + source_.below(8)) * (1 + source_.below(12)), scratch_size / 2)};
        switch (source_.below(9)) {
            case 0: CHECKED(snn_trainer_backward(trainer)); break;
            case 6: CHECKED(snn_trainer_run(trainer, &batch, arrays, source_.below(3), &result)); break;
            case 7:
            case 8:
                CHECKED(snn_trainer_run_backward(trainer, source_.number(), arrays, source_.below(2), arrays + 1, source_.below(2)));
                break;
            case 1: CHECKED(snn_trainer_update(trainer)); break;
            case 2: CHECKED(snn_trainer_scores(trainer, scratch_.data(), source_.below(20))); break;
            case 3: CHECKED(snn_trainer_forward(trainer, &batch, &result)); break;
            default: CHECKED(snn_trainer_step(trainer, &batch, &result));
        }
        CHECKED(snn_trainer_set_learning_rate(trainer, source_.number()));
        SNNEpoch epoch{struct_size<SNNEpoch>(), 0, 0, 0, 0};
        if (source_.chance(10)) CHECKED(snn_trainer_end_epoch(trainer, &epoch));
    }

    // ---- Encoding and releasing

    void encode() {
        SNNEncoderDef def;
        snn_encoder_def_default(&def);
        def.struct_size = struct_size<SNNEncoderDef>();
        def.kind = source_.below(5);
        def.step_count = source_.below(10);
        if (source_.chance(20)) def.gain = static_cast<float>(source_.number());
        if (source_.chance(20)) def.threshold = static_cast<float>(source_.number());
        const size_t samples = source_.below(4), features = source_.below(9);
        const size_t frame = samples * features, count = def.kind == SNN_ENCODE_DELTA ? def.step_count * frame : frame;
        CHECKED(snn_encode(&def, floats(), std::min(source_.count(count), scratch_size), source_.chance(97) ? samples : SIZE_MAX,
                           features, scratch_.data(), source_.count(def.step_count * frame)));
    }

    void release() {
        switch (source_.below(6)) {
            case 0: snn_model_release(models_.pick(source_)); break;
            case 1: snn_network_release(networks_.pick(source_)); break;
            case 2: snn_destroy_network(sessions_.pick(source_)); break;
            case 3: snn_trainer_release(trainers_.pick(source_)); break;
            case 4: CHECKED(snn_network_retain(networks_.pick(source_))); break;
            default: {
                SNNNetwork network = nullptr;
                if (CHECKED(snn_session_to_network(sessions_.pick(source_), &network)) == SNN_OK) networks_.add(network);
            }
        }
    }

    Source& source_;
    Pool<SNNModel> models_;
    Pool<SNNNetwork> networks_;
    Pool<SNNHandle> sessions_;
    Pool<SNNTrainer> trainers_;
    std::vector<float> floats_ = std::vector<float>(scratch_size), scratch_ = floats_, bound_ = floats_, records_ = floats_;
    std::vector<double> doubles_ = std::vector<double>(scratch_size);
    std::vector<int32_t> labels_ = std::vector<int32_t>(scratch_size);
    std::array<uint32_t, 16> words_{};
};

constexpr int calls_per_sequence = 60;

}  // namespace

#if defined(SNN_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Source source(data, size);
    ApiFuzzer fuzzer(source);
    while (!source.empty()) fuzzer.step();
    return 0;
}
#else
int main(int argc, char** argv) {
    return fuzz::run(argc, argv, "sequences of actions", "without a crash", [](Source& source) {
        ApiFuzzer fuzzer(source);
        for (int call = 0; call < calls_per_sequence; ++call) fuzzer.step();
        return true;
    });
}
#endif
