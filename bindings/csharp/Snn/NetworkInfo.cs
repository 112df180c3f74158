namespace Snn
{
    /// <summary>See <c>SNNNetworkInfo</c>.</summary>
    public struct NetworkInfo
    {
        public int PopulationCount, ProjectionCount;
        public double DtMs;
        public ulong NeuronCount, SynapseCount, ParameterCount;
    }

    /// <summary>See <c>SNNPopulationInfo</c>.</summary>
    public struct PopulationInfo
    {
        public PopulationKind Kind;
        public int[] Shape;
        public int Size;
        public string Name, ModelName, SurrogateName;
    }

    /// <summary>See <c>SNNProjectionInfo</c>.</summary>
    public struct ProjectionInfo
    {
        public ConnectionKind Kind;
        public int Source, Target, DelaySteps, MinDelaySteps, MaxDelaySteps, Groups;
        public bool Trainable, Detached, ByRule;
        public Arithmetic Arithmetic;
        public PoolMode PoolMode;
        public string Name, Receptor;
        public ulong WeightCount, SynapseCount;
        public float[] Bias;
        public (int y, int x) Kernel, Stride, Padding, Dilation;
        public double FixedPointScale;
    }

    /// <summary>See <c>SNNProjectionArrays</c>. What is not sparse has weights only.</summary>
    public struct ProjectionArrays
    {
        public float[] Weights;
        public ulong[] RowOffsets;
        public uint[] SynapseTargets;
        public ushort[] SynapseDelays;
    }

    /// <summary>Synapses one by one; all four are as long. Delays in steps.</summary>
    public struct Synapses
    {
        public uint[] Sources, Targets, Delays;
        public float[] Weights;
    }

    /// <summary>See <c>SNNMemoryEstimate</c>; Projections has one number for each projection.</summary>
    public struct MemoryEstimate
    {
        public ulong NetworkBytes, WeightBytes, StateBytes, TotalBytes, OpeningBytes;
        public ulong[] Projections;
    }

    /// <summary>See <c>SNNPlacementSlice</c>.</summary>
    public struct PlacementSlice
    {
        public int Population, First, Count, Device;
    }

    /// <summary>See <c>SNNPlacementInfo</c>; Samples and StepSeconds have one number for each device.</summary>
    public struct Placement
    {
        public string Device, Reasons;
        public PlacementSlice[] Slices;
        public int[] Samples;
        public double[] StepSeconds;
        public int WindowSteps;
    }
}
