using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;

namespace Snn.Tests
{
    /// <summary>A program's Vulkan device: tests/bindings/vulkan/host.cpp.</summary>
    internal static unsafe class VulkanTestHost
    {
        private const string Name = "snn_test_host";

        [DllImport(Name)] internal static extern void test_host_open(ulong* handles);
        [DllImport(Name)] internal static extern void test_host_close();
        [DllImport(Name)] internal static extern ulong test_host_begin();
        [DllImport(Name)] internal static extern void test_host_submit(ulong commandBuffer);
        [DllImport(Name)] internal static extern int test_host_queue_submit(IntPtr submitInfo, ulong fence);
        [DllImport(Name)] internal static extern ulong test_host_make_buffer(ulong sizeBytes);
        [DllImport(Name)] internal static extern float test_host_get(ulong buffer, ulong index);
        [DllImport(Name)] internal static extern void test_host_set(ulong buffer, ulong index, float value);
        [DllImport(Name)] internal static extern ulong test_host_make_semaphore();
        [DllImport(Name)] internal static extern void test_host_signal(ulong semaphore);
        [DllImport(Name)] internal static extern void test_host_wait(ulong semaphore);
        [DllImport(Name)] internal static extern ulong test_host_plan_hash(byte* path);

        internal static VulkanHost Open()
        {
            ulong* handles = stackalloc ulong[6];
            test_host_open(handles);
            return new VulkanHost
            {
                Instance = (IntPtr)handles[0], PhysicalDevice = (IntPtr)handles[1], Device = (IntPtr)handles[2],
                Queue = (IntPtr)handles[3], QueueFamily = (int)handles[4], GetInstanceProcAddr = (IntPtr)handles[5]
            };
        }
    }

    /// <summary>Run as "vulkan ADDER", with the library of the host beside libsnn.</summary>
    internal static class VulkanTests
    {
        private static void OnAHost(Action<VulkanHost> test)
        {
            VulkanHost host = VulkanTestHost.Open();
            try
            {
                test(host);
            }
            finally
            {
                VulkanTestHost.test_host_close();
            }
        }

        private static void OnAHost(Action<VulkanHost, Session> test)
        {
            OnAHost(host =>
            {
                using (Session session = Open(host)) test(host, session);
            });
        }

        private static Session Open(VulkanHost host)
        {
            using (Network network = Networks.Adders()) return new Session(network, new SessionOptions { VulkanHost = host });
        }

        private static void Step(Session session, int steps = 1)
        {
            ulong commands = VulkanTestHost.test_host_begin();
            session.RecordSteps((IntPtr)commands, steps);
            VulkanTestHost.test_host_submit(commands);
        }

        [Test]
        internal static void RecordedStepsGiveTheValuesWorkedOutByHand()
        {
            OnAHost((host, session) =>
            {
                session.SetInput(0, new float[] { 1, 1 });
                Step(session);
                Assert.Same(new[] { 0.75f, 0 }, session.Read("cells.v"));
                Assert.Same(new uint[] { 1 }, session.Spikes(1).ToArray());
                Step(session, 2); // the spikes of an input hold for one step
                Assert.Same(new[] { 0.75f, 0 }, session.Read("cells.v"));
                Assert.Equal(3, (long)session.StepCount, "steps");
                Assert.True(session.Device.StartsWith("vulkan"), session.Device);
            });
        }

        [Test]
        internal static void BuffersAreReadAndWrittenInPlace()
        {
            OnAHost((host, session) =>
            {
                VulkanBuffer state = session.VulkanBuffer("cells.v");
                Assert.True(state.Handle != 0, "a VkBuffer");
                Assert.Equal(8, (long)state.SizeBytes, "bytes");
                Assert.Equal((long)DataType.Float32, (long)state.DataType, "type");
                var input = new VulkanBuffer { Handle = VulkanTestHost.test_host_make_buffer(32), OffsetBytes = 0, SizeBytes = 8 };
                var counts = new VulkanBuffer { Handle = VulkanTestHost.test_host_make_buffer(8), SizeBytes = 8 };
                for (ulong i = 0; i < 2; ++i)
                {
                    VulkanTestHost.test_host_set(input.Handle, i, 1);
                    VulkanTestHost.test_host_set(counts.Handle, i, 0);
                }
                session.BindVulkanBuffer("in.input", input);
                session.BindVulkanBuffer("cells.spike_count", counts);
                Step(session, 4); // 0.75 and a spike in each; 0.75 + 0.75 is one as well
                Assert.Equal(2, VulkanTestHost.test_host_get(counts.Handle, 0));
                Assert.Equal(4, VulkanTestHost.test_host_get(counts.Handle, 1));
                Assert.Fails(Status.State, () => session.SetInput(0, new float[2]));
                session.UnbindVulkanBuffer("in.input");
                session.SetInput(0, new float[2]);
                Step(session);
                Assert.Equal(4, VulkanTestHost.test_host_get(counts.Handle, 1));
            });
        }

        [Test]
        internal static void ValuesComeBackWithoutWaiting()
        {
            OnAHost((host, session) =>
            {
                var v = new float[2];
                var spikes = new int[2];
                session.SetReadback(2, "cells.v", "cells.spikes");
                Assert.True(session.ReadBack("cells.v", 0, v) == null, "no frame yet");
                for (ulong frame = 3; frame < 5; ++frame)
                {
                    session.SetInput(0, new float[] { 1, 1 });
                    ulong commands = VulkanTestHost.test_host_begin();
                    session.RecordSteps((IntPtr)commands);
                    session.RecordReadback((IntPtr)commands, frame);
                    VulkanTestHost.test_host_submit(commands);
                }
                Assert.True(session.ReadBack("cells.v", 3, v) == 3, "frame 3");
                Assert.Same(new[] { 0.75f, 0 }, v);
                Assert.True(session.ReadBack("cells.spikes", 9, spikes) == 4, "frame 4");
                Assert.Same(new[] { 1, 1 }, spikes); // 0.75 + 0.75
                Assert.Fails(Status.InvalidArgument, () => session.ReadBack("cells.v", 4, new float[3]));
                Assert.Throws<ArgumentOutOfRangeException>(() => session.SetReadback(-1, "cells.v"));
                Assert.Throws<ArgumentNullException>(() => session.SetReadback(1, "cells.v", null));
                Assert.Fails(Status.NotFound, () => session.SetReadback(1, "cells.nothing"));
                session.SetReadback(1);
                Assert.Fails(Status.NotFound, () => session.ReadBack("cells.v", 4, v));
            });
        }

        [Test]
        internal static void SubmissionsWaitForAndSignalSemaphores()
        {
            OnAHost((host, session) =>
            {
                var semaphores = new VulkanSemaphore[4];
                for (int i = 0; i < 4; ++i) semaphores[i] = new VulkanSemaphore(VulkanTestHost.test_host_make_semaphore());
                for (int i = 0; i < 2; ++i) VulkanTestHost.test_host_signal(semaphores[i].Handle);
                session.SetInput(0, new float[] { 1, 0 });
                session.SubmitSteps(1, new ReadOnlySpan<VulkanSemaphore>(semaphores, 0, 2),
                                    new ReadOnlySpan<VulkanSemaphore>(semaphores, 2, 2));
                for (int i = 2; i < 4; ++i) VulkanTestHost.test_host_wait(semaphores[i].Handle);
                Assert.Same(new[] { 0.5f, 0 }, session.Read("cells.v"));
                session.SubmitSteps(3);
                Assert.Equal(4, (long)session.StepCount, "steps");
                SnnException error = Assert.Fails(Status.InvalidArgument, () => session.SubmitSteps(1, default, new VulkanSemaphore[1]));
                Assert.True(error.Message.Contains("signals[0]"), error.Message);
            });
        }

        [Test]
        internal static void SubmissionsMakeNoGarbage()
        {
            OnAHost((host, session) =>
            {
                for (int i = 0; i < 20; ++i) session.SubmitSteps(1); // compiled by then
                long before = SessionTests.Allocated();
                for (int i = 0; i < 1000; ++i) session.SubmitSteps(1);
                long bytes = SessionTests.Allocated() - before;
                // As of frames: one object each time would be 24 bytes at least.
                Assert.True(bytes < 1000, bytes + " bytes of garbage in 1000 submissions");
            });
        }

        [Test]
        internal static void TheQueueIsLockedAroundSubmissions()
        {
            OnAHost(host =>
            {
                host.QueueLock = new object();
                using (Session session = Open(host))
                {
                    bool released = false;
                    var held = new ManualResetEvent(false);
                    var other = new Thread(() =>
                    {
                        lock (host.QueueLock)
                        {
                            held.Set();
                            Thread.Sleep(100);
                            Volatile.Write(ref released, true);
                        }
                    });
                    other.Start();
                    held.WaitOne();
                    session.SubmitSteps(1);
                    Assert.True(Volatile.Read(ref released), "it waited for the lock");
                    other.Join();
                    Assert.True(!Monitor.IsEntered(host.QueueLock), "it was unlocked");
                }
            });
        }

        [Test]
        internal static void TheProgramSubmits()
        {
            OnAHost(host =>
            {
                int submissions = 0;
                int refusal = 0;
                host.Queue = IntPtr.Zero;
                host.Submit = (submitInfo, fence) =>
                {
                    ++submissions;
                    if (refusal > 0) throw new TimeoutException("the engine is closing");
                    return refusal != 0 ? refusal : VulkanTestHost.test_host_queue_submit(submitInfo, fence);
                };
                using (Session session = Open(host))
                {
                    int before = submissions;
                    session.SetInput(0, new float[] { 1, 1 });
                    refusal = 1;
                    Assert.Throws<TimeoutException>(() => session.SubmitSteps(1));
                    refusal = -2; // VK_ERROR_OUT_OF_DEVICE_MEMORY
                    Assert.Fails(Status.OutOfMemory, () => session.SubmitSteps(1));
                    refusal = 0;
                    Assert.Equal(0, (long)session.StepCount, "steps");
                    session.SubmitSteps(1);
                    refusal = 1; // by the read, which brings the results of the steps to the host
                    Assert.Throws<TimeoutException>(() => session.Read("cells.v"));
                    refusal = 0;
                    Assert.Same(new[] { 0.75f, 0 }, session.Read("cells.v"));
                    Assert.True(submissions >= before + 3, "submissions");
                    VulkanDevice device = session.VulkanDevice();
                    Assert.True(device.Device == host.Device && device.Queue == host.Queue, "handles");
                    Assert.Equal((long)0, (long)device.Submitted.Handle, "a semaphore of a host's device");
                }
                using (Network network = Networks.Trainable())
                using (var session = new Session(network, new SessionOptions { VulkanHost = host }))
                using (var trainer = new Trainer(session, new TrainerOptions(network.FindPopulation("out"), 5)
                {
                    Loss = Loss.CrossEntropyMaxMembrane
                }))
                {
                    session.SubmitSteps(1);
                    refusal = 1;
                    Assert.Throws<TimeoutException>(() => trainer.State());
                    refusal = 0;
                    Assert.True(trainer.State().Length > 0, "the state of the trainer");
                }
                refusal = 1;
                Assert.Throws<TimeoutException>(() => Open(host));
                host.QueueLock = new object();
                Assert.Fails(Status.InvalidArgument, () => Open(host));
            });
            using (Network network = Networks.Adders())
            using (Session session = new Session(network, new SessionOptions { Device = "vulkan" }))
            {
                ulong value = session.VulkanDevice().Submitted.Value;
                session.SubmitSteps(1);
                VulkanDevice device = session.VulkanDevice();
                Assert.True(device.Instance != IntPtr.Zero && device.GetInstanceProcAddr != IntPtr.Zero, "handles");
                if (device.Submitted.Handle != 0) Assert.Equal((long)value + 1, (long)device.Submitted.Value, "value");
            }
        }

        [Test]
        internal static unsafe void APlanIsThatOfC()
        {
            string path = Path.Combine(Program.Folder, "adders.snn");
            using (Network network = Networks.Adders()) network.Save(path);
            using (Session session = Session.Open(path, new SessionOptions { Device = "vulkan:plan" }))
            {
                session.BindVulkanBuffer("in.input", new VulkanBuffer { Handle = 7, SizeBytes = 8 });
                ulong expected;
                fixed (byte* text = Utf8.Bytes(path)) expected = VulkanTestHost.test_host_plan_hash(text);
                Assert.Equal((long)expected, (long)HashOf(session.VulkanPlan()), "hash");
            }
        }

        private static unsafe ulong HashOf(VulkanPlan plan)
        {
            var hash = new Hash();
            foreach (VulkanPlanShader shader in plan.Shaders)
            {
                hash.AddAll(shader.Spirv);
                hash.AddAll(shader.Constants);
            }
            foreach (VulkanPlanBuffer buffer in plan.Buffers)
            {
                hash.Add(buffer.HostBuffer);
                hash.AddAll(new ReadOnlySpan<uint>((void*)buffer.Contents, (int)buffer.SizeBytes / 4).ToArray());
            }
            foreach (VulkanPlanDispatch dispatch in plan.Dispatches)
            {
                hash.Add((ulong)dispatch.Shader);
                hash.Add(dispatch.Barrier ? 1u : 0);
                hash.AddAll(dispatch.Groups);
                hash.Add(dispatch.IndirectBuffer.HasValue ? (ulong)dispatch.IndirectBuffer : uint.MaxValue);
                hash.AddAll(dispatch.Push);
                foreach (VulkanPlanBinding binding in dispatch.Bindings)
                {
                    hash.Add((ulong)binding.Buffer);
                    hash.Add(binding.OffsetBytes);
                    hash.Add(binding.SizeBytes);
                }
            }
            return hash.Value;
        }

        private sealed class Hash
        {
            internal ulong Value = 0xcbf29ce484222325;

            internal void Add(ulong word) { Value = unchecked((Value ^ word) * 0x100000001b3); }

            internal void AddAll(uint[] words)
            {
                foreach (uint word in words) Add(word);
            }
        }

        [Test]
        internal static void WhatIsWrongIsNamed()
        {
            OnAHost((host, session) =>
            {
                Assert.Fails(Status.InvalidArgument, () => session.RecordSteps(IntPtr.Zero));
                Assert.Throws<ArgumentOutOfRangeException>(() => session.RecordSteps((IntPtr)1, -1));
                Assert.Fails(Status.NotFound, () => session.VulkanBuffer("cells.nothing"));
                Assert.Fails(Status.InvalidArgument, () => session.VulkanBuffer(null));
                Assert.Fails(Status.InvalidArgument, () => session.BindVulkanBuffer("in.input", new VulkanBuffer { Handle = 1, SizeBytes = 4 }));
                Assert.Fails(Status.Unsupported, () => session.VulkanPlan());
                session.Dispose();
                Assert.Throws<ObjectDisposedException>(() => session.RecordSteps((IntPtr)1));
                host.Device = IntPtr.Zero;
                SnnException error = Assert.Fails(Status.InvalidArgument, () => Open(host));
                Assert.True(error.Message.Contains("host->device"), error.Message);
                host.QueueFamily = -1;
                Assert.Throws<ArgumentOutOfRangeException>(() => Open(host));
            });
            using (Network network = Networks.Adders())
            using (var session = new Session(network))
            {
                Assert.Fails(Status.Unsupported, () => session.RecordSteps((IntPtr)1));
                Assert.Fails(Status.Unsupported, () => session.VulkanBuffer("cells.v"));
            }
        }
    }
}
