// Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand.

using System;

namespace Snn
{
    /// <summary><c>SNN_OK</c> and those that follow it in <c>snn.h</c>.</summary>
    public enum Status : int
    {
        /// <summary>SNN_OK</summary>
        Ok = 0,
        /// <summary>a value, size, shape or name is wrong</summary>
        InvalidArgument = -1,
        /// <summary>null, stale or foreign handle, or a handle of another type</summary>
        InvalidHandle = -2,
        /// <summary>no population, projection, variable, model or device of that name</summary>
        NotFound = -3,
        /// <summary>SNN_ERROR_OUT_OF_MEMORY</summary>
        OutOfMemory = -4,
        /// <summary>file I/O failed; snn_last_error() gives the reason</summary>
        Io = -5,
        /// <summary>the file is damaged or not a .snn file; snn_last_error() says where</summary>
        Format = -6,
        /// <summary>valid, but this device or build cannot do it</summary>
        Unsupported = -7,
        /// <summary>another thread is inside this session</summary>
        Busy = -8,
        /// <summary>valid call at the wrong time (network not finished, backward before forward)</summary>
        State = -9,
        /// <summary>struct or file of a version that this library does not know</summary>
        Version = -10,
        /// <summary>the session belongs to the parent process</summary>
        Forked = -11,
        /// <summary>a progress callback asked to stop; what was recorded so far is kept</summary>
        Stopped = -12,
        /// <summary>a defect of the library</summary>
        Internal = -13,
        /// <summary>the GPU was reset or removed; the session is lost, a new one can be opened</summary>
        DeviceLost = -14,
        /// <summary>training: the loss or a gradient is not finite, or a parameter would leave its range</summary>
        Diverged = -15,
    }

    /// <summary><c>SNN_LOG_WARNING</c> and those that follow it in <c>snn.h</c>.</summary>
    public enum LogLevel : int
    {
        /// <summary>SNN_LOG_WARNING</summary>
        Warning = 1,
        /// <summary>SNN_LOG_INFORMATION</summary>
        Information = 2,
    }

    /// <summary><c>SNN_ISA_BEST</c> and those that follow it in <c>snn.h</c>.</summary>
    public enum InstructionSet : uint
    {
        /// <summary>SNN_ISA_BEST</summary>
        Best = 0,
        /// <summary>SNN_ISA_SCALAR</summary>
        Scalar = 1,
        /// <summary>SNN_ISA_AVX2</summary>
        Avx2 = 2,
        /// <summary>SNN_ISA_AVX512</summary>
        Avx512 = 3,
        /// <summary>SNN_ISA_NEON</summary>
        Neon = 4,
    }

    /// <summary><c>SNN_FLAG_INTERPRET_MODELS</c> and those that follow it in <c>snn.h</c>.</summary>
    [Flags]
    public enum SessionFlags : uint
    {
        /// <summary>None of them.</summary>
        None = 0,
        /// <summary>run built-in models through the op-list interpreter as well (tests)</summary>
        InterpretModels = 1,
        /// <summary>device "reference" only: compute in double (tests)</summary>
        Float64 = 2,
        /// <summary>with FLOAT64: spikes are the surrogate's smooth function (gradient checks)</summary>
        SmoothSpikes = 4,
        /// <summary>open a session even when its estimate (snn_network_memory) exceeds the free memory; without it that is SNN_ERROR_OUT_OF_MEMORY</summary>
        AnySize = 8,
        /// <summary>training computes gradients of the inputs, through untrained projections too: see snn_trainer_run_backward.</summary>
        InputGradients = 16,
        /// <summary>each sample has its own weights and biases, which begin as the network's; paths: snn_session_read.</summary>
        SampleWeights = 32,
        /// <summary>device "vulkan": barriers also between kernels that use one buffer at once and do not race, in different bytes or by atomic sums.</summary>
        StrictBarriers = 64,
    }

    /// <summary><c>SNN_FLOAT32</c> and those that follow it in <c>snn.h</c>.</summary>
    public enum DataType : uint
    {
        /// <summary>SNN_FLOAT32</summary>
        Float32 = 0,
        /// <summary>SNN_FLOAT64</summary>
        Float64 = 1,
        /// <summary>SNN_INT32</summary>
        Int32 = 2,
        /// <summary>SNN_UINT8</summary>
        Uint8 = 3,
    }

    /// <summary><c>SNN_ENCODE_RATE</c> and those that follow it in <c>snn.h</c>.</summary>
    public enum Encoding : uint
    {
        /// <summary>spike with probability gain * value at each step (clipped to 1)</summary>
        Rate = 0,
        /// <summary>one spike at step round((1 - value) * (T - 1)); none for values below `threshold`</summary>
        Latency = 1,
        /// <summary>gain * value at every step (for value inputs)</summary>
        Constant = 2,
        /// <summary>values are [step][sample][feature]: 1 where the value rose by more than threshold since the last step, else 0; the first step is compared with 0</summary>
        Delta = 3,
    }

    /// <summary><c>SNN_RANDOM_UNIFORM</c> and those that follow it in <c>snn.h</c>.</summary>
    public enum RandomKind : uint
    {
        /// <summary>SNN_RANDOM_UNIFORM</summary>
        Uniform = 0,
        /// <summary>SNN_RANDOM_NORMAL</summary>
        Normal = 1,
    }

    /// <summary><c>SNN_POPULATION_NEURONS</c> and those that follow it in <c>snn_network.h</c>.</summary>
    public enum PopulationKind : uint
    {
        /// <summary>SNN_POPULATION_NEURONS</summary>
        Neurons = 0,
        /// <summary>the caller gives spikes (0 or 1) for each step; the input is empty again after the step</summary>
        SpikeInput = 1,
        /// <summary>the caller gives real values; they stay until changed</summary>
        ValueInput = 2,
    }

    /// <summary><c>SNN_CONNECT_DENSE</c> and those that follow it in <c>snn_network.h</c>.</summary>
    public enum ConnectionKind : uint
    {
        /// <summary>weights [source][target]</summary>
        Dense = 0,
        /// <summary>weights [neuron]; equal sizes</summary>
        OneToOne = 1,
        /// <summary>rows of targets per source neuron (CSR); weights [synapse]</summary>
        Sparse = 2,
        /// <summary>weights [out_channel][in_channel / groups][kernel_y][kernel_x]; cross-correlation</summary>
        Conv2d = 3,
        /// <summary>no weights; pool_mode; padding counts as zero (average divides by the window size)</summary>
        Pool2d = 4,
    }

    /// <summary><c>SNN_POOL_SUM</c> and those that follow it in <c>snn_network.h</c>.</summary>
    public enum PoolMode : uint
    {
        /// <summary>SNN_POOL_SUM</summary>
        Sum = 0,
        /// <summary>SNN_POOL_AVERAGE</summary>
        Average = 1,
        /// <summary>SNN_POOL_MAX</summary>
        Max = 2,
    }

    /// <summary><c>SNN_ARITHMETIC_DEFAULT</c> and those that follow it in <c>snn_network.h</c>.</summary>
    public enum Arithmetic : uint
    {
        /// <summary>sparse static projections from spikes: compact; fixed, then float, where its largest weights would cost others onto the receptor too much precision (docs/semantics.md).</summary>
        Default = 0,
        /// <summary>float32, in ascending order of the source neuron</summary>
        Float = 1,
        /// <summary>int32 sums with one power-of-two scale per target population and receptor</summary>
        Fixed = 2,
        /// <summary>as fixed, with the weights themselves rounded to 16 bits at that scale when the network is finished and when they are written; static projections only. 4 bytes a synapse</summary>
        Compact = 3,
    }

    /// <summary><c>SNN_DISTRIBUTION_CONSTANT</c> and those that follow it in <c>snn_network.h</c>.</summary>
    public enum DistributionKind : uint
    {
        /// <summary>a</summary>
        Constant = 0,
        /// <summary>mean a, standard deviation b; never farther than 6.34 b from a</summary>
        Normal = 1,
        /// <summary>from a to b</summary>
        Uniform = 2,
        /// <summary>exp of a normal number of mean a and standard deviation b</summary>
        Lognormal = 3,
        /// <summary>mean a, above 0; b is not used.</summary>
        Exponential = 4,
    }

    /// <summary><c>SNN_RULE_FIXED_PROBABILITY</c> and those that follow it in <c>snn_network.h</c>.</summary>
    public enum ConnectionRule : uint
    {
        /// <summary>each pair with `probability`</summary>
        FixedProbability = 0,
        /// <summary>`count` sources for each target</summary>
        FixedIndegree = 1,
        /// <summary>`count` synapses in all</summary>
        FixedTotal = 2,
        /// <summary>each neuron to the one of the same index; equal sizes</summary>
        OneToOne = 3,
        /// <summary>each pair</summary>
        AllToAll = 4,
        /// <summary>each pair with a probability that falls with the distance d, 0 beyond `cutoff`</summary>
        Spatial = 5,
        /// <summary>`count` targets for each source</summary>
        FixedOutdegree = 6,
    }

    /// <summary><c>SNN_KERNEL_GAUSSIAN</c> and those that follow it in <c>snn_network.h</c>.</summary>
    public enum SpatialKernel : uint
    {
        /// <summary>probability * exp(-d^2 / (2 width^2))</summary>
        Gaussian = 0,
        /// <summary>probability * exp(-d / width)</summary>
        Exponential = 1,
    }

    /// <summary><c>SNN_LOSS_CROSS_ENTROPY_COUNT</c> and those that follow it in <c>snn_training.h</c>.</summary>
    public enum Loss : uint
    {
        /// <summary>its number of spikes</summary>
        CrossEntropyCount = 0,
        /// <summary>its largest membrane value in time</summary>
        CrossEntropyMaxMembrane = 1,
        /// <summary>its mean membrane value in time</summary>
        CrossEntropyMeanMembrane = 2,
        /// <summary>its spikes per step</summary>
        CrossEntropyRate = 4,
        /// <summary>its membrane value after the last step</summary>
        CrossEntropyLastMembrane = 5,
        /// <summary>minus the step of its first spike, T when there is none</summary>
        CrossEntropyLatency = 6,
        /// <summary>of the membranes after the step</summary>
        CrossEntropyMembrane = 14,
        /// <summary>of the spikes, 0 or 1, of the step</summary>
        CrossEntropySpikes = 15,
        /// <summary>Mean over outputs of (score - target)^2</summary>
        MeanSquareRate = 3,
        /// <summary>Mean over outputs of (score - target)^2</summary>
        MeanSquareCount = 7,
        /// <summary>Mean over outputs of (score - target)^2</summary>
        MeanSquareMaxMembrane = 8,
        /// <summary>Mean over outputs of (score - target)^2</summary>
        MeanSquareMeanMembrane = 9,
        /// <summary>Mean over outputs of (score - target)^2</summary>
        MeanSquareLastMembrane = 10,
        /// <summary>latencies in steps; needs targets</summary>
        MeanSquareLatency = 11,
        /// <summary>mean over outputs and steps of (membrane after the step - target)^2</summary>
        MeanSquareMembrane = 12,
        /// <summary>mean over outputs of the van Rossum distance (squared) to target trains</summary>
        VanRossum = 13,
        /// <summary>The caller computes the loss: snn_trainer_run and snn_trainer_run_backward; output_population is ignored.</summary>
        None = 255,
    }

    /// <summary><c>SNN_LEARNING_BPTT</c> and those that follow it in <c>snn_training.h</c>.</summary>
    public enum LearningRule : uint
    {
        /// <summary>back-propagation through time</summary>
        Bptt = 0,
        /// <summary>online training through time (Xiao et al. 2022): at each step errors go back through the layers and are combined with traces of what arrived before</summary>
        Ottt = 1,
        /// <summary>e-prop (Bellec et al. 2020), symmetric feedback: errors go from the output population straight to the populations that project onto it, and are combined with eligibility traces</summary>
        Eprop = 2,
        /// <summary>EventProp (Wunderlich and Pehle 2021), in steps: gradients of spike times, from 4 bytes per spike.</summary>
        Eventprop = 3,
    }

    /// <summary><c>SNN_OPTIMIZER_SGD</c> and those that follow it in <c>snn_training.h</c>.</summary>
    public enum Optimizer : uint
    {
        /// <summary>SNN_OPTIMIZER_SGD</summary>
        Sgd = 0,
        /// <summary>SNN_OPTIMIZER_ADAM</summary>
        Adam = 1,
        /// <summary>SNN_OPTIMIZER_ADAMW</summary>
        Adamw = 2,
        /// <summary>SNN_OPTIMIZER_LION</summary>
        Lion = 3,
    }

    /// <summary><c>SNN_DELAY_KERNEL_GAUSSIAN</c> and those that follow it in <c>snn_training.h</c>.</summary>
    public enum DelayKernel : uint
    {
        /// <summary>SNN_DELAY_KERNEL_GAUSSIAN</summary>
        Gaussian = 0,
        /// <summary>SNN_DELAY_KERNEL_TRIANGLE</summary>
        Triangle = 1,
    }

}
