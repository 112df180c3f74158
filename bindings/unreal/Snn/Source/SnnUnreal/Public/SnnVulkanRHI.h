// SnnVulkanRHI.h - SnnVulkanBrain.h on the Vulkan device of Unreal's RHI. No file of the plug-in includes it: the module that does
// depends on "RHI" and "VulkanRHI", on platforms that have Vulkan.
#pragma once

#include "IVulkanDynamicRHI.h"
#include "RHICommandList.h"
#include "SnnVulkanBrain.h"

namespace SnnUnreal
{
/** The device that Unreal renders with, for VulkanBrain::Open; render thread, with the RHI thread flushed, because a brain that is
 *  opened submits to its queue. False when Unreal renders with something else. */
inline bool VulkanHostOfRHI(VulkanHost& OutHost)
{
    if (!GDynamicRHI || GDynamicRHI->GetInterfaceType() != ERHIInterfaceType::Vulkan) return false;
    IVulkanDynamicRHI* RHI = GetIVulkanDynamicRHI();
    OutHost.Instance = RHI->RHIGetVkInstance();
    OutHost.PhysicalDevice = RHI->RHIGetVkPhysicalDevice();
    OutHost.Device = RHI->RHIGetVkDevice();
    OutHost.Queue = RHI->RHIGetGraphicsVkQueue();
    OutHost.QueueFamily = RHI->RHIGetGraphicsQueueFamilyIndex();
    OutHost.GetInstanceProcAddr = RHI->RHIGetVkInstanceProcAddr("vkGetInstanceProcAddr");
    return true;
}

/** Puts steps into Unreal's command list, outside a render pass. The brain is used on the RHI thread until they are recorded, and
 *  lives until they have run. */
inline void EnqueueSteps(FRHICommandListImmediate& Commands, const std::shared_ptr<VulkanBrain>& Brain, uint32_t StepCount)
{
    Commands.EnqueueLambda([Brain, StepCount](FRHICommandListBase&)
    {
        IVulkanDynamicRHI* RHI = GetIVulkanDynamicRHI();
        const VkCommandBuffer Active = RHI->RHIGetActiveVkCommandBuffer();
        Brain->Record(Active, StepCount);
        RHI->RHIFinishExternalComputeWork(Active); // pipeline and descriptor sets are others now
        RHI->RHIRegisterWork(1);
    });
}
}
