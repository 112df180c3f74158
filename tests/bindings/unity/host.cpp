// Stands in for Unity: offers its interface tables on a Vulkan device of its own, loads the plug-in as Unity does and runs
// render events in frames. It holds the plug-in to what Unity asks for: the recording state is void after a buffer access,
// events run under the preconditions that were configured, there is no command buffer in an event that may use the queue.
//
// Environment: SNN_PLUGIN  libsnn_unity.so    SNN_BRAIN  creature.snn    SNN_EXPECTED  the line that the game prints
#define DOCTEST_CONFIG_IMPLEMENT
#include "snn_unity.h"

#include "../creature.hpp"

#include <doctest/doctest.h>
#include <snn/snn.hpp>
#include <vulkan/vulkan.h>

#include <atomic>
#include <cmath>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

namespace {

int problems = 0;  // of the validation layer

VkBool32 VKAPI_PTR say(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                       const VkDebugUtilsMessengerCallbackDataEXT* data, void*) {
    std::fprintf(stderr, "validation: %s\n", data->pMessage);
    ++problems;
    return VK_FALSE;
}

void vk(VkResult result) { REQUIRE(result == VK_SUCCESS); }

// A buffer as Unity has it behind a GraphicsBuffer, visible to the processor.
struct Buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    std::size_t size;
    void* mapped;
};

class Unity {
public:
    static constexpr int frames_in_flight = 3;

    Unity() {
        only = this;
        make_device();
        graphics_.get_renderer = [] { return only->renderer; };
        graphics_.register_device_callback = [](UnityDeviceCallback callback) { only->device_callback = callback; };
        graphics_.unregister_device_callback = [](UnityDeviceCallback callback) {
            if (only->device_callback == callback) only->device_callback = nullptr;
        };
        graphics_.reserve_event_ids = [](int) { return 40; };
        vulkan_.configure_event = [](int id, const UnityVulkanEventConfig* config) { only->configured[id] = *config; };
        vulkan_.instance = [] {
            UnityVulkanInstance instance{};
            instance.instance = only->instance_;
            instance.physical_device = only->physical_;
            instance.device = only->device_;
            instance.queue = only->queue_;
            instance.queue_family = only->family_;
            instance.get_instance_proc_addr = [](void* object, const char* name) {
                return reinterpret_cast<UnityVulkanFunction>(vkGetInstanceProcAddr(static_cast<VkInstance>(object), name));
            };
            return instance;
        };
        vulkan_.recording = [](UnityVulkanRecording* out, int queue) { return only->recording(out, queue); };
        vulkan_.access_buffer = [](void* native, uint32_t stages, uint32_t access, int mode, UnityVulkanBuffer* out) {
            return only->access_buffer(native, stages, access, mode, out);
        };
        interfaces_.get_interface_split = [](uint64_t high, uint64_t low) -> void* {
            if (high == UNITY_GRAPHICS_ID_HIGH && low == UNITY_GRAPHICS_ID_LOW) return &only->graphics_;
            const bool vulkan = high == UNITY_VULKAN_ID_HIGH && low == UNITY_VULKAN_ID_LOW;
            return vulkan && only->renderer == UNITY_RENDERER_VULKAN ? &only->vulkan_ : nullptr;
        };
    }

    ~Unity() {
        finish();
        for (const Buffer& one : buffers_) {
            vkDestroyBuffer(device_, one.buffer, nullptr);
            vkFreeMemory(device_, one.memory, nullptr);
        }
        for (VkFence fence : fences_) vkDestroyFence(device_, fence, nullptr);
        for (VkCommandPool pool : pools_) vkDestroyCommandPool(device_, pool, nullptr);
        vkDestroyDevice(device_, nullptr);
        if (messenger_) {
            const auto destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
                vkGetInstanceProcAddr(instance_, "vkDestroyDebugUtilsMessengerEXT"));
            destroy(instance_, messenger_, nullptr);
        }
        vkDestroyInstance(instance_, nullptr);
        CHECK(problems == 0);
    }

    UnityInterfaces* interfaces() { return &interfaces_; }

    // What the render thread does with a CommandBuffer that has these events.
    void frame(std::initializer_list<int> events, void* data) {
        begin_frame();
        for (const int id : events) event(id, data);
        end_frame();
    }

    void begin_frame() {
        const std::size_t slot = frame_ % frames_in_flight;
        if (frame_ >= frames_in_flight) {
            vk(vkWaitForFences(device_, 1, &fences_[slot], VK_TRUE, UINT64_MAX));
            safe_frame_ = frame_ - frames_in_flight;
        }
        vk(vkResetFences(device_, 1, &fences_[slot]));
        for (VkCommandBuffer commands : used_[slot]) vkFreeCommandBuffers(device_, pools_[slot], 1, &commands);
        used_[slot].clear();
        begin_commands();
    }

    void event(int id, void* data) {
        const auto config = configured.find(id);
        REQUIRE(config != configured.end());
        CHECK(config->second.render_pass == UNITY_RENDER_PASS_OUTSIDE);
        queue_event_ = config->second.queue == UNITY_QUEUE_ALLOW;
        if (queue_event_) submit(VK_NULL_HANDLE);
        in_event_ = true;
        reinterpret_cast<UnityRenderEventAndData>(event_function)(id, data);
        in_event_ = false;
        if (queue_event_) begin_commands();
        queue_event_ = false;
    }

    void end_frame() {
        submit(fences_[frame_ % frames_in_flight]);
        ++frame_;
    }

    // Waits for all frames: what was copied can be looked at.
    void finish() { vk(vkQueueWaitIdle(queue_)); }

    Buffer* make_buffer(std::size_t size) {
        Buffer made{};
        made.size = size;
        VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
        info.size = size;
        info.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
        vk(vkCreateBuffer(device_, &info, nullptr, &made.buffer));
        VkMemoryRequirements needs;
        vkGetBufferMemoryRequirements(device_, made.buffer, &needs);
        VkPhysicalDeviceMemoryProperties memory;
        vkGetPhysicalDeviceMemoryProperties(physical_, &memory);
        VkMemoryAllocateInfo allocation{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
        allocation.allocationSize = needs.size;
        constexpr VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
        for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
            if ((needs.memoryTypeBits >> i & 1) && (memory.memoryTypes[i].propertyFlags & wanted) == wanted)
                allocation.memoryTypeIndex = i;
        vk(vkAllocateMemory(device_, &allocation, nullptr, &made.memory));
        vk(vkBindBufferMemory(device_, made.buffer, made.memory, 0));
        vk(vkMapMemory(device_, made.memory, 0, VK_WHOLE_SIZE, 0, &made.mapped));
        buffers_.push_back(made);
        return &buffers_.back();
    }

    int renderer = UNITY_RENDERER_VULKAN;
    UnityDeviceCallback device_callback = nullptr;
    std::map<int, UnityVulkanEventConfig> configured;
    void* event_function = nullptr;

private:
    static inline Unity* only;

    void make_device() {
        uint32_t layer_count = 0;
        vkEnumerateInstanceLayerProperties(&layer_count, nullptr);
        std::vector<VkLayerProperties> layers(layer_count);
        vkEnumerateInstanceLayerProperties(&layer_count, layers.data());
        const char* validation = "VK_LAYER_KHRONOS_validation";
        const char* debug = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
        const bool validate = std::any_of(layers.begin(), layers.end(), [&](const VkLayerProperties& layer) {
            return std::strcmp(layer.layerName, validation) == 0;
        });
        if (!validate) std::puts("without the validation layer, which is not installed");
        VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
        application.apiVersion = VK_API_VERSION_1_0;
        VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
        info.pApplicationInfo = &application;
        info.enabledLayerCount = info.enabledExtensionCount = validate;
        info.ppEnabledLayerNames = &validation;
        info.ppEnabledExtensionNames = &debug;
        vk(vkCreateInstance(&info, nullptr, &instance_));
        if (validate) {
            VkDebugUtilsMessengerCreateInfoEXT messenger{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
            messenger.messageSeverity =
                VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
            messenger.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
            messenger.pfnUserCallback = say;
            const auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
                vkGetInstanceProcAddr(instance_, "vkCreateDebugUtilsMessengerEXT"));
            vk(create(instance_, &messenger, nullptr, &messenger_));
        }
        uint32_t count = 1;
        REQUIRE(vkEnumeratePhysicalDevices(instance_, &count, &physical_) >= 0);
        uint32_t family_count = 0;
        vkGetPhysicalDeviceQueueFamilyProperties(physical_, &family_count, nullptr);
        std::vector<VkQueueFamilyProperties> families(family_count);
        vkGetPhysicalDeviceQueueFamilyProperties(physical_, &family_count, families.data());
        while (!(families[family_].queueFlags & VK_QUEUE_COMPUTE_BIT)) ++family_;
        const float priority = 1;
        VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
        queue.queueFamilyIndex = family_;
        queue.queueCount = 1;
        queue.pQueuePriorities = &priority;
        VkDeviceCreateInfo device{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
        device.queueCreateInfoCount = 1;
        device.pQueueCreateInfos = &queue;
        vk(vkCreateDevice(physical_, &device, nullptr, &device_));
        vkGetDeviceQueue(device_, family_, 0, &queue_);
        for (int i = 0; i < frames_in_flight; ++i) {
            VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
            pool.queueFamilyIndex = family_;
            vk(vkCreateCommandPool(device_, &pool, nullptr, &pools_[i]));
            VkFenceCreateInfo fence{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
            vk(vkCreateFence(device_, &fence, nullptr, &fences_[i]));
        }
        buffers_.reserve(64);  // pointers to them stay
    }

    void begin_commands() {
        VkCommandBufferAllocateInfo allocation{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
        allocation.commandPool = pools_[frame_ % frames_in_flight];
        allocation.commandBufferCount = 1;
        vk(vkAllocateCommandBuffers(device_, &allocation, &commands_));
        used_[frame_ % frames_in_flight].push_back(commands_);
        VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
        begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
        vk(vkBeginCommandBuffer(commands_, &begin));
    }

    void submit(VkFence fence) {
        // What Unity's own barriers do before a buffer is read.
        VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
        barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
        barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
        vkCmdPipelineBarrier(commands_, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, nullptr,
                             0, nullptr);
        vk(vkEndCommandBuffer(commands_));
        VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO};
        submit.commandBufferCount = 1;
        submit.pCommandBuffers = &commands_;
        vk(vkQueueSubmit(queue_, 1, &submit, fence));
    }

    bool recording(UnityVulkanRecording* out, int queue) {
        if (!in_event_ || queue_event_ || queue != UNITY_QUEUE_NONE) return false;
        *out = {};
        out->command_buffer = commands_;
        out->subpass = -1;
        out->current_frame = frame_;
        out->safe_frame = safe_frame_;
        return true;
    }

    bool access_buffer(void* native, uint32_t stages, uint32_t access, int mode, UnityVulkanBuffer* out) {
        const auto found =
            std::find_if(buffers_.begin(), buffers_.end(), [&](const Buffer& buffer) { return &buffer == native; });
        if (!in_event_ || queue_event_ || found == buffers_.end()) return false;
        CHECK(stages == VK_PIPELINE_STAGE_TRANSFER_BIT);
        CHECK(access == VK_ACCESS_TRANSFER_WRITE_BIT);
        CHECK(mode == UNITY_ACCESS_BARRIER);
        // The barrier goes into a command buffer that ends here: what was asked for before is void.
        VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
        barrier.srcAccessMask = barrier.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
        vkCmdPipelineBarrier(commands_, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &barrier, 0,
                             nullptr, 0, nullptr);
        submit(VK_NULL_HANDLE);
        begin_commands();
        *out = {};
        out->buffer = reinterpret_cast<uint64_t>(found->buffer);
        out->size_bytes = found->size;
        return true;
    }

    UnityInterfaces interfaces_{};
    UnityGraphics graphics_{};
    UnityVulkan vulkan_{};
    VkInstance instance_;
    VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
    VkPhysicalDevice physical_;
    uint32_t family_ = 0;
    VkDevice device_;
    VkQueue queue_;
    VkCommandPool pools_[frames_in_flight];
    VkFence fences_[frames_in_flight];
    std::vector<VkCommandBuffer> used_[frames_in_flight];
    VkCommandBuffer commands_ = VK_NULL_HANDLE;
    uint64_t frame_ = 0, safe_frame_ = 0;
    bool in_event_ = false, queue_event_ = false;
    std::vector<Buffer> buffers_;
};

const char* variable(const char* name) {
    const char* value = std::getenv(name);
    REQUIRE_MESSAGE(value != nullptr, name);
    return value;
}

// The plug-in, loaded and unloaded as Unity does it, and its functions.
struct Plugin {
    explicit Plugin(Unity& host) : unity(host) {
        library = dlopen(variable("SNN_PLUGIN"), RTLD_NOW);
        REQUIRE_MESSAGE(library != nullptr, dlerror());
        load(create, "snn_unity_create");
        load(destroy, "snn_unity_destroy");
        load(set_input, "snn_unity_set_input");
        load(copy_state, "snn_unity_copy_state");
        load(queue_steps, "snn_unity_queue_steps");
        load(status, "snn_unity_status");
        load(step_count, "snn_unity_step_count");
        load(ready, "snn_unity_ready");
        load(event_id, "snn_unity_event_id");
        load(event_function, "snn_unity_event_function");
        load(abi_version, "snn_unity_abi_version");
        load(last_error, "snn_unity_last_error");
        load(plugin_load, "UnityPluginLoad");
        load(plugin_unload, "UnityPluginUnload");
        plugin_load(host.interfaces());
        host.event_function = event_function();
    }
    ~Plugin() {
        unity.finish();
        if (unity.device_callback) unity.device_callback(UNITY_DEVICE_SHUTDOWN);
        plugin_unload();
        CHECK(!static_cast<bool>(unity.device_callback));
        dlclose(library);
    }
    template <class Function>
    void load(Function& function, const char* name) {
        function = reinterpret_cast<Function>(dlsym(library, name));
        REQUIRE_MESSAGE(static_cast<bool>(function), name);
    }
    std::string failure(SNNStatus got, SNNStatus wanted) {
        CHECK(got == wanted);
        return last_error();
    }

    Unity& unity;
    void* library;
    decltype(&snn_unity_create) create;
    decltype(&snn_unity_destroy) destroy;
    decltype(&snn_unity_set_input) set_input;
    decltype(&snn_unity_copy_state) copy_state;
    decltype(&snn_unity_queue_steps) queue_steps;
    decltype(&snn_unity_status) status;
    decltype(&snn_unity_step_count) step_count;
    decltype(&snn_unity_ready) ready;
    decltype(&snn_unity_event_id) event_id;
    decltype(&snn_unity_event_function) event_function;
    decltype(&snn_unity_abi_version) abi_version;
    decltype(&snn_unity_last_error) last_error;
    decltype(&UnityPluginLoad) plugin_load;
    decltype(&UnityPluginUnload) plugin_unload;
};

std::vector<char> brain_bytes() {
    std::ifstream file(variable("SNN_BRAIN"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Running {
    Unity unity;
    Plugin plugin{unity};
    std::vector<char> bytes = brain_bytes();
    SNNUnityNetwork network = nullptr;
    const int open = plugin.event_id(SNN_UNITY_OPEN), step = plugin.event_id(SNN_UNITY_STEP),
              close = plugin.event_id(SNN_UNITY_CLOSE);

    Running() { REQUIRE(plugin.create(bytes.data(), bytes.size(), 0, &network) == SNN_OK); }
};

bool contains(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("the creature's brain gives the same bits in Unity's command buffers as on the processor") {
    Running it;
    Buffer* voltages = it.unity.make_buffer(3 * sizeof(float));
    REQUIRE(it.plugin.copy_state(it.network, "output.v", voltages) == SNN_OK);
    it.unity.frame({it.open}, it.network);
    snn::Session cpu(snn::Network::load_memory(it.bytes.data(), it.bytes.size()));
    const uint32_t input = cpu.network().find_population("input"), output = cpu.network().find_population("output");
    CreatureFrame* now = nullptr;
    cpu.on_spikes([&](const SNNSpikes& event) {
        for (uint32_t i = 0; event.population == output && i < event.count; ++i) ++now->spikes[event.neurons[i]];
    });
    uint64_t done = 0;
    const std::string line = play_creature([&](CreatureFrame& frame) {
        now = &frame;
        cpu.set_input(input, frame.seen);
        cpu.run_step(1.0f / 60.0f);  // the spikes, and how many steps a frame has
        const uint64_t steps = cpu.step_count() - done;
        done += steps;
        REQUIRE(it.plugin.set_input(it.network, input, frame.seen.data(), 3) == SNN_OK);
        REQUIRE(it.plugin.queue_steps(it.network, static_cast<uint32_t>(steps)) == SNN_OK);
        it.unity.frame({it.step}, it.network);
        it.unity.finish();
        std::memcpy(frame.voltages.data(), voltages->mapped, voltages->size);
    });
    CHECK(it.plugin.status(it.network) == SNN_OK);
    CHECK(line == variable("SNN_EXPECTED"));
    uint64_t recorded = 0;
    CHECK(it.plugin.step_count(it.network, &recorded) == SNN_OK);
    CHECK(recorded == done);
}

TEST_CASE("steps that are queued ahead keep their own inputs") {
    Running it;
    const float inputs[3][3] = {{1, 0, 0}, {0, 0, 1}, {0.5f, 1, 0}};
    Buffer* voltages = it.unity.make_buffer(3 * sizeof(float));
    REQUIRE(it.plugin.copy_state(it.network, "output.v", voltages) == SNN_OK);
    snn::Session cpu(snn::Network::load_memory(it.bytes.data(), it.bytes.size()));
    const uint32_t input = cpu.network().find_population("input");
    for (const auto& values : inputs) {
        REQUIRE(it.plugin.set_input(it.network, input, values, 3) == SNN_OK);
        REQUIRE(it.plugin.queue_steps(it.network, 20) == SNN_OK);
        cpu.set_input(input, values);
        cpu.step(20);
    }
    it.unity.begin_frame();
    it.unity.event(it.open, it.network);
    for (int i = 0; i < 3; ++i) it.unity.event(it.step, it.network);
    it.unity.end_frame();
    it.unity.finish();
    CHECK(it.plugin.status(it.network) == SNN_OK);
    const std::vector<float> expected = cpu.membrane_potentials("output");
    CHECK(std::memcmp(expected.data(), voltages->mapped, voltages->size) == 0);
    CHECK(expected[0] != 0);
}

TEST_CASE("a network is freed when the GPU has done with it, its queued steps included") {
    Running it;
    it.unity.frame({it.open}, it.network);
    REQUIRE(it.plugin.queue_steps(it.network, 3) == SNN_OK);
    it.plugin.destroy(it.network);
    CHECK(contains(it.plugin.failure(it.plugin.queue_steps(it.network, 1), SNN_ERROR_INVALID_HANDLE), "destroyed"));
    it.unity.frame({it.step, it.close}, it.network);  // validation would tell of a buffer that is freed too early
    for (int i = 0; i < 5; ++i) it.unity.frame({it.close}, it.network);
    it.plugin.destroy(it.network);  // again: ignored
}

TEST_CASE("a network that is left behind goes with the device") {
    Running it;
    it.unity.frame({it.open}, it.network);
    REQUIRE(it.plugin.queue_steps(it.network, 3) == SNN_OK);
    it.unity.frame({it.step}, it.network);
    it.unity.finish();
    it.unity.device_callback(UNITY_DEVICE_SHUTDOWN);
    CHECK(it.plugin.ready() == 0);
    CHECK(contains(it.plugin.failure(it.plugin.status(it.network), SNN_ERROR_DEVICE_LOST), "shut its graphics device down"));
    CHECK(contains(it.plugin.failure(it.plugin.queue_steps(it.network, 1), SNN_ERROR_DEVICE_LOST), "shut"));
    it.unity.device_callback(UNITY_DEVICE_INITIALIZE);
    CHECK(it.plugin.ready() == 1);
    SNNUnityNetwork another = nullptr;
    CHECK(it.plugin.create(it.bytes.data(), it.bytes.size(), 0, &another) == SNN_OK);
    it.unity.frame({it.open}, another);
    CHECK(it.plugin.status(another) == SNN_OK);
}

TEST_CASE("without Vulkan there is nothing to create") {
    Unity unity;
    unity.renderer = 18;  // Direct3D 12
    Plugin plugin(unity);
    CHECK(plugin.ready() == 0);
    SNNUnityNetwork network = nullptr;
    const std::vector<char> bytes = brain_bytes();
    CHECK(contains(plugin.failure(plugin.create(bytes.data(), bytes.size(), 0, &network), SNN_ERROR_UNSUPPORTED),
                   "does not render with Vulkan"));
    CHECK(network == nullptr);
    CHECK(plugin.abi_version() == SNN_ABI_VERSION);
}

TEST_CASE("bad input is an error with a sentence") {
    Running it;
    Plugin& plugin = it.plugin;
    SNNUnityNetwork none = nullptr;
    const float values[3] = {1, NAN, 0};
    CHECK(contains(plugin.failure(plugin.create("no network", 10, 0, &none), SNN_ERROR_FORMAT), ""));
    CHECK(contains(plugin.failure(plugin.create(nullptr, 5, 0, &none), SNN_ERROR_INVALID_ARGUMENT), "data"));
    CHECK(contains(plugin.failure(plugin.create(it.bytes.data(), it.bytes.size(), 0, nullptr), SNN_ERROR_INVALID_ARGUMENT),
                   "out_network is null"));
    CHECK(contains(plugin.failure(plugin.set_input(it.network, 0, values, 2), SNN_ERROR_INVALID_ARGUMENT), "3"));
    CHECK(contains(plugin.failure(plugin.set_input(it.network, 0, values, 3), SNN_ERROR_INVALID_ARGUMENT), "nan"));
    CHECK(contains(plugin.failure(plugin.set_input(it.network, 2, values, 3), SNN_ERROR_INVALID_ARGUMENT), "output"));
    CHECK(contains(plugin.failure(plugin.copy_state(it.network, "output.w", nullptr), SNN_ERROR_NOT_FOUND), "w"));
    CHECK(contains(plugin.failure(plugin.copy_state(it.network, nullptr, nullptr), SNN_ERROR_INVALID_ARGUMENT), "path"));
    CHECK(contains(plugin.failure(plugin.status(nullptr), SNN_ERROR_INVALID_HANDLE), "network"));
    CHECK(contains(plugin.failure(plugin.step_count(it.network, nullptr), SNN_ERROR_INVALID_ARGUMENT), "out_steps"));
    CHECK(plugin.event_id(3) == -1);
    CHECK(plugin.event_id(-1) == -1);
}

TEST_CASE("what goes wrong in an event is told afterwards") {
    Running it;
    Plugin& plugin = it.plugin;
    it.unity.frame({it.step}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_STATE), "without queued steps"));
    CHECK(plugin.status(it.network) == SNN_OK);  // told once
    REQUIRE(plugin.queue_steps(it.network, 1) == SNN_OK);
    it.unity.frame({it.step}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_STATE), "before SNN_UNITY_OPEN"));
    it.unity.frame({it.open}, it.network);
    it.unity.frame({it.open}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_STATE), "twice"));

    REQUIRE(plugin.copy_state(it.network, "output.v", it.unity.make_buffer(8)) == SNN_OK);
    REQUIRE(plugin.queue_steps(it.network, 1) == SNN_OK);
    it.unity.frame({it.step}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_INVALID_ARGUMENT), "has 8 bytes, the state 12"));
    int stranger;
    REQUIRE(plugin.copy_state(it.network, "output.v", &stranger) == SNN_OK);
    REQUIRE(plugin.queue_steps(it.network, 1) == SNN_OK);
    it.unity.frame({it.step}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_INVALID_ARGUMENT), "does not know the buffer"));
    REQUIRE(plugin.copy_state(it.network, "output.v", nullptr) == SNN_OK);

    for (int i = 0; i < SNN_UNITY_QUEUE_LENGTH; ++i) REQUIRE(plugin.queue_steps(it.network, 1) == SNN_OK);
    CHECK(contains(plugin.failure(plugin.queue_steps(it.network, 1), SNN_ERROR_BUSY), "8 calls wait"));
    it.unity.frame({it.step}, &stranger);  // an event for something that is no network
    for (int i = 0; i < SNN_UNITY_QUEUE_LENGTH; ++i) it.unity.frame({it.step}, it.network);
    CHECK(plugin.status(it.network) == SNN_OK);
}

TEST_CASE("scripts and the render thread may run at the same time") {
    Running it;
    it.unity.frame({it.open}, it.network);
    constexpr int frames = 100;
    std::atomic<int> queued = 0;
    std::thread script([&] {
        const float values[3] = {1, 0.5f, 0};
        while (queued < frames && it.plugin.set_input(it.network, 0, values, 3) == SNN_OK) {
            const SNNStatus status = it.plugin.queue_steps(it.network, 1);
            if (status == SNN_OK) ++queued;
            else if (status == SNN_ERROR_BUSY) std::this_thread::yield();
            else break;
        }
    });
    for (int i = 0; i < frames;) {
        if (i == queued) std::this_thread::yield();
        else it.unity.frame({it.step}, it.network), ++i;
    }
    script.join();
    CHECK(it.plugin.status(it.network) == SNN_OK);
    uint64_t steps = 0;
    CHECK(it.plugin.step_count(it.network, &steps) == SNN_OK);
    CHECK(steps == frames);
}

int main(int argc, char** argv) { return doctest::Context(argc, argv).run(); }
