using System;
using System.Runtime.InteropServices;
using static Snn.Library;

namespace Snn
{
    /// <summary>A finished network: what sessions run and files hold. Any thread may use it.</summary>
    public sealed unsafe class Network : IDisposable
    {
        internal readonly NetworkHandle handle;

        internal Network(NetworkHandle handle)
        {
            this.handle = handle;
        }

        /// <summary>Reads a .snn file; everything in it is checked. C: <c>snn_network_load</c>.</summary>
        public static Network Load(string path)
        {
            Library.CheckVersion();
            IntPtr network;
            fixed (byte* text = Utf8.Bytes(path)) Library.Check(Native.snn_network_load(text, &network));
            return new Network(new NetworkHandle(network));
        }

        /// <summary>The same from memory. C: <c>snn_network_load_memory</c>.</summary>
        public static Network Load(ReadOnlySpan<byte> data)
        {
            Library.CheckVersion();
            IntPtr network;
            fixed (byte* bytes = &MemoryMarshal.GetReference(data))
                Library.Check(Native.snn_network_load_memory(bytes, (UIntPtr)data.Length, &network));
            return new Network(new NetworkHandle(network));
        }

        /// <summary>Writes a .snn file; an old one is replaced whole. C: <c>snn_network_save</c>.</summary>
        public void Save(string path)
        {
            fixed (byte* text = Utf8.Bytes(path)) Library.Check(Native.snn_network_save(handle, text));
        }

        /// <summary>Sizes. C: <c>snn_network_get_info</c>.</summary>
        public NetworkInfo Info
        {
            get
            {
                SNNNetworkInfo raw;
                raw.struct_size = (uint)sizeof(SNNNetworkInfo);
                Library.Check(Native.snn_network_get_info(handle, &raw));
                return new NetworkInfo
                {
                    PopulationCount = (int)raw.population_count, ProjectionCount = (int)raw.projection_count,
                    DtMs = raw.dt_ms, NeuronCount = raw.neuron_count, SynapseCount = raw.synapse_count,
                    ParameterCount = raw.parameter_count
                };
            }
        }

        /// <summary>A population by its index. C: <c>snn_network_get_population</c>.</summary>
        public PopulationInfo Population(int index)
        {
            SNNPopulationInfo raw;
            raw.struct_size = (uint)sizeof(SNNPopulationInfo);
            Library.Check(Native.snn_network_get_population(handle, Whole(index, "index"), &raw));
            var shape = new int[Math.Min(raw.shape.rank, 3)];
            for (int i = 0; i < shape.Length; ++i) shape[i] = (int)raw.shape.dims[i];
            var info = new PopulationInfo
            {
                Kind = (PopulationKind)raw.kind, Shape = shape, Size = (int)raw.size, Name = Utf8.Text(raw.name),
                ModelName = Utf8.Text(raw.model_name), SurrogateName = Utf8.Text(raw.surrogate_name)
            };
            GC.KeepAlive(this); // what was read is borrowed
            return info;
        }

        /// <summary>A projection by its index. C: <c>snn_network_get_projection</c>.</summary>
        public ProjectionInfo Projection(int index)
        {
            SNNProjectionInfo raw;
            raw.struct_size = (uint)sizeof(SNNProjectionInfo);
            Library.Check(Native.snn_network_get_projection(handle, Whole(index, "index"), &raw));
            var info = new ProjectionInfo
            {
                Kind = (ConnectionKind)raw.kind, Source = (int)raw.source, Target = (int)raw.target,
                DelaySteps = (int)raw.delay_steps, Trainable = raw.trainable != 0, Arithmetic = (Arithmetic)raw.arithmetic,
                PoolMode = (PoolMode)raw.pool_mode, Name = Utf8.Text(raw.name), Receptor = Utf8.Text(raw.receptor),
                WeightCount = raw.weight_count, Bias = Copy<float>(raw.bias, raw.bias_count), SynapseCount = raw.synapse_count,
                Kernel = Pair(raw.kernel), Stride = Pair(raw.stride), Padding = Pair(raw.padding),
                Dilation = Pair(raw.dilation), Groups = (int)raw.groups, ByRule = raw.by_rule != 0,
                FixedPointScale = raw.fixed_point_scale, Detached = raw.detached != 0,
                MinDelaySteps = (int)raw.min_delay_steps, MaxDelaySteps = (int)raw.max_delay_steps
            };
            GC.KeepAlive(this); // what was read is borrowed
            return info;
        }

        /// <summary>Weights and synapses, copied. Those of a rule, and compact ones, are made at the first call and kept, 10 bytes
        /// a synapse. C: <c>snn_network_get_projection_arrays</c>.</summary>
        public ProjectionArrays Arrays(int index)
        {
            SNNProjectionArrays raw;
            raw.struct_size = (uint)sizeof(SNNProjectionArrays);
            Library.Check(Native.snn_network_get_projection_arrays(handle, Whole(index, "index"), &raw));
            ProjectionInfo projection = Projection(index);
            bool sparse = projection.Kind == ConnectionKind.Sparse;
            ulong sources = (ulong)Population(projection.Source).Size;
            var arrays = new ProjectionArrays
            {
                Weights = Copy<float>(raw.weights, raw.weight_count),
                // A sparse projection has one weight for each synapse.
                RowOffsets = Copy<ulong>(raw.row_offsets, sparse ? sources + 1 : 0),
                SynapseTargets = Copy<uint>(raw.synapse_targets, sparse ? raw.weight_count : 0),
                SynapseDelays = Copy<ushort>(raw.synapse_delays, sparse ? raw.weight_count : 0)
            };
            GC.KeepAlive(this);
            return arrays;
        }

        /// <summary>The rule that makes the synapses, with the seed in use. C: <c>snn_network_get_connection_rule</c>.</summary>
        public RandomConnection Rule(int index)
        {
            SNNRandomConnectionDef raw;
            raw.struct_size = (uint)sizeof(SNNRandomConnectionDef);
            Library.Check(Native.snn_network_get_connection_rule(handle, Whole(index, "index"), &raw));
            var rule = new RandomConnection(raw);
            GC.KeepAlive(this);
            return rule;
        }

        /// <summary>The synapses of some source neurons, in canonical order. C: <c>snn_network_get_synapses</c>.</summary>
        public Synapses Synapses(int projection, int firstSource, int sourceCount)
        {
            UIntPtr count;
            Library.Check(Native.snn_network_get_synapses(handle, Whole(projection, "projection"), Whole(firstSource, "firstSource"), Whole(sourceCount, "sourceCount"), null,
                                                          null, null, null, &count));
            int size = checked((int)(ulong)count);
            var found = new Synapses
            {
                Sources = new uint[size], Targets = new uint[size], Delays = new uint[size], Weights = new float[size]
            };
            fixed (uint* sources = found.Sources, targets = found.Targets, delays = found.Delays)
            fixed (float* weights = found.Weights)
                if (size > 0)
                    Library.Check(Native.snn_network_get_synapses(handle, Whole(projection, "projection"), Whole(firstSource, "firstSource"),
                                                                  Whole(sourceCount, "sourceCount"), sources, targets, delays, weights,
                                                                  &count));
            return found;
        }

        /// <summary>The index of a population by its name. C: <c>snn_network_find_population</c>.</summary>
        public int FindPopulation(string name)
        {
            uint index;
            fixed (byte* text = Utf8.Bytes(name)) Library.Check(Native.snn_network_find_population(handle, text, &index));
            return (int)index;
        }

        /// <summary>The index of a projection by its name. C: <c>snn_network_find_projection</c>.</summary>
        public int FindProjection(string name)
        {
            uint index;
            fixed (byte* text = Utf8.Bytes(name)) Library.Check(Native.snn_network_find_projection(handle, text, &index));
            return (int)index;
        }

        /// <summary>The model of a population of neurons. C: <c>snn_network_get_model</c>.</summary>
        public Model Model(int population)
        {
            IntPtr model;
            Library.Check(Native.snn_network_get_model(handle, Whole(population, "population"), &model));
            return new Model(model);
        }

        /// <summary>The surrogate of a population of neurons. C: <c>snn_network_get_surrogate</c>.</summary>
        public Model Surrogate(int population)
        {
            IntPtr model;
            Library.Check(Native.snn_network_get_surrogate(handle, Whole(population, "population"), &model));
            return new Model(model);
        }

        /// <summary>The plasticity rule of a projection. C: <c>snn_network_get_plasticity</c>.</summary>
        public Model Plasticity(int projection)
        {
            IntPtr model;
            Library.Check(Native.snn_network_get_plasticity(handle, Whole(projection, "projection"), &model));
            return new Model(model);
        }

        /// <summary>Values in use: one that is shared, or one for each neuron. C: <c>snn_network_get_parameter</c>.</summary>
        public double[] Parameter(int population, string parameter)
        {
            UIntPtr count;
            fixed (byte* name = Utf8.Bytes(parameter))
            {
                Library.Check(Native.snn_network_get_parameter(handle, Whole(population, "population"), name, null, &count));
                var values = new double[(int)count];
                fixed (double* data = values)
                    Library.Check(Native.snn_network_get_parameter(handle, Whole(population, "population"), name, data, &count));
                return values;
            }
        }

        /// <summary>Whether training changes the parameter. C: <c>snn_network_get_learnable</c>.</summary>
        public bool Learnable(int population, string parameter)
        {
            uint learnable;
            fixed (byte* name = Utf8.Bytes(parameter))
                Library.Check(Native.snn_network_get_learnable(handle, Whole(population, "population"), name, &learnable));
            return learnable != 0;
        }

        /// <summary>The state at step 0. C: <c>snn_network_get_initial_state</c>.</summary>
        public double[] InitialState(int population, string state)
        {
            UIntPtr count;
            fixed (byte* name = Utf8.Bytes(state))
            {
                Library.Check(Native.snn_network_get_initial_state(handle, Whole(population, "population"), name, null, &count));
                var values = new double[(int)count];
                fixed (double* data = values)
                    Library.Check(Native.snn_network_get_initial_state(handle, Whole(population, "population"), name, data, &count));
                return values;
            }
        }

        /// <summary>Parameters of the surrogate, in the order of its definition.
        /// C: <c>snn_network_get_surrogate_parameters</c>.</summary>
        public double[] SurrogateParameters(int population)
        {
            UIntPtr count;
            Library.Check(Native.snn_network_get_surrogate_parameters(handle, Whole(population, "population"), null, &count));
            var values = new double[(int)count];
            fixed (double* data = values)
                if (values.Length > 0)
                    Library.Check(Native.snn_network_get_surrogate_parameters(handle, Whole(population, "population"), data, &count));
            return values;
        }

        /// <summary>The name of the chosen option. C: <c>snn_network_get_option</c>.</summary>
        public string Option(int population, string option)
        {
            byte* choice;
            fixed (byte* name = Utf8.Bytes(option))
                Library.Check(Native.snn_network_get_option(handle, Whole(population, "population"), name, &choice));
            string copy = Utf8.Text(choice);
            GC.KeepAlive(this);
            return copy;
        }

        /// <summary>A parameter of the projection's rule. C: <c>snn_network_get_plasticity_parameter</c>.</summary>
        public double PlasticityParameter(int projection, string parameter)
        {
            double value;
            fixed (byte* name = Utf8.Bytes(parameter))
                Library.Check(Native.snn_network_get_plasticity_parameter(handle, Whole(projection, "projection"), name, &value));
            return value;
        }

        /// <summary>The name of the chosen option of the rule. C: <c>snn_network_get_plasticity_option</c>.</summary>
        public string PlasticityOption(int projection, string option)
        {
            byte* choice;
            fixed (byte* name = Utf8.Bytes(option))
                Library.Check(Native.snn_network_get_plasticity_option(handle, Whole(projection, "projection"), name, &choice));
            string copy = Utf8.Text(choice);
            GC.KeepAlive(this);
            return copy;
        }

        /// <summary>What a session with these options would need. C: <c>snn_network_memory</c>.</summary>
        public MemoryEstimate Memory(SessionOptions options = null)
        {
            var projections = new ulong[Info.ProjectionCount];
            SNNMemoryEstimate raw;
            raw.struct_size = (uint)sizeof(SNNMemoryEstimate);
            SNNMemoryEstimate* place = &raw;
            (options ?? new SessionOptions()).Call(null, IntPtr.Zero, IntPtr.Zero, config =>
            {
                fixed (ulong* parts = projections)
                    return Native.snn_network_memory(handle, config, place, parts, (UIntPtr)projections.Length);
            });
            return new MemoryEstimate
            {
                NetworkBytes = raw.network_bytes, WeightBytes = raw.weight_bytes, StateBytes = raw.state_bytes,
                TotalBytes = raw.total_bytes, OpeningBytes = raw.opening_bytes, Projections = projections
            };
        }

        /// <summary>Where a session with these options would run. Measures devices that have not been measured.
        /// C: <c>snn_network_place</c>, <c>snn_placement_get_info</c>, <c>snn_placement_release</c>.</summary>
        public Placement Placement(SessionOptions options)
        {
            IntPtr owned;
            IntPtr* place = &owned;
            options.Call(null, IntPtr.Zero, IntPtr.Zero, config => Native.snn_network_place(handle, config, place));
            using (var placement = new PlacementHandle(owned))
            {
                SNNPlacementInfo raw;
                raw.struct_size = (uint)sizeof(SNNPlacementInfo);
                Library.Check(Native.snn_placement_get_info(placement, &raw));
                var found = new Placement
                {
                    Device = Utf8.Text(raw.device), Reasons = Utf8.Text(raw.reasons), WindowSteps = (int)raw.window_steps,
                    Slices = new PlacementSlice[raw.slice_count], Samples = new int[raw.device_count],
                    StepSeconds = new double[raw.device_count]
                };
                for (int i = 0; i < found.Slices.Length; i++)
                {
                    SNNPlacementSlice slice = raw.slices[i];
                    found.Slices[i] = new PlacementSlice
                    {
                        Population = (int)slice.population, First = (int)slice.first, Count = (int)slice.count,
                        Device = (int)slice.device
                    };
                }
                for (int i = 0; i < found.Samples.Length; i++)
                {
                    found.Samples[i] = (int)raw.samples[i];
                    found.StepSeconds[i] = raw.step_s[i];
                }
                return found;
            }
        }

        /// <summary>A second reference with an end of its own. C: <c>snn_network_retain</c>.</summary>
        public Network Share()
        {
            using (var held = new HeldHandle(handle))
            {
                Library.Check(Native.snn_network_retain(handle));
                return new Network(new NetworkHandle(held.Value));
            }
        }

        /// <summary>Gives the reference back; sessions that run the network keep it alive. C: <c>snn_network_release</c>.</summary>
        public void Dispose()
        {
            handle.Dispose();
        }

        private static (int, int) Pair(uint* pair)
        {
            return ((int)pair[0], (int)pair[1]);
        }

        private static T[] Copy<T>(void* data, ulong count)
        {
            return data == null || count == 0 ? new T[0] : new ReadOnlySpan<T>(data, checked((int)count)).ToArray();
        }
    }
}
