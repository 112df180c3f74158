// Damaged state files must be refused with a sentence, and change nothing, or give a state from which a session can go on.
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

constexpr const char* scratch_path = "fuzz_state.state";

void write_file(const std::string& bytes) {
    std::FILE* const file = std::fopen(scratch_path, "wb");
    if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() || std::fclose(file) != 0)
        broken("the scratch file cannot be written");
}

std::string saved_bytes(SNNHandle session) {
    check(snn_save_state(session, scratch_path), "a state cannot be saved");
    return fuzz::read_file(scratch_path);
}

// Both kinds of input, states of both types, delays, a rule, draws, parameters for each neuron.
SNNNetwork make_network() {
    SNNNetwork network = nullptr;
    check(snn_network_create(1.0, &network), "create");
    const uint32_t spikes = fuzz::add_population(network, "spikes", SNN_POPULATION_SPIKE_INPUT, nullptr, {1, {9, 1, 1}});
    const uint32_t values = fuzz::add_population(network, "values", SNN_POPULATION_VALUE_INPUT, nullptr, {1, {5, 1, 1}});
    const uint32_t cells = fuzz::add_population(network, "cells", SNN_POPULATION_NEURONS, "driven_lif", {1, {30, 1, 1}});
    const std::vector<double> taus(30, 11.0);
    check(snn_network_set_parameter(network, cells, "tau_membrane", taus.data(), taus.size()), "set_parameter");
    const std::vector<float> weights(9 * 30, 0.2f);
    for (const uint32_t source : {spikes, values}) {
        SNNProjectionDef def;
        snn_projection_def_default(&def);
        def.source = source;
        def.target = cells;
        def.weights = weights.data();
        def.weight_count = (source == spikes ? 9 : 5) * 30;
        check(snn_network_connect(network, &def, nullptr), "connect");
    }
    SNNProjectionDef def;
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_SPARSE;
    def.name = "again";
    def.source = def.target = cells;
    def.delay_steps = 2;
    def.trainable = 0;
    SNNRandomConnectionDef rule;
    snn_random_connection_def_default(&rule);
    rule.probability = 0.3;
    rule.weight = {SNN_DISTRIBUTION_CONSTANT, 0.05, 0.0, -1.0, 1.0};
    rule.delay = {SNN_DISTRIBUTION_UNIFORM, 1.0, 4.0, 0.0, 4.0};
    check(snn_network_connect_random(network, &def, &rule, nullptr), "connect_random");
    def.name = "learns";
    def.source = spikes;
    uint32_t learns = 0;
    check(snn_network_connect_random(network, &def, &rule, &learns), "connect_random");
    check(snn_network_set_plasticity(network, learns, "triplet_stdp", nullptr), "set_plasticity");
    check(snn_network_finish(network), "finish");
    return network;
}

SNNHandle open_session(SNNNetwork network, uint32_t threads) {
    SNNConfig config;
    snn_config_default(&config);
    config.network = network;
    config.thread_count = threads;
    SNNHandle session = nullptr;
    check(snn_create_network(&config, &session), "create_network");
    return session;
}

class Fuzzer {
public:
    Fuzzer() : network_(make_network()), session_(open_session(network_, 1)) {
        const float values[5] = {0.5f, 0, 0.25f, 1, 0}, spikes[9] = {1, 0, 1, 0, 0, 0, 1, 1, 0};
        files.push_back(saved_bytes(session_));
        check(snn_session_set_input(session_, 1, values, 5), "set_input");
        check(snn_session_set_input(session_, 0, spikes, 9), "set_input");
        check(snn_session_step(session_, 5), "step");
        check(snn_session_set_input(session_, 0, spikes, 9), "set_input");
        files.push_back(saved_bytes(session_));
        const std::vector<float> weights(9 * 30, 0.125f);
        check(snn_session_write(session_, "spikes_to_cells.weight", SNN_FLOAT32, weights.data(), weights.size()), "write");
        size_t synapses = 0;
        check(snn_session_value_count(session_, "again.weight", &synapses), "value_count");
        const std::vector<float> others(synapses, 0.0625f);
        check(snn_session_write(session_, "again.weight", SNN_FLOAT32, others.data(), synapses), "write");
        files.push_back(saved_bytes(session_));
    }
    ~Fuzzer() {
        snn_destroy_network(session_);
        snn_network_release(network_);
        std::remove(scratch_path);
    }

    bool try_file(const std::string& bytes) {
        const std::string before = saved_bytes(session_);
        write_file(bytes);
        const SNNStatus status = snn_load_state(session_, scratch_path);
        if (status != SNN_OK) {
            if (status != SNN_ERROR_FORMAT && status != SNN_ERROR_VERSION && status != SNN_ERROR_INVALID_ARGUMENT)
                broken("a damaged file is refused with another status");
            if (std::strlen(snn_last_error()) < 10) broken("a damaged file is refused without a sentence");
            if (saved_bytes(session_) != before) broken("a file that was refused changed the session");
            return false;
        }
        const std::string taken = saved_bytes(session_);
        check(snn_load_state(session_, scratch_path), "a state that was taken is refused when it is saved again");
        if (saved_bytes(session_) != taken) broken("a state changes when it is saved and loaded");
        check(snn_session_step(session_, 3), "step");
        return true;
    }

    std::vector<std::string> files;

private:
    SNNNetwork network_;
    SNNHandle session_;
};

}  // namespace

#if defined(SNN_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static Fuzzer fuzzer;
    fuzzer.try_file({reinterpret_cast<const char*>(data), size});
    return 0;
}
#else
int main(int argc, char** argv) {
    Fuzzer fuzzer;
    for (const std::string& file : fuzzer.files)
        if (!fuzzer.try_file(file)) broken("a good file is refused");
    return fuzz::run(argc, argv, "damaged states", "still states",
                     [&](Source& source) { return fuzzer.try_file(fuzz::damaged(source, fuzzer.files)); });
}
#endif
