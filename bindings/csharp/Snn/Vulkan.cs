using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using static Snn.Library;

namespace Snn
{
    /// <summary>Submits a batch: calls vkQueueSubmit, on any thread, with the VkSubmitInfo at this address, which is valid during
    /// the call, and this VkFence, and returns its VkResult afterwards. The rules are those of <c>SNNVulkanHost.submit</c>.</summary>
    public delegate int VulkanSubmitHandler(IntPtr submitInfo, ulong fence);

    /// <summary>The Vulkan device of the program, for <see cref="SessionOptions.VulkanHost"/>; <c>snn_vulkan.h</c> is the manual.
    /// Its handles stay the program's and must outlive the sessions, which are therefore to be disposed: no finalizer ends
    /// them.</summary>
    public sealed unsafe class VulkanHost
    {
        /// <summary>VkInstance.</summary>
        public IntPtr Instance { get; set; }

        /// <summary>VkPhysicalDevice.</summary>
        public IntPtr PhysicalDevice { get; set; }

        /// <summary>VkDevice.</summary>
        public IntPtr Device { get; set; }

        /// <summary>VkQueue with compute: used while a session is opened and by its functions that are not in this file, never by
        /// <see cref="Session.RecordSteps"/>.</summary>
        public IntPtr Queue { get; set; }

        /// <summary>Of the queue and of the command buffers.</summary>
        public int QueueFamily { get; set; }

        /// <summary>The address of vkGetInstanceProcAddr.</summary>
        public IntPtr GetInstanceProcAddr { get; set; }

        /// <summary>Locked around each submission to the queue, as by <c>lock</c>, by the thread that calls into the session or, for
        /// a session on several devices, one of libsnn; null: nobody else submits meanwhile.</summary>
        public object QueueLock { get; set; }

        /// <summary>Called in place of vkQueueSubmit, instead of a lock, by the same threads; the queue may be zero then. An exception
        /// counts as a submission that was refused, and goes on in the call that submitted.</summary>
        public VulkanSubmitHandler Submit { get; set; }

        /// <summary>VkPipelineCache, or 0. With what an earlier run of the program left in it, a session opens without compiling
        /// shaders.</summary>
        public ulong PipelineCache { get; set; }

        internal int Create(SNNConfig* config, IntPtr hooks, IntPtr* session)
        {
            SNNVulkanHost host;
            Native.snn_vulkan_host_init(&host, (uint)sizeof(SNNVulkanHost));
            host.queue_family = Whole(QueueFamily, "QueueFamily");
            host.instance = (void*)Instance;
            host.physical_device = (void*)PhysicalDevice;
            host.device = (void*)Device;
            host.queue = (void*)Queue;
            host.get_instance_proc_addr = GetInstanceProcAddr;
            if (QueueLock != null)
            {
                host.lock_queue = Hooks.LockQueueFunction;
                host.unlock_queue = Hooks.UnlockQueueFunction;
                host.user = (void*)hooks;
            }
            if (Submit != null)
            {
                host.submit = Hooks.SubmitFunction;
                host.user = (void*)hooks;
            }
            host.pipeline_cache = PipelineCache;
            return Native.snn_vulkan_create_network(config, &host, session);
        }
    }

    /// <summary>A VkSemaphore with the value to wait for or to signal; 0 for a binary one.</summary>
    [StructLayout(LayoutKind.Sequential)] // as SNNVulkanSemaphore
    public struct VulkanSemaphore
    {
        public ulong Handle, Value;

        public VulkanSemaphore(ulong handle, ulong value = 0)
        {
            Handle = handle;
            Value = value;
        }
    }

    /// <summary>The Vulkan device that a session runs on.</summary>
    public struct VulkanDevice
    {
        /// <summary>VkInstance, VkPhysicalDevice, VkDevice, VkQueue.</summary>
        public IntPtr Instance, PhysicalDevice, Device, Queue;

        /// <summary>Of the queue.</summary>
        public int QueueFamily;

        /// <summary>The address of vkGetInstanceProcAddr.</summary>
        public IntPtr GetInstanceProcAddr;

        /// <summary>A timeline semaphore, and the value that it has when all is done that the session has submitted so far; 0 on a
        /// host's device, and where the device has none.</summary>
        public VulkanSemaphore Submitted;
    }

    /// <summary>A piece of a VkBuffer: where its values begin and how long they are, in bytes. Of a plan, the handle is what
    /// stands for the buffer.</summary>
    public struct VulkanBuffer
    {
        public ulong Handle, OffsetBytes, SizeBytes;

        /// <summary>Float32 or Int32.</summary>
        public DataType DataType;

        /// <summary>Of a state: its values in memory that the host sees too, to be read once the steps are done; zero where it does
        /// not. C: <c>SNNVulkanBuffer</c>.</summary>
        public IntPtr Mapped;

        /// <summary>Whether the host reads <see cref="Mapped"/> through its caches; else reading is slow.</summary>
        public bool IsCached;
    }

    /// <summary>The step of a network as data, for a program that runs it through a GPU layer of its own.</summary>
    public sealed class VulkanPlan
    {
        internal VulkanPlan(IReadOnlyList<VulkanPlanShader> shaders, IReadOnlyList<VulkanPlanBuffer> buffers,
                            IReadOnlyList<VulkanPlanDispatch> dispatches)
        {
            Shaders = shaders;
            Buffers = buffers;
            Dispatches = dispatches;
        }

        public IReadOnlyList<VulkanPlanShader> Shaders { get; }
        public IReadOnlyList<VulkanPlanBuffer> Buffers { get; }

        /// <summary>Of one step, in order; the same in every step.</summary>
        public IReadOnlyList<VulkanPlanDispatch> Dispatches { get; }
    }

    /// <summary>A compute shader for Vulkan 1.0 without optional features, entry point "main".</summary>
    public sealed class VulkanPlanShader
    {
        internal unsafe VulkanPlanShader(SNNVulkanPlanShader* raw)
        {
            Spirv = new ReadOnlySpan<uint>(raw->spirv, checked((int)raw->word_count)).ToArray();
            Constants = new ReadOnlySpan<uint>(raw->constants, checked((int)raw->constant_count)).ToArray();
        }

        public uint[] Spirv { get; }

        /// <summary>The specialisation constants of constant_id 0, 1, ...; booleans are 0 and 1.</summary>
        public uint[] Constants { get; }
    }

    /// <summary>A buffer of a plan.</summary>
    public sealed class VulkanPlanBuffer
    {
        internal unsafe VulkanPlanBuffer(SNNVulkanPlanBuffer* raw)
        {
            Contents = (IntPtr)raw->contents;
            SizeBytes = raw->size_bytes;
            HostBuffer = raw->host_buffer;
        }

        /// <summary>What it holds before the first step; memory of the session, valid until it is next used.</summary>
        public IntPtr Contents { get; }

        public ulong SizeBytes { get; }

        /// <summary>What <see cref="Session.BindVulkanBuffer"/> was given as handle; 0: it is the plan's own.</summary>
        public ulong HostBuffer { get; }
    }

    /// <summary>A dispatch of a plan.</summary>
    public sealed class VulkanPlanDispatch
    {
        internal unsafe VulkanPlanDispatch(SNNVulkanPlanDispatch* raw)
        {
            Shader = (int)raw->shader;
            Barrier = raw->barrier != 0;
            Groups = new ReadOnlySpan<uint>(raw->groups, 3).ToArray();
            if (raw->indirect_buffer != Native.SNN_VULKAN_NO_BUFFER) IndirectBuffer = (int)raw->indirect_buffer;
            IndirectOffsetBytes = raw->indirect_offset_bytes;
            Push = new ReadOnlySpan<uint>(raw->push, (int)raw->push_bytes / sizeof(uint)).ToArray();
            var bindings = new VulkanPlanBinding[Native.SNN_VULKAN_BINDING_COUNT];
            for (int i = 0; i < bindings.Length; ++i) bindings[i] = new VulkanPlanBinding(&raw->bindings_0 + i);
            Bindings = bindings;
        }

        /// <summary>Its place in <see cref="VulkanPlan.Shaders"/>.</summary>
        public int Shader { get; }

        /// <summary>It waits for the writes of all dispatches before it, those of earlier steps too.</summary>
        public bool Barrier { get; }

        /// <summary>Workgroups in x, y and z; enough also where there is an indirect buffer.</summary>
        public uint[] Groups { get; }

        /// <summary>The buffer where the three numbers of workgroups that are needed now stand, or null.</summary>
        public int? IndirectBuffer { get; }

        public ulong IndirectOffsetBytes { get; }

        /// <summary>The push constants.</summary>
        public uint[] Push { get; }

        /// <summary>The storage buffers of set 0, bindings 0 to 6.</summary>
        public VulkanPlanBinding[] Bindings { get; }
    }

    /// <summary>What a dispatch of a plan reads or writes.</summary>
    public struct VulkanPlanBinding
    {
        internal unsafe VulkanPlanBinding(SNNVulkanPlanBinding* raw)
        {
            Buffer = (int)raw->buffer;
            OffsetBytes = raw->offset_bytes;
            SizeBytes = raw->size_bytes;
        }

        /// <summary>Its place in <see cref="VulkanPlan.Buffers"/>.</summary>
        public int Buffer { get; }

        /// <summary>A multiple of 256, or as it was bound.</summary>
        public ulong OffsetBytes { get; }

        public ulong SizeBytes { get; }
    }

    // On a Vulkan device. A handle that is no live Vulkan object is not noticed, by Vulkan neither.
    public sealed unsafe partial class Session
    {
        /// <summary>Appends steps to a VkCommandBuffer that is recording, outside a render pass. StepCount goes on at once, states
        /// when the device has run the commands; spike callbacks are not called. Makes no garbage.
        /// C: <c>snn_vulkan_record_steps</c>.</summary>
        public void RecordSteps(IntPtr commandBuffer, int stepCount = 1)
        {
            Finish(Native.snn_vulkan_record_steps(handle, (void*)commandBuffer, Whole(stepCount, "stepCount")));
        }

        /// <summary>Runs steps in a submission of their own, without waiting for them; other functions of the session wait by
        /// themselves. Makes no garbage. C: <c>snn_vulkan_submit_steps</c>.</summary>
        public void SubmitSteps(int stepCount, ReadOnlySpan<VulkanSemaphore> waits = default,
                                ReadOnlySpan<VulkanSemaphore> signals = default)
        {
            fixed (VulkanSemaphore* firstWait = &MemoryMarshal.GetReference(waits), firstSignal = &MemoryMarshal.GetReference(signals))
            {
                SNNVulkanSubmission submission;
                submission.struct_size = (uint)sizeof(SNNVulkanSubmission);
                submission.wait_count = (uint)waits.Length;
                submission.signal_count = (uint)signals.Length;
                submission.reserved = 0;
                submission.waits = (SNNVulkanSemaphore*)firstWait;
                submission.signals = (SNNVulkanSemaphore*)firstSignal;
                Finish(Native.snn_vulkan_submit_steps(handle, &submission, Whole(stepCount, "stepCount")));
            }
        }

        /// <summary>The device that the session runs on, for commands and buffers of your own. Its queue may be used while no function
        /// of the session runs and no steps that <see cref="Begin"/> began are under way. The first call waits for what was submitted
        /// before. C: <c>snn_vulkan_get_device</c>.</summary>
        public VulkanDevice VulkanDevice()
        {
            SNNVulkanDevice raw;
            raw.struct_size = (uint)sizeof(SNNVulkanDevice);
            Finish(Native.snn_vulkan_get_device(handle, &raw));
            return new VulkanDevice
            {
                Instance = (IntPtr)raw.instance, PhysicalDevice = (IntPtr)raw.physical_device, Device = (IntPtr)raw.device,
                Queue = (IntPtr)raw.queue, QueueFamily = (int)raw.queue_family, GetInstanceProcAddr = raw.get_instance_proc_addr,
                Submitted = new VulkanSemaphore(raw.submitted.semaphore, raw.submitted.value)
            };
        }

        /// <summary>Where the device keeps a state, "population.state", to be read in place; the same until states are bound.
        /// C: <c>snn_vulkan_get_buffer</c>.</summary>
        public VulkanBuffer VulkanBuffer(string state)
        {
            SNNVulkanBuffer raw;
            raw.struct_size = (uint)sizeof(SNNVulkanBuffer);
            fixed (byte* text = Utf8.Bytes(state)) Finish(Native.snn_vulkan_get_buffer(handle, text, &raw));
            return new VulkanBuffer
            {
                Handle = raw.buffer, OffsetBytes = raw.offset_bytes, SizeBytes = raw.size_bytes, DataType = (DataType)raw.type,
                Mapped = (IntPtr)raw.mapped, IsCached = raw.is_cached != 0
            };
        }

        /// <summary>Reads or writes a buffer of the program in place from now on: "population.input", "population.states",
        /// "population.spikes" or "population.spike_count". It lives until the binding or the session has ended and what was
        /// recorded has run. C: <c>snn_vulkan_bind_buffer</c>.</summary>
        public void BindVulkanBuffer(string path, VulkanBuffer buffer)
        {
            SNNVulkanBuffer raw = default;
            raw.struct_size = (uint)sizeof(SNNVulkanBuffer);
            raw.type = (uint)buffer.DataType;
            raw.buffer = buffer.Handle;
            raw.offset_bytes = buffer.OffsetBytes;
            raw.size_bytes = buffer.SizeBytes;
            fixed (byte* text = Utf8.Bytes(path)) Finish(Native.snn_vulkan_bind_buffer(handle, text, &raw));
        }

        /// <summary>Ends a binding; states go back to memory of the session. C: <c>snn_vulkan_bind_buffer</c>.</summary>
        public void UnbindVulkanBuffer(string path)
        {
            fixed (byte* text = Utf8.Bytes(path)) Finish(Native.snn_vulkan_bind_buffer(handle, text, null));
        }

        /// <summary>What is to come back to the processor without waiting: states, "population.state", "population.spikes" of the last
        /// step and "population.spike_count" since the frame before, of the last frames. No path: nothing any more. C: <c>snn_vulkan_set_readback</c>.</summary>
        public void SetReadback(int frameCount, params string[] paths)
        {
            var texts = new GCHandle[paths.Length];
            byte*[] addresses = new byte*[paths.Length];
            try
            {
                for (int i = 0; i < paths.Length; ++i)
                {
                    byte[] text = Utf8.Bytes(paths[i] ?? throw new ArgumentNullException(nameof(paths)));
                    texts[i] = GCHandle.Alloc(text, GCHandleType.Pinned);
                    addresses[i] = (byte*)texts[i].AddrOfPinnedObject();
                }
                fixed (byte** all = addresses)
                    Finish(Native.snn_vulkan_set_readback(handle, all, (uint)paths.Length, Whole(frameCount, "frameCount")));
            }
            finally
            {
                foreach (GCHandle text in texts)
                    if (text.IsAllocated) text.Free();
            }
        }

        /// <summary>Copies what SetReadback named, as it is after what was recorded before, as a frame; frames ascend.
        /// C: <c>snn_vulkan_record_readback</c>.</summary>
        public void RecordReadback(IntPtr commandBuffer, ulong frame)
        {
            Finish(Native.snn_vulkan_record_readback(handle, (void*)commandBuffer, frame));
        }

        /// <summary>Values of the newest frame up to finishedFrame, the last one that the device has finished; returns which frame it
        /// is, or null, and the values as they were, where there is no such frame. Waits for nothing and makes no garbage.
        /// C: <c>snn_vulkan_read_back</c>.</summary>
        public ulong? ReadBack(string path, ulong finishedFrame, Span<float> values)
        {
            fixed (float* data = &MemoryMarshal.GetReference(values))
                return ReadBack(path, finishedFrame, DataType.Float32, data, values.Length);
        }

        /// <inheritdoc cref="ReadBack(string, ulong, Span{float})"/>
        public ulong? ReadBack(string path, ulong finishedFrame, Span<int> values)
        {
            fixed (int* data = &MemoryMarshal.GetReference(values))
                return ReadBack(path, finishedFrame, DataType.Int32, data, values.Length);
        }

        private ulong? ReadBack(string path, ulong finishedFrame, DataType type, void* data, int count)
        {
            ulong frame;
            byte* stack = stackalloc byte[Utf8.StackBytes];
            fixed (byte* heap = Utf8.OnStack(path, stack))
                Finish(Native.snn_vulkan_read_back(handle, heap == null ? stack : heap, finishedFrame, (uint)type, data, (UIntPtr)count,
                                                  &frame));
            return frame == Native.SNN_VULKAN_NO_FRAME ? (ulong?)null : frame;
        }

        /// <summary>The step as data, of a session on the device "vulkan:plan", which needs no driver and runs nothing.
        /// C: <c>snn_vulkan_get_plan</c>.</summary>
        public VulkanPlan VulkanPlan()
        {
            SNNVulkanPlan plan;
            plan.struct_size = (uint)sizeof(SNNVulkanPlan);
            Finish(Native.snn_vulkan_get_plan(handle, &plan));
            var shaders = new VulkanPlanShader[plan.shader_count];
            for (int i = 0; i < shaders.Length; ++i) shaders[i] = new VulkanPlanShader(plan.shaders + i);
            var buffers = new VulkanPlanBuffer[plan.buffer_count];
            for (int i = 0; i < buffers.Length; ++i) buffers[i] = new VulkanPlanBuffer(plan.buffers + i);
            var dispatches = new VulkanPlanDispatch[plan.dispatch_count];
            for (int i = 0; i < dispatches.Length; ++i) dispatches[i] = new VulkanPlanDispatch(plan.dispatches + i);
            GC.KeepAlive(this);
            return new VulkanPlan(shaders, buffers, dispatches);
        }
    }
}
