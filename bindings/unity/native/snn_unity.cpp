// The plug-in's networks and the events in which Unity's render thread steps them. snn_unity.h is the manual.
#include "snn_unity.h"

#include <snn/snn_vulkan.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

namespace {

// ---- Errors -----------------------------------------------------------------------------------------------------------

thread_local std::string last_error;

SNNStatus fail(SNNStatus status, const std::string& sentence) {
    last_error = sentence;
    return status;
}

// The status of a call of libsnn, with its sentence.
SNNStatus passed(SNNStatus status) { return status == SNN_OK ? status : fail(status, snn_last_error()); }

// No exception reaches Unity or C#; the only one that is thrown here is that of missing memory.
template <class Function>
SNNStatus guarded(Function function) {
    try {
        return function();
    } catch (const std::bad_alloc&) {
        return fail(SNN_ERROR_OUT_OF_MEMORY, "no memory for a network in Unity");
    }
}

// ---- Networks ---------------------------------------------------------------------------------------------------------

struct Input {
    uint32_t population;
    std::size_t first, size;  // its part of Frame::values
    bool spikes;
};

// What the script's thread gives to one STEP event.
struct Frame {
    uint32_t step_count = 0;
    std::vector<float> values;
    std::vector<bool> given;  // for each input
};

struct StateCopy {
    std::string state;
    void* native_buffer;
    // Of the event that runs.
    bool found = false;
    uint64_t source = 0, target = 0;  // VkBuffer
    uint64_t region[3] = {};          // VkBufferCopy
};

using Copy = void (*)(void* commands, uint64_t source, uint64_t target, uint32_t count, const uint64_t* region);

}  // namespace

struct SNNUnityOpaque {
    ~SNNUnityOpaque() {
        snn_destroy_network(session);
        snn_destroy_network(checker);
        snn_network_release(network);
    }

    SNNNetwork network = nullptr;
    SNNHandle checker = nullptr;  // of the device "null": knows which inputs and states are right, computes nothing
    uint64_t seed = 0;
    std::vector<Input> inputs;
    Frame staged;  // inputs for the frame that is queued next; of the script's thread

    std::mutex mutex;  // of what follows
    std::array<Frame, SNN_UNITY_QUEUE_LENGTH> frames;  // a ring
    std::size_t first = 0, count = 0;
    std::vector<StateCopy> copies;
    bool closing = false;
    SNNStatus status = SNN_OK;
    std::string sentence;
    uint64_t steps = 0;

    // Of the render thread.
    SNNHandle session = nullptr;
    uint64_t last_frame = 0;  // in which it was recorded

    void report(SNNStatus what, const std::string& why) {
        if (status != SNN_OK) return;
        status = what;
        sentence = why;
    }
    void report_failure(SNNStatus what) {
        if (what != SNN_OK) report(what, snn_last_error());
    }
};

namespace {

// ---- Unity ------------------------------------------------------------------------------------------------------------

constexpr uint32_t vk_stage_transfer = 0x1000, vk_access_transfer_write = 0x1000;

struct Plugin {
    std::mutex mutex;  // of `networks`, `vulkan`
    std::map<SNNUnityOpaque*, std::shared_ptr<SNNUnityOpaque>> networks;  // those that are closing included
    UnityInterfaces* interfaces = nullptr;
    UnityGraphics* graphics = nullptr;
    UnityVulkan* vulkan = nullptr;  // null while Unity renders with something else
    UnityVulkanInstance device{};
    Copy copy_buffer = nullptr;
    int first_event = -1;

    std::shared_ptr<SNNUnityOpaque> find(SNNUnityNetwork network) {
        const std::lock_guard lock(mutex);
        const auto found = networks.find(network);
        return found == networks.end() ? nullptr : found->second;
    }
};

// Never destroyed: Unity may call from threads that outlive static objects.
Plugin& plugin() {
    static Plugin& only = *new Plugin;
    return only;
}

// Runs a function of a network that scripts may still use.
template <class Function>
SNNStatus with(SNNUnityNetwork network, Function function) {
    return guarded([&] {
        const std::shared_ptr<SNNUnityOpaque> found = plugin().find(network);
        if (!found) return fail(SNN_ERROR_INVALID_HANDLE, "network is null or was destroyed");
        {
            const std::lock_guard lock(found->mutex);
            if (found->closing) return fail(SNN_ERROR_INVALID_HANDLE, "network was destroyed");
        }
        return function(*found);
    });
}

void on_device_event(int event) {
    Plugin& here = plugin();
    if (event == UNITY_DEVICE_INITIALIZE) {
        if (here.graphics->get_renderer() != UNITY_RENDERER_VULKAN) return;
        auto* vulkan =
            static_cast<UnityVulkan*>(here.interfaces->get_interface_split(UNITY_VULKAN_ID_HIGH, UNITY_VULKAN_ID_LOW));
        if (!vulkan) return;
        const UnityVulkanInstance device = vulkan->instance();
        const auto get = reinterpret_cast<UnityVulkanFunction (*)(void*, const char*)>(
            device.get_instance_proc_addr(device.instance, "vkGetDeviceProcAddr"));
        if (!get) return;
        const auto copy = reinterpret_cast<Copy>(get(device.device, "vkCmdCopyBuffer"));
        if (!copy) return;
        for (const int which : {SNN_UNITY_OPEN, SNN_UNITY_STEP, SNN_UNITY_CLOSE}) {
            UnityVulkanEventConfig config{UNITY_RENDER_PASS_OUTSIDE, UNITY_QUEUE_NONE, UNITY_EVENT_PREVIOUS_FRAME_SUBMITTED};
            if (which == SNN_UNITY_OPEN) config.queue = UNITY_QUEUE_ALLOW;
            if (which == SNN_UNITY_STEP) config.flags |= UNITY_EVENT_MODIFIES_STATE;
            vulkan->configure_event(here.first_event + which, &config);
        }
        const std::lock_guard lock(here.mutex);
        here.vulkan = vulkan;
        here.device = device;
        here.copy_buffer = copy;
    } else if (event == UNITY_DEVICE_SHUTDOWN) {
        const std::lock_guard lock(here.mutex);
        if (!here.vulkan) return;
        here.vulkan = nullptr;
        for (auto one = here.networks.begin(); one != here.networks.end();) {
            const std::shared_ptr<SNNUnityOpaque> network = one->second;  // outlives the guard of its mutex
            const std::lock_guard guard(network->mutex);
            snn_destroy_network(network->session);
            network->session = nullptr;
            network->count = 0;
            network->status = SNN_OK;  // nothing that went wrong before matters more
            network->report(SNN_ERROR_DEVICE_LOST, "Unity shut its graphics device down");
            one = network->closing ? here.networks.erase(one) : std::next(one);
        }
    }
}

// ---- Events -----------------------------------------------------------------------------------------------------------

void open(SNNUnityOpaque& network) {
    if (network.session) return network.report(SNN_ERROR_STATE, "the event SNN_UNITY_OPEN came twice");
    if (network.status == SNN_ERROR_DEVICE_LOST) return;
    const UnityVulkanInstance& device = plugin().device;
    SNNVulkanHost host;
    snn_vulkan_host_default(&host);
    host.instance = device.instance;
    host.physical_device = device.physical_device;
    host.device = device.device;
    host.queue = device.queue;
    host.queue_family = device.queue_family;
    host.get_instance_proc_addr = device.get_instance_proc_addr;
    host.pipeline_cache = device.pipeline_cache;
    SNNConfig config;
    snn_config_default(&config);
    config.network = network.network;
    config.seed = network.seed;
    network.report_failure(snn_vulkan_create_network(&config, &host, &network.session));
}

SNNStatus record(SNNUnityOpaque& network, const Frame& frame, const UnityVulkanRecording& recording) {
    for (std::size_t i = 0; i < network.inputs.size(); ++i) {
        const Input& input = network.inputs[i];
        if (!frame.given[i]) continue;
        const SNNStatus status =
            snn_session_set_input(network.session, input.population, frame.values.data() + input.first, input.size);
        if (status != SNN_OK) return status;
    }
    return snn_vulkan_record_steps(network.session, recording.command_buffer, frame.step_count);
}

void find_buffers(SNNUnityOpaque& network, StateCopy& copy) {
    SNNVulkanBuffer state{};
    state.struct_size = sizeof state;
    UnityVulkanBuffer buffer{};
    copy.found = false;
    const SNNStatus status = snn_vulkan_get_buffer(network.session, copy.state.c_str(), &state);
    if (status != SNN_OK) return network.report_failure(status);
    if (!plugin().vulkan->access_buffer(copy.native_buffer, vk_stage_transfer, vk_access_transfer_write, UNITY_ACCESS_BARRIER,
                                        &buffer))
        return network.report(SNN_ERROR_INVALID_ARGUMENT, "Unity does not know the buffer for '" + copy.state + "'");
    if (buffer.size_bytes < state.size_bytes)
        return network.report(SNN_ERROR_INVALID_ARGUMENT, "the buffer for '" + copy.state + "' has " +
                                                              std::to_string(buffer.size_bytes) + " bytes, the state " +
                                                              std::to_string(state.size_bytes));
    copy.found = true;
    copy.source = state.buffer;
    copy.target = buffer.buffer;
    copy.region[0] = state.offset_bytes;
    copy.region[2] = state.size_bytes;
}

void step(SNNUnityOpaque& network) {
    Plugin& here = plugin();
    if (network.count == 0) return network.report(SNN_ERROR_STATE, "an event SNN_UNITY_STEP came without queued steps");
    const Frame& frame = network.frames[network.first];
    network.first = (network.first + 1) % network.frames.size();
    --network.count;
    if (!network.session) return network.report(SNN_ERROR_STATE, "the event SNN_UNITY_STEP came before SNN_UNITY_OPEN");
    for (StateCopy& copy : network.copies) find_buffers(network, copy);
    // After the accesses, which may have ended the command buffer that was there before.
    UnityVulkanRecording recording{};
    if (!here.vulkan->recording(&recording, UNITY_QUEUE_NONE))
        return network.report(SNN_ERROR_STATE, "Unity gave no command buffer; was the event run outside its render thread?");
    const SNNStatus status = record(network, frame, recording);
    if (status != SNN_OK) return network.report_failure(status);
    network.steps += frame.step_count;
    network.last_frame = recording.current_frame;
    for (const StateCopy& copy : network.copies)
        if (copy.found) here.copy_buffer(recording.command_buffer, copy.source, copy.target, 1, copy.region);
}

// Frees the networks that are closing and that the GPU has done with.
void collect(Plugin& here) {
    UnityVulkanRecording recording{};
    if (!here.vulkan->recording(&recording, UNITY_QUEUE_NONE)) return;
    for (auto one = here.networks.begin(); one != here.networks.end();) {
        const std::shared_ptr<SNNUnityOpaque> network = one->second;  // outlives the guard of its mutex
        const std::lock_guard guard(network->mutex);
        const bool done = network->closing && network->count == 0 &&
                          (!network->session || network->last_frame <= recording.safe_frame);
        one = done ? here.networks.erase(one) : std::next(one);
    }
}

void on_render_event(int id, void* data) {
    Plugin& here = plugin();
    const std::shared_ptr<SNNUnityOpaque> network = here.find(static_cast<SNNUnityNetwork>(data));
    const int event = id - here.first_event;
    const bool ready = snn_unity_ready() != 0;
    if (network && (event == SNN_UNITY_OPEN || event == SNN_UNITY_STEP)) {
        const std::lock_guard lock(network->mutex);
        if (!ready) return network->report(SNN_ERROR_UNSUPPORTED, "Unity does not render with Vulkan");
        try {
            event == SNN_UNITY_OPEN ? open(*network) : step(*network);
        } catch (const std::bad_alloc&) {
            network->report(SNN_ERROR_OUT_OF_MEMORY, "no memory in a render event");
        }
    }
    // In an event that may use the queue there is no command buffer to ask about.
    if (!ready || event == SNN_UNITY_OPEN) return;
    const std::lock_guard lock(here.mutex);
    collect(here);
}

SNNStatus look_at_inputs(SNNUnityOpaque& network) {
    SNNNetworkInfo info{};
    info.struct_size = sizeof info;
    SNNStatus status = passed(snn_network_get_info(network.network, &info));
    std::size_t total = 0;
    for (uint32_t i = 0; i < info.population_count && status == SNN_OK; ++i) {
        SNNPopulationInfo population{};
        population.struct_size = sizeof population;
        status = passed(snn_network_get_population(network.network, i, &population));
        if (status != SNN_OK || population.kind == SNN_POPULATION_NEURONS) continue;
        network.inputs.push_back({i, total, population.size, population.kind == SNN_POPULATION_SPIKE_INPUT});
        total += population.size;
    }
    network.staged.values.resize(total);
    network.staged.given.resize(network.inputs.size());
    for (Frame& frame : network.frames) frame = network.staged;
    return status;
}

}  // namespace

// ---- What Unity calls -------------------------------------------------------------------------------------------------

void UnityPluginLoad(UnityInterfaces* interfaces) {
    Plugin& here = plugin();
    here.interfaces = interfaces;
    here.graphics =
        static_cast<UnityGraphics*>(interfaces->get_interface_split(UNITY_GRAPHICS_ID_HIGH, UNITY_GRAPHICS_ID_LOW));
    if (!here.graphics) return;
    here.first_event = here.graphics->reserve_event_ids(3);
    here.graphics->register_device_callback(on_device_event);
    on_device_event(UNITY_DEVICE_INITIALIZE);  // the device may be there already, and its event gone by
}

void UnityPluginUnload(void) {
    Plugin& here = plugin();
    if (here.graphics) here.graphics->unregister_device_callback(on_device_event);
    on_device_event(UNITY_DEVICE_SHUTDOWN);
    here.graphics = nullptr;
    here.first_event = -1;
}

// ---- What scripts call ------------------------------------------------------------------------------------------------

const char* snn_unity_last_error(void) { return last_error.c_str(); }
uint32_t snn_unity_abi_version(void) { return SNN_ABI_VERSION; }

int32_t snn_unity_ready(void) {
    Plugin& here = plugin();
    const std::lock_guard lock(here.mutex);
    return here.vulkan != nullptr;
}

void* snn_unity_event_function(void) { return reinterpret_cast<void*>(on_render_event); }

int32_t snn_unity_event_id(int32_t event) {
    const int first = plugin().first_event;
    return first < 0 || event < SNN_UNITY_OPEN || event > SNN_UNITY_CLOSE ? -1 : first + event;
}

SNNStatus snn_unity_create(const void* file, size_t size_bytes, uint64_t seed, SNNUnityNetwork* out_network) {
    return guarded([&]() -> SNNStatus {
        if (!out_network) return fail(SNN_ERROR_INVALID_ARGUMENT, "out_network is null");
        if (!snn_unity_ready()) return fail(SNN_ERROR_UNSUPPORTED, "Unity does not render with Vulkan");
        const auto network = std::make_shared<SNNUnityOpaque>();
        network->seed = seed;
        SNNStatus status = passed(snn_network_load_memory(file, size_bytes, &network->network));
        if (status != SNN_OK) return status;
        SNNConfig config;
        snn_config_default(&config);
        config.network = network->network;
        config.device = "null";
        status = passed(snn_create_network(&config, &network->checker));
        if (status == SNN_OK) status = look_at_inputs(*network);
        if (status != SNN_OK) return status;
        const std::lock_guard lock(plugin().mutex);
        plugin().networks.emplace(network.get(), network);
        *out_network = network.get();
        return SNN_OK;
    });
}

void snn_unity_destroy(SNNUnityNetwork network) {
    Plugin& here = plugin();
    const std::lock_guard lock(here.mutex);
    const auto found = here.networks.find(network);
    if (found == here.networks.end()) return;
    const std::shared_ptr<SNNUnityOpaque> one = found->second;  // outlives the guard of its mutex
    const std::lock_guard guard(one->mutex);
    one->closing = true;
    if (!here.vulkan) here.networks.erase(found);  // no event will come
}

SNNStatus snn_unity_set_input(SNNUnityNetwork network, uint32_t population, const float* values, size_t count) {
    return with(network, [&](SNNUnityOpaque& one) -> SNNStatus {
        const SNNStatus status = passed(snn_session_set_input(one.checker, population, values, count));
        if (status != SNN_OK) return status;
        const auto input = std::find_if(one.inputs.begin(), one.inputs.end(),
                                        [&](const Input& input) { return input.population == population; });
        std::copy(values, values + count, one.staged.values.data() + input->first);
        one.staged.given[static_cast<std::size_t>(input - one.inputs.begin())] = true;
        return SNN_OK;
    });
}

SNNStatus snn_unity_copy_state(SNNUnityNetwork network, const char* state, void* native_buffer) {
    return with(network, [&](SNNUnityOpaque& one) -> SNNStatus {
        size_t count = 0;
        const SNNStatus status = passed(snn_session_value_count(one.checker, state, &count));
        if (status != SNN_OK) return status;
        const std::lock_guard lock(one.mutex);
        std::erase_if(one.copies, [&](const StateCopy& copy) { return copy.state == state; });
        if (native_buffer) one.copies.push_back({state, native_buffer, false, 0, 0, {}});
        return SNN_OK;
    });
}

SNNStatus snn_unity_queue_steps(SNNUnityNetwork network, uint32_t step_count) {
    return with(network, [&](SNNUnityOpaque& one) -> SNNStatus {
        const std::lock_guard lock(one.mutex);
        if (one.status != SNN_OK) return fail(one.status, one.sentence);
        if (one.count == one.frames.size())
            return fail(SNN_ERROR_BUSY, std::to_string(one.count) + " calls wait for the render thread");
        one.staged.step_count = step_count;
        one.frames[(one.first + one.count++) % one.frames.size()] = one.staged;
        for (std::size_t i = 0; i < one.inputs.size(); ++i)
            if (one.inputs[i].spikes) one.staged.given[i] = false;
        return SNN_OK;
    });
}

SNNStatus snn_unity_status(SNNUnityNetwork network) {
    return with(network, [&](SNNUnityOpaque& one) -> SNNStatus {
        const std::lock_guard lock(one.mutex);
        const SNNStatus status = one.status;
        if (status != SNN_OK) fail(status, one.sentence);
        if (status != SNN_ERROR_DEVICE_LOST) one.status = SNN_OK;
        return status;
    });
}

SNNStatus snn_unity_step_count(SNNUnityNetwork network, uint64_t* out_steps) {
    return with(network, [&](SNNUnityOpaque& one) -> SNNStatus {
        if (!out_steps) return fail(SNN_ERROR_INVALID_ARGUMENT, "out_steps is null");
        const std::lock_guard lock(one.mutex);
        *out_steps = one.steps;
        return SNN_OK;
    });
}
