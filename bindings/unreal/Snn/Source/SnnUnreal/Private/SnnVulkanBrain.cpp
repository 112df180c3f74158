#include "SnnVulkanBrain.h"

#include "SnnNetwork.h"

#include <snn/snn_vulkan.hpp>

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
        SNNVulkanHost Host = snn::vulkan::host();
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
        if (Wanted.Submit)
        {
            Host.submit = [](void* User, const void* SubmitInfo, uint64_t Fence) { return HostOf(User).Submit(SubmitInfo, Fence); };
            Host.user = &It->Host;
        }
        It->Session.emplace(snn::vulkan::open(Config, Host));
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
    return Guarded(It->Error, [&] { snn::vulkan::record_steps(It->Running(), CommandBuffer, StepCount); });
}

bool VulkanBrain::Submit(const std::vector<VulkanSemaphore>& Waits, const std::vector<VulkanSemaphore>& Signals, uint32_t StepCount)
{
    return Guarded(It->Error, [&] { snn::vulkan::submit_steps(It->Running(), StepCount, Converted(Waits), Converted(Signals)); });
}

bool VulkanBrain::StateBuffer(const std::string& Path, VulkanBuffer& OutBuffer)
{
    return Guarded(It->Error, [&] {
        const SNNVulkanBuffer Found = snn::vulkan::buffer(It->Running(), Path);
        OutBuffer = {Found.buffer, Found.offset_bytes, Found.size_bytes};
    });
}

bool VulkanBrain::BindBuffer(const std::string& Path, const VulkanBuffer* Buffer)
{
    return Guarded(It->Error, [&] {
        snn::Session& Session = It->Running();
        if (Buffer) snn::vulkan::bind_buffer(Session, Path, snn::vulkan::buffer_of(Buffer->Buffer, Buffer->OffsetBytes, Buffer->SizeBytes));
        else snn::vulkan::unbind_buffer(Session, Path);
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
