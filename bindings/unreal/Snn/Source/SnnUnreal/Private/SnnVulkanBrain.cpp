#include "SnnVulkanBrain.h"

#include "SnnNetwork.h"

#include <snn/snn_vulkan.h>

#include <optional>

namespace SnnUnreal
{
struct VulkanBrain::Implementation
{
    NetworkPtr Shared;
    VulkanHost Host;
    std::string Error;
    std::optional<snn::Session> Session; // last: it ends first

    snn::Session& Running()
    {
        if (!Session) throw snn::Error(SNN_ERROR_STATE, "this brain has no network: Open it first");
        return *Session;
    }
};

namespace
{
VulkanHost& HostOf(void* User) { return *static_cast<VulkanHost*>(User); }

std::vector<SNNVulkanSemaphore> Converted(const std::vector<VulkanSemaphore>& Semaphores)
{
    std::vector<SNNVulkanSemaphore> Made;
    for (const VulkanSemaphore& One : Semaphores) Made.push_back({One.Semaphore, One.Value});
    return Made;
}
}

VulkanBrain::VulkanBrain() : It(std::make_unique<Implementation>()) {}
VulkanBrain::~VulkanBrain() = default;

bool VulkanBrain::Open(const NetworkPtr& Opened, const VulkanHost& Wanted, uint64_t Seed)
{
    Close();
    return Guarded(It->Error, [&] {
        if (!Opened) throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, "the network to open is null");
        if (!Wanted.LockQueue != !Wanted.UnlockQueue)
            throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, "LockQueue and UnlockQueue are given both or neither");
        It->Host = Wanted;
        SNNConfig Config;
        snn_config_default(&Config);
        Config.network = Opened->Handle.get();
        Config.seed = Seed;
        SNNVulkanHost Host;
        snn_vulkan_host_default(&Host);
        Host.instance = Wanted.Instance;
        Host.physical_device = Wanted.PhysicalDevice;
        Host.device = Wanted.Device;
        Host.queue = Wanted.Queue;
        Host.queue_family = Wanted.QueueFamily;
        Host.get_instance_proc_addr = reinterpret_cast<decltype(Host.get_instance_proc_addr)>(Wanted.GetInstanceProcAddr);
        if (Wanted.LockQueue)
        {
            Host.lock_queue = [](void* User) { HostOf(User).LockQueue(); };
            Host.unlock_queue = [](void* User) { HostOf(User).UnlockQueue(); };
            Host.user = &It->Host;
        }
        SNNHandle Handle;
        snn::check(snn_vulkan_create_network(&Config, &Host, &Handle));
        It->Session.emplace(Handle);
        It->Shared = Opened;
    });
}

void VulkanBrain::Close()
{
    It->Session.reset();
    It->Shared.reset();
}

bool VulkanBrain::IsOpen() const { return It->Session.has_value(); }

int VulkanBrain::FindPopulation(const std::string& Name)
{
    int Found = -1;
    Guarded(It->Error, [&] {
        It->Running();
        Found = static_cast<int>(It->Shared->Handle.find_population(Name));
    });
    return Found;
}

bool VulkanBrain::SetInput(int Population, const float* Values, std::size_t Count)
{
    return Guarded(It->Error, [&] { It->Running().set_input(static_cast<uint32_t>(Population), {Values, Count}); });
}

bool VulkanBrain::Record(void* CommandBuffer, uint32_t StepCount)
{
    return Guarded(It->Error, [&] { snn::check(snn_vulkan_record_steps(It->Running().get(), CommandBuffer, StepCount)); });
}

bool VulkanBrain::Submit(const std::vector<VulkanSemaphore>& Waits, const std::vector<VulkanSemaphore>& Signals, uint32_t StepCount)
{
    return Guarded(It->Error, [&] {
        const std::vector<SNNVulkanSemaphore> Before = Converted(Waits), After = Converted(Signals);
        SNNVulkanSubmission Submission{};
        Submission.struct_size = sizeof Submission;
        Submission.wait_count = static_cast<uint32_t>(Before.size());
        Submission.signal_count = static_cast<uint32_t>(After.size());
        Submission.waits = Before.data();
        Submission.signals = After.data();
        snn::check(snn_vulkan_submit_steps(It->Running().get(), &Submission, StepCount));
    });
}

bool VulkanBrain::StateBuffer(const std::string& Path, VulkanBuffer& OutBuffer)
{
    return Guarded(It->Error, [&] {
        SNNVulkanBuffer Found{};
        Found.struct_size = sizeof Found;
        snn::check(snn_vulkan_get_buffer(It->Running().get(), Path.c_str(), &Found));
        OutBuffer = {Found.buffer, Found.offset_bytes, Found.size_bytes};
    });
}

bool VulkanBrain::BindBuffer(const std::string& Path, const VulkanBuffer* Buffer)
{
    return Guarded(It->Error, [&] {
        SNNVulkanBuffer Bound{};
        Bound.struct_size = sizeof Bound;
        Bound.type = SNN_FLOAT32;
        if (Buffer)
        {
            Bound.buffer = Buffer->Buffer;
            Bound.offset_bytes = Buffer->OffsetBytes;
            Bound.size_bytes = Buffer->SizeBytes;
        }
        snn::check(snn_vulkan_bind_buffer(It->Running().get(), Path.c_str(), Buffer ? &Bound : nullptr));
    });
}

bool VulkanBrain::State(const std::string& Path, std::vector<float>& OutValues)
{
    return Guarded(It->Error, [&] {
        snn::Session& Session = It->Running();
        OutValues.resize(Session.value_count(Path));
        Session.read(Path, snn::Span<float>(OutValues));
    });
}

uint64_t VulkanBrain::StepCount() const { return It->Session ? It->Session->step_count() : 0; }
const std::string& VulkanBrain::Error() const { return It->Error; }
}
