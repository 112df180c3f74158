#include "vulkan/device.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <thread>
#include <utility>

#include "backend/backend.h"
#include "common/error.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t needed_buffers = 7;  // binding_count of pipelines.h; Vulkan promises 4
constexpr const char* portability_subset = "VK_KHR_portability_subset";  // of vulkan_beta.h, which may not be installed
constexpr VkDeviceSize staging_bytes = VkDeviceSize{4} << 20;
constexpr VkDeviceSize smallest_block = VkDeviceSize{1} << 20, largest_block = VkDeviceSize{64} << 20;

std::string lower_case(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

// What a binding reaches, and what rounding up to the alignment does not exceed. The variable is for tests: a device with a
// smaller range, so that small networks are cut into segments too.
VkDeviceSize usable_range(VkDeviceSize range, VkDeviceSize alignment) {
    const char* const bytes = std::getenv("SNN_VULKAN_STORAGE_RANGE");
    if (bytes) range = std::min<VkDeviceSize>(range, std::strtoull(bytes, nullptr, 10));
    return range / alignment * alignment;
}

// Whether the device of this number is meant: by nothing, which is the first, its number, a part of its name or its UUID.
bool is_chosen(const DeviceDescription& description, uint32_t number, std::string_view choice) {
    if (choice.empty()) return true;
    if (is_device_number(choice)) {
        uint32_t index = 0;
        std::from_chars(choice.data(), choice.data() + choice.size(), index);
        return index == number;
    }
    const std::string wanted = lower_case(choice);
    return description.uuid == wanted || lower_case(description.name).find(wanted) != std::string::npos;
}

Candidate chosen(const Instance& instance, std::string_view choice) {
    std::vector<Candidate> candidates = instance.candidates();
    if (candidates.empty()) refuse_without_device();
    std::string known;
    for (uint32_t i = 0; i < candidates.size(); ++i) {
        const DeviceDescription& description = candidates[i].description;
        if (is_chosen(description, i, choice)) return candidates[i];
        known += text(i ? ", " : "", "vulkan:", i, " (", description.name, description.uuid.empty() ? "" : ", ",
                      description.uuid, ")");
    }
    throw Error(SNN_ERROR_NOT_FOUND, "there is no device 'vulkan:", choice, "'; there are: ", known);
}

}  // namespace

void refuse_without_device() {
    Instance::shared();  // throws where there is no loader or no driver
    throw Error(SNN_ERROR_UNSUPPORTED, "no Vulkan device of this machine has a compute queue, or no driver is installed "
                                       "(Debian and Ubuntu: the GPU's, or the package mesa-vulkan-drivers)");
}

const DeviceDescription* find_device(std::string_view choice) {
    const std::vector<DeviceDescription>& known = devices();
    for (uint32_t i = 0; i < known.size(); ++i)
        if (is_chosen(known[i], i, choice)) return &known[i];
    return nullptr;
}

Device::Device(std::string_view choice, const SNNVulkanHost* host) {
    try {
        if (host) open_of_host(*host);
        else if (choice == "plan") open_on_paper();
        else open_own(choice);
    } catch (...) {
        close();
        throw;
    }
}

Device::~Device() { close(); }

void Device::open_own(std::string_view choice) {
    instance_ = Instance::shared();
    const Candidate candidate = chosen(*instance_, choice);
    const float priority = 1.0f;
    auto queue = made<VkDeviceQueueCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO);
    queue.queueFamilyIndex = candidate.queue_family;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
    auto info = made<VkDeviceCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO);
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queue;
    const InstanceFunctions& vk = instance_->functions;
    float_controls_ = float_controls_of(vk, candidate.handle, candidate.properties.apiVersion);
    std::vector<const char*> extensions;
    if (float_controls_ != FloatControls{}) extensions.push_back(VK_KHR_SHADER_FLOAT_CONTROLS_EXTENSION_NAME);
    // A device that is not all of Vulkan, as MoltenVK's, has to be opened with this. What it lacks is not used here.
    if (has_extension(vk, candidate.handle, portability_subset)) extensions.push_back(portability_subset);
    info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    debug_ = load_debug_functions(loader().vkGetInstanceProcAddr, instance_->handle);
    check(vk.vkCreateDevice(candidate.handle, &info, nullptr, &handle), "could not be opened");
    functions.vkDestroyDevice = reinterpret_cast<PFN_vkDestroyDevice>(vk.vkGetDeviceProcAddr(handle, "vkDestroyDevice"));
    take(candidate, vk);
}

// With the limits that every device has.
void Device::open_on_paper() {
    is_on_paper_ = true;
    description_.name = "a plan";
    alignment_ = 256;
    storage_range_ = usable_range(VkDeviceSize{1} << 27, alignment_);
    shared_memory_bytes_ = 16384;
    workgroup_invocations_ = 128;
}

void Device::open_of_host(const SNNVulkanHost& host) {
    host_ = host;
    const auto instance = static_cast<VkInstance>(host.instance);
    const auto physical = static_cast<VkPhysicalDevice>(host.physical_device);
    const auto get = reinterpret_cast<PFN_vkGetInstanceProcAddr>(host.get_instance_proc_addr);
    InstanceFunctions instance_functions = load_instance_functions(get, instance);
    debug_ = load_debug_functions(get, instance);
    instance_functions.vkGetPhysicalDeviceProperties2 = nullptr;  // the host's instance may be of Vulkan 1.0
    const std::vector<VkQueueFamilyProperties> families = queue_families(instance_functions, physical);
    if (host.queue_family >= families.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "host->queue_family is ", host.queue_family, "; the device has ",
                    families.size() == 1 ? std::string("1 queue family (0)")
                                         : text(families.size(), " queue families (0 to ", families.size() - 1, ")"));
    if (!(families[host.queue_family].queueFlags & VK_QUEUE_COMPUTE_BIT))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "host->queue_family is ", host.queue_family, ", and its queues do not compute");
    handle = static_cast<VkDevice>(host.device);
    take(make_candidate(instance_functions, physical, host.queue_family), instance_functions);
}

void Device::take(const Candidate& candidate, const InstanceFunctions& instance_functions) {
    functions = load_device_functions(instance_functions, handle);
    description_ = candidate.description;
    memory_properties_ = candidate.memory;
    const VkPhysicalDeviceLimits& limits = candidate.properties.limits;
    if (limits.maxPerStageDescriptorStorageBuffers < needed_buffers)
        throw Error(SNN_ERROR_UNSUPPORTED, "a shader of the Vulkan device '", description_.name, "' has ",
                    limits.maxPerStageDescriptorStorageBuffers, " storage buffers, and ", needed_buffers,
                    " are needed; another device may do (snn devices)");
    shared_memory_bytes_ = limits.maxComputeSharedMemorySize;
    workgroup_invocations_ = std::min(limits.maxComputeWorkGroupInvocations, limits.maxComputeWorkGroupSize[0]);
    alignment_ = std::max<VkDeviceSize>(16, limits.minStorageBufferOffsetAlignment);
    storage_range_ = usable_range(std::min<VkDeviceSize>(limits.maxStorageBufferRange, candidate.most_bytes), alignment_);
    if (instance_) functions.vkGetDeviceQueue(handle, candidate.queue_family, 0, &queue_);
    else queue_ = static_cast<VkQueue>(host_.queue);
    auto pool = made<VkCommandPoolCreateInfo>(VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO);
    pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
    pool.queueFamilyIndex = candidate.queue_family;
    check(functions.vkCreateCommandPool(handle, &pool, nullptr, &command_pool_), "could not make a command pool");
    name(VK_OBJECT_TYPE_COMMAND_POOL, command_pool_, "command pool");
    fence_ = make_fence();
    transfer_ = make_commands();
    staging_ = allocate_for_copies(staging_bytes, Memory::readback);
}

void Device::name_object(VkObjectType type, uint64_t object, std::string_view what) const {
    const std::string name = text("snn ", what);
    auto info = made<VkDebugUtilsObjectNameInfoEXT>(VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT);
    info.objectType = type;
    info.objectHandle = object;
    info.pObjectName = name.c_str();
    debug_.name(handle, &info);  // without memory for it the object has no name
}

Device::Label::Label(const Device& device, VkCommandBuffer commands, const char* what) : device_(device), commands_(commands) {
    if (!device.debug_.begin_label) return;
    auto info = made<VkDebugUtilsLabelEXT>(VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT);
    info.pLabelName = what;
    device.debug_.begin_label(commands, &info);
}

void Device::close() {
    if (!handle) return;
    end_submissions();
    for (std::vector<Block>& blocks : blocks_)
        for (const Block& block : blocks) destroy(block);
    if (fence_) functions.vkDestroyFence(handle, fence_, nullptr);
    if (command_pool_) functions.vkDestroyCommandPool(handle, command_pool_, nullptr);
    if (instance_ && functions.vkDestroyDevice) functions.vkDestroyDevice(handle, nullptr);
}

// ---- Memory

uint32_t Device::memory_type(uint32_t allowed, Memory memory) const {
    constexpr VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    constexpr VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    constexpr VkMemoryPropertyFlags cached = visible | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    // In order of preference. Vulkan promises a type that is visible and coherent, and one that is local.
    const VkMemoryPropertyFlags wanted[2] = {memory == Memory::device ? local : memory == Memory::upload ? visible : cached,
                                             memory == Memory::device ? 0 : visible};
    for (const VkMemoryPropertyFlags flags : wanted)
        for (uint32_t i = 0; i < memory_properties_.memoryTypeCount; ++i)
            if (allowed >> i & 1 && (memory_properties_.memoryTypes[i].propertyFlags & flags) == flags) return i;
    throw Error(SNN_ERROR_UNSUPPORTED, "the Vulkan device '", description_.name,
                "' has no memory of the kind that buffers need");
}

void Device::make_block(VkDeviceSize bytes, Memory memory) {
    Block block{VK_NULL_HANDLE, VK_NULL_HANDLE, bytes, nullptr, {{0, bytes}}};
    auto buffer = made<VkBufferCreateInfo>(VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO);
    buffer.size = bytes;
    buffer.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                   VK_BUFFER_USAGE_VERTEX_BUFFER_BIT | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT;  // states may be drawn from
    check(functions.vkCreateBuffer(handle, &buffer, nullptr, &block.buffer), "could not make a buffer");
    try {
        VkMemoryRequirements needs;
        functions.vkGetBufferMemoryRequirements(handle, block.buffer, &needs);
        auto allocation = made<VkMemoryAllocateInfo>(VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO);
        allocation.allocationSize = needs.size;
        allocation.memoryTypeIndex = memory_type(needs.memoryTypeBits, memory);
        check(functions.vkAllocateMemory(handle, &allocation, nullptr, &block.memory), "could not allocate memory");
        check(functions.vkBindBufferMemory(handle, block.buffer, block.memory, 0), "could not bind memory");
        void* mapped = nullptr;
        if (memory != Memory::device)
            check(functions.vkMapMemory(handle, block.memory, 0, VK_WHOLE_SIZE, 0, &mapped), "could not map memory");
        block.mapped = static_cast<char*>(mapped);
        const char* const what = memory == Memory::device   ? "memory"
                                 : memory == Memory::upload ? "uploads"
                                                            : "memory for the host";
        name(VK_OBJECT_TYPE_BUFFER, block.buffer, what);
        name(VK_OBJECT_TYPE_DEVICE_MEMORY, block.memory, what);
        blocks_[static_cast<size_t>(memory)].push_back(block);
    } catch (...) {
        functions.vkDestroyBuffer(handle, block.buffer, nullptr);
        if (block.memory) functions.vkFreeMemory(handle, block.memory, nullptr);
        throw;
    }
}

void Device::destroy(const Block& block) {
    functions.vkDestroyBuffer(handle, block.buffer, nullptr);
    functions.vkFreeMemory(handle, block.memory, nullptr);
}

Range Device::allocate(VkDeviceSize bytes, Memory memory, std::string_view what) {
    if (bytes > storage_range_)
        throw Error(SNN_ERROR_UNSUPPORTED, what, " would take ", bytes, " bytes; a shader of the Vulkan device '",
                    description_.name, "' reaches ", storage_range_);
    return allocate_for_copies(bytes, memory);
}

Range Device::allocate_for_copies(VkDeviceSize bytes, Memory memory) {
    bytes = std::max<VkDeviceSize>((bytes + alignment_ - 1) / alignment_ * alignment_, alignment_);
    if (memory == Memory::device && bytes <= room_.size) {
        const Range range = room_.part(0, bytes);
        room_ = room_.part(bytes, room_.size - bytes);
        return range;
    }
    if (is_on_paper_) return paper_buffer_of_host(0, 0, bytes);
    std::vector<Block>& blocks = blocks_[static_cast<size_t>(memory)];
    Block* best = nullptr;  // with the smallest gap that is large enough
    VkDeviceSize begin = 0, gap = UINT64_MAX;
    for (Block& block : blocks)
        for (const auto& [at, size] : block.free)
            if (size >= bytes && size < gap) best = &block, begin = at, gap = size;
    if (!best) {
        VkDeviceSize& usual = next_block_bytes_[static_cast<size_t>(memory)];
        usual = std::max(usual, smallest_block);
        make_block(std::max(bytes, usual), memory);
        if (bytes <= largest_block) usual = std::min(2 * usual, largest_block);
        best = &blocks.back(), gap = best->size;
    }
    best->free.erase(begin);
    if (gap > bytes) best->free.emplace(begin + bytes, gap - bytes);
    return {best->buffer, begin, bytes, best->mapped ? best->mapped + begin : nullptr};
}

void Device::release(const Range& range) {
    if (!range.buffer || is_on_paper_) return;
    for (const Range& room : rooms_)  // one binding reaches all of it
        if (room.buffer == range.buffer && room.offset <= range.offset && range.offset < room.offset + room.size) return;
    for (std::vector<Block>& blocks : blocks_)
        for (auto block = blocks.begin(); block != blocks.end(); ++block) {
            if (block->buffer != range.buffer) continue;
            auto gap = block->free.emplace(range.offset, range.size).first;
            if (gap != block->free.begin())
                if (const auto before = std::prev(gap); before->first + before->second == gap->first) {
                    before->second += gap->second;
                    block->free.erase(gap);
                    gap = before;
                }
            if (const auto after = std::next(gap); after != block->free.end() && gap->first + gap->second == after->first) {
                gap->second += after->second;
                block->free.erase(after);
            }
            if (gap->second < block->size || block->size <= largest_block || is_transfer_open_) return;
            wait_for_submissions();
            if (forget_) forget_(block->buffer);
            destroy(*block);
            blocks.erase(block);
            return;
        }
}

void Device::check_foreign(const Range& range) const {
    for (const std::vector<Block>& blocks : blocks_)
        for (const Block& block : blocks)
            if (block.buffer == range.buffer)
                throw Error(SNN_ERROR_INVALID_ARGUMENT,
                            "buffer->buffer is memory of this session; a buffer of the program can be bound");
    if (range.offset % alignment_ != 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->offset_bytes is ", range.offset, "; on the Vulkan device '",
                    description_.name, "' it must be a multiple of ", alignment_);
    if (range.size > storage_range_)
        throw Error(SNN_ERROR_UNSUPPORTED, "buffer->size_bytes is ", range.size, "; a shader of the Vulkan device '",
                    description_.name, "' reaches ", storage_range_);
    if (is_on_paper_) {
        constexpr VkDeviceSize most = VkDeviceSize{1} << 32;  // a plan has the contents of the host's buffers too
        if (range.offset > most)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->offset_bytes is ", range.offset, "; in a plan it is at most ",
                        most);
        return;
    }
    VkMemoryRequirements needs;  // Vulkan does not tell a buffer's size; this is at least that
    functions.vkGetBufferMemoryRequirements(handle, range.buffer, &needs);
    if (range.offset > needs.size || range.size > needs.size - range.offset)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->offset_bytes is ", range.offset, " and size_bytes ", range.size,
                    "; the VkBuffer has ", needs.size, " bytes at most");
}

void Device::begin_transfer() {
    if (is_transfer_open_) return;
    begin(transfer_, false);
    auto barrier = made<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    functions.vkCmdPipelineBarrier(transfer_, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                   VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &barrier, 0, nullptr, 0, nullptr);
    is_transfer_open_ = true;
    staged_ = 0;
}

void Device::end_transfer() {
    if (collects_) return;
    is_transfer_open_ = false;
    auto barrier = made<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
    functions.vkCmdPipelineBarrier(transfer_, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0,
                                   nullptr, 0, nullptr);
    end(transfer_);
    run({transfer_});
}

void Device::copy_now(VkBuffer source, VkDeviceSize from, VkBuffer target, VkDeviceSize to, VkDeviceSize bytes) {
    begin_transfer();
    const VkBufferCopy copy{from, to, bytes};
    functions.vkCmdCopyBuffer(transfer_, source, target, 1, &copy);
    end_transfer();
}

void Device::Batch::done() {
    device_.collects_ = false;
    if (device_.is_transfer_open_) device_.end_transfer();
}

// Left without done(), by an exception: what was collected is forgotten.
Device::Batch::~Batch() {
    device_.collects_ = false;
    if (std::exchange(device_.is_transfer_open_, false)) device_.functions.vkEndCommandBuffer(device_.transfer_);
}

// A buffer of the host that is named again is the same buffer; it grows to what is used of it.
Range Device::paper_buffer_of_host(uint64_t host_buffer, VkDeviceSize offset, VkDeviceSize bytes) {
    auto found = std::find_if(paper_buffers_.begin(), paper_buffers_.end(), [&](const PaperBuffer& buffer) {
        return host_buffer != 0 && buffer.host_buffer == host_buffer;
    });
    if (found == paper_buffers_.end()) found = paper_buffers_.insert(found, {{}, host_buffer});
    const size_t words = static_cast<size_t>((offset + bytes) / 4);
    if (found->words.size() < words) found->words.resize(words);
    const auto number = static_cast<uint64_t>(found - paper_buffers_.begin()) + 1;
    return {(VkBuffer)number, offset, bytes, nullptr};
}

char* Device::on_paper(const Range& range) {
    return reinterpret_cast<char*>(paper_buffers_[(uint64_t)range.buffer - 1].words.data()) + range.offset;
}

void Device::upload(const Range& target, VkDeviceSize offset, const void* data, VkDeviceSize bytes) {
    if (is_on_paper_) {
        std::memcpy(on_paper(target) + offset, data, bytes);
        return;
    }
    wait_for_run();  // it may read what is staged
    for (VkDeviceSize done = 0; done < bytes;) {
        if (is_transfer_open_ && staged_ == staging_.size) {  // no more room: what was collected goes first
            const bool collected = std::exchange(collects_, false);
            end_transfer();
            collects_ = collected;
        }
        const VkDeviceSize at = is_transfer_open_ ? staged_ : 0, now = std::min(bytes - done, staging_.size - at);
        std::memcpy(static_cast<char*>(staging_.mapped) + at, static_cast<const char*>(data) + done, now);
        copy_now(staging_.buffer, staging_.offset + at, target.buffer, target.offset + offset + done, now);
        staged_ = at + now;
        done += now;
    }
}

void Device::download(const Range& source, VkDeviceSize offset, void* out_data, VkDeviceSize bytes) {
    if (is_on_paper_) {
        std::memcpy(out_data, on_paper(source) + offset, bytes);
        return;
    }
    for (VkDeviceSize done = 0; done < bytes; done += staging_.size) {
        const VkDeviceSize now = std::min(bytes - done, staging_.size);
        copy_now(source.buffer, source.offset + offset + done, staging_.buffer, staging_.offset, now);
        std::memcpy(static_cast<char*>(out_data) + done, staging_.mapped, now);
    }
}

void Device::fill(const Range& target, uint32_t word) {
    if (is_on_paper_) {
        uint32_t* const words = reinterpret_cast<uint32_t*>(on_paper(target));
        std::fill(words, words + target.size / 4, word);
        return;
    }
    begin_transfer();
    functions.vkCmdFillBuffer(transfer_, target.buffer, target.offset, target.size, word);
    end_transfer();
}

// ---- Commands

VkCommandBuffer Device::make_commands() {
    if (is_on_paper_) return VK_NULL_HANDLE;
    auto info = made<VkCommandBufferAllocateInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO);
    info.commandPool = command_pool_;
    info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    info.commandBufferCount = 1;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    check(functions.vkAllocateCommandBuffers(handle, &info, &commands), "could not make a command buffer");
    name(VK_OBJECT_TYPE_COMMAND_BUFFER, commands, "commands");
    return commands;
}

void Device::begin(VkCommandBuffer commands, bool again) {
    wait_for_run();  // it may be running these
    auto info = made<VkCommandBufferBeginInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO);
    info.flags = again ? VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT : VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(functions.vkBeginCommandBuffer(commands, &info), "could not begin a command buffer");
}

void Device::end(VkCommandBuffer commands) {
    check(functions.vkEndCommandBuffer(commands), "could not record a command buffer");
}

VkFence Device::make_fence() {
    const auto info = made<VkFenceCreateInfo>(VK_STRUCTURE_TYPE_FENCE_CREATE_INFO);
    VkFence fence = VK_NULL_HANDLE;
    check(functions.vkCreateFence(handle, &info, nullptr, &fence), "could not make a fence");
    name(VK_OBJECT_TYPE_FENCE, fence, "fence");
    return fence;
}

VkResult Device::heed(VkResult result) {
    is_lost_ |= result == VK_ERROR_DEVICE_LOST;
    return result;
}

void Device::check_not_lost() const {
    if (is_lost_) check(VK_ERROR_DEVICE_LOST, "could not take work");
}

void Device::submit_locked(const VkSubmitInfo& info, VkFence fence) {
    check_not_lost();
    check(functions.vkResetFences(handle, 1, &fence), "could not reset a fence");
    if (host_.lock_queue) host_.lock_queue(host_.user);
    const VkResult submitted = heed(functions.vkQueueSubmit(queue_, 1, &info, fence));
    if (host_.unlock_queue) host_.unlock_queue(host_.user);
    check(submitted, "could not take work");
}

void Device::wait_for(VkFence fence) {
    check_not_lost();
    check(heed(functions.vkWaitForFences(handle, 1, &fence, VK_TRUE, UINT64_MAX)), "could not finish its work");
}

void Device::wait_for(Submission& submission) {
    wait_for(submission.fence);
    submission.number = 0;
}

void Device::wait_for_run() {
    if (!is_running_) return;
    wait_for(fence_);
    is_running_ = false;
}

// Without memory for waiting, by asking: what the device runs must not be destroyed. A device that is lost runs nothing.
void Device::wait_to_the_end(VkFence fence) {
    VkResult result = functions.vkWaitForFences(handle, 1, &fence, VK_TRUE, UINT64_MAX);
    while (result != VK_SUCCESS && result != VK_ERROR_DEVICE_LOST) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        result = functions.vkGetFenceStatus(handle, fence);
    }
}

VkCommandBuffer Device::begin_submission() {
    check_not_lost();
    Submission* free = nullptr;
    for (Submission& submission : submissions_) {
        if (submission.number) {
            const VkResult status = heed(functions.vkGetFenceStatus(handle, submission.fence));
            check(status, "could not say whether its work is done");
            if (status == VK_SUCCESS) submission.number = 0;
        }
        if (!free || submission.number < free->number) free = &submission;
    }
    if (!free || (free->number && submissions_.size() < most_submissions)) {
        submissions_.push_back({make_commands(), make_fence(), 0});
        free = &submissions_.back();
    }
    if (free->number) wait_for(*free);
    begin(free->commands, false);
    return begun_ = free->commands;
}

void Device::cancel_submission() {
    if (begun_) functions.vkEndCommandBuffer(std::exchange(begun_, VkCommandBuffer{}));
}

void Device::submit(VkCommandBuffer commands, const SNNVulkanSubmission& submission) {
    begun_ = VK_NULL_HANDLE;
    end(commands);
    std::vector<VkSemaphore> waits, signals;
    std::vector<uint64_t> wait_values, signal_values;
    const auto take = [](const SNNVulkanSemaphore* given, uint32_t count, auto& semaphores, auto& values) {
        bool is_timeline = false;
        for (uint32_t i = 0; i < count; ++i) {
            semaphores.push_back((VkSemaphore)given[i].semaphore);  // a pointer or a number, as the platform has it
            values.push_back(given[i].value);
            is_timeline |= given[i].value != 0;
        }
        return is_timeline;
    };
    const bool timeline_waits = take(submission.waits, submission.wait_count, waits, wait_values);
    const bool timeline_signals = take(submission.signals, submission.signal_count, signals, signal_values);
    const std::vector<VkPipelineStageFlags> stages(
        waits.size(),
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT);
    auto values = made<VkTimelineSemaphoreSubmitInfo>(VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
    values.waitSemaphoreValueCount = submission.wait_count;
    values.pWaitSemaphoreValues = wait_values.data();
    values.signalSemaphoreValueCount = submission.signal_count;
    values.pSignalSemaphoreValues = signal_values.data();
    auto info = made<VkSubmitInfo>(VK_STRUCTURE_TYPE_SUBMIT_INFO);
    if (timeline_waits || timeline_signals) info.pNext = &values;
    info.waitSemaphoreCount = submission.wait_count;
    info.pWaitSemaphores = waits.data();
    info.pWaitDstStageMask = stages.data();
    info.commandBufferCount = 1;
    info.pCommandBuffers = &commands;
    info.signalSemaphoreCount = submission.signal_count;
    info.pSignalSemaphores = signals.data();
    Submission& mine = *std::find_if(submissions_.begin(), submissions_.end(),
                                     [&](const Submission& one) { return one.commands == commands; });
    submit_locked(info, mine.fence);
    mine.number = ++submission_count_;
}

void Device::end_submissions() {
    if (std::exchange(is_running_, false)) wait_to_the_end(fence_);
    for (const Submission& submission : submissions_) {
        if (submission.number) wait_to_the_end(submission.fence);
        functions.vkDestroyFence(handle, submission.fence, nullptr);
    }
    submissions_.clear();
}

void Device::wait_for_submissions() {
    wait_for_run();
    for (Submission& submission : submissions_)
        if (submission.number) wait_for(submission);
}

void Device::run(const std::vector<VkCommandBuffer>& commands) {
    wait_for_submissions();
    auto submission = made<VkSubmitInfo>(VK_STRUCTURE_TYPE_SUBMIT_INFO);
    submission.commandBufferCount = static_cast<uint32_t>(commands.size());
    submission.pCommandBuffers = commands.data();
    submit_locked(submission, fence_);
    is_running_ = true;
    wait_for_run();
}

}  // namespace snn::vulkan
