// Random calls that open sessions, give them input, step them, and read and write what they hold.
#ifndef SNN_TESTS_FUZZ_API_SESSIONS_H
#define SNN_TESTS_FUZZ_API_SESSIONS_H

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "api_networks.h"

namespace fuzz {

class SessionCalls : protected NetworkCalls {
protected:
    using NetworkCalls::NetworkCalls;

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
            case 1: {
                const uint32_t samples[] = {source_.below(3), source_.below(3)};
                if (source_.chance(50)) CHECKED(snn_session_reset(session));
                else CHECKED(snn_session_reset_samples(session, source_.chance(95) ? samples : nullptr, source_.below(3)));
                break;
            }
            default: CHECKED(snn_session_step(session, source_.below(6)));
        }
        uint64_t steps = 0;
        CHECKED(snn_session_step_count(session, &steps));
        CHECKED(snn_session_seed(session, &steps));
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
        SessionCalls& self = *static_cast<SessionCalls*>(user);
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
};

}  // namespace fuzz
#endif  // SNN_TESTS_FUZZ_API_SESSIONS_H
