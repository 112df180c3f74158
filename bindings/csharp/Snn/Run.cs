using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using static Snn.Library;

namespace Snn
{
    /// <summary>Room for the spikes of a population as events, ordered by step, then sample, then neuron.</summary>
    public sealed class SpikeEvents
    {
        internal readonly uint[] steps, neurons, samples;

        /// <summary>At least batch_size times the population's size: as many as one step can give.</summary>
        public SpikeEvents(int capacity)
        {
            steps = new uint[Library.Whole(capacity, "capacity")];
            neurons = new uint[capacity];
            samples = new uint[capacity];
        }

        /// <summary>Events that are there.</summary>
        public int Count { get; internal set; }

        /// <summary>Of each event, since the run began.</summary>
        public ReadOnlySpan<uint> Steps { get { return new ReadOnlySpan<uint>(steps, 0, Count); } }

        public ReadOnlySpan<uint> Neurons { get { return new ReadOnlySpan<uint>(neurons, 0, Count); } }
        public ReadOnlySpan<uint> Samples { get { return new ReadOnlySpan<uint>(samples, 0, Count); } }
    }

    /// <summary>Steps with inputs and recordings, for <see cref="Session.Run"/>; see <c>SNNRunDef</c>.</summary>
    public sealed unsafe class Run
    {
        // Of a run or a batch.
        internal struct Spikes
        {
            internal int Population, Count;
            internal uint[] Steps, Neurons, Samples;

            internal static Spikes Of(int population, uint[] steps, uint[] neurons, uint[] samples)
            {
                if (steps == null) throw new ArgumentNullException(nameof(steps));
                if (neurons == null) throw new ArgumentNullException(nameof(neurons));
                if (neurons.Length != steps.Length || (samples != null && samples.Length != steps.Length))
                    throw new ArgumentException("there are " + steps.Length + " steps, " + neurons.Length + " neurons and " +
                                                (samples ?? steps).Length + " samples; each spike has one");
                return new Spikes { Population = population, Count = steps.Length, Steps = steps, Neurons = neurons, Samples = samples };
            }

            internal static SNNSpikeInput[] Pinned(List<Spikes> all, List<GCHandle> pins)
            {
                var structs = new SNNSpikeInput[all.Count];
                for (int i = 0; i < structs.Length; ++i)
                    structs[i] = new SNNSpikeInput
                    {
                        struct_size = (uint)sizeof(SNNSpikeInput), population = Whole(all[i].Population, "population"),
                        steps = (uint*)Pin(pins, all[i].Steps), neurons = (uint*)Pin(pins, all[i].Neurons),
                        samples = all[i].Samples == null ? null : (uint*)Pin(pins, all[i].Samples),
                        count = (UIntPtr)all[i].Count
                    };
                return structs;
            }
        }

        private struct Array
        {
            internal int Population;
            internal bool Held;
            internal DataType Type;
            internal string Variable;  // or a path
            internal ulong[] Indices;
            internal System.Array Data;
        }

        private readonly int stepCount;
        private readonly List<Array> inputs = new List<Array>(), records = new List<Array>(), values = new List<Array>();
        private readonly List<Spikes> inputSpikes = new List<Spikes>();
        private readonly List<KeyValuePair<int, SpikeEvents>> events = new List<KeyValuePair<int, SpikeEvents>>();
        private Func<ulong, ulong, bool> progress;
        private int? progressInterval;
        private ExceptionDispatchInfo thrown;

        /// <summary>Without inputs and recordings.</summary>
        public Run(int stepCount)
        {
            this.stepCount = (int)Whole(stepCount, "stepCount");
        }

        /// <summary>Recordings (not events) are written after every so many steps; default 1.</summary>
        public int? RecordInterval { get; set; }

        /// <summary>Of a run that this one goes on with; default 0.</summary>
        public int StepsBefore { get; set; }

        /// <summary>[step][batch_size][size]</summary>
        public Run Input(int population, float[] values)
        {
            inputs.Add(new Array { Population = population, Data = values ?? throw new ArgumentNullException(nameof(values)) });
            return this;
        }

        /// <summary>[batch_size][size], used at every step.</summary>
        public Run HeldInput(int population, float[] values)
        {
            inputs.Add(new Array { Population = population, Held = true, Data = values ?? throw new ArgumentNullException(nameof(values)) });
            return this;
        }

        /// <summary>Spikes of a spike input one by one, in the order of their steps: the step since the run began, the neuron and, with
        /// several samples, the sample of each.</summary>
        public Run InputSpikes(int population, uint[] steps, uint[] neurons, uint[] samples = null)
        {
            inputSpikes.Add(Spikes.Of(population, steps, neurons, samples));
            return this;
        }

        /// <summary>The same of spikes that another run recorded.</summary>
        public Run InputSpikes(int population, SpikeEvents events)
        {
            if (events == null) throw new ArgumentNullException(nameof(events));
            inputSpikes.Add(new Spikes
            {
                Population = population, Count = events.Count, Steps = events.steps, Neurons = events.neurons, Samples = events.samples
            });
            return this;
        }

        /// <summary>A state, "spikes" or "spike_count", written as the run goes: [step][batch_size][size].</summary>
        public Run Record(int population, string variable, float[] values) { return Record(population, variable, values, DataType.Float32); }

        /// <inheritdoc cref="Record(int, string, float[])"/>
        public Run Record(int population, string variable, double[] values) { return Record(population, variable, values, DataType.Float64); }

        /// <inheritdoc cref="Record(int, string, float[])"/>
        public Run Record(int population, string variable, int[] values) { return Record(population, variable, values, DataType.Int32); }

        /// <inheritdoc cref="Record(int, string, float[])"/>
        public Run Record(int population, string variable, byte[] values) { return Record(population, variable, values, DataType.Uint8); }

        private Run Record(int population, string variable, System.Array values, DataType type)
        {
            records.Add(new Array
            {
                Population = population, Variable = variable ?? throw new ArgumentNullException(nameof(variable)), Type = type,
                Data = values ?? throw new ArgumentNullException(nameof(values))
            });
            return this;
        }

        /// <summary>A variable by its path, as for <see cref="Session.Read(string, Span{float})"/>, of chosen neurons or synapses (null: of
        /// all), written as the run goes: [row][batch_size][chosen] of a population, [row][chosen] of a projection.</summary>
        public Run RecordValues(string path, ulong[] indices, float[] values) { return RecordValues(path, indices, values, DataType.Float32); }

        /// <inheritdoc cref="RecordValues(string, ulong[], float[])"/>
        public Run RecordValues(string path, ulong[] indices, double[] values) { return RecordValues(path, indices, values, DataType.Float64); }

        /// <inheritdoc cref="RecordValues(string, ulong[], float[])"/>
        public Run RecordValues(string path, ulong[] indices, int[] values) { return RecordValues(path, indices, values, DataType.Int32); }

        /// <inheritdoc cref="RecordValues(string, ulong[], float[])"/>
        public Run RecordValues(string path, ulong[] indices, byte[] values) { return RecordValues(path, indices, values, DataType.Uint8); }

        private Run RecordValues(string path, ulong[] indices, System.Array data, DataType type)
        {
            values.Add(new Array
            {
                Variable = path ?? throw new ArgumentNullException(nameof(path)), Indices = indices, Type = type,
                Data = data ?? throw new ArgumentNullException("values")
            });
            return this;
        }

        /// <summary>Spikes as events. Where room for the next step's may be missing, fewer steps are done than asked for.</summary>
        public Run Record(int population, SpikeEvents into)
        {
            events.Add(new KeyValuePair<int, SpikeEvents>(population, into ?? throw new ArgumentNullException(nameof(into))));
            return this;
        }

        /// <summary>Called every so many steps with the steps that are done and those of the run; false stops it, and
        /// <see cref="Session.Run"/> throws <see cref="Status.Stopped"/>.</summary>
        public Run Progress(int interval, Func<ulong, ulong, bool> function)
        {
            progress = function;
            progressInterval = interval;
            return this;
        }

        internal delegate int WithDef(SNNRunDef* def);

        private static readonly SNNProgressCallback progressCallback = OnProgress;
        private static readonly IntPtr progressFunction = Marshal.GetFunctionPointerForDelegate(progressCallback);

        internal int Call(WithDef function, uint* done)
        {
            var pins = new List<GCHandle>();
            GCHandle self = GCHandle.Alloc(this);
            try
            {
                var inputArrays = new SNNInputArray[inputs.Count];
                for (int i = 0; i < inputs.Count; ++i)
                    inputArrays[i] = new SNNInputArray
                    {
                        population = Whole(inputs[i].Population, "population"), held = inputs[i].Held ? 1u : 0u,
                        data = (float*)Pin(pins, inputs[i].Data), count = (UIntPtr)inputs[i].Data.Length
                    };
                var recordArrays = new SNNRecordArray[records.Count];
                for (int i = 0; i < records.Count; ++i)
                    recordArrays[i] = new SNNRecordArray
                    {
                        population = Whole(records[i].Population, "population"), dtype = (uint)records[i].Type,
                        variable = (byte*)Pin(pins, Utf8.Bytes(records[i].Variable)),
                        data = (void*)Pin(pins, records[i].Data), count = (UIntPtr)records[i].Data.Length
                    };
                var spikeRecords = new SNNSpikeRecord[events.Count];
                for (int i = 0; i < events.Count; ++i)
                    spikeRecords[i] = new SNNSpikeRecord
                    {
                        struct_size = (uint)sizeof(SNNSpikeRecord), population = Whole(events[i].Key, "population"),
                        steps = (uint*)Pin(pins, events[i].Value.steps), neurons = (uint*)Pin(pins, events[i].Value.neurons),
                        samples = (uint*)Pin(pins, events[i].Value.samples),
                        capacity = (UIntPtr)events[i].Value.steps.Length
                    };
                SNNSpikeInput[] spikeInputs = Spikes.Pinned(inputSpikes, pins);
                var valueRecords = new SNNValueRecord[values.Count];
                for (int i = 0; i < values.Count; ++i)
                    valueRecords[i] = new SNNValueRecord
                    {
                        struct_size = (uint)sizeof(SNNValueRecord), dtype = (uint)values[i].Type,
                        path = (byte*)Pin(pins, Utf8.Bytes(values[i].Variable)),
                        indices = values[i].Indices == null ? null : (ulong*)Pin(pins, values[i].Indices),
                        index_count = (UIntPtr)(values[i].Indices == null ? 0 : values[i].Indices.Length),
                        data = (void*)Pin(pins, values[i].Data), count = (UIntPtr)values[i].Data.Length
                    };
                int status;
                fixed (SNNInputArray* input = inputArrays)
                fixed (SNNRecordArray* record = recordArrays)
                fixed (SNNSpikeRecord* spikes = spikeRecords)
                fixed (SNNSpikeInput* spikeInput = spikeInputs)
                fixed (SNNValueRecord* value = valueRecords)
                {
                    SNNRunDef def;
                    Native.snn_run_def_init(&def, (uint)sizeof(SNNRunDef));
                    def.step_count = (uint)stepCount;
                    def.inputs = input;
                    def.input_count = (uint)inputArrays.Length;
                    def.records = record;
                    def.record_count = (uint)recordArrays.Length;
                    def.spike_records = spikes;
                    def.spike_record_count = (uint)spikeRecords.Length;
                    def.spike_inputs = spikeInput;
                    def.spike_input_count = (uint)spikeInputs.Length;
                    def.value_records = value;
                    def.value_record_count = (uint)valueRecords.Length;
                    def.steps_before = Whole(StepsBefore, "StepsBefore");
                    def.out_step_count = done;
                    if (RecordInterval.HasValue) def.record_interval = Whole(RecordInterval.Value, "RecordInterval");
                    if (progressInterval.HasValue) def.progress_interval = Whole(progressInterval.Value, "progressInterval");
                    if (progress != null)
                    {
                        def.progress = progressFunction;
                        def.progress_user = (void*)GCHandle.ToIntPtr(self);
                    }
                    status = function(&def);
                }
                for (int i = 0; i < events.Count; ++i) events[i].Value.Count = (int)spikeRecords[i].count;
                return status;
            }
            finally
            {
                self.Free();
                foreach (GCHandle pin in pins) pin.Free();
            }
        }

        internal void Rethrow()
        {
            if (thrown == null) return;
            ExceptionDispatchInfo first = thrown;
            thrown = null;
            first.Throw();
        }

        [MonoPInvokeCallback(typeof(SNNProgressCallback))]
        private static int OnProgress(ulong stepsDone, ulong stepsTotal, void* user)
        {
            var run = (Run)GCHandle.FromIntPtr((IntPtr)user).Target;
            try
            {
                return run.progress(stepsDone, stepsTotal) ? 0 : 1;
            }
            catch (Exception exception)
            {
                run.thrown = ExceptionDispatchInfo.Capture(exception);
                return 1;
            }
        }

        internal static IntPtr Pin(List<GCHandle> pins, System.Array array)
        {
            GCHandle pin = GCHandle.Alloc(array, GCHandleType.Pinned);
            pins.Add(pin);
            return pin.AddrOfPinnedObject();
        }
    }
}
