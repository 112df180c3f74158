using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using UnityEngine;
using UnityEngine.Rendering;

namespace Snn.Unity
{
    /// <summary>A network on Unity's own Vulkan device: its steps are recorded into a CommandBuffer, and its states are copied on
    /// the GPU into GraphicsBuffers that shaders read. There are no spike events; a script that wants them uses
    /// <see cref="SpikingNetwork"/>. What goes wrong on the render thread is thrown by the next <see cref="Step"/>.
    /// Thread-safety: the main thread.</summary>
    public sealed unsafe class VulkanNetwork : IDisposable
    {
        private const int Open = 0, Steps = 1, CloseEvent = 2; // SNN_UNITY_*
        private readonly VulkanNetworkHandle handle;
        private readonly IntPtr function = snn_unity_event_function();
        private readonly Dictionary<string, GraphicsBuffer> buffers = new Dictionary<string, GraphicsBuffer>(); // kept alive
        private bool opened;

        /// <summary>Whether Unity renders with Vulkan and the plug-in is there.</summary>
        public static bool IsSupported
        {
            get
            {
                try
                {
                    return snn_unity_abi_version() == Native.SNN_ABI_VERSION && snn_unity_ready() != 0;
                }
                catch (DllNotFoundException)
                {
                    return false;
                }
            }
        }

        /// <summary>Where Unity does not render with Vulkan it is <see cref="Status.Unsupported"/>.</summary>
        public VulkanNetwork(SpikingNetworkAsset asset, ulong seed = 0)
        {
            if (asset == null) throw new ArgumentNullException(nameof(asset));
            Library.CheckVersion();
            ReadOnlySpan<byte> file = asset.Bytes;
            IntPtr network;
            fixed (byte* bytes = &MemoryMarshal.GetReference(file))
                Check(snn_unity_create(bytes, (UIntPtr)file.Length, seed, &network));
            handle = new VulkanNetworkHandle(network);
        }

        /// <summary>For the steps that are recorded next. Spikes, 0 or 1, hold for one step; values stay.</summary>
        public void SetInput(int population, ReadOnlySpan<float> values)
        {
            fixed (float* data = &MemoryMarshal.GetReference(values))
                Check(snn_unity_set_input(handle, (uint)population, data, (UIntPtr)values.Length));
        }

        /// <summary>From the next steps on the state, "output.v", is copied to the start of the buffer after they are done: 4 bytes
        /// a value. The buffer needs GraphicsBuffer.Target.CopyDestination. Null ends it. Call it again when the buffer was made
        /// anew.</summary>
        public void CopyState(string path, GraphicsBuffer buffer)
        {
            IntPtr native = buffer == null ? IntPtr.Zero : buffer.GetNativeBufferPtr();
            fixed (byte* text = Utf8.Bytes(path)) Check(snn_unity_copy_state(handle, text, native));
            if (buffer == null) buffers.Remove(path);
            else buffers[path] = buffer;
        }

        /// <summary>Adds steps to a CommandBuffer that is executed once. At most 8 of these may wait for the render thread.</summary>
        public void Step(CommandBuffer commands, int stepCount)
        {
            if (commands == null) throw new ArgumentNullException(nameof(commands));
            if (stepCount < 0) throw new ArgumentOutOfRangeException(nameof(stepCount), stepCount, "a count is not negative");
            Check(snn_unity_status(handle));
            Check(snn_unity_queue_steps(handle, (uint)stepCount));
            if (!opened) commands.IssuePluginEventAndData(function, snn_unity_event_id(Open), handle.Value);
            opened = true;
            commands.IssuePluginEventAndData(function, snn_unity_event_id(Steps), handle.Value);
        }

        /// <summary>Steps that the render thread has recorded.</summary>
        public ulong StepCount
        {
            get
            {
                ulong steps;
                Check(snn_unity_step_count(handle, &steps));
                return steps;
            }
        }

        /// <summary>The GPU's memory is freed when it has done the steps that were recorded.</summary>
        public void Dispose()
        {
            if (handle.IsClosed) return;
            handle.Dispose();
            buffers.Clear();
            using (var commands = new CommandBuffer { name = "Snn close" })
            {
                commands.IssuePluginEventAndData(function, snn_unity_event_id(CloseEvent), IntPtr.Zero);
                Graphics.ExecuteCommandBuffer(commands);
            }
        }

        private static void Check(int status)
        {
            if (status != 0) throw new SnnException((Status)status, Utf8.Text(snn_unity_last_error()));
        }

        private sealed class VulkanNetworkHandle : LibraryHandle
        {
            internal VulkanNetworkHandle(IntPtr owned) : base(owned) { }

            internal IntPtr Value { get { return handle; } }

            protected override bool ReleaseHandle()
            {
                snn_unity_destroy(handle);
                return true;
            }
        }

        // bindings/unity/native/snn_unity.h
        private const string Plugin = "snn_unity";

        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern byte* snn_unity_last_error();
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern uint snn_unity_abi_version();
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern int snn_unity_ready();
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern IntPtr snn_unity_event_function();
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern int snn_unity_event_id(int which);
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern int snn_unity_create(void* file, UIntPtr size_bytes, ulong seed, IntPtr* out_network);
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern void snn_unity_destroy(IntPtr network);
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern int snn_unity_set_input(VulkanNetworkHandle network, uint population, float* values, UIntPtr count);
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern int snn_unity_copy_state(VulkanNetworkHandle network, byte* state, IntPtr native_buffer);
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern int snn_unity_queue_steps(VulkanNetworkHandle network, uint step_count);
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern int snn_unity_status(VulkanNetworkHandle network);
        [DllImport(Plugin, CallingConvention = CallingConvention.Cdecl)]
        private static extern int snn_unity_step_count(VulkanNetworkHandle network, ulong* out_steps);
    }
}
