// Chooses a Vulkan device and talks to it: one logical device with one compute queue. A session owns it, or the host program.
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
    uint64_t memory_bytes = 0;  // device-local memory
    std::string driver_identity;  // vendor, device and the UUID that changes with the driver
    std::string uuid;           // as 8-4-4-4-12 hexadecimal digits; empty with Vulkan 1.0, which does not report it
};

// Discrete GPUs first, then integrated GPUs, virtual GPUs and processors; the driver's order among devices of one type. Looked
// up once per process. Empty without a loader or a driver. Thread-safe.
const std::vector<DeviceDescription>& devices();
[[noreturn]] void refuse_without_device();  // throws an error that says why there is no device
// The device that Device(choice) opens; null if there is none, and for a plan.
const DeviceDescription* find_device(std::string_view choice);

// A device that can be opened.
struct Candidate {
    VkPhysicalDevice handle;
    uint32_t queue_family;
    VkPhysicalDeviceProperties properties;
    VkPhysicalDeviceMemoryProperties memory;
    VkDeviceSize most_bytes;  // largest allocation; UINT64_MAX if unknown (Vulkan 1.0)
    DeviceDescription description;
};
DeviceDescription description_of(const SNNVulkanHost& host);
Candidate make_candidate(const InstanceFunctions& functions, VkPhysicalDevice device, uint32_t queue_family);
std::vector<VkQueueFamilyProperties> queue_families(const InstanceFunctions& functions, VkPhysicalDevice device);

// The file that SNN_VULKAN_VALIDATION names; empty if it is not set. It is a switch for tests: it enables the validation layer
// with synchronisation validation, and every message is appended to the file as a line.
std::string validation_messages();

class Instance {
public:
    // The instance that the whole process shares. It stays, because some drivers can be loaded only a few dozen times: they
    // leak thread-local memory. It is replaced only if SNN_VULKAN_VALIDATION has changed. Throws SNN_ERROR_UNSUPPORTED if there
    // is no loader or no driver. Thread-safe.
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

// A part of a buffer, in bytes.
struct Range {
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceSize offset = 0, size = 0;
    void* mapped = nullptr;  // null: the host does not see the memory
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

// Chooses the memory type for kernels that the host can also access, among the types in `allowed` (a bit for each). Returns
// no_memory_type if there is none. The type must cover all device-local memory, as it does on integrated GPUs, on processors
// and on discrete GPUs with a resizable BAR. Other GPUs expose a window of 256 MiB, which is best left to programs that stream
// through it (documentation of the Vulkan Memory Allocator, "Advanced data uploading").
constexpr uint32_t no_memory_type = UINT32_MAX;
uint32_t seen_memory_type(const VkPhysicalDeviceMemoryProperties& memory, uint32_t allowed);

// Thread-safety: used by one thread at a time. Everything that is made from a device ends with it.
class Device {
public:
    // `choice`: "" for the first device, or a number, a part of the name, or the UUID. If no device matches, throws
    // SNN_ERROR_NOT_FOUND with a list of the devices.
    // With a `host`, the device is the host's. "plan": there is no device, and Vulkan is not called ("on paper"). Buffers are
    // then numbered from 1 and kept in paper_buffers(); there are no commands.
    Device(std::string_view choice, const SNNVulkanHost* host);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const DeviceDescription& description() const { return description_; }
    // Bytes that one binding of a shader can reach, a multiple of alignment().
    VkDeviceSize storage_range() const { return storage_range_; }
    // Bytes; a binding must begin at a multiple of this.
    VkDeviceSize alignment() const { return alignment_; }
    // Limits of a workgroup.
    VkDeviceSize shared_memory_bytes() const { return shared_memory_bytes_; }
    uint32_t workgroup_invocations() const { return workgroup_invocations_; }
    // What shaders request; nothing on a host's device, which may not have enabled the extension.
    const FloatControls& float_controls() const { return float_controls_; }
    // Throws SNN_ERROR_DEVICE_LOST if an earlier call found the device lost: it stays lost, whatever its driver reports later.
    // Throws the same if the answer of host.submit left it unknown whether the work was submitted.
    void check_not_lost() const;
    bool is_on_paper() const { return is_on_paper_; }
    bool is_of_host() const { return !instance_ && !is_on_paper_; }
    // Null if the host has none.
    VkPipelineCache pipeline_cache_of_host() const { return (VkPipelineCache)host_.pipeline_cache; }  // a pointer or a number
    // Identifies the driver whose pipelines a cache file holds.
    const std::string& pipeline_identity() const { return description_.driver_identity; }
    struct PaperBuffer {
        std::vector<uint32_t> words;
        uint64_t host_buffer;  // 0: the buffer is the plan's own
    };
    const std::vector<PaperBuffer>& paper_buffers() const { return paper_buffers_; }
    // On paper: a range of a buffer that the host program will provide.
    Range paper_buffer_of_host(uint64_t host_buffer, VkDeviceSize offset, VkDeviceSize bytes);
    // Whether there are also barriers that only a validation layer believes to be needed (steps.h).
    bool is_strict() const { return is_strict_ || !validation_messages().empty(); }
    void be_strict() { is_strict_ = true; }

    // Throws SNN_ERROR_UNSUPPORTED for more than storage_range(); `what` is its name in the sentence, which ends with `advice`.
    void check_reach(VkDeviceSize bytes, std::string_view what, std::string_view advice = {}) const;
    // Allocates memory until release() or for the device's lifetime, sub-allocated from larger blocks; it is not cleared.
    // Throws SNN_ERROR_OUT_OF_MEMORY, and SNN_ERROR_UNSUPPORTED for more than storage_range(); `what` is its name in errors.
    Range allocate(VkDeviceSize bytes, Memory memory, std::string_view what);
    // The same for memory that is never bound to a shader, so storage_range() does not limit it.
    Range allocate_for_copies(VkDeviceSize bytes, Memory memory);
    // A larger range has a block of its own.
    static constexpr VkDeviceSize largest_block = VkDeviceSize{64} << 20;
    // Takes back a whole allocated range for reuse. No command that may still be submitted may read or write it. If the range
    // had a large block of its own, waits for submissions and returns the block to the driver. Memory in a Room is kept.
    void release(const Range& range);
    // Scope guard: releases what was allocated during its lifetime, unless keep() was called. Until then, nothing that lives
    // longer may hold those ranges.
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

    // While a Room exists, memory for kernels is taken from its range until that is full. One binding reaches the whole range.
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

    // Throws unless shaders can be bound to the range, as far as Vulkan can tell, and its buffer is not one of ours.
    void check_foreign(const Range& range) const;

    // These begin when all submissions are done, and are done when the call returns. Uploads work in place if the host sees the
    // memory, downloads if it sees the memory through its caches; otherwise they go through a staging buffer.
    void upload(const Range& target, VkDeviceSize offset, const void* data, VkDeviceSize bytes);
    void download(const Range& source, VkDeviceSize offset, void* out_data, VkDeviceSize bytes);
    void fill(const Range& target, uint32_t word);
    // While a Batch exists, uploads and fills that cannot work in place are collected. done() submits them and waits; a full
    // staging buffer is submitted earlier. The ranges must not overlap, and nothing else may use the device meanwhile.
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

    // Gives an object the name "snn WHAT" in validation messages and debuggers, if the instance has the extension for it.
    template <class Handle>
    void name(VkObjectType type, Handle object, std::string_view what) const {
        if (debug_.name) name_object(type, (uint64_t)object, what);  // a pointer or a number, as the platform has it
    }
    // While a Label exists, recorded commands carry it in validation messages and debuggers.
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
    void begin(VkCommandBuffer commands, bool again);  // `again`: one submission may contain it several times
    void end(VkCommandBuffer commands);
    // Returns a command buffer that has begun, for submit(), which does not wait. If most_submissions are already in flight,
    // waits for the oldest.
    VkCommandBuffer begin_submission();
    void submit(VkCommandBuffer commands, const SNNVulkanSubmission& submission);
    // Drops what was begun and not submitted, or whose submission was refused.
    void cancel_submission();
    void wait_for_submissions();
    // Waits before the memory that submissions and run() use is destroyed. Unlike wait_for_submissions(), keeps waiting after
    // every error except a lost device. For work that the host may not have submitted, waits at most longest_doubt_ns.
    void end_submissions();
    // The Vulkan handles, and the semaphore that signals when the work submitted so far is done (snn_vulkan.h). Throws if the
    // device is lost.
    SNNVulkanDevice handles();
    // Waits for all submissions, runs command buffers in order and waits for the last, which must end with a host_barrier
    // (steps.h). If waiting fails, they run all the same, and whatever uses the device next waits again.
    void run(const std::vector<VkCommandBuffer>& commands);
    // Rises before the device's memory may change: in place, or by commands that run() has submitted, even if they only read.
    // Commands given to submit() do not count.
    uint64_t change_count() const { return change_count_; }
    // Notes that recorded commands write our memory and end without a barrier for the host.
    void write_unseen() { has_unseen_writes_ |= is_mapped_; }
    bool has_unseen_writes() const { return has_unseen_writes_; }
    // Whether the host caches mapped memory for kernels. If not, reading it in place is far slower than copying it.
    bool is_cached() const { return is_cached_; }

    VkDevice handle = VK_NULL_HANDLE;
    DeviceFunctions functions;

private:
    struct Block {
        VkDeviceMemory memory;
        VkBuffer buffer;
        VkDeviceSize size;
        char* mapped;
        std::map<VkDeviceSize, VkDeviceSize> free;  // size of each gap by its offset; two gaps are never adjacent
    };
    struct Submission {
        VkCommandBuffer commands;
        VkFence fence;
        uint64_t number;  // 0: not in flight
    };
    static constexpr size_t most_submissions = 8;

    // Opening (device.cpp).
    void open_own(std::string_view choice);
    void open_of_host(const SNNVulkanHost& host);
    void open_on_paper();
    void take(const Candidate& candidate, const InstanceFunctions& instance_functions);  // describes `handle`
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
    VkResult heed(VkResult result);  // notes if a call has found the device lost
    VkResult queue_submit(const VkSubmitInfo& info, VkFence fence);
    void give(std::span<const VkCommandBuffer> commands, const SNNVulkanSubmission& submission, VkFence fence);
    void wait_for(VkFence fence);
    void wait_for(Submission& submission);
    void wait_for_run();
    void wait_to_the_end(VkFence fence);

    std::shared_ptr<const Instance> instance_;  // null: the device is the host's
    SNNVulkanHost host_{};                      // for our own device: its handles, and no hooks
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
    std::array<VkDeviceSize, 3> next_block_bytes_{};  // by Memory: least size of the next block; 0: the smallest
    std::vector<Range> claimed_;                      // allocated while any claim existed
    uint32_t claims_ = 0;                             // that exist now
    Range room_;                // the part of the present Room that is still free
    std::vector<Range> rooms_;  // of every Room so far
    std::function<void(VkBuffer)> forget_;
    bool is_mapped_ = false, is_cached_ = false;  // about memory for kernels
    bool has_unseen_writes_ = false;
    uint64_t change_count_ = 0;
    Range staging_;
    VkDeviceSize staged_ = 0;  // bytes of staging_ that `transfer_` reads
    bool is_transfer_open_ = false;
    bool collects_ = false;  // a Batch collects transfers

    VkCommandPool command_pool_ = VK_NULL_HANDLE;
    VkCommandBuffer transfer_ = VK_NULL_HANDLE;
    VkFence fence_ = VK_NULL_HANDLE;  // of run()
    bool is_running_ = false;         // the last commands of run() are not known to be done
    std::vector<Submission> submissions_;
    VkCommandBuffer begun_ = VK_NULL_HANDLE;  // of the submission that is being recorded
    uint64_t submission_count_ = 0;
    // For our own device: a timeline semaphore that counts submissions. It is made by the first call of handles(), so that
    // sessions without one do not pay for it. This class waits for fences only, because a host's device may lack the feature.
    SNNVulkanSemaphore submitted_{};
    // If host_.submit returned neither success nor an error: that answer, and the fence of the work it was given. The device
    // may be running that work, so nothing more is submitted, and close() waits for the fence before it frees anything. It
    // does not wait forever, because the host may not have submitted at all.
    static constexpr uint64_t longest_doubt_ns = 5'000'000'000;
    VkFence doubtful_ = VK_NULL_HANDLE;
    int answer_of_host_ = 0;
};

}  // namespace snn::vulkan
