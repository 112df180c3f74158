// Stands in for the interface to Unreal's Vulkan device: names and signatures as in its API reference, on a device of the tests.
#pragma once

#include "RHICommandList.h"

#include <vulkan/vulkan.h>

enum class ERHIInterfaceType { Null, D3D12, Vulkan };

class FDynamicRHI
{
public:
    virtual ~FDynamicRHI() = default;
    virtual ERHIInterfaceType GetInterfaceType() const = 0;
};
inline FDynamicRHI* GDynamicRHI = nullptr;

class IVulkanDynamicRHI : public FDynamicRHI
{
public:
    ERHIInterfaceType GetInterfaceType() const override { return ERHIInterfaceType::Vulkan; }
    virtual VkInstance RHIGetVkInstance() const = 0;
    virtual VkDevice RHIGetVkDevice() const = 0;
    virtual VkPhysicalDevice RHIGetVkPhysicalDevice() const = 0;
    virtual uint32_t RHIGetGraphicsQueueFamilyIndex() const = 0;
    virtual VkQueue RHIGetGraphicsVkQueue() const = 0;
    virtual void* RHIGetVkInstanceProcAddr(const char* Name) const = 0;
    virtual VkCommandBuffer RHIGetActiveVkCommandBuffer() = 0;
    virtual void RHIFinishExternalComputeWork(VkCommandBuffer CommandBuffer) = 0;
    virtual void RHIRegisterWork(uint32_t WorkCount) = 0;
};
inline IVulkanDynamicRHI* GetIVulkanDynamicRHI() { return static_cast<IVulkanDynamicRHI*>(GDynamicRHI); }
