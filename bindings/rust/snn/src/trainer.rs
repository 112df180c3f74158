use std::borrow::BorrowMut;
use std::ffi::CString;
use std::marker::PhantomData;
use std::mem::{size_of, MaybeUninit};
use std::ptr;

use crate::error::{check, read_counted};
use crate::run::{input_array, spike_input};
use crate::{sys, DataType, DelayKernel, Epoch, Error, LearningRule, Loss, Optimizer, Result, Session};

/// How a session is trained; see `SNNTrainerDef`. What is not set has the library's default.
#[derive(Clone)]
pub struct TrainerOptions {
    def: sys::SNNTrainerDef,
}

macro_rules! settings {
    ($($(#[$meta:meta])* $name:ident: $type:ty,)*) => {
        $($(#[$meta])* pub fn $name(mut self, value: $type) -> Self {
            self.def.$name = value;
            self
        })*
    };
}

impl TrainerOptions {
    /// Of an output population, over a number of steps.
    pub fn new(output_population: u32, step_count: u32) -> Self {
        let mut def = MaybeUninit::<sys::SNNTrainerDef>::zeroed();
        // A struct of numbers: zeros are valid, and `init` fills in the defaults.
        let mut def = unsafe {
            sys::snn_trainer_def_init(def.as_mut_ptr(), size_of::<sys::SNNTrainerDef>() as u32);
            def.assume_init()
        };
        def.output_population = output_population;
        def.step_count = step_count;
        TrainerOptions { def }
    }

    /// Default: cross-entropy of spike counts.
    pub fn loss(mut self, loss: Loss) -> Self {
        self.def.loss = loss as u32;
        self
    }

    /// Default: Adam.
    pub fn optimizer(mut self, optimizer: Optimizer) -> Self {
        self.def.optimizer = optimizer as u32;
        self
    }

    /// Default: back-propagation through time.
    pub fn rule(mut self, rule: LearningRule) -> Self {
        self.def.rule = rule as u32;
        self
    }

    settings! {
        /// Target of the labelled output for mean-square losses without targets.
        rate_on: f32,
        /// Target of the other outputs.
        rate_off: f32,
        /// Default 1e-3.
        learning_rate: f64,
        /// Of SGD.
        momentum: f64,
        /// Of Adam and Lion.
        beta1: f64,
        /// Of Adam and Lion.
        beta2: f64,
        /// Of Adam.
        epsilon: f64,
        /// SGD and Adam: added to the gradient; AdamW and Lion: decoupled.
        weight_decay: f64,
        /// Largest global L2 norm of the gradient; 0: none.
        gradient_clip_norm: f64,
        /// Strength of the pull of all rates towards `rate_target`.
        rate_regularization: f64,
        /// Spikes per step.
        rate_target: f64,
        /// On the learning rate, for learnable parameters.
        parameter_rate_factor: f64,
        /// Times the sign of a weight is added to its gradient.
        l1_regularization: f64,
        /// Time constant of the van Rossum distance.
        van_rossum_tau_ms: f64,
        /// Steps kept at once for the way back, the others are run again; 0: all.
        checkpoint_steps: u32,
        /// Truncated back-propagation: steps of a window; 0: none.
        window_steps: u32,
        /// Whether each window has a loss and an update of its own: 1 or 0.
        window_updates: u32,
        /// Of cross-entropies, 0 to 1: what is wanted of all outputs alike.
        label_smoothing: f64,
    }
}

/// Samples to train on; see `SNNBatch`.
#[derive(Clone)]
pub struct Batch<'a> {
    inputs: Vec<sys::SNNInputArray>,
    spike_inputs: Vec<sys::SNNSpikeInput>,
    labels: &'a [i32],
    targets: Option<&'a [f32]>,
    arrays: PhantomData<&'a [f32]>,
}

impl<'a> Batch<'a> {
    /// A class for each sample of the session's batch; -1 is padding. Empty with targets only.
    pub fn new(labels: &'a [i32]) -> Self {
        Batch { inputs: Vec::new(), spike_inputs: Vec::new(), labels, targets: None, arrays: PhantomData }
    }

    /// `[step][batch_size][size]`
    pub fn input(mut self, population: u32, values: &'a [f32]) -> Self {
        self.inputs.push(input_array(population, false, values));
        self
    }

    /// `[batch_size][size]`, used at every step.
    pub fn held_input(mut self, population: u32, values: &'a [f32]) -> Self {
        self.inputs.push(input_array(population, true, values));
        self
    }

    /// Spikes of a spike input one by one, in the order of their steps: the step, the neuron and, with several samples, the sample
    /// of each.
    pub fn input_spikes(
        mut self,
        population: u32,
        steps: &'a [u32],
        neurons: &'a [u32],
        samples: Option<&'a [u32]>,
    ) -> Result<Self> {
        self.spike_inputs.push(spike_input(population, steps, neurons, samples)?);
        Ok(self)
    }

    /// What mean-square losses compare with, `[batch_size][outputs]`; of losses in time `[step][batch_size][outputs]`.
    pub fn targets(mut self, targets: &'a [f32]) -> Self {
        self.targets = Some(targets);
        self
    }

    fn raw(&self) -> sys::SNNBatch {
        sys::SNNBatch {
            struct_size: size_of::<sys::SNNBatch>() as u32,
            input_count: self.inputs.len() as u32,
            inputs: self.inputs.as_ptr(),
            labels: if self.labels.is_empty() { ptr::null() } else { self.labels.as_ptr() },
            label_count: self.labels.len(),
            targets: self.targets.map_or(ptr::null(), <[f32]>::as_ptr),
            target_count: self.targets.map_or(0, <[f32]>::len),
            spike_inputs: self.spike_inputs.as_ptr(),
            spike_input_count: self.spike_inputs.len() as u32,
        }
    }
}

/// Arrays `[step][batch_size][size]` of spikes or states: what a run writes, or gradients.
#[derive(Default)]
pub struct StepArrays<'a> {
    records: Vec<sys::SNNRecordArray>,
    variables: Vec<CString>,
    arrays: PhantomData<&'a mut [f32]>,
}

impl<'a> StepArrays<'a> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A state or `"spikes"`.
    pub fn add(mut self, population: u32, variable: &str, values: &'a mut [f32]) -> Result<Self> {
        let variable =
            CString::new(variable).map_err(|_| Error::invalid(format!("{variable:?} contains a zero byte")))?;
        self.records.push(sys::SNNRecordArray {
            population,
            dtype: DataType::Float32 as u32,
            variable: variable.as_ptr(), // stays where it is when the vector grows
            data: values.as_mut_ptr().cast(),
            count: values.len(),
        });
        self.variables.push(variable);
        Ok(self)
    }
}

/// What came of a batch; see `SNNTrainResult`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct TrainResult {
    pub sample_count: u32,
    pub correct_count: u32,
    pub loss: f64,
    pub spike_count: f64,
}

/// Trains a session, which it owns or borrows: `S` is [`Session`] or `&mut Session`.
#[derive(Debug)]
pub struct Trainer<S: BorrowMut<Session> = Session> {
    handle: sys::SNNTrainer,
    session: Option<S>,
}

// snn.h: "A session and its trainer: one thread at a time".
unsafe impl<S: BorrowMut<Session> + Send> Send for Trainer<S> {}

impl<S: BorrowMut<Session>> Trainer<S> {
    /// The session gets its own copy of the weights.
    #[doc(alias = "snn_trainer_create")]
    pub fn new(mut session: S, options: &TrainerOptions) -> Result<Self> {
        let mut handle = ptr::null_mut();
        let status = unsafe { sys::snn_trainer_create(session.borrow_mut().handle(), &options.def, &mut handle) };
        session.borrow_mut().finish(status)?;
        Ok(Trainer { handle, session: Some(session) })
    }

    /// Forward, backward and update on one batch.
    #[doc(alias = "snn_trainer_step")]
    pub fn step(&mut self, batch: &Batch) -> Result<TrainResult> {
        self.on_batch(batch, |trainer, batch, result| unsafe { sys::snn_trainer_step(trainer, batch, result) })
    }

    /// The first part of a step.
    #[doc(alias = "snn_trainer_forward")]
    pub fn forward(&mut self, batch: &Batch) -> Result<TrainResult> {
        self.on_batch(batch, |trainer, batch, result| unsafe { sys::snn_trainer_forward(trainer, batch, result) })
    }

    /// The second part.
    #[doc(alias = "snn_trainer_backward")]
    pub fn backward(&mut self) -> Result<()> {
        let status = unsafe { sys::snn_trainer_backward(self.handle) };
        self.session_mut().finish(status)
    }

    /// The first part for a loss of your own, [`Loss::None`]: writes `outputs`. Labels may be empty and only mark padding.
    #[doc(alias = "snn_trainer_run")]
    pub fn run(&mut self, batch: &Batch, outputs: StepArrays) -> Result<TrainResult> {
        let count = outputs.records.len() as u32;
        self.on_batch(batch, |trainer, batch, result| unsafe {
            sys::snn_trainer_run(trainer, batch, outputs.records.as_ptr(), count, result)
        })
    }

    /// The second part for a loss of your own: its value and its gradients for outputs of the last run. Writes the gradients
    /// of inputs (`"spikes"` of input populations), which needs [`SessionOptions::input_gradients`](crate::SessionOptions).
    #[doc(alias = "snn_trainer_run_backward")]
    pub fn run_backward(&mut self, loss: f64, gradients: StepArrays, input_gradients: StepArrays) -> Result<()> {
        let status = unsafe {
            sys::snn_trainer_run_backward(
                self.handle,
                loss,
                gradients.records.as_ptr(),
                gradients.records.len() as u32,
                input_gradients.records.as_ptr(),
                input_gradients.records.len() as u32,
            )
        };
        self.session_mut().finish(status)
    }

    /// The third part. A loss or gradient that is not finite is refused and the weights stay.
    #[doc(alias = "snn_trainer_update")]
    pub fn update(&mut self) -> Result<()> {
        let status = unsafe { sys::snn_trainer_update(self.handle) };
        self.session_mut().finish(status)
    }

    /// Class scores of the last forward, `[batch_size][outputs]`.
    #[doc(alias = "snn_trainer_scores")]
    pub fn scores(&mut self, scores: &mut [f32]) -> Result<()> {
        check(unsafe { sys::snn_trainer_scores(self.handle, scores.as_mut_ptr(), scores.len()) })
    }

    /// The part of the last loss that is of a population's own, its weight included.
    #[doc(alias = "snn_trainer_loss_of")]
    pub fn loss_of(&self, population: u32) -> Result<f64> {
        let mut loss = 0.0;
        check(unsafe { sys::snn_trainer_loss_of(self.handle, population, &mut loss) })?;
        Ok(loss)
    }

    /// What is kept from update to update, to go on with later in a trainer of the same network and optimiser.
    #[doc(alias = "snn_trainer_get_state")]
    pub fn state(&self) -> Result<Vec<f64>> {
        read_counted(|values, count| unsafe { sys::snn_trainer_get_state(self.handle, values, count) })
    }

    /// Takes over what `state` gave.
    #[doc(alias = "snn_trainer_set_state")]
    pub fn set_state(&mut self, values: &[f64]) -> Result<()> {
        check(unsafe { sys::snn_trainer_set_state(self.handle, values.as_ptr(), values.len()) })
    }

    /// Adds `weight` times a loss of another population than the output, which looks at the same labels or targets; 0: none.
    #[doc(alias = "snn_trainer_set_auxiliary_loss")]
    pub fn set_auxiliary_loss(&mut self, population: u32, loss: Loss, weight: f64) -> Result<()> {
        check(unsafe { sys::snn_trainer_set_auxiliary_loss(self.handle, population, loss as u32, weight) })
    }

    /// Weights of the classes in cross-entropies, one for each output; empty: none.
    #[doc(alias = "snn_trainer_set_class_weights")]
    pub fn set_class_weights(&mut self, weights: &[f32]) -> Result<()> {
        check(unsafe { sys::snn_trainer_set_class_weights(self.handle, weights.as_ptr(), weights.len()) })
    }

    /// Silences each neuron of a population with a probability, for all steps of a forward.
    #[doc(alias = "snn_trainer_set_dropout")]
    pub fn set_dropout(&mut self, population: u32, probability: f64, seed: u64) -> Result<()> {
        check(unsafe { sys::snn_trainer_set_dropout(self.handle, population, probability, seed) })
    }

    /// Rounds the weights of a projection to 2 to 8 bits while they are trained; 0: no longer.
    #[doc(alias = "snn_trainer_set_quantization")]
    pub fn set_quantization(&mut self, projection: u32, bits: u32, per_channel: bool) -> Result<()> {
        check(unsafe { sys::snn_trainer_set_quantization(self.handle, projection, bits, per_channel.into()) })
    }

    /// Batch normalisation through time of a projection, folded into its weights and bias; a scale of 0: no longer.
    #[doc(alias = "snn_trainer_set_normalization")]
    pub fn set_normalization(&mut self, projection: u32, scale: f64, momentum: f64, epsilon: f64) -> Result<()> {
        check(unsafe { sys::snn_trainer_set_normalization(self.handle, projection, scale, momentum, epsilon) })
    }

    /// Learns the delays of a sparse projection of taps beside its weights; called again it changes kernel, width and rate; a
    /// width of 0: no longer.
    #[doc(alias = "snn_trainer_set_delay_learning")]
    pub fn set_delay_learning(&mut self, projection: u32, kernel: DelayKernel, width: f64, rate_factor: f64) -> Result<()> {
        check(unsafe { sys::snn_trainer_set_delay_learning(self.handle, projection, kernel as u32, width, rate_factor) })
    }

    /// From the next update on.
    #[doc(alias = "snn_trainer_set_learning_rate")]
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        check(unsafe { sys::snn_trainer_set_learning_rate(self.handle, learning_rate) })
    }

    /// Sums up the updates since the last call.
    #[doc(alias = "snn_trainer_end_epoch")]
    pub fn end_epoch(&mut self) -> Result<Epoch> {
        // A struct of numbers: zeros are valid.
        let mut epoch: sys::SNNEpoch = unsafe { std::mem::zeroed() };
        epoch.struct_size = size_of::<sys::SNNEpoch>() as u32;
        let status = unsafe { sys::snn_trainer_end_epoch(self.handle, &mut epoch) };
        self.session_mut().finish(status)?;
        Ok(Epoch::from_raw(&epoch))
    }

    /// The session, to step it between batches.
    pub fn session_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect("it is taken by into_session only").borrow_mut()
    }

    /// Ends the training and gives the session back.
    pub fn into_session(mut self) -> S {
        self.session.take().expect("it is taken here only")
    }

    fn on_batch(
        &mut self,
        batch: &Batch,
        function: impl FnOnce(sys::SNNTrainer, &sys::SNNBatch, &mut sys::SNNTrainResult) -> i32,
    ) -> Result<TrainResult> {
        // A struct of numbers: zeros are valid.
        let mut result: sys::SNNTrainResult = unsafe { std::mem::zeroed() };
        result.struct_size = size_of::<sys::SNNTrainResult>() as u32;
        let status = function(self.handle, &batch.raw(), &mut result);
        self.session_mut().finish(status)?;
        Ok(TrainResult {
            sample_count: result.sample_count,
            correct_count: result.correct_count,
            loss: result.loss,
            spike_count: result.spike_count,
        })
    }
}

impl<S: BorrowMut<Session>> Drop for Trainer<S> {
    #[doc(alias = "snn_trainer_release")]
    fn drop(&mut self) {
        unsafe { sys::snn_trainer_release(self.handle) }
    }
}
