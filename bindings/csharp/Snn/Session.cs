using System;
using System.Runtime.InteropServices;
using static Snn.Library;

namespace Snn
{
    /// <summary>How a session is opened; see <c>SNNConfig</c>. What is not set has the library's default.</summary>
    public sealed unsafe class SessionOptions
    {
        /// <summary>"cpu", "vulkan", "auto" and others, see <c>SNNConfig</c>; default "cpu".</summary>
        public string Device { get; set; }

        /// <summary>Independent copies of the state, stepped together; default 1. They share the weights, or each has its own with the flag SampleWeights.</summary>
        public int? BatchSize { get; set; }

        /// <summary>Default 1; 0: one per core. Results do not depend on it.</summary>
        public int? ThreadCount { get; set; }

        /// <summary>For tests and measurements. A simulation has the same bits with each; training agrees within rounding.</summary>
        public InstructionSet InstructionSet { get; set; }

        /// <summary>Most steps that one RunStep may take; time beyond is dropped. Default (0): as many as fit into 0.25 s of simulated time, at least 100.</summary>
        public int? MaxCatchUpSteps { get; set; }

        public SessionFlags Flags { get; set; }

        /// <summary>Of the random draws of models that have some; default 0.</summary>
        public ulong Seed { get; set; }

        /// <summary>Called on the thread that calls into the session.</summary>
        public LogHandler Log { get; set; }

        public IJobSystem JobSystem { get; set; }
        public ISessionAllocator Allocator { get; set; }

        /// <summary>The session runs on the Vulkan device of the program; Device is left unset, or names several with "vulkan"
        /// among them. C: <c>snn_vulkan_create_network</c>.</summary>
        public VulkanHost VulkanHost { get; set; }

        internal delegate int WithConfig(SNNConfig* config);

        /// <summary>Calls the function with the struct as C wants it.</summary>
        internal void Call(string file, IntPtr network, IntPtr hooks, WithConfig function)
        {
            fixed (byte* fileText = Utf8.Bytes(file), device = Utf8.Bytes(Device))
            {
                SNNConfig config;
                Native.snn_config_init(&config, (uint)sizeof(SNNConfig));
                config.file = fileText;
                config.network = network;
                config.device = device;
                config.flags = (uint)Flags;
                config.seed = Seed;
                config.instruction_set = (uint)InstructionSet;
                if (BatchSize.HasValue) config.batch_size = Whole(BatchSize.Value, "BatchSize");
                if (ThreadCount.HasValue) config.thread_count = Whole(ThreadCount.Value, "ThreadCount");
                if (MaxCatchUpSteps.HasValue) config.max_catch_up_steps = Whole(MaxCatchUpSteps.Value, "MaxCatchUpSteps");
                SNNJobSystem jobs;
                SNNAllocator allocator;
                if (hooks != IntPtr.Zero)
                {
                    if (Log != null)
                    {
                        config.log = Hooks.LogFunction;
                        config.log_user = (void*)hooks;
                    }
                    if (JobSystem != null)
                    {
                        jobs.struct_size = (uint)sizeof(SNNJobSystem);
                        jobs.worker_count = Whole(JobSystem.WorkerCount, "WorkerCount");
                        jobs.parallel_for = Hooks.JobsFunction;
                        jobs.user = (void*)hooks;
                        config.job_system = &jobs;
                    }
                    if (Allocator != null)
                    {
                        allocator.struct_size = (uint)sizeof(SNNAllocator);
                        allocator.allocate = Hooks.AllocateFunction;
                        allocator.release = Hooks.ReleaseFunction;
                        allocator.user = (void*)hooks;
                        config.allocator = &allocator;
                    }
                }
                Library.Check(function(&config));
            }
        }
    }

    /// <summary>What a session has computed since it was opened or reset; see <c>SNNCounters</c>.</summary>
    public struct Counters
    {
        public ulong Steps, NeuronUpdates, Spikes, InputSpikes, SynapticEvents, SynapticOperations;
    }

    /// <summary>A running copy of a network. One thread at a time: a second one that enters at the same moment gets
    /// <see cref="Status.Busy"/>. An exception of a callback is thrown by the call that caused it. Stepping, setting inputs and
    /// reading into spans or arrays makes no garbage.</summary>
    public sealed unsafe partial class Session : IDisposable
    {
        internal readonly SessionHandle handle;
        private readonly Hooks hooks;
        private readonly GCHandle hooksHandle; // freed with the session's handle

        /// <summary>Opens a session of a network. C: <c>snn_create_network</c>.</summary>
        public Session(Network network, SessionOptions options = null)
            : this(null, network ?? throw new ArgumentNullException(nameof(network)), options) { }

        /// <summary>Opens a session of a .snn file. C: <c>snn_create_network</c>.</summary>
        public static Session Open(string path, SessionOptions options = null)
        {
            return new Session(path ?? throw new ArgumentNullException(nameof(path)), null, options);
        }

        private Session(string path, Network network, SessionOptions options)
        {
            Library.CheckVersion();
            options = options ?? new SessionOptions();
            VulkanHost host = options.VulkanHost;
            hooks = new Hooks(options.Log, options.JobSystem, options.Allocator)
            {
                Session = this, QueueLock = host?.QueueLock, Submit = host?.Submit
            };
            // Weak: a session that nobody has can be collected, with what its callbacks refer to. But a finalizer does not know
            // whether an allocator or the device of the program is still there.
            bool collected = options.Allocator == null && host == null;
            hooksHandle = GCHandle.Alloc(hooks, collected ? GCHandleType.Weak : GCHandleType.Normal);
            IntPtr user = GCHandle.ToIntPtr(hooksHandle);
            IntPtr session = IntPtr.Zero;
            IntPtr* place = &session;
            try
            {
                using (var held = new HeldHandle(network?.handle))
                    options.Call(path, held.Value, user, config => host == null ? Native.snn_create_network(config, place)
                                                                                : host.Create(config, user, place));
            }
            catch
            {
                hooksHandle.Free();
                hooks.Rethrow();
                throw;
            }
            handle = new SessionHandle(session, hooksHandle);
            try
            {
                hooks.Rethrow();
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>Advances by frameDt seconds: as many whole steps as fit, the remainder is carried to the next call.
        /// C: <c>snn_run_step</c>.</summary>
        public void RunStep(float frameDt)
        {
            Finish(Native.snn_run_step(handle, frameDt));
        }

        /// <summary>The same, until so many seconds of wall time are spent; returns the steps that ran.
        /// C: <c>snn_run_step_within</c>.</summary>
        public int RunStepWithin(float frameDt, float budget)
        {
            uint steps;
            Finish(Native.snn_run_step_within(handle, frameDt, budget, &steps));
            return (int)steps;
        }

        /// <summary>Begins such steps on a thread of the session's own and returns at once; false when steps are under way already,
        /// whose successors take the time over. Until <see cref="Poll"/> is true the session takes inputs and nothing else; arrays
        /// that are bound are being read. C: <c>snn_session_begin</c>.</summary>
        public bool Begin(float frameDt, float budget = float.PositiveInfinity)
        {
            uint begun;
            Finish(Native.snn_session_begin(handle, frameDt, budget, &begun));
            return begun != 0;
        }

        /// <summary>Whether nothing is under way any more. Never waits. The call that sees the end calls the handler of OnSpikes
        /// for all spikes that were, on its own thread, and throws what was wrong with the steps.
        /// C: <c>snn_session_poll</c>.</summary>
        public bool Poll()
        {
            uint done;
            Finish(Native.snn_session_poll(handle, &done));
            return done != 0;
        }

        /// <summary>The same, but it waits until they are done. C: <c>snn_session_wait</c>.</summary>
        public void Wait()
        {
            Finish(Native.snn_session_wait(handle));
        }

        /// <summary>Advances by a number of steps. C: <c>snn_session_step</c>.</summary>
        public void Step(int stepCount = 1)
        {
            Finish(Native.snn_session_step(handle, Whole(stepCount, "stepCount")));
        }

        /// <summary>Runs steps with inputs and recordings; returns the steps that were done. C: <c>snn_session_run</c>.</summary>
        public int Run(Run run)
        {
            uint done = 0;
            int status = run.Call(def => Native.snn_session_run(handle, def), &done);
            run.Rethrow();
            Finish(status);
            return (int)done;
        }

        /// <summary>Back to step 0 and the initial state. C: <c>snn_session_reset</c>.</summary>
        public void Reset()
        {
            Finish(Native.snn_session_reset(handle));
        }

        /// <summary>Some samples begin again, as a character of a game that comes back; the others go on as if nothing had happened.
        /// C: <c>snn_session_reset_samples</c>.</summary>
        public void ResetSamples(params int[] samples)
        {
            if (samples == null) throw new ArgumentNullException(nameof(samples));
            var numbers = new uint[samples.Length];
            for (int i = 0; i < samples.Length; ++i) numbers[i] = Whole(samples[i], "a sample");
            fixed (uint* data = numbers)
                Finish(Native.snn_session_reset_samples(handle, data, (UIntPtr)numbers.Length));
        }

        /// <summary>The device that it runs on: "vulkan:0". C: <c>snn_session_device</c>.</summary>
        public string Device
        {
            get
            {
                SNNSessionDevice device = ReadDevice();
                return Utf8.Text(device.name);
            }
        }

        /// <summary>Why "auto" chose the device, or which of several failed, in one line; else empty.</summary>
        public string DeviceReason
        {
            get
            {
                SNNSessionDevice device = ReadDevice();
                return Utf8.Text(device.reason);
            }
        }

        private SNNSessionDevice ReadDevice()
        {
            SNNSessionDevice device;
            device.struct_size = (uint)sizeof(SNNSessionDevice);
            Finish(Native.snn_session_device(handle, &device));
            return device;
        }

        /// <summary>Steps since the session was opened or reset; set it to go on from a state that was read before.
        /// C: <c>snn_session_step_count</c>, <c>snn_session_set_step_count</c>.</summary>
        public ulong StepCount
        {
            get
            {
                ulong steps;
                Finish(Native.snn_session_step_count(handle, &steps));
                return steps;
            }
            set { Finish(Native.snn_session_set_step_count(handle, value)); }
        }

        /// <summary>The seed of the random draws: that it was opened with, or that of the state that was loaded last.
        /// C: <c>snn_session_seed</c>.</summary>
        public ulong Seed
        {
            get
            {
                ulong seed;
                Finish(Native.snn_session_seed(handle, &seed));
                return seed;
            }
        }

        /// <summary>Input for the coming step: [batch_size][size]. Spikes, 0 or 1, hold for one step; values stay.
        /// C: <c>snn_session_set_input</c>.</summary>
        public void SetInput(int population, ReadOnlySpan<float> values)
        {
            fixed (float* data = &MemoryMarshal.GetReference(values))
                Finish(Native.snn_session_set_input(handle, Whole(population, "population"), data, (UIntPtr)values.Length));
        }

        /// <summary>The same for one sample: [size]. What other samples were given for the coming step stays.
        /// C: <c>snn_session_set_sample_input</c>.</summary>
        public void SetSampleInput(int population, int sample, ReadOnlySpan<float> values)
        {
            fixed (float* data = &MemoryMarshal.GetReference(values))
                Finish(Native.snn_session_set_sample_input(handle, Whole(population, "population"), Whole(sample, "sample"),
                                                                  data, (UIntPtr)values.Length));
        }

        /// <summary>Adds spikes, by neuron, to those that a sample was given for the coming step: in any order, from a camera, a
        /// socket or another network. One that is named twice spikes once. C: <c>snn_session_add_input_spikes</c>.</summary>
        public void AddInputSpikes(int population, int sample, ReadOnlySpan<uint> neurons)
        {
            fixed (uint* data = &MemoryMarshal.GetReference(neurons))
                Finish(Native.snn_session_add_input_spikes(handle, Whole(population, "population"), Whole(sample, "sample"),
                                                                  data, (UIntPtr)neurons.Length));
        }

        /// <summary>The same for sample 0.</summary>
        public void AddInputSpikes(int population, ReadOnlySpan<uint> neurons) => AddInputSpikes(population, 0, neurons);

        /// <summary>Pins an array that the session reads at each step, until it is unbound or the session ends.
        /// C: <c>snn_session_bind_input</c>.</summary>
        public void BindInput(int population, float[] values)
        {
            if (values == null) throw new ArgumentNullException(nameof(values));
            using (Held()) // what is bound is unpinned with the session
            {
                GCHandle pinned = GCHandle.Alloc(values, GCHandleType.Pinned);
                try
                {
                    BindInput(population, pinned.AddrOfPinnedObject(), values.Length);
                }
                catch
                {
                    pinned.Free();
                    throw;
                }
                handle.Bound[population] = pinned;
            }
        }

        /// <summary>The same with memory that stays where it is, such as a NativeArray's.
        /// C: <c>snn_session_bind_input</c>.</summary>
        public void BindInput(int population, IntPtr values, int count)
        {
            using (Held())
            {
                Finish(Native.snn_session_bind_input(handle, Whole(population, "population"), (float*)values,
                                                             (UIntPtr)Whole(count, "count")));
                Unpin(population);
            }
        }

        /// <summary>Ends a binding. C: <c>snn_session_bind_input</c>.</summary>
        public void UnbindInput(int population)
        {
            BindInput(population, IntPtr.Zero, 0);
        }

        /// <summary>The membrane state of every neuron of a population: [batch_size][size].
        /// C: <c>snn_get_membrane_potentials</c>.</summary>
        public void MembranePotentials(string population, Span<float> potentials)
        {
            byte* stack = stackalloc byte[Utf8.StackBytes];
            fixed (byte* heap = Utf8.OnStack(population, stack))
            fixed (float* data = &MemoryMarshal.GetReference(potentials))
                Finish(Native.snn_get_membrane_potentials(handle, heap == null ? stack : heap, data,
                                                                 (UIntPtr)potentials.Length));
        }

        /// <summary>The neurons of a sample that spiked in the last step, ascending; without a copy, valid until the session is
        /// next used. C: <c>snn_session_get_spikes</c>.</summary>
        public ReadOnlySpan<uint> Spikes(int population, int sample = 0)
        {
            uint* neurons;
            uint count;
            Finish(Native.snn_session_get_spikes(handle, Whole(population, "population"), Whole(sample, "sample"), &neurons, &count));
            return new ReadOnlySpan<uint>(neurons, (int)count);
        }

        /// <summary>Any variable by its path, "population.state", "projection.weight"; as <c>snn_session_read</c> lists them.</summary>
        public void Read(string path, Span<float> values)
        {
            fixed (float* data = &MemoryMarshal.GetReference(values)) Read(path, DataType.Float32, data, values.Length);
        }

        /// <inheritdoc cref="Read(string, Span{float})"/>
        public void Read(string path, Span<double> values)
        {
            fixed (double* data = &MemoryMarshal.GetReference(values)) Read(path, DataType.Float64, data, values.Length);
        }

        /// <inheritdoc cref="Read(string, Span{float})"/>
        public void Read(string path, Span<int> values)
        {
            fixed (int* data = &MemoryMarshal.GetReference(values)) Read(path, DataType.Int32, data, values.Length);
        }

        /// <inheritdoc cref="Read(string, Span{float})"/>
        public void Read(string path, Span<byte> values)
        {
            fixed (byte* data = &MemoryMarshal.GetReference(values)) Read(path, DataType.Uint8, data, values.Length);
        }

        private void Read(string path, DataType type, void* data, int count)
        {
            byte* stack = stackalloc byte[Utf8.StackBytes];
            fixed (byte* heap = Utf8.OnStack(path, stack))
                Finish(Native.snn_session_read(handle, heap == null ? stack : heap, (uint)type, data, (UIntPtr)count));
        }

        /// <summary>A variable in a new array.</summary>
        public float[] Read(string path)
        {
            var values = new float[ValueCount(path)];
            Read(path, values);
            return values;
        }

        /// <summary>Changes a variable by its path. C: <c>snn_session_write</c>.</summary>
        public void Write(string path, ReadOnlySpan<float> values)
        {
            fixed (float* data = &MemoryMarshal.GetReference(values)) Write(path, DataType.Float32, data, values.Length);
        }

        /// <inheritdoc cref="Write(string, ReadOnlySpan{float})"/>
        public void Write(string path, ReadOnlySpan<double> values)
        {
            fixed (double* data = &MemoryMarshal.GetReference(values)) Write(path, DataType.Float64, data, values.Length);
        }

        /// <inheritdoc cref="Write(string, ReadOnlySpan{float})"/>
        public void Write(string path, ReadOnlySpan<int> values)
        {
            fixed (int* data = &MemoryMarshal.GetReference(values)) Write(path, DataType.Int32, data, values.Length);
        }

        /// <inheritdoc cref="Write(string, ReadOnlySpan{float})"/>
        public void Write(string path, ReadOnlySpan<byte> values)
        {
            fixed (byte* data = &MemoryMarshal.GetReference(values)) Write(path, DataType.Uint8, data, values.Length);
        }

        private void Write(string path, DataType type, void* data, int count)
        {
            byte* stack = stackalloc byte[Utf8.StackBytes];
            fixed (byte* heap = Utf8.OnStack(path, stack))
                Finish(Native.snn_session_write(handle, heap == null ? stack : heap, (uint)type, data, (UIntPtr)count));
        }

        /// <summary>How many values Read wants for a path. C: <c>snn_session_value_count</c>.</summary>
        public int ValueCount(string path)
        {
            UIntPtr count;
            byte* stack = stackalloc byte[Utf8.StackBytes];
            fixed (byte* heap = Utf8.OnStack(path, stack))
                Finish(Native.snn_session_value_count(handle, heap == null ? stack : heap, &count));
            return checked((int)(ulong)count);
        }

        /// <summary>What was computed. C: <c>snn_get_counters</c>.</summary>
        public Counters Counters
        {
            get
            {
                SNNCounters raw;
                raw.struct_size = (uint)sizeof(SNNCounters);
                Finish(Native.snn_get_counters(handle, &raw));
                return new Counters
                {
                    Steps = raw.steps, NeuronUpdates = raw.neuron_updates, Spikes = raw.spikes,
                    InputSpikes = raw.input_spikes, SynapticEvents = raw.synaptic_events,
                    SynapticOperations = raw.synaptic_operations
                };
            }
        }

        /// <summary>Saves all that the next steps depend on. C: <c>snn_save_state</c>.</summary>
        public void SaveState(string path)
        {
            fixed (byte* text = Utf8.Bytes(path)) Finish(Native.snn_save_state(handle, text));
        }

        /// <summary>Goes on from a saved state. C: <c>snn_load_state</c>.</summary>
        public void LoadState(string path)
        {
            fixed (byte* text = Utf8.Bytes(path)) Finish(Native.snn_load_state(handle, text));
        }

        /// <summary>The bytes that the file of a saved state would have, for a game's own saved game.
        /// C: <c>snn_save_state_memory</c>.</summary>
        public byte[] SaveState()
        {
            UIntPtr size;
            Finish(Native.snn_save_state_memory(handle, null, UIntPtr.Zero, &size));
            var data = new byte[(int)size];
            fixed (byte* bytes = data) Finish(Native.snn_save_state_memory(handle, bytes, (UIntPtr)data.Length, &size));
            return data;
        }

        /// <summary>Goes on from a saved state in memory. C: <c>snn_load_state_memory</c>.</summary>
        public void LoadState(ReadOnlySpan<byte> data)
        {
            fixed (byte* bytes = &MemoryMarshal.GetReference(data))
                Finish(Native.snn_load_state_memory(handle, bytes, (UIntPtr)data.Length));
        }

        /// <summary>Replaces weights and biases by those of a .snn file. C: <c>snn_load_weights</c>.</summary>
        public void LoadWeights(string path)
        {
            fixed (byte* text = Utf8.Bytes(path)) Finish(Native.snn_load_weights(handle, text));
        }

        /// <summary>The session's network; dispose it. C: <c>snn_session_network</c>.</summary>
        public Network Network()
        {
            IntPtr network;
            Finish(Native.snn_session_network(handle, &network));
            return new Network(new NetworkHandle(network));
        }

        /// <summary>A new finished network with the present weights, biases and parameters; dispose it.
        /// C: <c>snn_session_to_network</c>.</summary>
        public Network ToNetwork()
        {
            IntPtr network;
            Finish(Native.snn_session_to_network(handle, &network));
            return new Network(new NetworkHandle(network));
        }

        /// <summary>Called after each step for each population and sample that spiked; null removes it.
        /// C: <c>snn_register_spike_callback</c>.</summary>
        public void OnSpikes(SpikeHandler handler)
        {
            Finish(Native.snn_register_spike_callback(handle, handler == null ? IntPtr.Zero : Hooks.SpikeFunction,
                                                             (void*)GCHandle.ToIntPtr(hooksHandle)));
            hooks.Spikes = handler;
        }

        /// <summary>Called after each update, for each trained projection; null removes it.
        /// C: <c>snn_register_weight_callback</c>.</summary>
        public void OnWeights(WeightHandler handler)
        {
            Finish(Native.snn_register_weight_callback(handle, handler == null ? IntPtr.Zero : Hooks.WeightFunction,
                                                              (void*)GCHandle.ToIntPtr(hooksHandle)));
            hooks.Weights = handler;
        }

        /// <summary>Called at the end of each epoch of training; null removes it. C: <c>snn_register_epoch_callback</c>.</summary>
        public void OnEpoch(EpochHandler handler)
        {
            Finish(Native.snn_register_epoch_callback(handle, handler == null ? IntPtr.Zero : Hooks.EpochFunction,
                                                             (void*)GCHandle.ToIntPtr(hooksHandle)));
            hooks.Epoch = handler;
        }

        /// <summary>Ends the session; inside a callback when the call that caused it returns. C: <c>snn_destroy_network</c>.</summary>
        public void Dispose()
        {
            handle.Dispose();
        }

        private void Unpin(int population)
        {
            if (!handle.Bound.TryGetValue(population, out GCHandle pinned)) return;
            handle.Bound.Remove(population);
            pinned.Free();
        }

        /// <summary>The session does not end before the result is disposed of: for calls of C that are not given its handle.</summary>
        internal HeldHandle Held()
        {
            return new HeldHandle(handle);
        }

        /// <summary>For calls that may have called back.</summary>
        internal void Finish(int status)
        {
            hooks.Rethrow();
            Library.Check(status);
            GC.KeepAlive(this);
        }
    }
}
