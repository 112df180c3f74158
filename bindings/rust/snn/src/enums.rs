// Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand.

/// `SNN_OK` and those that follow it in `snn.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Status {
    /// `SNN_OK`
    Ok = 0,
    /// a value, size, shape or name is wrong
    InvalidArgument = -1,
    /// null, stale or foreign handle, or a handle of another type
    InvalidHandle = -2,
    /// no population, projection, variable, model or device of that name
    NotFound = -3,
    /// `SNN_ERROR_OUT_OF_MEMORY`
    OutOfMemory = -4,
    /// file I/O failed; snn_last_error() gives the reason
    Io = -5,
    /// the file is damaged or not a .snn file; snn_last_error() says where
    Format = -6,
    /// valid, but this device or build cannot do it
    Unsupported = -7,
    /// another thread is inside this session
    Busy = -8,
    /// valid call at the wrong time (network not finished, backward before forward)
    State = -9,
    /// struct or file of a version that this library does not know
    Version = -10,
    /// the session belongs to the parent process
    Forked = -11,
    /// a progress callback asked to stop; what was recorded so far is kept
    Stopped = -12,
    /// a defect of the library
    Internal = -13,
    /// the GPU was reset or removed; the session is lost, a new one can be opened
    DeviceLost = -14,
    /// training: the loss or a gradient is not finite, or a parameter would leave its range
    Diverged = -15,
}

impl Status {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: i32) -> Option<Self> {
        match raw {
            0 => Some(Self::Ok),
            -1 => Some(Self::InvalidArgument),
            -2 => Some(Self::InvalidHandle),
            -3 => Some(Self::NotFound),
            -4 => Some(Self::OutOfMemory),
            -5 => Some(Self::Io),
            -6 => Some(Self::Format),
            -7 => Some(Self::Unsupported),
            -8 => Some(Self::Busy),
            -9 => Some(Self::State),
            -10 => Some(Self::Version),
            -11 => Some(Self::Forked),
            -12 => Some(Self::Stopped),
            -13 => Some(Self::Internal),
            -14 => Some(Self::DeviceLost),
            -15 => Some(Self::Diverged),
            _ => None,
        }
    }
}

/// `SNN_LOG_WARNING` and those that follow it in `snn.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum LogLevel {
    /// `SNN_LOG_WARNING`
    Warning = 1,
    /// `SNN_LOG_INFORMATION`
    Information = 2,
}

impl LogLevel {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: i32) -> Option<Self> {
        match raw {
            1 => Some(Self::Warning),
            2 => Some(Self::Information),
            _ => None,
        }
    }
}

/// `SNN_ISA_BEST` and those that follow it in `snn.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum InstructionSet {
    /// `SNN_ISA_BEST`
    Best = 0,
    /// `SNN_ISA_SCALAR`
    Scalar = 1,
    /// `SNN_ISA_AVX2`
    Avx2 = 2,
    /// `SNN_ISA_AVX512`
    Avx512 = 3,
    /// `SNN_ISA_NEON`
    Neon = 4,
}

impl InstructionSet {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Best),
            1 => Some(Self::Scalar),
            2 => Some(Self::Avx2),
            3 => Some(Self::Avx512),
            4 => Some(Self::Neon),
            _ => None,
        }
    }
}

/// `SNN_FLOAT32` and those that follow it in `snn.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum DataType {
    /// `SNN_FLOAT32`
    Float32 = 0,
    /// `SNN_FLOAT64`
    Float64 = 1,
    /// `SNN_INT32`
    Int32 = 2,
    /// `SNN_UINT8`
    Uint8 = 3,
}

impl DataType {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Float32),
            1 => Some(Self::Float64),
            2 => Some(Self::Int32),
            3 => Some(Self::Uint8),
            _ => None,
        }
    }
}

/// `SNN_ENCODE_RATE` and those that follow it in `snn.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Encoding {
    /// spike with probability gain * value at each step (clipped to 1)
    Rate = 0,
    /// one spike at step round((1 - value) * (T - 1)); none for values below `threshold`
    Latency = 1,
    /// gain * value at every step (for value inputs)
    Constant = 2,
    /// values are \[step\]\[sample\]\[feature\]: 1 where the value rose by more than threshold since the last step, else 0; the first step is compared with 0
    Delta = 3,
}

impl Encoding {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Rate),
            1 => Some(Self::Latency),
            2 => Some(Self::Constant),
            3 => Some(Self::Delta),
            _ => None,
        }
    }
}

/// `SNN_RANDOM_UNIFORM` and those that follow it in `snn.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum RandomKind {
    /// `SNN_RANDOM_UNIFORM`
    Uniform = 0,
    /// `SNN_RANDOM_NORMAL`
    Normal = 1,
}

impl RandomKind {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Uniform),
            1 => Some(Self::Normal),
            _ => None,
        }
    }
}

/// `SNN_POPULATION_NEURONS` and those that follow it in `snn_network.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum PopulationKind {
    /// `SNN_POPULATION_NEURONS`
    Neurons = 0,
    /// the caller gives spikes (0 or 1) for each step; the input is empty again after the step
    SpikeInput = 1,
    /// the caller gives real values; they stay until changed
    ValueInput = 2,
}

impl PopulationKind {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Neurons),
            1 => Some(Self::SpikeInput),
            2 => Some(Self::ValueInput),
            _ => None,
        }
    }
}

/// `SNN_CONNECT_DENSE` and those that follow it in `snn_network.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ConnectionKind {
    /// weights \[source\]\[target\]
    Dense = 0,
    /// weights \[neuron\]; equal sizes
    OneToOne = 1,
    /// rows of targets per source neuron (CSR); weights \[synapse\]
    Sparse = 2,
    /// weights \[out_channel\]\[in_channel / groups\]\[kernel_y\]\[kernel_x\]; cross-correlation
    Conv2d = 3,
    /// no weights; pool_mode; padding counts as zero (average divides by the window size)
    Pool2d = 4,
}

impl ConnectionKind {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Dense),
            1 => Some(Self::OneToOne),
            2 => Some(Self::Sparse),
            3 => Some(Self::Conv2d),
            4 => Some(Self::Pool2d),
            _ => None,
        }
    }
}

/// `SNN_POOL_SUM` and those that follow it in `snn_network.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum PoolMode {
    /// `SNN_POOL_SUM`
    Sum = 0,
    /// `SNN_POOL_AVERAGE`
    Average = 1,
    /// `SNN_POOL_MAX`
    Max = 2,
}

impl PoolMode {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Sum),
            1 => Some(Self::Average),
            2 => Some(Self::Max),
            _ => None,
        }
    }
}

/// `SNN_ARITHMETIC_DEFAULT` and those that follow it in `snn_network.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Arithmetic {
    /// sparse static projections from spikes: compact; fixed, then float, where its largest weights would cost others onto the receptor too much precision (docs/semantics.md).
    Default = 0,
    /// float32, in ascending order of the source neuron
    Float = 1,
    /// int32 sums with one power-of-two scale per target population and receptor
    Fixed = 2,
    /// as fixed, with the weights themselves rounded to 16 bits at that scale when the network is finished and when they are written; static projections only. 4 bytes a synapse
    Compact = 3,
}

impl Arithmetic {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Default),
            1 => Some(Self::Float),
            2 => Some(Self::Fixed),
            3 => Some(Self::Compact),
            _ => None,
        }
    }
}

/// `SNN_DISTRIBUTION_CONSTANT` and those that follow it in `snn_network.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum DistributionKind {
    /// a
    Constant = 0,
    /// mean a, standard deviation b; never farther than 6.34 b from a
    Normal = 1,
    /// from a to b
    Uniform = 2,
    /// exp of a normal number of mean a and standard deviation b
    Lognormal = 3,
    /// mean a, above 0; b is not used.
    Exponential = 4,
}

impl DistributionKind {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Constant),
            1 => Some(Self::Normal),
            2 => Some(Self::Uniform),
            3 => Some(Self::Lognormal),
            4 => Some(Self::Exponential),
            _ => None,
        }
    }
}

/// `SNN_RULE_FIXED_PROBABILITY` and those that follow it in `snn_network.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ConnectionRule {
    /// each pair with `probability`
    FixedProbability = 0,
    /// `count` sources for each target
    FixedIndegree = 1,
    /// `count` synapses in all
    FixedTotal = 2,
    /// each neuron to the one of the same index; equal sizes
    OneToOne = 3,
    /// each pair
    AllToAll = 4,
    /// each pair with a probability that falls with the distance d, 0 beyond `cutoff`
    Spatial = 5,
    /// `count` targets for each source
    FixedOutdegree = 6,
}

impl ConnectionRule {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::FixedProbability),
            1 => Some(Self::FixedIndegree),
            2 => Some(Self::FixedTotal),
            3 => Some(Self::OneToOne),
            4 => Some(Self::AllToAll),
            5 => Some(Self::Spatial),
            6 => Some(Self::FixedOutdegree),
            _ => None,
        }
    }
}

/// `SNN_KERNEL_GAUSSIAN` and those that follow it in `snn_network.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum SpatialKernel {
    /// probability * exp(-d^2 / (2 width^2))
    Gaussian = 0,
    /// probability * exp(-d / width)
    Exponential = 1,
}

impl SpatialKernel {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Gaussian),
            1 => Some(Self::Exponential),
            _ => None,
        }
    }
}

/// `SNN_LOSS_CROSS_ENTROPY_COUNT` and those that follow it in `snn_training.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Loss {
    /// its number of spikes
    CrossEntropyCount = 0,
    /// its largest membrane value in time
    CrossEntropyMaxMembrane = 1,
    /// its mean membrane value in time
    CrossEntropyMeanMembrane = 2,
    /// its spikes per step
    CrossEntropyRate = 4,
    /// its membrane value after the last step
    CrossEntropyLastMembrane = 5,
    /// minus the step of its first spike, T when there is none
    CrossEntropyLatency = 6,
    /// of the membranes after the step
    CrossEntropyMembrane = 14,
    /// of the spikes, 0 or 1, of the step
    CrossEntropySpikes = 15,
    /// Mean over outputs of (score - target)^2
    MeanSquareRate = 3,
    /// Mean over outputs of (score - target)^2
    MeanSquareCount = 7,
    /// Mean over outputs of (score - target)^2
    MeanSquareMaxMembrane = 8,
    /// Mean over outputs of (score - target)^2
    MeanSquareMeanMembrane = 9,
    /// Mean over outputs of (score - target)^2
    MeanSquareLastMembrane = 10,
    /// latencies in steps; needs targets
    MeanSquareLatency = 11,
    /// mean over outputs and steps of (membrane after the step - target)^2
    MeanSquareMembrane = 12,
    /// mean over outputs of the van Rossum distance (squared) to target trains
    VanRossum = 13,
    /// The caller computes the loss: snn_trainer_run and snn_trainer_run_backward; output_population is ignored.
    None = 255,
}

impl Loss {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::CrossEntropyCount),
            1 => Some(Self::CrossEntropyMaxMembrane),
            2 => Some(Self::CrossEntropyMeanMembrane),
            4 => Some(Self::CrossEntropyRate),
            5 => Some(Self::CrossEntropyLastMembrane),
            6 => Some(Self::CrossEntropyLatency),
            14 => Some(Self::CrossEntropyMembrane),
            15 => Some(Self::CrossEntropySpikes),
            3 => Some(Self::MeanSquareRate),
            7 => Some(Self::MeanSquareCount),
            8 => Some(Self::MeanSquareMaxMembrane),
            9 => Some(Self::MeanSquareMeanMembrane),
            10 => Some(Self::MeanSquareLastMembrane),
            11 => Some(Self::MeanSquareLatency),
            12 => Some(Self::MeanSquareMembrane),
            13 => Some(Self::VanRossum),
            255 => Some(Self::None),
            _ => None,
        }
    }
}

/// `SNN_LEARNING_BPTT` and those that follow it in `snn_training.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum LearningRule {
    /// back-propagation through time
    Bptt = 0,
    /// online training through time (Xiao et al. 2022): at each step errors go back through the layers and are combined with traces of what arrived before
    Ottt = 1,
    /// e-prop (Bellec et al. 2020), symmetric feedback: errors go from the output population straight to the populations that project onto it, and are combined with eligibility traces
    Eprop = 2,
    /// EventProp (Wunderlich and Pehle 2021), in steps: gradients of spike times, from 4 bytes per spike.
    Eventprop = 3,
}

impl LearningRule {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Bptt),
            1 => Some(Self::Ottt),
            2 => Some(Self::Eprop),
            3 => Some(Self::Eventprop),
            _ => None,
        }
    }
}

/// `SNN_OPTIMIZER_SGD` and those that follow it in `snn_training.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Optimizer {
    /// `SNN_OPTIMIZER_SGD`
    Sgd = 0,
    /// `SNN_OPTIMIZER_ADAM`
    Adam = 1,
    /// `SNN_OPTIMIZER_ADAMW`
    Adamw = 2,
    /// `SNN_OPTIMIZER_LION`
    Lion = 3,
}

impl Optimizer {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Sgd),
            1 => Some(Self::Adam),
            2 => Some(Self::Adamw),
            3 => Some(Self::Lion),
            _ => None,
        }
    }
}

/// `SNN_DELAY_KERNEL_GAUSSIAN` and those that follow it in `snn_training.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum DelayKernel {
    /// `SNN_DELAY_KERNEL_GAUSSIAN`
    Gaussian = 0,
    /// `SNN_DELAY_KERNEL_TRIANGLE`
    Triangle = 1,
}

impl DelayKernel {
    #[allow(dead_code)]
    pub(crate) fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Gaussian),
            1 => Some(Self::Triangle),
            _ => None,
        }
    }
}
