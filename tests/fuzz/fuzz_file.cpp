// Damaged .snn files must be refused with a sentence or load as a valid network, never more: a small corpus of good files is
// mutated byte by byte, in its numbers, its words and its length. What is accepted must survive saving and loading unchanged.
#include <snn/snn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "files.h"
#include "mutate.h"
#include "source.h"

using fuzz::broken;
using fuzz::check;
using fuzz::Source;

namespace {

constexpr const char* scratch_path = "fuzz_file.snn";

std::string saved_bytes(SNNNetwork network) {
    check(snn_network_save(network, scratch_path), "a good network cannot be saved");
    std::string bytes = fuzz::read_file(scratch_path);
    std::remove(scratch_path);
    return bytes;
}

// One network with every kind of tensor that a file can hold.
std::string corpus(uint32_t which) {
    SNNNetwork network = nullptr;
    check(snn_network_create(1.0, &network), "create");
    const SNNShape image{3, {2, 4, 3}};
    const uint32_t input =
        fuzz::add_population(network, "input", which ? SNN_POPULATION_VALUE_INPUT : SNN_POPULATION_SPIKE_INPUT, nullptr, image);
    const char* const models[] = {"lif", "izhikevich", "current_lif"};
    const uint32_t hidden = fuzz::add_population(network, "hidden", SNN_POPULATION_NEURONS, models[which], image);
    const uint32_t output =
        fuzz::add_population(network, "output", SNN_POPULATION_NEURONS, "leaky_integrator", {3, {2, 2, 1}});
    std::vector<float> weights(24 * 24, 0.25f);
    std::vector<double> values(24, 0.5);
    check(snn_network_set_initial_state(network, hidden, "v", values.data(), values.size()), "set_initial_state");
    SNNProjectionDef def;
    snn_projection_def_default(&def);
    def.source = input;
    def.target = hidden;
    def.kind = which ? SNN_CONNECT_CONV2D : SNN_CONNECT_DENSE;
    def.name = "first";
    def.weights = weights.data();
    def.weight_count = which ? 2 * 2 * 9 : 24 * 24;
    if (which)
        for (int axis = 0; axis < 2; ++axis) {
            def.kernel[axis] = 3;
            def.padding[axis] = 1;
        }
    def.bias = weights.data();
    def.bias_count = which ? 2 : 24;
    check(snn_network_connect(network, &def, nullptr), "connect");
    snn_projection_def_default(&def);
    def.source = def.target = hidden;
    def.kind = SNN_CONNECT_SPARSE;
    def.name = "again";
    def.delay_steps = 1;
    def.trainable = 0;
    def.name = "given";
    std::vector<uint64_t> offsets(25);
    const std::vector<uint32_t> targets(24, 3);
    const std::vector<uint16_t> delays(24, 2);
    for (size_t i = 0; i < offsets.size(); ++i) offsets[i] = i;
    def.weights = weights.data();
    def.weight_count = 24;
    def.row_offsets = offsets.data();
    def.row_offset_count = offsets.size();
    def.synapse_targets = targets.data();
    def.synapse_delays = delays.data();
    def.synapse_count = 24;
    check(snn_network_connect(network, &def, nullptr), "connect");
    def.weights = nullptr;
    def.row_offsets = nullptr;
    def.synapse_targets = nullptr;
    def.synapse_delays = nullptr;
    def.weight_count = def.row_offset_count = def.synapse_count = 0;
    def.name = "again";
    SNNRandomConnectionDef rule;
    snn_random_connection_def_default(&rule);
    rule.probability = 0.2;
    rule.weight.kind = SNN_DISTRIBUTION_NORMAL;
    rule.weight.b = 0.5;
    rule.delay.kind = SNN_DISTRIBUTION_UNIFORM;
    rule.delay.a = 1;
    rule.delay.b = 3;
    check(snn_network_connect_random(network, &def, &rule, nullptr), "connect_random");
    def.name = "near";
    const std::vector<float> places(2 * 24, 0.5f);
    rule.rule = SNN_RULE_SPATIAL;
    rule.kernel_width = 0.25;
    rule.cutoff = 0.5;
    rule.period[0] = 1.0;
    rule.source_positions = rule.target_positions = places.data();
    rule.source_position_count = rule.target_position_count = places.size();
    check(snn_network_connect_random(network, &def, &rule, nullptr), "connect_random");
    def.name = "all";
    rule.rule = which ? SNN_RULE_FIXED_TOTAL : SNN_RULE_FIXED_INDEGREE;
    rule.count = 20;
    rule.allow_multapses = 0;
    check(snn_network_connect_random(network, &def, &rule, nullptr), "connect_random");
    def.name = "out";
    rule.rule = SNN_RULE_FIXED_OUTDEGREE;
    rule.count = 5;
    rule.weight.kind = SNN_DISTRIBUTION_EXPONENTIAL;
    rule.weight.a = 0.25;
    check(snn_network_connect_random(network, &def, &rule, nullptr), "connect_random");
    snn_projection_def_default(&def);
    def.source = hidden;
    def.target = output;
    def.kind = SNN_CONNECT_POOL2D;
    def.pool_mode = which;
    def.kernel[0] = def.stride[0] = 2;
    def.kernel[1] = def.stride[1] = 3;
    def.name = "last";
    check(snn_network_connect(network, &def, nullptr), "connect");
    check(snn_network_finish(network), "finish");
    std::string bytes = saved_bytes(network);
    snn_network_release(network);
    return bytes;
}

bool try_file(const std::string& bytes) {
    SNNNetwork network = nullptr;
    // An allocation of exactly these bytes, so that a read past the end is seen.
    std::vector<char> copy(bytes.begin(), bytes.end());
    const char nothing = 0;
    const SNNStatus status = snn_network_load_memory(copy.empty() ? &nothing : copy.data(), copy.size(), &network);
    if (status != SNN_OK) {
        if (status != SNN_ERROR_FORMAT && status != SNN_ERROR_VERSION && status != SNN_ERROR_OUT_OF_MEMORY)
            broken("a damaged file is refused with another status");
        if (std::strlen(snn_last_error()) < 10) broken("a damaged file is refused without a sentence");
        return false;
    }
    const std::string first = saved_bytes(network);
    SNNNetworkInfo info;
    std::memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    check(snn_network_get_info(network, &info), "get_info");
    if (info.neuron_count < 10000) {
        SNNConfig config;
        snn_config_default(&config);
        config.network = network;
        SNNHandle session = nullptr;
        // Mutated parameters may be refused here, with a sentence, but nothing worse.
        if (snn_create_network(&config, &session) == SNN_OK) check(snn_session_step(session, 3), "step");
        snn_destroy_network(session);
    }
    snn_network_release(network);
    check(snn_network_load_memory(first.data(), first.size(), &network), "an accepted network does not load again");
    if (saved_bytes(network) != first) broken("an accepted network changes when it is saved and loaded");
    snn_network_release(network);
    return true;
}

}  // namespace

#if defined(SNN_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try_file({reinterpret_cast<const char*>(data), size});
    return 0;
}
#else
int main(int argc, char** argv) {
    const std::vector<std::string> files{corpus(0), corpus(1), corpus(2)};
    for (const std::string& file : files)
        if (!try_file(file)) broken("a good file is refused");
    return fuzz::run(argc, argv, "damaged files", "still valid networks",
                     [&](Source& source) { return try_file(fuzz::damaged(source, files)); });
}
#endif
