// Choosing a Vulkan device and talking to it: one logical device with one compute queue, of one session or of the host program.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <snn/snn_vulkan.h>

#include "vulkan/float_controls.h"
#include "vulkan/functions.h"

namespace snn::vulkan {

// A device of this machine that has a compute queue.
struct DeviceDescription {
    std::string name;
    VkPhysicalDeviceType type = VK_PHYSICAL_DEVICE_TYPE_OTHER;
    uint32_t api_version = 0, driver_version = 0;
    uint64_t memory_bytes = 0;  // of its own
    std::string driver_identity;  // vendor, device and the UUID that changes with the driver
    std::string uuid;           // as 8-4-4-4-12 hexadecimal digits; empty where Vulkan 1.0 does not tell
};

// Discrete devices first, then integrated, virtual, processors; in the driver's order among equals. Looked up once in a
// process. Empty without a loader or a driver; thread-safe.
const std::vector<DeviceDescription>& devices();
[[noreturn]] void refuse_without_device();  // says why there is none
// The one that Device(choice) opens; null where there is none, and for a plan.
const DeviceDescription* find_device(std::string_view choice);

// One that may be opened.
struct Candidate {
    VkPhysicalDevice handle;
    uint32_t queue_family;
    VkPhysicalDeviceProperties properties;
    VkPhysicalDeviceMemoryProperties memory;
    VkDeviceSize most_bytes;  // of an allocation; UINT64_MAX where it cannot be asked (Vulkan 1.0)
    DeviceDescription description;
};
DeviceDescription description_of(const SNNVulkanHost& host);
Candidate make_candidate(const InstanceFunctions& functions, VkPhysicalDevice device, uint32_t queue_family);
std::vector<VkQueueFamilyProperties> queue_families(const InstanceFunctions& functions, VkPhysicalDevice device);

// The file that SNN_VULKAN_VALIDATION names, a switch for tests: the validation layer is enabled, with synchronisation
// validation, and every message is added to the file as a line. Empty: not set.
std::string validation_messages();

class Instance {
public:
    // That of the process, which stays: some drivers can be loaded a few dozen times only (their thread-local memory is not
    // given back). Another one when SNN_VULKAN_VALIDATION has changed. Throws SNN_ERROR_UNSUPPORTED where there is no loader or
    // no driver; thread-safe.
    static std::shared_ptr<const Instance> shared();
    Instance();
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    std::vector<Candidate> candidates() const;  // in the order of devices()

    VkInstance handle = VK_NULL_HANDLE;
    InstanceFunctions functions;

private:
    VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
    std::string messages_path_;
};

// A piece of a buffer.
struct Range {
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceSize offset = 0, size = 0;
    void* mapped = nullptr;  // memory that the host sees
    Range part(VkDeviceSize begin, VkDeviceSize bytes) const {
        return {buffer, offset + begin, bytes, mapped ? static_cast<char*>(mapped) + begin : nullptr};
    }
    template <class T>
    T* as() const {
        return static_cast<T*>(mapped);
    }
    bool operator==(const Range&) const = default;
};

enum class Memory : uint8_t {
    device,  // for kernels; the host may see it
    upload,  // written by the host, read by kernels and copies
    readback // written by kernels and copies, read by the host
};

// The type of memory for kernels that the host sees as well, of those that are `allowed` (a bit for each); no_memory_type where
// there is none. It has to be all of the device's own memory: so it is on integrated GPUs, on processors and on discrete GPUs
// with a resizable BAR. Others show a window of 256 MiB, which belongs to programs that stream through it (documentation of the
// Vulkan Memory Allocator, "Advanced data uploading").
constexpr uint32_t no_memory_type = UINT32_MAX;
uint32_t seen_memory_type(const VkPhysicalDeviceMemoryProperties& memory, uint32_t allowed);

// Thread-safety: used by one thread at a time. Everything that was made of it ends with it.
class Device {
public:
    // `choice`: "" the first device; or its number, a part of its name, or its UUID. Throws SNN_ERROR_NOT_FOUND with the devices
    // that there are.
    // With a `host`, the device is the host's. "plan": there is none, Vulkan is not called. Buffers are numbered from 1 on and
    // kept in paper_buffers(); there are no commands.
    Device(std::string_view choice, const SNNVulkanHost* host);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const DeviceDescription& description() const { return description_; }
    // Bytes that one binding of a shader reaches, a multiple of alignment().
    VkDeviceSize storage_range() const { return storage_range_; }
    // Bytes; where a binding may begin.
    VkDeviceSize alignment() const { return alignment_; }
    // Of a workgroup.
    VkDeviceSize shared_memory_bytes() const { return shared_memory_bytes_; }
    uint32_t workgroup_invocations() const { return workgroup_invocations_; }
    // What shaders ask for; nothing on a host's device, which may not have enabled it.
    const FloatControls& float_controls() const { return float_controls_; }
    // Throws SNN_ERROR_DEVICE_LOST once a call has found the device lost: it stays so, whatever its driver says afterwards. So
    // it does where nobody knows whether the host has submitted.
    void check_not_lost() const;
    bool is_on_paper() const { return is_on_paper_; }
    bool is_of_host() const { return !instance_ && !is_on_paper_; }
    // The host's; null where it has none.
    VkPipelineCache pipeline_cache_of_host() const { return (VkPipelineCache)host_.pipeline_cache; }  // a pointer or a number
    // What tells one driver's pipelines from another's.
    const std::string& pipeline_identity() const { return description_.driver_identity; }
    struct PaperBuffer {
        std::vector<uint32_t> words;
        uint64_t host_buffer;  // 0: the plan's own
    };
    const std::vector<PaperBuffer>& paper_buffers() const { return paper_buffers_; }
    // On paper: a buffer that the host program will have, as a range of it.
    Range paper_buffer_of_host(uint64_t host_buffer, VkDeviceSize offset, VkDeviceSize bytes);
    // Whether kernels wait for each other where a validation layer cannot know that they need not: steps.h.
    bool is_strict() const { return is_strict_ || !validation_messages().empty(); }
    void be_strict() { is_strict_ = true; }

    // Memory until release(), or for the device's lifetime, sub-allocated of larger blocks; not cleared. Throws
    // SNN_ERROR_OUT_OF_MEMORY, and SNN_ERROR_UNSUPPORTED for more than storage_range(): `what` names it.
    Range allocate(VkDeviceSize bytes, Memory memory, std::string_view what);
    // The same for what no shader is bound to: it may be longer.
    Range allocate_for_copies(VkDeviceSize bytes, Memory memory);
    // A range that is larger has a block for itself.
    static constexpr VkDeviceSize largest_block = VkDeviceSize{64} << 20;
    // A whole range that was allocated and that no command reads or writes which may still be submitted: it is used again. One
    // that had a large block for itself goes back to the driver, after waiting for submissions. What lies in a Room is kept.
    void release(const Range& range);
    // What is allocated while one lives is given back at its end, unless keep() was called: nobody has it who lives longer.
    class Claim {
    public:
        explicit Claim(Device& device) : device_(device), first_(device.claimed_.size()) { ++device_.claims_; }
        ~Claim();
        Claim(const Claim&) = delete;
        Claim& operator=(const Claim&) = delete;
        void keep() { is_kept_ = true; }

    private:
        Device& device_;
        size_t first_;  // in claimed_
        bool is_kept_ = false;
    };
    // Called with a buffer before it is destroyed.
    void when_destroyed(std::function<void(VkBuffer)> forget) { forget_ = std::move(forget); }

    // While one lives, memory for kernels is taken from a range of its own, as far as that goes: one binding reaches all of it.
    class Room {
    public:
        Room(Device& device, VkDeviceSize bytes, std::string_view what)
            : range(device.allocate(bytes, Memory::device, what)), device_(device) {
            device_.room_ = range;
            device_.rooms_.push_back(range);
        }
        ~Room() { device_.room_ = {}; }
        Room(const Room&) = delete;
        Room& operator=(const Room&) = delete;
        const Range range;

    private:
        Device& device_;
    };

    // Whether shaders can be bound to a range of a buffer, as far as Vulkan tells, and it is not the device's own. Throws.
    void check_foreign(const Range& range) const;

    // Done when the call returns, and not begun before all submissions are. In place where the host sees the memory, and of
    // downloads where it does so through its caches; else through a staging buffer.
    void upload(const Range& target, VkDeviceSize offset, const void* data, VkDeviceSize bytes);
    void download(const Range& source, VkDeviceSize offset, void* out_data, VkDeviceSize bytes);
    void fill(const Range& target, uint32_t word);
    // While one lives, uploads and fills that are not made in place are collected: done() submits them and waits, unless there
    // was no more room in between. Their ranges must not overlap, and nothing else may use the device.
    class Batch {
    public:
        explicit Batch(Device& device) : device_(device) {
            device_.see_writes();
            device_.collects_ = true;
        }
        ~Batch();
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;
        void done();

    private:
        Device& device_;
    };

    // "snn WHAT" is what validation messages and debuggers call an object, where the instance lets them.
    template <class Handle>
    void name(VkObjectType type, Handle object, std::string_view what) const {
        if (debug_.name) name_object(type, (uint64_t)object, what);  // a pointer or a number, as the platform has it
    }
    // While one lives, what is recorded has this label there.
    class Label {
    public:
        Label(const Device& device, VkCommandBuffer commands, const char* what);
        ~Label() {
            if (device_.debug_.end_label) device_.debug_.end_label(commands_);
        }
        Label(const Label&) = delete;
        Label& operator=(const Label&) = delete;

    private:
        const Device& device_;
        VkCommandBuffer commands_;
    };

    VkCommandBuffer make_commands();
    void begin(VkCommandBuffer commands, bool again);  // `again`: may be in one submission several times
    void end(VkCommandBuffer commands);
    // A command buffer that was begun, to be given to submit(), which does not wait. Few are on their way at a time: then the
    // oldest is waited for.
    VkCommandBuffer begin_submission();
    void submit(VkCommandBuffer commands, const SNNVulkanSubmission& submission);
    // Of what was begun and not submitted, or refused.
    void cancel_submission();
    void wait_for_submissions();
    // Before what they and run() use is destroyed: waits too, and takes no error for an answer but that the device is lost.
    // For what the host may not have submitted it waits no longer than longest_doubt_ns.
    void end_submissions();
    // Where it is, and what tells others that the work is done which it was given so far: snn_vulkan.h. Throws once it is lost.
    SNNVulkanDevice handles();
    // Runs command buffers one after the other, when all submissions are done, and waits for the last, which ends with a
    // host_barrier (steps.h). Where waiting fails, they run all the same, and whatever uses the device next waits again.
    void run(const std::vector<VkCommandBuffer>& commands);
    // Rises before memory of the device changes: in place, or by commands of run() that the device has taken, which may also
    // only read. What submit() is given does not count.
    uint64_t change_count() const { return change_count_; }
    // Commands were recorded that write memory of ours and end without a barrier for the host.
    void write_unseen() { has_unseen_writes_ |= is_mapped_; }
    bool has_unseen_writes() const { return has_unseen_writes_; }
    // Whether memory for kernels that is mapped is in the caches of the host: what is not is read far slower than copied.
    bool is_cached() const { return is_cached_; }

    VkDevice handle = VK_NULL_HANDLE;
    DeviceFunctions functions;

private:
    struct Block {
        VkDeviceMemory memory;
        VkBuffer buffer;
        VkDeviceSize size;
        char* mapped;
        std::map<VkDeviceSize, VkDeviceSize> free;  // sizes by where they begin; two are never side by side
    };
    struct Submission {
        VkCommandBuffer commands;
        VkFence fence;
        uint64_t number;  // 0: it is not on its way
    };
    static constexpr size_t most_submissions = 8;

    // Opening (device.cpp).
    void open_own(std::string_view choice);
    void open_of_host(const SNNVulkanHost& host);
    void open_on_paper();
    void take(const Candidate& candidate, const InstanceFunctions& instance_functions);  // of `handle`
    void name_object(VkObjectType type, uint64_t object, std::string_view what) const;
    void close();

    // Memory (device_memory.cpp).
    std::vector<uint32_t> memory_types(uint32_t allowed, Memory memory) const;
    void make_block(VkDeviceSize bytes, Memory memory);
    void destroy(const Block& block);
    void see_writes();
    void wait_for_writes();
    char* on_paper(const Range& range);
    void copy_now(VkBuffer source, VkDeviceSize from, VkBuffer target, VkDeviceSize to, VkDeviceSize bytes);
    void begin_transfer();
    void end_transfer();

    // Submissions (device_submissions.cpp).
    VkFence make_fence();
    VkResult heed(VkResult result);  // of a call that may find the device lost
    VkResult queue_submit(const VkSubmitInfo& info, VkFence fence);
    void give(std::span<const VkCommandBuffer> commands, const SNNVulkanSubmission& submission, VkFence fence);
    void wait_for(VkFence fence);
    void wait_for(Submission& submission);
    void wait_for_run();
    void wait_to_the_end(VkFence fence);

    std::shared_ptr<const Instance> instance_;  // null: the device is the host's
    SNNVulkanHost host_{};                      // for a device of its own: its handles, and no hooks
    DebugFunctions debug_;
    DeviceDescription description_;
    VkPhysicalDeviceMemoryProperties memory_properties_{};
    VkDeviceSize storage_range_ = 0, alignment_ = 0, shared_memory_bytes_ = 0;
    uint32_t workgroup_invocations_ = 0;
    FloatControls float_controls_;
    bool has_timelines_ = false;
    bool is_strict_ = false;
    bool is_lost_ = false;
    bool is_on_paper_ = false;
    std::vector<PaperBuffer> paper_buffers_;

    std::array<std::vector<Block>, 3> blocks_;        // by Memory
    std::array<VkDeviceSize, 3> next_block_bytes_{};  // likewise, where less is asked for; 0: the smallest
    std::vector<Range> claimed_;                      // by all claims that live
    uint32_t claims_ = 0;
    Range room_;                // what is left of it
    std::vector<Range> rooms_;  // all there were
    std::function<void(VkBuffer)> forget_;
    bool is_mapped_ = false, is_cached_ = false;  // memory for kernels
    bool has_unseen_writes_ = false;
    uint64_t change_count_ = 0;
    Range staging_;
    VkDeviceSize staged_ = 0;  // bytes of it that `transfer_` reads
    bool is_transfer_open_ = false;
    bool collects_ = false;  // for a Batch

    VkCommandPool command_pool_ = VK_NULL_HANDLE;
    VkCommandBuffer transfer_ = VK_NULL_HANDLE;
    VkFence fence_ = VK_NULL_HANDLE;  // of run()
    bool is_running_ = false;         // what it was given last is not known to be done
    std::vector<Submission> submissions_;
    VkCommandBuffer begun_ = VK_NULL_HANDLE;  // of one that is being recorded
    uint64_t submission_count_ = 0;
    // Of a device of its own: counts what it was given. Made for the first who asks, so that others do not pay for it. Waiting
    // here is by fences all the same, as on a host's device, where the feature may not be enabled.
    SNNVulkanSemaphore submitted_{};
    // Where host_.submit gave an answer that is neither success nor an error: that answer, and the fence of what it was given.
    // The device may be running that, so nothing is submitted any more, and the end waits for the fence before anything is
    // freed. It does not wait for ever, as the host may not have submitted at all.
    static constexpr uint64_t longest_doubt_ns = 5'000'000'000;
    VkFence doubtful_ = VK_NULL_HANDLE;
    int answer_of_host_ = 0;
};

}  // namespace snn::vulkan
