// An off-screen Vulkan renderer, as a game has one: it owns instance, device, queue and command buffers.
#pragma once

#include <snn/snn_vulkan.hpp>
#include <vulkan/vulkan.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

// There is no loader, no driver, or no device that draws and computes.
struct NoDevice : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A VkBuffer is a pointer or a number, as the platform has it; libsnn takes and gives numbers.
inline uint64_t as_number(VkBuffer buffer) { return (uint64_t)buffer; }
inline VkBuffer as_buffer(uint64_t number) { return (VkBuffer)number; }

// Draws a sheet of neurons to an image of `scale` pixels for each neuron along both axes. Throws std::runtime_error.
class Renderer {
public:
    Renderer(const std::string& shader_folder, uint32_t columns, uint32_t rows, uint32_t scale, float threshold);
    ~Renderer();
    Renderer(const Renderer&) = delete;
    Renderer& operator=(const Renderer&) = delete;

    SNNVulkanHost host() const;  // what a session needs to run on this device

    // A frame: begin, what others record, draw, end. `image` has it then.
    void begin_frame();
    void draw(VkBuffer membrane, VkDeviceSize offset);
    void end_frame();

    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkBuffer spike_count = VK_NULL_HANDLE;  // where a session adds up the spikes of a frame: float32, one for each neuron
    const uint8_t* image = nullptr;         // [height][width][4]
    const uint32_t width, height;
    bool is_validated = false;
    std::vector<std::string> messages;  // what the validation layer says

private:
    struct Push {
        uint32_t columns, rows;
        float threshold;
    };
    void make_instance();
    void make_device();
    void make_target();
    void make_pipeline(const std::string& shader_folder);
    VkShaderModule load_shader(const std::string& path);
    VkDeviceMemory allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags properties);
    VkBuffer make_buffer(VkDeviceSize size, VkBufferUsageFlags usage, VkMemoryPropertyFlags properties, VkDeviceMemory* out_memory);
    void close();
    // Ends a thing of the device when the renderer ends, last made first.
    template <class Thing>
    void keep(Thing thing, void (*destroy)(VkDevice, Thing, const VkAllocationCallbacks*)) {
        made_.push_back([this, thing, destroy] { destroy(device_, thing, nullptr); });
    }

    const Push push_;
    std::vector<std::function<void()>> made_;
    VkInstance instance_ = VK_NULL_HANDLE;
    VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
    VkPhysicalDevice physical_device_ = VK_NULL_HANDLE;
    VkDevice device_ = VK_NULL_HANDLE;
    VkQueue queue_ = VK_NULL_HANDLE;
    uint32_t family_ = 0;
    VkFence fence_ = VK_NULL_HANDLE;
    VkImage target_ = VK_NULL_HANDLE;
    VkRenderPass render_pass_ = VK_NULL_HANDLE;
    VkFramebuffer framebuffer_ = VK_NULL_HANDLE;
    VkPipelineLayout layout_ = VK_NULL_HANDLE;
    VkPipeline pipeline_ = VK_NULL_HANDLE;
    VkBuffer pixels_ = VK_NULL_HANDLE;
};
