// Reads .snn files. Nothing in a file is trusted: what is read goes through the same checks as a network built by hand.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "common/json.h"
#include "common/disk.h"
#include "file/file.h"
#include "file/names.h"
#include "file/safetensors.h"
#include "network/rules.h"

namespace snn {

namespace {

class Loader {
public:
    explicit Loader(const ByteSource& file) : file_(file), view_(file) {
        const auto version = view_.metadata.find("snn_version");
        const auto network = view_.metadata.find("snn");
        if (version == view_.metadata.end() || network == view_.metadata.end())
            throw Error(SNN_ERROR_FORMAT, "a safetensors file without the metadata 'snn' and 'snn_version': not a .snn file");
        if (version->second != file_names::format_version)
            throw Error(SNN_ERROR_VERSION, "the file has format version '", version->second, "'; this library reads version ",
                        file_names::format_version);
        document_ = parse_json(network->second, "the network document");
    }

    std::shared_ptr<const Network> load() {
        const JsonObject root(document_.root, "network");
        auto network = std::make_shared<Network>(root.number("dt_ms"));
        const Json& populations = root.list("populations", max_populations);
        for (size_t i = 0; i < populations.size(); ++i)
            add_population(*network, root, JsonObject(populations[i], text("populations[", i, "]")));
        const Json& projections = root.list("projections", max_projections);
        std::vector<int32_t> exponents;
        for (size_t i = 0; i < projections.size(); ++i)
            exponents.push_back(connect(*network, root, JsonObject(projections[i], text("projections[", i, "]"))));
        network->finish(exponents);
        return network;
    }

private:
    template <class T>
    std::vector<T> tensor(const std::string& name, TensorType type) const {
        const auto found = view_.tensors.find(name);
        if (found == view_.tensors.end()) throw Error(SNN_ERROR_FORMAT, "tensor '", name, "' is missing");
        if (found->second.type != type)
            throw Error(SNN_ERROR_FORMAT, "tensor '", name, "' has dtype ", name_of(found->second.type), "; expected ",
                        name_of(type));
        std::vector<T> values(found->second.count());
        file_.read(found->second.offset, values.data(), values.size() * sizeof(T));
        return values;
    }

    // Puts an array into a definition, which borrows it.
    template <class T>
    static void give(const std::vector<T>& values, const T*& out_data, size_t& out_count) {
        out_data = values.data();
        out_count = values.size();
    }

    std::vector<double> value_or_tensor(const JsonObject& owner, const char* key) const {
        if (owner.at(key).is_number()) return {owner.number(key)};
        return tensor<double>(owner.object(key).text("tensor"), TensorType::f64);
    }

    // Definitions by name, each read once so that populations share it. It is the built-in if the file has the same definition,
    // else the file's own, which is then interpreted.
    template <class T>
    using Definitions = std::map<std::string, std::shared_ptr<const T>>;

    template <class T, class Builtin, class Parse>
    static std::shared_ptr<const T> definition(Definitions<T>& io_known, const JsonObject& list, const std::string& name,
                                               Builtin&& builtin, Parse&& parse) {
        if (const auto known = io_known.find(name); known != io_known.end()) return known->second;
        const Json& found = list.at(name.c_str());
        try {
            std::shared_ptr<const T> own = builtin(name);
            JsonDocument mine = parse_json(own->json, name);
            // The "learning" part was added to the format later. A file without it has the same steps.
            if (JsonDocument later; !found.contains("learning")) {
                later.root.swap(mine.root["learning"]);
                mine.root.erase("learning");
            }
            if (mine.root == found) return io_known[name] = std::move(own);
        } catch (const Error&) {  // no built-in of that name
        }
        std::shared_ptr<const T> own = parse(found.dump());
        if (own->name != name)
            throw Error(SNN_ERROR_FORMAT, list.place(), ": the definition under '", name, "' is named '", own->name, "'");
        return io_known[name] = std::move(own);
    }

    void add_population(Network& network, const JsonObject& root, const JsonObject& entry) {
        SNNPopulationDef def{};
        def.struct_size = sizeof def;
        def.kind = entry.choice("kind", file_names::population_kinds);
        const std::string name = entry.text("name");
        def.name = name.c_str();
        const Json& shape = entry.list("shape", 3);
        def.shape.rank = static_cast<uint32_t>(shape.size());
        read_sizes(entry, "shape", shape, def.shape.dims);
        std::shared_ptr<const Model> model;
        if (def.kind == SNN_POPULATION_NEURONS) {
            const JsonObject models = root.object("models");
            model = definition<Model>(models_, models, entry.text("model"), builtin_model, parse_model);
        }
        const uint32_t index = network.add_population(def, model);
        if (!model) return;
        const JsonObject parameters = entry.object("parameters"), options = entry.object("options");
        const JsonObject initial = entry.object("initial");
        for (const auto& [key, value] : parameters.value().items()) {
            const std::vector<double> values = value_or_tensor(parameters, key.c_str());
            network.set_parameter(index, key, values.data(), values.size());
        }
        for (const auto& [key, value] : options.value().items())
            network.set_option(index, key, options.text(key.c_str()));
        for (const auto& [key, value] : initial.value().items()) {
            const bool is_set = value.is_object() && value.contains("set");
            const std::vector<double> values =
                is_set ? value_or_tensor(initial.object(key.c_str()), "set") : value_or_tensor(initial, key.c_str());
            // A state whose initial value equals its parameter keeps following the parameter, unless it was set by hand.
            const auto& states = model->states;
            const auto state = std::find_if(states.begin(), states.end(), [&](const StateInfo& s) { return s.name == key; });
            if (!is_set && state != states.end() && state->initial_parameter &&
                values == network.population(index).parameters[*state->initial_parameter])
                continue;
            network.set_initial_state(index, key, values.data(), values.size());
        }
        if (entry.has("learnable"))
            for (const Json& parameter : entry.list("learnable", 64)) {
                if (!parameter.is_string()) entry.fail("learnable", "has an entry that is not a name");
                network.set_learnable(index, parameter.get<std::string>(), true);
            }
        if (entry.has("surrogate")) set_surrogate(network, root, index, entry.object("surrogate"));
    }

    void set_surrogate(Network& network, const JsonObject& root, uint32_t population, const JsonObject& entry) {
        std::vector<double> values;
        for (const Json& value : entry.list("parameters", 64)) {
            if (!value.is_number()) entry.fail("parameters", "has an entry that is not a number");
            values.push_back(value.get<double>());
        }
        network.set_surrogate(population,
                              definition<Surrogate>(surrogates_, root.object("surrogates"), entry.text("name"),
                                                    builtin_surrogate, parse_surrogate),
                              values.data(), values.size());
    }

    // `out_sizes` has room for all entries of `sizes`, the list at `key`.
    static void read_sizes(const JsonObject& entry, const char* key, const Json& sizes, uint32_t* out_sizes) {
        for (const Json& size : sizes) {
            if (!size.is_number_unsigned() || size.get<uint64_t>() > UINT32_MAX)
                entry.fail(key, "has an entry that is not a size");
            *out_sizes++ = size.get<uint32_t>();
        }
    }

    static void read_pair(const JsonObject& entry, const char* key, uint32_t (&out_pair)[2]) {
        const Json& pair = entry.list(key, 2);
        if (pair.size() != 2) entry.fail(key, "is not a pair");
        read_sizes(entry, key, pair, out_pair);
    }

    static SNNDistribution distribution(const JsonObject& owner, const char* key) {
        const JsonObject entry = owner.object(key);
        constexpr double infinity = std::numeric_limits<double>::infinity();
        return {entry.choice("kind", file_names::distributions), entry.number("a"), entry.number("b"),
                entry.has("low") ? entry.number("low") : -infinity, entry.has("high") ? entry.number("high") : infinity};
    }

    // The file holds the rule that makes the synapses, not the synapses. Weights are not checked singly, but their bounds are.
    uint32_t connect_by_rule(Network& network, const SNNProjectionDef& def, const JsonObject& entry,
                             const std::string& name) const {
        const uint64_t generator = entry.whole("generator", UINT32_MAX);
        if (generator != generator_version && generator != generator_of_parts)
            throw Error(SNN_ERROR_VERSION, entry.place(), ": the rule is of generator ", generator,
                        "; this library makes the synapses of generators ", generator_version, " and ", generator_of_parts);
        SNNRandomConnectionDef rule{};
        rule.struct_size = sizeof rule;
        rule.rule = entry.choice("name", file_names::rules);
        rule.probability = entry.number("probability");
        rule.count = entry.whole("count", UINT64_MAX);
        rule.seed = entry.whole("seed", UINT64_MAX);
        if (rule.seed == SNN_SEED_BY_INDEX) entry.fail("seed", "stands for no seed");
        rule.allow_autapses = entry.flag("allow_autapses");
        rule.allow_multapses = entry.flag("allow_multapses");
        uint32_t sources[2] = {}, targets[2] = {};  // first and count
        if (entry.has("sources")) read_pair(entry, "sources", sources);
        if (entry.has("targets")) read_pair(entry, "targets", targets);
        rule.first_source = sources[0];
        rule.source_count = sources[1];
        rule.first_target = targets[0];
        rule.target_count = targets[1];
        rule.weight = distribution(entry, "weight");
        rule.delay = distribution(entry, "delay");
        std::vector<float> source_positions, target_positions;
        if (rule.rule == SNN_RULE_SPATIAL) {
            rule.kernel = entry.choice("kernel", file_names::kernels);
            rule.kernel_width = entry.number("kernel_width");
            rule.cutoff = entry.number("cutoff");
            const Json& period = entry.list("period", 3);
            rule.dimensions = static_cast<uint32_t>(period.size());
            for (size_t axis = 0; axis < period.size(); ++axis) {
                if (!period[axis].is_number()) entry.fail("period", "has an entry that is not a number");
                rule.period[axis] = period[axis].get<double>();
            }
            source_positions = tensor<float>(name + ".source_positions", TensorType::f32);
            target_positions = tensor<float>(name + ".target_positions", TensorType::f32);
            give(source_positions, rule.source_positions, rule.source_position_count);
            give(target_positions, rule.target_positions, rule.target_position_count);
        }
        return network.connect_random(def, rule);
    }

    void set_plasticity(Network& network, const JsonObject& root, uint32_t projection, const JsonObject& entry) {
        network.set_plasticity(projection, definition<PlasticityRule>(rules_, root.object("plasticity_rules"),
                                                                      entry.text("rule"), builtin_plasticity,
                                                                      parse_plasticity));
        const JsonObject parameters = entry.object("parameters"), options = entry.object("options");
        for (const auto& [key, value] : parameters.value().items())
            network.set_plasticity_parameter(projection, key, parameters.number(key.c_str()));
        for (const auto& [key, value] : options.value().items())
            network.set_plasticity_option(projection, key, options.text(key.c_str()));
    }

    // The arrays that `def` borrows.
    struct Arrays {
        std::vector<float> weights, bias;
        std::vector<uint64_t> row_offsets;
        std::vector<uint32_t> targets;
        std::vector<uint16_t> delays;
    };

    void read_arrays(const JsonObject& entry, const std::string& name, bool by_rule, Arrays& out_arrays,
                     SNNProjectionDef& io_def) const {
        if (io_def.kind != SNN_CONNECT_POOL2D && !by_rule) {
            out_arrays.weights = tensor<float>(name + ".weight", TensorType::f32);
            // A null pointer would ask for zeros. An empty tensor has the wrong size, unless nothing is connected.
            out_arrays.weights.reserve(1);
            give(out_arrays.weights, io_def.weights, io_def.weight_count);
        }
        if (entry.has("bias")) {
            out_arrays.bias = tensor<float>(name + ".bias", TensorType::f32);
            give(out_arrays.bias, io_def.bias, io_def.bias_count);
        }
        if (io_def.kind != SNN_CONNECT_SPARSE || by_rule) return;
        out_arrays.row_offsets = tensor<uint64_t>(name + ".row_offsets", TensorType::u64);
        out_arrays.targets = tensor<uint32_t>(name + ".targets", TensorType::u32);
        give(out_arrays.row_offsets, io_def.row_offsets, io_def.row_offset_count);
        give(out_arrays.targets, io_def.synapse_targets, io_def.synapse_count);
        if (!entry.has("synapse_delays")) return;
        out_arrays.delays = tensor<uint16_t>(name + ".delays", TensorType::u16);
        if (out_arrays.delays.size() != out_arrays.targets.size())
            throw Error(SNN_ERROR_FORMAT, "tensor '", name, ".delays' has ", out_arrays.delays.size(), " values; expected ",
                        out_arrays.targets.size());
        io_def.synapse_delays = out_arrays.delays.data();
    }

    // The fixed-point exponent that the file was saved with.
    static int32_t fixed_exponent(const JsonObject& entry) {
        const double exponent = entry.number("fixed_exponent");
        if (exponent != std::floor(exponent) || std::abs(exponent) > fixed_exponent_limit)
            entry.fail("fixed_exponent", text("is ", exponent, "; expected a whole number from ", -fixed_exponent_limit, " to ",
                                              fixed_exponent_limit));
        return static_cast<int32_t>(exponent);
    }

    // Returns the fixed-point exponent, 0 for float arithmetic.
    int32_t connect(Network& network, const JsonObject& root, const JsonObject& entry) {
        SNNProjectionDef def = default_projection_def();
        def.kind = entry.choice("kind", file_names::connection_kinds);
        const std::string name = entry.text("name"), receptor = entry.text("receptor");
        def.name = name.c_str();
        def.receptor = receptor.c_str();
        def.source = network.find_population(entry.text("source"));
        def.target = network.find_population(entry.text("target"));
        def.delay_steps = static_cast<uint32_t>(entry.whole("delay_steps", UINT32_MAX));
        def.trainable = entry.flag("trainable");
        def.detached = entry.has("detached") && entry.flag("detached");
        def.arithmetic = entry.choice("arithmetic", file_names::arithmetics);
        const bool by_rule = def.kind == SNN_CONNECT_SPARSE && entry.has("rule");
        if (def.kind == SNN_CONNECT_POOL2D) def.pool_mode = entry.choice("pool_mode", file_names::pool_modes);
        Arrays arrays;
        read_arrays(entry, name, by_rule, arrays, def);
        if (def.kind == SNN_CONNECT_CONV2D || def.kind == SNN_CONNECT_POOL2D) {
            read_pair(entry, "kernel", def.kernel);
            read_pair(entry, "stride", def.stride);
            read_pair(entry, "padding", def.padding);
            read_pair(entry, "dilation", def.dilation);
            def.groups = static_cast<uint32_t>(entry.whole("groups", UINT32_MAX));
        }
        const uint32_t index =
            by_rule ? connect_by_rule(network, def, entry.object("rule"), name) : network.connect(def);
        if (entry.has("plasticity")) {
            if (def.arithmetic != SNN_ARITHMETIC_FIXED) entry.fail("arithmetic", "is not that of a plastic projection");
            set_plasticity(network, root, index, entry.object("plasticity"));
        }
        const bool is_fixed = def.arithmetic == SNN_ARITHMETIC_FIXED || def.arithmetic == SNN_ARITHMETIC_COMPACT;
        return is_fixed ? fixed_exponent(entry) : 0;
    }

    const ByteSource& file_;
    SafetensorsView view_;
    JsonDocument document_;
    Definitions<Model> models_;
    Definitions<Surrogate> surrogates_;
    Definitions<PlasticityRule> rules_;
};

// The checks for hand-built networks blame an argument in their sentences. For a file, the sentences name the file.
std::shared_ptr<const Network> load(const ByteSource& file, const std::string& place) {
    try {
        return Loader(file).load();
    } catch (const Error& error) {
        const SNNStatus status = error.status();
        const bool keeps = status == SNN_ERROR_VERSION || status == SNN_ERROR_OUT_OF_MEMORY || status == SNN_ERROR_IO;
        throw Error(keeps ? status : SNN_ERROR_FORMAT, place, ": ", error.what());
    } catch (const Json::exception&) {
        throw Error(SNN_ERROR_FORMAT, place, ": the network document has a value of the wrong type");
    }
}

}  // namespace

std::shared_ptr<const Network> load_network(const std::string& path) { return load(FileSource(path), "'" + path + "'"); }

std::shared_ptr<const Network> load_network_memory(const void* data, size_t size_bytes) {
    return load(MemorySource({static_cast<const unsigned char*>(data), size_bytes}), "the file in memory");
}

}  // namespace snn
