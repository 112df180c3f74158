using System;
using static Snn.Library;

namespace Snn
{
    /// <summary>How weights, delays, parameters or states are drawn; see <c>SNNDistribution</c>.</summary>
    public struct Distribution
    {
        public DistributionKind Kind;
        /// <summary>The value, the mean, or the lower end.</summary>
        public double A;
        /// <summary>The standard deviation, or the upper end.</summary>
        public double B;
        /// <summary>What lies below is drawn again.</summary>
        public double Low;
        /// <summary>What lies above is drawn again.</summary>
        public double High;

        private Distribution(DistributionKind kind, double a, double b)
        {
            Kind = kind;
            A = a;
            B = b;
            Low = double.NegativeInfinity;
            High = double.PositiveInfinity;
        }

        public static Distribution Constant(double value) { return new Distribution(DistributionKind.Constant, value, 0); }
        public static Distribution Normal(double mean, double deviation) { return new Distribution(DistributionKind.Normal, mean, deviation); }
        public static Distribution Uniform(double low, double high) { return new Distribution(DistributionKind.Uniform, low, high); }
        public static Distribution Lognormal(double mean, double deviation) { return new Distribution(DistributionKind.Lognormal, mean, deviation); }
        public static Distribution Exponential(double mean) { return new Distribution(DistributionKind.Exponential, mean, 0); }

        /// <summary>Cut off: what lies outside is drawn again.</summary>
        public Distribution Within(double low, double high)
        {
            Distribution cut = this;
            cut.Low = low;
            cut.High = high;
            return cut;
        }

        internal SNNDistribution Raw()
        {
            return new SNNDistribution { kind = (uint)Kind, a = A, b = B, low = Low, high = High };
        }

        internal static Distribution From(SNNDistribution raw)
        {
            return new Distribution { Kind = (DistributionKind)raw.kind, A = raw.a, B = raw.b, Low = raw.low, High = raw.high };
        }
    }

    /// <summary>How a projection connects two populations; see <c>SNNProjectionDef</c>. Arrays are copied when it is
    /// connected. Pairs are (y, x).</summary>
    public sealed class Projection
    {
        private readonly int source, target;
        private readonly ConnectionKind kind;
        private readonly float[] weights;
        private readonly ulong[] rowOffsets;
        private readonly uint[] targets;

        private Projection(ConnectionKind kind, int source, int target, float[] weights = null, ulong[] rowOffsets = null,
                           uint[] targets = null)
        {
            this.kind = kind;
            this.source = source;
            this.target = target;
            this.weights = weights;
            this.rowOffsets = rowOffsets;
            this.targets = targets;
        }

        /// <summary>Each source neuron to each target; weights [source][target].</summary>
        public static Projection Dense(int source, int target, float[] weights)
        {
            return new Projection(ConnectionKind.Dense, source, target, NotNull(weights));
        }

        /// <summary>Each neuron to the one of the same index; weights [neuron].</summary>
        public static Projection OneToOne(int source, int target, float[] weights)
        {
            return new Projection(ConnectionKind.OneToOne, source, target, NotNull(weights));
        }

        /// <summary>Rows of targets: rowOffsets [source size + 1]; targets and weights one for each synapse.</summary>
        public static Projection Sparse(int source, int target, ulong[] rowOffsets, uint[] targets, float[] weights)
        {
            if (rowOffsets == null) throw new ArgumentNullException(nameof(rowOffsets));
            if (targets == null) throw new ArgumentNullException(nameof(targets));
            return new Projection(ConnectionKind.Sparse, source, target, NotNull(weights), rowOffsets, targets);
        }

        /// <summary>Sparse, for <see cref="NetworkBuilder.ConnectRandom"/>.</summary>
        public static Projection ByRule(int source, int target)
        {
            return new Projection(ConnectionKind.Sparse, source, target);
        }

        /// <summary>Cross-correlation; weights [out_channel][in_channel / groups][kernel_y][kernel_x].</summary>
        public static Projection Conv2d(int source, int target, (int y, int x) kernel, float[] weights)
        {
            return new Projection(ConnectionKind.Conv2d, source, target, NotNull(weights)) { Kernel = kernel };
        }

        /// <summary>Pooling, without weights.</summary>
        public static Projection Pool2d(int source, int target, (int y, int x) kernel, PoolMode mode)
        {
            return new Projection(ConnectionKind.Pool2d, source, target) { Kernel = kernel, Mode = mode };
        }

        /// <summary>[target], or [out_channel] for conv2d; added at every step.</summary>
        public float[] Bias { get; set; }

        /// <summary>Steps of each synapse of a sparse projection, added to DelaySteps.</summary>
        public ushort[] SynapseDelays { get; set; }

        /// <summary>Default: "source_to_target".</summary>
        public string Name { get; set; }

        /// <summary>The receptor of the target's model; default: its first.</summary>
        public string Receptor { get; set; }

        /// <summary>At most 4096; 0: within the same step.</summary>
        public int DelaySteps { get; set; }

        /// <summary>Default: the library's, true.</summary>
        public bool? Trainable { get; set; }

        /// <summary>Whether training takes no gradient back through it to its source.</summary>
        public bool Detached { get; set; }

        public Arithmetic Arithmetic { get; set; }
        public (int y, int x)? Stride { get; set; }
        public (int y, int x)? Padding { get; set; }
        public (int y, int x)? Dilation { get; set; }
        public int? Groups { get; set; }
        private (int y, int x)? Kernel { get; set; }
        private PoolMode Mode { get; set; }

        internal unsafe delegate int WithDef(SNNProjectionDef* def);

        /// <summary>Calls the function with the struct as C wants it.</summary>
        internal unsafe void Call(WithDef function)
        {
            if (SynapseDelays != null && SynapseDelays.Length != (targets?.Length ?? 0))
                throw new ArgumentException("SynapseDelays has " + SynapseDelays.Length + " values for " +
                                            (targets?.Length ?? 0) + " synapses");
            float noWeights = 0; // null would ask for zeros; an empty array is as wrong as a short one
            fixed (byte* name = Utf8.Bytes(Name), receptor = Utf8.Bytes(Receptor))
            fixed (float* weightData = weights, bias = Bias)
            fixed (ulong* rows = rowOffsets)
            fixed (uint* targetData = targets)
            fixed (ushort* delays = SynapseDelays)
            {
                SNNProjectionDef def;
                Native.snn_projection_def_init(&def, (uint)sizeof(SNNProjectionDef));
                def.kind = (uint)kind;
                def.name = name;
                def.source = Whole(source, "source");
                def.target = Whole(target, "target");
                def.receptor = receptor;
                def.delay_steps = Whole(DelaySteps, "DelaySteps");
                if (Trainable.HasValue) def.trainable = Trainable.Value ? 1u : 0u;
                def.detached = Detached ? 1u : 0u;
                def.arithmetic = (uint)Arithmetic;
                def.pool_mode = (uint)Mode;
                def.weights = weights != null && weights.Length == 0 ? &noWeights : weightData;
                def.weight_count = (UIntPtr)(weights?.Length ?? 0);
                def.bias = bias;
                def.bias_count = (UIntPtr)(Bias?.Length ?? 0);
                def.row_offsets = rows;
                def.row_offset_count = (UIntPtr)(rowOffsets?.Length ?? 0);
                def.synapse_targets = targetData;
                def.synapse_delays = delays;
                def.synapse_count = (UIntPtr)(targets?.Length ?? 0);
                Set(def.kernel, Kernel);
                Set(def.stride, Stride);
                Set(def.padding, Padding);
                Set(def.dilation, Dilation);
                if (Groups.HasValue) def.groups = Whole(Groups.Value, "Groups");
                Library.Check(function(&def));
            }
        }

        private static unsafe void Set(uint* pair, (int y, int x)? value)
        {
            if (!value.HasValue) return;
            pair[0] = Whole(value.Value.y, "y");
            pair[1] = Whole(value.Value.x, "x");
        }

        private static float[] NotNull(float[] weights)
        {
            return weights ?? throw new ArgumentNullException(nameof(weights));
        }
    }

    /// <summary>A rule that makes the synapses of a sparse projection; see <c>SNNRandomConnectionDef</c>.</summary>
    public sealed unsafe class RandomConnection
    {
        internal SNNRandomConnectionDef def;
        private float[] sourcePositions, targetPositions;

        private RandomConnection(ConnectionRule rule)
        {
            Library.CheckVersion();
            fixed (SNNRandomConnectionDef* it = &def)
                Native.snn_random_connection_def_init(it, (uint)sizeof(SNNRandomConnectionDef));
            def.rule = (uint)rule;
        }

        internal RandomConnection(SNNRandomConnectionDef def)
        {
            this.def = def;
            sourcePositions = Copy(def.source_positions, (int)def.source_position_count);
            targetPositions = Copy(def.target_positions, (int)def.target_position_count);
        }

        /// <summary>Each pair with this probability.</summary>
        public static RandomConnection FixedProbability(double probability)
        {
            return new RandomConnection(ConnectionRule.FixedProbability) { Probability = probability };
        }

        /// <summary>So many sources for each target.</summary>
        public static RandomConnection FixedIndegree(ulong count)
        {
            return new RandomConnection(ConnectionRule.FixedIndegree) { Count = count };
        }

        /// <summary>So many targets for each source.</summary>
        public static RandomConnection FixedOutdegree(ulong count)
        {
            return new RandomConnection(ConnectionRule.FixedOutdegree) { Count = count };
        }

        /// <summary>So many synapses in all.</summary>
        public static RandomConnection FixedTotal(ulong count)
        {
            return new RandomConnection(ConnectionRule.FixedTotal) { Count = count };
        }

        /// <summary>Each neuron to the one of the same index.</summary>
        public static RandomConnection OneToOne() { return new RandomConnection(ConnectionRule.OneToOne); }

        /// <summary>Each pair.</summary>
        public static RandomConnection AllToAll() { return new RandomConnection(ConnectionRule.AllToAll); }

        /// <summary>Each pair with a probability that falls with the distance; positions [neuron][dimensions].</summary>
        public static RandomConnection Spatial(SpatialKernel kernel, double probability, double width, double cutoff,
                                               int dimensions, float[] sourcePositions, float[] targetPositions)
        {
            var rule = new RandomConnection(ConnectionRule.Spatial) { Probability = probability };
            rule.def.kernel = (uint)kernel;
            rule.def.kernel_width = width;
            rule.def.cutoff = cutoff;
            rule.def.dimensions = Library.Whole(dimensions, "dimensions");
            rule.sourcePositions = sourcePositions ?? throw new ArgumentNullException(nameof(sourcePositions));
            rule.targetPositions = targetPositions ?? throw new ArgumentNullException(nameof(targetPositions));
            return rule;
        }

        public ConnectionRule Rule { get { return (ConnectionRule)def.rule; } }
        public double Probability { get { return def.probability; } private set { def.probability = value; } }
        public ulong Count { get { return def.count; } private set { def.count = value; } }

        /// <summary>Default: one that follows from the projection's index.</summary>
        public ulong Seed { get { return def.seed; } set { def.seed = value; } }

        /// <summary>Whether a neuron may connect to itself; default: true.</summary>
        public bool AllowAutapses { get { return def.allow_autapses != 0; } set { def.allow_autapses = value ? 1u : 0u; } }

        /// <summary>Whether a pair may have several synapses; default: true.</summary>
        public bool AllowMultapses { get { return def.allow_multapses != 0; } set { def.allow_multapses = value ? 1u : 0u; } }

        /// <summary>Default: constant 1.</summary>
        public Distribution Weight { get { return Distribution.From(def.weight); } set { def.weight = value.Raw(); } }

        /// <summary>Milliseconds; default: constant 0.</summary>
        public Distribution Delay { get { return Distribution.From(def.delay); } set { def.delay = value.Raw(); } }

        /// <summary>First neuron and number of the part of the source population that is connected, as if it were a population
        /// of its own; default: (0, 0), all of it.</summary>
        public (int First, int Count) Sources
        {
            get { return ((int)def.first_source, (int)def.source_count); }
            set
            {
                def.first_source = Library.Whole(value.First, "Sources");
                def.source_count = Library.Whole(value.Count, "Sources");
            }
        }

        /// <summary>The same of the target population.</summary>
        public (int First, int Count) Targets
        {
            get { return ((int)def.first_target, (int)def.target_count); }
            set
            {
                def.first_target = Library.Whole(value.First, "Targets");
                def.target_count = Library.Whole(value.Count, "Targets");
            }
        }

        /// <summary>After how much space repeats along each axis; 0: open.</summary>
        public (double, double, double) Period
        {
            get
            {
                fixed (double* period = def.period) return (period[0], period[1], period[2]);
            }
            set
            {
                fixed (double* period = def.period)
                {
                    period[0] = value.Item1;
                    period[1] = value.Item2;
                    period[2] = value.Item3;
                }
            }
        }

        internal delegate int WithDef(SNNRandomConnectionDef* def);

        internal int Call(WithDef function)
        {
            fixed (float* sources = sourcePositions, targets = targetPositions)
            {
                SNNRandomConnectionDef copy = def;
                copy.source_positions = sources;
                copy.source_position_count = (UIntPtr)(sourcePositions?.Length ?? 0);
                copy.target_positions = targets;
                copy.target_position_count = (UIntPtr)(targetPositions?.Length ?? 0);
                return function(&copy);
            }
        }

        private static float[] Copy(float* data, int count)
        {
            return data == null ? null : new ReadOnlySpan<float>(data, count).ToArray();
        }
    }
}
