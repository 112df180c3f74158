#include "renderer.h"

#include <cstdio>
#include <cstring>
#include <iterator>

namespace {

constexpr VkFormat format = VK_FORMAT_R8G8B8A8_UNORM;
constexpr const char* validation_layer = "VK_LAYER_KHRONOS_validation";

void check(VkResult result, const char* what) {
    if (result < 0) throw std::runtime_error(std::string(what) + " failed: " + std::to_string(result));
}

// A struct of Vulkan with its type set and the rest zero.
template <class Struct>
Struct made(VkStructureType type) {
    Struct value{};
    value.sType = type;
    return value;
}

VKAPI_ATTR VkBool32 VKAPI_CALL note(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                    const VkDebugUtilsMessengerCallbackDataEXT* data, void* messages) {
    static_cast<std::vector<std::string>*>(messages)->push_back(data->pMessage);
    return VK_FALSE;
}

bool has_validation_layer() {
    uint32_t count = 0;
    vkEnumerateInstanceLayerProperties(&count, nullptr);
    std::vector<VkLayerProperties> layers(count);
    vkEnumerateInstanceLayerProperties(&count, layers.data());
    for (const VkLayerProperties& layer : layers)
        if (std::strcmp(layer.layerName, validation_layer) == 0) return true;
    return false;
}

}  // namespace

Renderer::Renderer(const std::string& shader_folder, uint32_t columns, uint32_t rows, uint32_t scale, float threshold)
    : width(columns * scale), height(rows * scale), push_{columns, rows, threshold} {
    try {
        make_instance();
        make_device();
        make_target();
        make_pipeline(shader_folder);
        VkDeviceMemory memory = VK_NULL_HANDLE;
        spike_count = make_buffer(VkDeviceSize{columns} * rows * 4,
                                  VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_VERTEX_BUFFER_BIT |
                                      VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                  VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, &memory);
        pixels_ = make_buffer(VkDeviceSize{width} * height * 4, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                              VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, &memory);
        void* mapped = nullptr;
        check(vkMapMemory(device_, memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
        image = static_cast<const uint8_t*>(mapped);
    } catch (...) {
        close();
        throw;
    }
}

Renderer::~Renderer() { close(); }

SNNVulkanHost Renderer::host() const {
    return snn::vulkan::host(instance_, physical_device_, device_, queue_, family_, vkGetInstanceProcAddr);
}

// ---- A frame

void Renderer::begin_frame() {
    auto begin = made<VkCommandBufferBeginInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO);
    begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(vkBeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer");
    vkCmdFillBuffer(commands, spike_count, 0, VK_WHOLE_SIZE, 0);
}

void Renderer::draw(VkBuffer membrane, VkDeviceSize offset) {
    VkClearValue black{};
    auto begin = made<VkRenderPassBeginInfo>(VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO);
    begin.renderPass = render_pass_;
    begin.framebuffer = framebuffer_;
    begin.renderArea.extent = {width, height};
    begin.clearValueCount = 1;
    begin.pClearValues = &black;
    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline_);
    vkCmdPushConstants(commands, layout_, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof push_, &push_);
    const VkBuffer buffers[2] = {membrane, spike_count};
    const VkDeviceSize offsets[2] = {offset, 0};
    vkCmdBindVertexBuffers(commands, 0, 2, buffers, offsets);
    vkCmdDraw(commands, 4, push_.columns * push_.rows, 0, 0);
    vkCmdEndRenderPass(commands);  // leaves the image ready to be copied
    VkBufferImageCopy copy{};
    copy.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    copy.imageExtent = {width, height, 1};
    vkCmdCopyImageToBuffer(commands, target_, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, pixels_, 1, &copy);
    auto barrier = made<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, nullptr, 0,
                         nullptr);
}

void Renderer::end_frame() {
    check(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
    auto submission = made<VkSubmitInfo>(VK_STRUCTURE_TYPE_SUBMIT_INFO);
    submission.commandBufferCount = 1;
    submission.pCommandBuffers = &commands;
    check(vkQueueSubmit(queue_, 1, &submission, fence_), "vkQueueSubmit");
    check(vkWaitForFences(device_, 1, &fence_, VK_TRUE, UINT64_MAX), "vkWaitForFences");
    check(vkResetFences(device_, 1, &fence_), "vkResetFences");
}

// ---- What is made once

void Renderer::make_instance() {
    is_validated = has_validation_layer();
    auto application = made<VkApplicationInfo>(VK_STRUCTURE_TYPE_APPLICATION_INFO);
    application.pApplicationName = "vulkan_renderer_cpp";
    application.apiVersion = VK_API_VERSION_1_0;
    const VkValidationFeatureEnableEXT synchronization = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    auto features = made<VkValidationFeaturesEXT>(VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT);
    features.enabledValidationFeatureCount = 1;
    features.pEnabledValidationFeatures = &synchronization;
    const char* const extension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    auto info = made<VkInstanceCreateInfo>(VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO);
    info.pApplicationInfo = &application;
    if (is_validated) {
        info.pNext = &features;
        info.enabledLayerCount = info.enabledExtensionCount = 1;
        info.ppEnabledLayerNames = &validation_layer;
        info.ppEnabledExtensionNames = &extension;
    }
    if (const VkResult result = vkCreateInstance(&info, nullptr, &instance_); result < 0) {
        instance_ = VK_NULL_HANDLE;
        throw NoDevice("no Vulkan driver (Debian and Ubuntu: the GPU's, or the package mesa-vulkan-drivers)");
    }
    if (!is_validated) return;
    auto messenger = made<VkDebugUtilsMessengerCreateInfoEXT>(VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT);
    messenger.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    messenger.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
    messenger.pfnUserCallback = note;
    messenger.pUserData = &messages;
    const auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
        vkGetInstanceProcAddr(instance_, "vkCreateDebugUtilsMessengerEXT"));
    check(create(instance_, &messenger, nullptr, &messenger_), "vkCreateDebugUtilsMessengerEXT");
}

void Renderer::make_device() {
    uint32_t count = 1;
    vkEnumeratePhysicalDevices(instance_, &count, &physical_device_);
    if (count == 0) throw NoDevice("no Vulkan device");
    vkGetPhysicalDeviceQueueFamilyProperties(physical_device_, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(physical_device_, &count, families.data());
    constexpr VkQueueFlags wanted = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
    while (family_ < count && (families[family_].queueFlags & wanted) != wanted) ++family_;
    if (family_ == count) throw NoDevice("the first Vulkan device has no queue that draws and computes");
    const float priority = 1.0f;
    auto queue = made<VkDeviceQueueCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO);
    queue.queueFamilyIndex = family_;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
    auto info = made<VkDeviceCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO);  // no extension, no feature: a session needs none
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queue;
    check(vkCreateDevice(physical_device_, &info, nullptr, &device_), "vkCreateDevice");
    vkGetDeviceQueue(device_, family_, 0, &queue_);

    auto pool_info = made<VkCommandPoolCreateInfo>(VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO);
    pool_info.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
    pool_info.queueFamilyIndex = family_;
    VkCommandPool pool = VK_NULL_HANDLE;
    check(vkCreateCommandPool(device_, &pool_info, nullptr, &pool), "vkCreateCommandPool");
    keep(pool, vkDestroyCommandPool);
    auto allocation = made<VkCommandBufferAllocateInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO);
    allocation.commandPool = pool;
    allocation.commandBufferCount = 1;
    check(vkAllocateCommandBuffers(device_, &allocation, &commands), "vkAllocateCommandBuffers");
    const auto fence = made<VkFenceCreateInfo>(VK_STRUCTURE_TYPE_FENCE_CREATE_INFO);
    check(vkCreateFence(device_, &fence, nullptr, &fence_), "vkCreateFence");
    keep(fence_, vkDestroyFence);
}

VkDeviceMemory Renderer::allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags properties) {
    VkPhysicalDeviceMemoryProperties types;
    vkGetPhysicalDeviceMemoryProperties(physical_device_, &types);
    auto info = made<VkMemoryAllocateInfo>(VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO);
    info.allocationSize = needs.size;
    while (info.memoryTypeIndex < types.memoryTypeCount &&
           (!(needs.memoryTypeBits >> info.memoryTypeIndex & 1) ||
            (types.memoryTypes[info.memoryTypeIndex].propertyFlags & properties) != properties))
        ++info.memoryTypeIndex;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    check(vkAllocateMemory(device_, &info, nullptr, &memory), "vkAllocateMemory");
    keep(memory, vkFreeMemory);
    return memory;
}

VkBuffer Renderer::make_buffer(VkDeviceSize size, VkBufferUsageFlags usage, VkMemoryPropertyFlags properties,
                               VkDeviceMemory* out_memory) {
    auto info = made<VkBufferCreateInfo>(VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO);
    info.size = size;
    info.usage = usage;
    VkBuffer buffer = VK_NULL_HANDLE;
    check(vkCreateBuffer(device_, &info, nullptr, &buffer), "vkCreateBuffer");
    keep(buffer, vkDestroyBuffer);
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(device_, buffer, &needs);
    *out_memory = allocate(needs, properties);
    check(vkBindBufferMemory(device_, buffer, *out_memory, 0), "vkBindBufferMemory");
    return buffer;
}

void Renderer::make_target() {
    auto info = made<VkImageCreateInfo>(VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO);
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = format;
    info.extent = {width, height, 1};
    info.mipLevels = info.arrayLayers = 1;
    info.samples = VK_SAMPLE_COUNT_1_BIT;
    info.usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    check(vkCreateImage(device_, &info, nullptr, &target_), "vkCreateImage");
    keep(target_, vkDestroyImage);
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(device_, target_, &needs);
    check(vkBindImageMemory(device_, target_, allocate(needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), 0), "vkBindImageMemory");
    auto view_info = made<VkImageViewCreateInfo>(VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO);
    view_info.image = target_;
    view_info.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view_info.format = format;
    view_info.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    VkImageView view = VK_NULL_HANDLE;
    check(vkCreateImageView(device_, &view_info, nullptr, &view), "vkCreateImageView");
    keep(view, vkDestroyImageView);

    VkAttachmentDescription attachment{};
    attachment.format = format;
    attachment.samples = VK_SAMPLE_COUNT_1_BIT;
    attachment.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
    attachment.stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE;
    attachment.stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE;
    attachment.finalLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
    const VkAttachmentReference color{0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
    VkSubpassDescription subpass{};
    subpass.colorAttachmentCount = 1;
    subpass.pColorAttachments = &color;
    const VkSubpassDependency copied_next{0, VK_SUBPASS_EXTERNAL, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
                                          VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
                                          VK_ACCESS_TRANSFER_READ_BIT, 0};
    auto pass = made<VkRenderPassCreateInfo>(VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO);
    pass.attachmentCount = pass.subpassCount = pass.dependencyCount = 1;
    pass.pAttachments = &attachment;
    pass.pSubpasses = &subpass;
    pass.pDependencies = &copied_next;
    check(vkCreateRenderPass(device_, &pass, nullptr, &render_pass_), "vkCreateRenderPass");
    keep(render_pass_, vkDestroyRenderPass);
    auto framebuffer = made<VkFramebufferCreateInfo>(VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO);
    framebuffer.renderPass = render_pass_;
    framebuffer.attachmentCount = framebuffer.layers = 1;
    framebuffer.pAttachments = &view;
    framebuffer.width = width;
    framebuffer.height = height;
    check(vkCreateFramebuffer(device_, &framebuffer, nullptr, &framebuffer_), "vkCreateFramebuffer");
    keep(framebuffer_, vkDestroyFramebuffer);
}

VkShaderModule Renderer::load_shader(const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "rb");
    if (!file) throw std::runtime_error("cannot open " + path);
    std::vector<uint32_t> words;
    for (uint32_t word; std::fread(&word, sizeof word, 1, file) == 1;) words.push_back(word);
    std::fclose(file);
    auto info = made<VkShaderModuleCreateInfo>(VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO);
    info.codeSize = words.size() * sizeof(uint32_t);
    info.pCode = words.data();
    VkShaderModule module = VK_NULL_HANDLE;
    check(vkCreateShaderModule(device_, &info, nullptr, &module), path.c_str());
    keep(module, vkDestroyShaderModule);
    return module;
}

void Renderer::make_pipeline(const std::string& shader_folder) {
    const VkPushConstantRange range{VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof push_};
    auto layout = made<VkPipelineLayoutCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO);
    layout.pushConstantRangeCount = 1;
    layout.pPushConstantRanges = &range;
    check(vkCreatePipelineLayout(device_, &layout, nullptr, &layout_), "vkCreatePipelineLayout");
    keep(layout_, vkDestroyPipelineLayout);

    auto vertex = made<VkPipelineShaderStageCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO);
    vertex.stage = VK_SHADER_STAGE_VERTEX_BIT;
    vertex.module = load_shader(shader_folder + "/neurons.vert.spv");
    vertex.pName = "main";
    VkPipelineShaderStageCreateInfo fragment = vertex;
    fragment.stage = VK_SHADER_STAGE_FRAGMENT_BIT;
    fragment.module = load_shader(shader_folder + "/neurons.frag.spv");
    const VkPipelineShaderStageCreateInfo stages[2] = {vertex, fragment};
    // The membrane and the spikes of a neuron: one float each, for each instance.
    const VkVertexInputBindingDescription bindings[2] = {{0, 4, VK_VERTEX_INPUT_RATE_INSTANCE},
                                                         {1, 4, VK_VERTEX_INPUT_RATE_INSTANCE}};
    const VkVertexInputAttributeDescription attributes[2] = {{0, 0, VK_FORMAT_R32_SFLOAT, 0}, {1, 1, VK_FORMAT_R32_SFLOAT, 0}};
    auto input = made<VkPipelineVertexInputStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO);
    input.vertexBindingDescriptionCount = input.vertexAttributeDescriptionCount = 2;
    input.pVertexBindingDescriptions = bindings;
    input.pVertexAttributeDescriptions = attributes;
    auto assembly = made<VkPipelineInputAssemblyStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO);
    assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP;
    const VkViewport viewport{0, 0, static_cast<float>(width), static_cast<float>(height), 0, 1};
    const VkRect2D area{{0, 0}, {width, height}};
    auto view = made<VkPipelineViewportStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO);
    view.viewportCount = view.scissorCount = 1;
    view.pViewports = &viewport;
    view.pScissors = &area;
    auto raster = made<VkPipelineRasterizationStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO);
    raster.lineWidth = 1;
    auto samples = made<VkPipelineMultisampleStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO);
    samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
    VkPipelineColorBlendAttachmentState blend{};
    blend.colorWriteMask = 0xF;
    auto blends = made<VkPipelineColorBlendStateCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO);
    blends.attachmentCount = 1;
    blends.pAttachments = &blend;
    auto info = made<VkGraphicsPipelineCreateInfo>(VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO);
    info.stageCount = 2;
    info.pStages = stages;
    info.pVertexInputState = &input;
    info.pInputAssemblyState = &assembly;
    info.pViewportState = &view;
    info.pRasterizationState = &raster;
    info.pMultisampleState = &samples;
    info.pColorBlendState = &blends;
    info.layout = layout_;
    info.renderPass = render_pass_;
    check(vkCreateGraphicsPipelines(device_, VK_NULL_HANDLE, 1, &info, nullptr, &pipeline_), "vkCreateGraphicsPipelines");
    keep(pipeline_, vkDestroyPipeline);
}

void Renderer::close() {
    while (!made_.empty()) {
        made_.back()();
        made_.pop_back();
    }
    if (device_) vkDestroyDevice(device_, nullptr);
    if (messenger_)
        reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
            vkGetInstanceProcAddr(instance_, "vkDestroyDebugUtilsMessengerEXT"))(instance_, messenger_, nullptr);
    if (instance_) vkDestroyInstance(instance_, nullptr);
    device_ = VK_NULL_HANDLE;
    instance_ = VK_NULL_HANDLE;
    messenger_ = VK_NULL_HANDLE;
}
