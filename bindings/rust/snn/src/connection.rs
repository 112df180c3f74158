use std::marker::PhantomData;
use std::mem::{size_of, MaybeUninit};

use crate::error::{check, with_optional_c_string};
use crate::{sys, Arithmetic, ConnectionKind, ConnectionRule, DistributionKind, Error, PoolMode, Result, SpatialKernel};

/// How a projection connects two populations; see `SNNProjectionDef`. Arrays are copied when it is connected.
///
/// ```
/// # use snn::Projection;
/// let weights = [0.5; 2 * 3]; // [source][target]
/// let projection = Projection::dense(0, 1, &weights).delay_steps(2).trainable(false);
/// ```
#[derive(Clone)]
pub struct Projection<'a> {
    def: sys::SNNProjectionDef,
    name: Option<&'a str>,
    receptor: Option<&'a str>,
    delay_count: usize,
    arrays: PhantomData<&'a [f32]>,
}

impl<'a> Projection<'a> {
    fn new(kind: ConnectionKind, source: u32, target: u32) -> Self {
        let mut def = MaybeUninit::<sys::SNNProjectionDef>::zeroed();
        // A struct of numbers and pointers: zeros are valid, and `init` fills in the defaults.
        let mut def = unsafe {
            sys::snn_projection_def_init(def.as_mut_ptr(), size_of::<sys::SNNProjectionDef>() as u32);
            def.assume_init()
        };
        def.kind = kind as u32;
        def.source = source;
        def.target = target;
        Projection { def, name: None, receptor: None, delay_count: 0, arrays: PhantomData }
    }

    fn weighted(kind: ConnectionKind, source: u32, target: u32, weights: &'a [f32]) -> Self {
        let mut projection = Self::new(kind, source, target);
        projection.def.weights = weights.as_ptr();
        projection.def.weight_count = weights.len();
        projection
    }

    /// Each source neuron to each target; weights `[source][target]`.
    pub fn dense(source: u32, target: u32, weights: &'a [f32]) -> Self {
        Self::weighted(ConnectionKind::Dense, source, target, weights)
    }

    /// Each neuron to the one of the same index; weights `[neuron]`.
    pub fn one_to_one(source: u32, target: u32, weights: &'a [f32]) -> Self {
        Self::weighted(ConnectionKind::OneToOne, source, target, weights)
    }

    /// Rows of targets: `row_offsets` `[source size + 1]`, `targets` and `weights` one for each synapse.
    pub fn sparse(
        source: u32,
        target: u32,
        row_offsets: &'a [u64],
        targets: &'a [u32],
        weights: &'a [f32],
    ) -> Self {
        let mut projection = Self::weighted(ConnectionKind::Sparse, source, target, weights);
        projection.def.row_offsets = row_offsets.as_ptr();
        projection.def.row_offset_count = row_offsets.len();
        projection.def.synapse_targets = targets.as_ptr();
        projection.def.synapse_count = targets.len();
        projection.delay_count = targets.len();
        projection
    }

    /// Sparse, for [`NetworkBuilder::connect_random`](crate::NetworkBuilder::connect_random).
    pub fn by_rule(source: u32, target: u32) -> Self {
        Self::new(ConnectionKind::Sparse, source, target)
    }

    /// Cross-correlation; weights `[out_channel][in_channel / groups][kernel_y][kernel_x]`.
    pub fn conv2d(source: u32, target: u32, kernel: [u32; 2], weights: &'a [f32]) -> Self {
        let mut projection = Self::weighted(ConnectionKind::Conv2d, source, target, weights);
        projection.def.kernel = kernel;
        projection
    }

    /// Pooling, without weights.
    pub fn pool2d(source: u32, target: u32, kernel: [u32; 2], mode: PoolMode) -> Self {
        let mut projection = Self::new(ConnectionKind::Pool2d, source, target);
        projection.def.kernel = kernel;
        projection.def.pool_mode = mode as u32;
        projection
    }

    /// `[target]`, or `[out_channel]` for conv2d; added at every step.
    pub fn bias(mut self, bias: &'a [f32]) -> Self {
        self.def.bias = bias.as_ptr();
        self.def.bias_count = bias.len();
        self
    }

    /// Steps of each synapse of a sparse projection, added to `delay_steps`.
    pub fn synapse_delays(mut self, delays: &'a [u16]) -> Self {
        self.def.synapse_delays = delays.as_ptr();
        self.delay_count = delays.len();
        self
    }

    /// Default: `source_to_target`.
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// The receptor of the target's model; default: its first.
    pub fn receptor(mut self, receptor: &'a str) -> Self {
        self.receptor = Some(receptor);
        self
    }

    /// At most 4096; 0: within the same step.
    pub fn delay_steps(mut self, steps: u32) -> Self {
        self.def.delay_steps = steps;
        self
    }

    /// Default: true.
    pub fn trainable(mut self, trainable: bool) -> Self {
        self.def.trainable = trainable.into();
        self
    }

    /// Whether training takes no gradient back through it to its source. Default: false.
    pub fn detached(mut self, detached: bool) -> Self {
        self.def.detached = detached.into();
        self
    }

    /// How inputs are summed.
    pub fn arithmetic(mut self, arithmetic: Arithmetic) -> Self {
        self.def.arithmetic = arithmetic as u32;
        self
    }

    /// (y, x)
    pub fn stride(mut self, stride: [u32; 2]) -> Self {
        self.def.stride = stride;
        self
    }

    /// (y, x)
    pub fn padding(mut self, padding: [u32; 2]) -> Self {
        self.def.padding = padding;
        self
    }

    /// (y, x)
    pub fn dilation(mut self, dilation: [u32; 2]) -> Self {
        self.def.dilation = dilation;
        self
    }

    /// Of conv2d.
    pub fn groups(mut self, groups: u32) -> Self {
        self.def.groups = groups;
        self
    }

    /// Calls `function` with the struct as C wants it.
    pub(crate) fn with_def(&self, function: impl FnOnce(&sys::SNNProjectionDef) -> i32) -> Result<()> {
        if self.delay_count != self.def.synapse_count {
            return Err(Error::invalid(format!(
                "synapse_delays has {} values for {} synapses",
                self.delay_count, self.def.synapse_count
            )));
        }
        with_optional_c_string(self.name, |name| {
            with_optional_c_string(self.receptor, |receptor| {
                check(function(&sys::SNNProjectionDef { name, receptor, ..self.def }))
            })
        })
    }
}

/// How weights, delays, parameters or states are drawn; see `SNNDistribution`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distribution {
    /// The family.
    pub kind: DistributionKind,
    /// The value, the mean, or the lower end.
    pub a: f64,
    /// The standard deviation, or the upper end.
    pub b: f64,
    /// What lies below is drawn again.
    pub low: f64,
    /// What lies above is drawn again.
    pub high: f64,
}

impl Distribution {
    fn new(kind: DistributionKind, a: f64, b: f64) -> Self {
        Distribution { kind, a, b, low: f64::NEG_INFINITY, high: f64::INFINITY }
    }

    /// Always `value`.
    pub fn constant(value: f64) -> Self {
        Self::new(DistributionKind::Constant, value, 0.0)
    }

    /// Gaussian.
    pub fn normal(mean: f64, deviation: f64) -> Self {
        Self::new(DistributionKind::Normal, mean, deviation)
    }

    /// From `low` to `high`.
    pub fn uniform(low: f64, high: f64) -> Self {
        Self::new(DistributionKind::Uniform, low, high)
    }

    /// exp of a normal number of this mean and deviation.
    pub fn lognormal(mean: f64, deviation: f64) -> Self {
        Self::new(DistributionKind::Lognormal, mean, deviation)
    }

    /// Exponential of this mean.
    pub fn exponential(mean: f64) -> Self {
        Self::new(DistributionKind::Exponential, mean, 0.0)
    }

    /// Cut off: what lies outside is drawn again.
    pub fn within(mut self, low: f64, high: f64) -> Self {
        self.low = low;
        self.high = high;
        self
    }

    pub(crate) fn raw(&self) -> sys::SNNDistribution {
        sys::SNNDistribution { kind: self.kind as u32, a: self.a, b: self.b, low: self.low, high: self.high }
    }

    pub(crate) fn from_raw(raw: &sys::SNNDistribution) -> Self {
        Distribution {
            kind: DistributionKind::from_raw(raw.kind).expect("a kind of distribution that snn.h lists"),
            a: raw.a,
            b: raw.b,
            low: raw.low,
            high: raw.high,
        }
    }
}

/// A rule that makes the synapses of a sparse projection; see `SNNRandomConnectionDef`.
#[derive(Clone)]
pub struct RandomConnection<'a> {
    def: sys::SNNRandomConnectionDef,
    positions: PhantomData<&'a [f32]>,
}

impl<'a> RandomConnection<'a> {
    fn new(rule: ConnectionRule) -> Self {
        let mut def = MaybeUninit::<sys::SNNRandomConnectionDef>::zeroed();
        // A struct of numbers and pointers: zeros are valid, and `init` fills in the defaults.
        let mut def = unsafe {
            sys::snn_random_connection_def_init(def.as_mut_ptr(), size_of::<sys::SNNRandomConnectionDef>() as u32);
            def.assume_init()
        };
        def.rule = rule as u32;
        RandomConnection { def, positions: PhantomData }
    }

    /// Each pair with this probability.
    pub fn fixed_probability(probability: f64) -> Self {
        let mut rule = Self::new(ConnectionRule::FixedProbability);
        rule.def.probability = probability;
        rule
    }

    /// So many sources for each target.
    pub fn fixed_indegree(count: u64) -> Self {
        let mut rule = Self::new(ConnectionRule::FixedIndegree);
        rule.def.count = count;
        rule
    }

    /// So many targets for each source.
    pub fn fixed_outdegree(count: u64) -> Self {
        let mut rule = Self::new(ConnectionRule::FixedOutdegree);
        rule.def.count = count;
        rule
    }

    /// So many synapses in all.
    pub fn fixed_total(count: u64) -> Self {
        let mut rule = Self::new(ConnectionRule::FixedTotal);
        rule.def.count = count;
        rule
    }

    /// Each neuron to the one of the same index.
    pub fn one_to_one() -> Self {
        Self::new(ConnectionRule::OneToOne)
    }

    /// Each pair.
    pub fn all_to_all() -> Self {
        Self::new(ConnectionRule::AllToAll)
    }

    /// Each pair with a probability that falls with the distance. Positions are `[neuron][dimensions]`; see `snn.h`.
    pub fn spatial(
        kernel: SpatialKernel,
        probability: f64,
        width: f64,
        cutoff: f64,
        dimensions: u32,
        source_positions: &'a [f32],
        target_positions: &'a [f32],
    ) -> Self {
        let mut rule = Self::new(ConnectionRule::Spatial);
        rule.def.kernel = kernel as u32;
        rule.def.probability = probability;
        rule.def.kernel_width = width;
        rule.def.cutoff = cutoff;
        rule.def.dimensions = dimensions;
        rule.def.source_positions = source_positions.as_ptr();
        rule.def.source_position_count = source_positions.len();
        rule.def.target_positions = target_positions.as_ptr();
        rule.def.target_position_count = target_positions.len();
        rule
    }

    /// Default: one that follows from the projection's index.
    pub fn seed(mut self, seed: u64) -> Self {
        self.def.seed = seed;
        self
    }

    /// Whether a neuron may connect to itself; default: true.
    pub fn allow_autapses(mut self, allow: bool) -> Self {
        self.def.allow_autapses = allow.into();
        self
    }

    /// Whether a pair may have several synapses; default: true.
    pub fn allow_multapses(mut self, allow: bool) -> Self {
        self.def.allow_multapses = allow.into();
        self
    }

    /// Default: constant 1.
    pub fn weight(mut self, weight: Distribution) -> Self {
        self.def.weight = weight.raw();
        self
    }

    /// Milliseconds; default: constant 0.
    pub fn delay(mut self, delay: Distribution) -> Self {
        self.def.delay = delay.raw();
        self
    }

    /// The part of the source population that is connected, `count` neurons from `first` on, as if it were a population of its
    /// own; default: all of it.
    pub fn sources(mut self, first: u32, count: u32) -> Self {
        self.def.first_source = first;
        self.def.source_count = count;
        self
    }

    /// The same of the target population.
    pub fn targets(mut self, first: u32, count: u32) -> Self {
        self.def.first_target = first;
        self.def.target_count = count;
        self
    }

    /// After how much space repeats along each axis, 0: open.
    pub fn period(mut self, period: [f64; 3]) -> Self {
        self.def.period = period;
        self
    }

    /// The rule in use.
    pub fn rule(&self) -> ConnectionRule {
        ConnectionRule::from_raw(self.def.rule).expect("a rule that snn.h lists")
    }

    /// The number of `fixed_indegree`, `fixed_outdegree` or `fixed_total`.
    pub fn count(&self) -> u64 {
        self.def.count
    }

    /// The probability of a pair.
    pub fn probability(&self) -> f64 {
        self.def.probability
    }

    /// The seed in use.
    pub fn seed_in_use(&self) -> u64 {
        self.def.seed
    }

    /// How weights are drawn.
    pub fn weights(&self) -> Distribution {
        Distribution::from_raw(&self.def.weight)
    }

    /// How delays are drawn, in milliseconds.
    pub fn delays(&self) -> Distribution {
        Distribution::from_raw(&self.def.delay)
    }

    pub(crate) fn raw(&self) -> &sys::SNNRandomConnectionDef {
        &self.def
    }

    /// `def` must borrow its positions for `'a`.
    pub(crate) unsafe fn from_raw(def: sys::SNNRandomConnectionDef) -> Self {
        RandomConnection { def, positions: PhantomData }
    }
}
