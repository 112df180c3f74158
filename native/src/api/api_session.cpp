// The C interface: sessions, the simple level among them.
#include <algorithm>
#include <cstdio>

#include "api/sessions.h"
#include "file/file.h"
#include "schedule/together.h"

using namespace snn;
using namespace snn::api;

SessionOptions snn::api::session_options(const SNNConfig& config) {
    constexpr uint32_t max_threads = 1024;
    SessionOptions options;
    options.device = config.device ? config.device : backends().front()->name;
    if (config.batch_size == 0 || config.batch_size > (1u << 20))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "config->batch_size is ", config.batch_size, "; expected 1 to ", 1u << 20);
    if (config.thread_count > max_threads)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "config->thread_count is ", config.thread_count, "; expected 0 to ",
                    max_threads);
    if (config.instruction_set > SNN_ISA_NEON)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "config->instruction_set is ", config.instruction_set,
                    "; expected SNN_ISA_BEST, _SCALAR, _AVX2, _AVX512 or _NEON");
    const uint32_t known_flags = SNN_FLAG_INTERPRET_MODELS | SNN_FLAG_FLOAT64 | SNN_FLAG_SMOOTH_SPIKES | SNN_FLAG_ANY_SIZE |
                                 SNN_FLAG_INPUT_GRADIENTS | SNN_FLAG_SAMPLE_WEIGHTS | SNN_FLAG_STRICT_BARRIERS;
    if (config.flags & ~known_flags)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "config->flags has unknown bits: ", config.flags & ~known_flags);
    options.executor.batch_size = config.batch_size;
    options.executor.thread_count = config.thread_count;
    options.executor.instruction_set = config.instruction_set;
    options.executor.flags = config.flags;
    options.executor.seed = config.seed;
    if (config.allocator) {
        options.executor.allocator = complete(config.allocator, "config->allocator");
        if (!options.executor.allocator.allocate || !options.executor.allocator.release)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "config->allocator needs both allocate and release");
    }
    if (config.job_system) {
        const SNNJobSystem jobs = complete(config.job_system, "config->job_system");
        if (!jobs.parallel_for) throw Error(SNN_ERROR_INVALID_ARGUMENT, "config->job_system->parallel_for is null");
        if (jobs.worker_count == 0 || jobs.worker_count > max_threads)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "config->job_system->worker_count is ", jobs.worker_count,
                        "; expected 1 to ", max_threads);
        options.executor.job_system = jobs;
    }
    options.max_catch_up_steps = config.max_catch_up_steps;
    options.log = config.log;
    options.log_user = config.log_user;
    return options;
}

SNNHandle snn::api::open_session(const SNNConfig* config, const SNNVulkanHost* host) {
    const SNNConfig complete_config = complete(config, snn_config_init, "config");
    std::shared_ptr<const Network> network;
    if (complete_config.network) {
        if (complete_config.file)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "config has both a file ('", complete_config.file,
                        "') and a network; give one");
        network = pin_network(complete_config.network)->finished();
    } else if (complete_config.file) {
        network = load_network(complete_config.file);
    } else {
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "config has neither a file nor a network");
    }
    SessionOptions options = session_options(complete_config);
    if (host) {
        if (!complete_config.device) options.device = "vulkan";
        const std::vector<std::string> devices = devices_of(options.device);
        if (std::count(devices.begin(), devices.end(), "vulkan") != 1)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "config->device is '", options.device,
                        "'; on a host's device it is null, or names \"vulkan\" "
                        "once, alone or among several");
        options.executor.vulkan_host = host;
    }
    auto session = std::make_shared<Session>(std::move(network), options);
    Listeners& listeners = session->listeners();
    listeners.handle = reinterpret_cast<SNNHandle>(handle_table().insert(HandleType::session, std::move(session)));
    return listeners.handle;
}

extern "C" {

void snn_config_init(SNNConfig* out_config, uint32_t struct_size) {
    SNNConfig defaults{};
    defaults.batch_size = 1;
    defaults.thread_count = 1;
    initialize(out_config, struct_size, defaults);
}

SNNStatus snn_create_network(const SNNConfig* config, SNNHandle* out_handle) {
    return guarded([&] {
        required(out_handle, "out_handle");  // first: what is made has nowhere to go else
        *out_handle = open_session(config, nullptr);
    });
}

void snn_destroy_network(SNNHandle handle) {
    const uintptr_t value = reinterpret_cast<uintptr_t>(handle);
    HandleSlot* slot = handle_table().pin(value, HandleType::session);
    if (!slot) return;
    static_cast<Session*>(slot->object.get())->gate().close();
    handle_table().release(value, HandleType::session);
    handle_table().unpin(*slot);
}

SNNStatus snn_load_weights(SNNHandle handle, const char* path) {
    return with_session(handle, [&](Session& session) {
        session.variables().load_weights(*load_network(&required(path, "path")));
    });
}

SNNStatus snn_save_state(SNNHandle handle, const char* path) {
    return with_session(handle, [&](Session& session) { save_state(session.state().outline(), &required(path, "path")); });
}

SNNStatus snn_load_state(SNNHandle handle, const char* path) {
    return with_session(handle, [&](Session& session) {
        const SavedState state = load_state(&required(path, "path"));
        try {
            session.state().restore(state);
        } catch (const Error& error) {
            throw Error(error.status(), "'", path, "': ", error.what());
        }
    });
}

SNNStatus snn_save_state_memory(SNNHandle handle, void* out_data, size_t size_bytes, size_t* out_size_bytes) {
    return with_session(handle, [&](Session& session) {
        if (!out_data && size_bytes > 0)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_data is null, but size_bytes is ", size_bytes);
        size_t& size = required(out_size_bytes, "out_size_bytes");
        size = save_state_memory(session.state().outline(), {static_cast<unsigned char*>(out_data), size_bytes});
        if (out_data && size > size_bytes)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "size_bytes is ", size_bytes, "; ", size, " are needed");
    });
}

SNNStatus snn_load_state_memory(SNNHandle handle, const void* data, size_t size_bytes) {
    return with_session(handle, [&](Session& session) {
        if (!data) throw Error(SNN_ERROR_INVALID_ARGUMENT, "data is null");
        session.state().restore(load_state_memory(data, size_bytes));
    });
}

SNNStatus snn_run_step(SNNHandle handle, float frame_dt) {
    return with_session(handle, [&](Session& session) { session.advance(frame_dt); });
}

SNNStatus snn_run_step_within(SNNHandle handle, float frame_dt, float budget_s, uint32_t* out_steps) {
    return with_session(handle, [&](Session& session) {
        const uint32_t steps = session.advance(frame_dt, budget_s);
        if (out_steps) *out_steps = steps;
    });
}

SNNStatus snn_session_begin(SNNHandle handle, float frame_dt, float budget_s, uint32_t* out_begun) {
    return aside_session(handle, [&](Session& session) {
        const bool begun = session.begin(frame_dt, budget_s);
        if (out_begun) *out_begun = begun;
    });
}

SNNStatus snn_session_poll(SNNHandle handle, uint32_t* out_done) {
    return aside_session(handle, [&](Session& session) {
        uint32_t& done = required(out_done, "out_done");
        done = 1;  // also when it is an error of the steps that are done
        done = session.poll();
    });
}

SNNStatus snn_session_wait(SNNHandle handle) {
    return aside_session(handle, [](Session& session) { session.wait(); });
}

SNNStatus snn_get_membrane_potentials(SNNHandle handle, const char* population, float* out_potentials, size_t count) {
    return reading_session(handle, [&](Session& session) {
        session.variables().read_membrane(&required(population, "population"), out_potentials, count);
    });
}

SNNStatus snn_register_spike_callback(SNNHandle handle, SpikeCallback callback, void* user) {
    return with_session(handle, [&](Session& session) {
        session.listeners().set_spike_callback(callback, user, session.network());
    });
}

SNNStatus snn_register_weight_callback(SNNHandle handle, SNNWeightCallback callback, void* user) {
    return with_session(handle, [&](Session& session) { session.listeners().set_weight_callback(callback, user); });
}

SNNStatus snn_register_epoch_callback(SNNHandle handle, SNNEpochCallback callback, void* user) {
    return with_session(handle, [&](Session& session) { session.listeners().set_epoch_callback(callback, user); });
}

SNNStatus snn_session_device(SNNHandle handle, SNNSessionDevice* out_device) {
    return reading_session(handle, [&](Session& session) {
        SNNSessionDevice device{};
        std::snprintf(device.name, sizeof device.name, "%s", session.opened().device().c_str());
        std::snprintf(device.reason, sizeof device.reason, "%s", session.opened().device_reason().c_str());
        answer(out_device, device, "out_device");
    });
}

SNNStatus snn_session_network(SNNHandle handle, SNNNetwork* out_network) {
    return with_session(
        handle,
        [&](Session& session) {
            required(out_network, "out_network");
            *out_network = new_network_handle(session.opened().shared_network());
        },
        SessionGate::reading | SessionGate::aside);
}

SNNStatus snn_session_to_network(SNNHandle handle, SNNNetwork* out_network) {
    return reading_session(handle, [&](Session& session) {
        required(out_network, "out_network");
        *out_network = new_network_handle(session.variables().to_network());
    });
}

SNNStatus snn_session_set_input(SNNHandle handle, uint32_t population, const float* values, size_t count) {
    return aside_session(handle, [&](Session& session) { session.inputs().set(population, values, count); });
}

SNNStatus snn_session_set_sample_input(SNNHandle handle, uint32_t population, uint32_t sample, const float* values,
                                       size_t count) {
    return aside_session(handle, [&](Session& session) { session.inputs().set_sample(population, sample, values, count); });
}

SNNStatus snn_session_add_input_spikes(SNNHandle handle, uint32_t population, uint32_t sample, const uint32_t* neurons,
                                       size_t count) {
    return aside_session(handle, [&](Session& session) { session.inputs().add_spikes(population, sample, neurons, count); });
}

SNNStatus snn_session_bind_input(SNNHandle handle, uint32_t population, const float* values, size_t count) {
    return with_session(handle, [&](Session& session) { session.inputs().bind(population, values, count); });
}

SNNStatus snn_session_step(SNNHandle handle, uint32_t step_count) {
    return with_session(handle, [&](Session& session) { session.step(step_count); });
}

SNNStatus snn_session_reset(SNNHandle handle) {
    return with_session(handle, [](Session& session) { session.state().reset(); });
}

SNNStatus snn_session_reset_samples(SNNHandle handle, const uint32_t* samples, size_t count) {
    return with_session(handle, [&](Session& session) {
        if (!samples && count > 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "samples is null, but count is ", count);
        session.state().reset_samples({samples, count});
    });
}

SNNStatus snn_session_set_step_count(SNNHandle handle, uint64_t steps) {
    return with_session(handle, [&](Session& session) { session.state().progress().steps = steps; });
}

SNNStatus snn_session_step_count(SNNHandle handle, uint64_t* out_steps) {
    return reading_session(handle, [&](Session& session) {
        required(out_steps, "out_steps") = session.state().progress().steps;
    });
}

SNNStatus snn_session_seed(SNNHandle handle, uint64_t* out_seed) {
    return reading_session(handle, [&](Session& session) { required(out_seed, "out_seed") = session.state().seed(); });
}

SNNStatus snn_get_counters(SNNHandle handle, SNNCounters* out_counters) {
    return reading_session(handle, [&](Session& session) { answer(out_counters, session.state().counters(), "out_counters"); });
}

SNNStatus snn_session_get_spikes(SNNHandle handle, uint32_t population, uint32_t sample, const uint32_t** out_neurons,
                                 uint32_t* out_count) {
    return reading_session(handle, [&](Session& session) {
        required(out_neurons, "out_neurons");
        required(out_count, "out_count");
        const std::span<const uint32_t> neurons = session.variables().spikes(population, sample);
        *out_neurons = neurons.data();
        *out_count = static_cast<uint32_t>(neurons.size());
    });
}

SNNStatus snn_session_read(SNNHandle handle, const char* path, uint32_t dtype, void* out_data, size_t count) {
    return reading_session(handle, [&](Session& session) {
        session.variables().read(&required(path, "path"), dtype, out_data, count);
    });
}

SNNStatus snn_session_write(SNNHandle handle, const char* path, uint32_t dtype, const void* data, size_t count) {
    return with_session(handle, [&](Session& session) {
        session.variables().write(&required(path, "path"), dtype, data, count);
    });
}

SNNStatus snn_session_value_count(SNNHandle handle, const char* path, size_t* out_count) {
    return reading_session(handle, [&](Session& session) {
        required(out_count, "out_count") = session.variables().value_count(&required(path, "path"));
    });
}

void snn_run_def_init(SNNRunDef* out_def, uint32_t struct_size) {
    SNNRunDef defaults{};
    defaults.progress_interval = 1000;
    defaults.record_interval = 1;
    initialize(out_def, struct_size, defaults);
}

SNNStatus snn_session_run(SNNHandle handle, const SNNRunDef* def) {
    return with_session(handle, [&](Session& session) {
        const SNNRunDef complete_def = complete(def, snn_run_def_init, "def");
        check_sizes(complete_def.spike_records, complete_def.spike_record_count, "def->spike_records");
        check_sizes(complete_def.spike_inputs, complete_def.spike_input_count, "def->spike_inputs");
        check_sizes(complete_def.value_records, complete_def.value_record_count, "def->value_records");
        session.run(complete_def);
    });
}

}  // extern "C"
