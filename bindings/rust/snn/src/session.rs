use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Deref;
use std::path::Path;
use std::ptr;

use crate::error::{borrowed_slice, check, path_text, with_c_string};
use crate::hooks::{self, Hooks};
use crate::library::text_of;
use crate::network::fill;
use crate::{sys, DataType, Epoch, Error, Network, Result, Run, SessionOptions, Spikes, WeightUpdate};

/// A type in which variables are read and written: `f32`, `f64`, `i32`, `u8`.
pub trait Value: Copy + Default + private::Sealed {
    #[doc(hidden)]
    const DATA_TYPE: DataType;
}

mod private {
    pub trait Sealed {}
}

macro_rules! value {
    ($type:ty, $data_type:expr) => {
        impl private::Sealed for $type {}
        impl Value for $type {
            const DATA_TYPE: DataType = $data_type;
        }
    };
}
value!(f32, DataType::Float32);
value!(f64, DataType::Float64);
value!(i32, DataType::Int32);
value!(u8, DataType::Uint8);

/// What a session has computed since it was opened or reset; see `SNNCounters`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct Counters {
    pub steps: u64,
    pub neuron_updates: u64,
    pub spikes: u64,
    pub input_spikes: u64,
    pub synaptic_events: u64,
    pub synaptic_operations: u64,
}

/// What may be read from a session, also by its callbacks. A [`Session`] has all of these methods.
#[derive(Debug)]
pub struct SessionView<'a> {
    handle: sys::SNNHandle,
    session: PhantomData<&'a ()>,
}

impl SessionView<'_> {
    pub(crate) fn new(handle: sys::SNNHandle) -> Self {
        SessionView { handle, session: PhantomData }
    }

    /// The membrane state of every neuron of a population: `[batch_size][size]`.
    #[doc(alias = "snn_get_membrane_potentials")]
    pub fn membrane_potentials(&self, population: &str, potentials: &mut [f32]) -> Result<()> {
        with_c_string(population, |population| {
            check(unsafe {
                sys::snn_get_membrane_potentials(self.handle, population, potentials.as_mut_ptr(), potentials.len())
            })
        })
    }

    /// Any variable by its path, `"population.state"`, `"projection.weight"`; as `snn_session_read` lists them.
    #[doc(alias = "snn_session_read")]
    pub fn read<T: Value>(&self, path: &str, values: &mut [T]) -> Result<()> {
        with_c_string(path, |path| {
            check(unsafe {
                sys::snn_session_read(
                    self.handle,
                    path,
                    T::DATA_TYPE as u32,
                    values.as_mut_ptr().cast(),
                    values.len(),
                )
            })
        })
    }

    /// The same into a new vector.
    pub fn read_vec<T: Value>(&self, path: &str) -> Result<Vec<T>> {
        let mut values = vec![T::default(); self.value_count(path)?];
        self.read(path, &mut values)?;
        Ok(values)
    }

    /// How many values `read` wants for a path.
    #[doc(alias = "snn_session_value_count")]
    pub fn value_count(&self, path: &str) -> Result<usize> {
        let mut count = 0;
        with_c_string(path, |path| check(unsafe { sys::snn_session_value_count(self.handle, path, &mut count) }))?;
        Ok(count)
    }

    /// The device that it runs on (`"vulkan:0"`); why `"auto"` chose it, or which of several failed, in one line, else empty.
    #[doc(alias = "snn_session_device")]
    pub fn device(&self) -> Result<(String, String)> {
        let raw = fill!(sys::SNNSessionDevice, |device| unsafe { sys::snn_session_device(self.handle, device) })?;
        Ok((text_of(&raw.name), text_of(&raw.reason)))
    }

    /// Steps since the session was opened or reset.
    #[doc(alias = "snn_session_step_count")]
    pub fn step_count(&self) -> Result<u64> {
        let mut steps = 0;
        check(unsafe { sys::snn_session_step_count(self.handle, &mut steps) })?;
        Ok(steps)
    }

    /// The seed of the random draws: that it was opened with, or that of the state that was loaded last.
    #[doc(alias = "snn_session_seed")]
    pub fn seed(&self) -> Result<u64> {
        let mut seed = 0;
        check(unsafe { sys::snn_session_seed(self.handle, &mut seed) })?;
        Ok(seed)
    }

    /// What was computed.
    #[doc(alias = "snn_get_counters")]
    pub fn counters(&self) -> Result<Counters> {
        let raw = fill!(sys::SNNCounters, |counters| unsafe { sys::snn_get_counters(self.handle, counters) })?;
        Ok(Counters {
            steps: raw.steps,
            neuron_updates: raw.neuron_updates,
            spikes: raw.spikes,
            input_spikes: raw.input_spikes,
            synaptic_events: raw.synaptic_events,
            synaptic_operations: raw.synaptic_operations,
        })
    }

    /// The session's network.
    #[doc(alias = "snn_session_network")]
    pub fn network(&self) -> Result<Network> {
        let mut handle = ptr::null_mut();
        check(unsafe { sys::snn_session_network(self.handle, &mut handle) })?;
        Ok(unsafe { Network::from_handle(handle) })
    }
}

/// A running copy of a network.
///
/// It may move to another thread, but two threads cannot use it at once. A panic in a callback goes on in the call that
/// caused it.
///
/// ```compile_fail
/// fn shared<T: Sync>() {}
/// shared::<snn::Session>();
/// ```
pub struct Session {
    view: SessionView<'static>,
    hooks: *mut Hooks,
    /// Inputs that are bound: C reads them at each step.
    bound: BTreeMap<u32, Box<[f32]>>,
    /// Steps that were begun: C is reading what is bound.
    under_way: bool,
}

// snn.h: "A session and its trainer: one thread at a time". What the hooks hold is Send.
unsafe impl Send for Session {}

impl Deref for Session {
    type Target = SessionView<'static>;

    fn deref(&self) -> &SessionView<'static> {
        &self.view
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Session").field("handle", &self.view.handle).finish()
    }
}

impl Session {
    /// A session with the default options.
    pub fn new(network: &Network) -> Result<Self> {
        SessionOptions::new().open(network)
    }

    /// A session of a `.snn` file with the default options.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        SessionOptions::new().open_file(path)
    }

    /// Advances by `frame_dt` seconds: as many whole steps as fit, the remainder is carried to the next call.
    #[doc(alias = "snn_run_step")]
    pub fn run_step(&mut self, frame_dt: f32) -> Result<()> {
        let status = unsafe { sys::snn_run_step(self.view.handle, frame_dt) };
        self.finish(status)
    }

    /// The same, until `budget` seconds of wall time are spent; returns the steps that ran.
    #[doc(alias = "snn_run_step_within")]
    pub fn run_step_within(&mut self, frame_dt: f32, budget: f32) -> Result<u32> {
        let mut steps = 0;
        let status = unsafe { sys::snn_run_step_within(self.view.handle, frame_dt, budget, &mut steps) };
        self.finish(status)?;
        Ok(steps)
    }

    /// Begins such steps on a thread of the session's own and returns at once; `false` when steps are under way already, whose
    /// successors take the time over. A budget of infinity is none. Until [`poll`](Self::poll) is `true` the session takes inputs and
    /// nothing else.
    #[doc(alias = "snn_session_begin")]
    pub fn begin(&mut self, frame_dt: f32, budget: f32) -> Result<bool> {
        let mut begun = 0;
        check(unsafe { sys::snn_session_begin(self.view.handle, frame_dt, budget, &mut begun) })?;
        self.under_way |= begun != 0;
        Ok(begun != 0)
    }

    /// Whether nothing is under way any more. Never waits. The call that sees the end calls the closure of `on_spikes` for all
    /// spikes that were, and returns the error of the steps.
    #[doc(alias = "snn_session_poll")]
    pub fn poll(&mut self) -> Result<bool> {
        let mut done = 0;
        let status = unsafe { sys::snn_session_poll(self.view.handle, &mut done) };
        self.under_way &= done == 0;
        self.finish(status)?;
        Ok(done != 0)
    }

    /// The same, but it waits until they are done.
    #[doc(alias = "snn_session_wait")]
    pub fn wait(&mut self) -> Result<()> {
        let status = unsafe { sys::snn_session_wait(self.view.handle) };
        self.under_way = false;
        self.finish(status)
    }

    /// Advances by a number of steps.
    #[doc(alias = "snn_session_step")]
    pub fn step(&mut self, step_count: u32) -> Result<()> {
        let status = unsafe { sys::snn_session_step(self.view.handle, step_count) };
        self.finish(status)
    }

    /// Runs steps with inputs and recordings; returns the steps that were done.
    #[doc(alias = "snn_session_run")]
    pub fn run(&mut self, run: &mut Run) -> Result<u32> {
        let handle = self.view.handle;
        let mut done = 0;
        let status = run.with_def(&mut done, |def| unsafe { sys::snn_session_run(handle, def) })?;
        // Before what a callback of the session did: the run's own callback.
        run.resume();
        self.finish(status)?;
        Ok(done)
    }

    /// Back to step 0 and the initial state.
    #[doc(alias = "snn_session_reset")]
    pub fn reset(&mut self) -> Result<()> {
        check(unsafe { sys::snn_session_reset(self.view.handle) })
    }

    /// Some samples begin again, as a character of a game that comes back; the others go on as if nothing had happened.
    #[doc(alias = "snn_session_reset_samples")]
    pub fn reset_samples(&mut self, samples: &[u32]) -> Result<()> {
        check(unsafe { sys::snn_session_reset_samples(self.view.handle, samples.as_ptr(), samples.len()) })
    }

    /// Input for the coming step: `[batch_size][size]`. Spikes, 0 or 1, hold for one step; values stay.
    #[doc(alias = "snn_session_set_input")]
    pub fn set_input(&mut self, population: u32, values: &[f32]) -> Result<()> {
        check(unsafe { sys::snn_session_set_input(self.view.handle, population, values.as_ptr(), values.len()) })
    }

    /// The same for one sample: `[size]`. What other samples were given for the coming step stays.
    #[doc(alias = "snn_session_set_sample_input")]
    pub fn set_sample_input(&mut self, population: u32, sample: u32, values: &[f32]) -> Result<()> {
        check(unsafe {
            sys::snn_session_set_sample_input(self.view.handle, population, sample, values.as_ptr(), values.len())
        })
    }

    /// Adds spikes, by neuron, to those that a sample was given for the coming step: in any order, from a camera, a socket or
    /// another network. One that is named twice spikes once.
    #[doc(alias = "snn_session_add_input_spikes")]
    pub fn add_input_spikes(&mut self, population: u32, sample: u32, neurons: &[u32]) -> Result<()> {
        check(unsafe {
            sys::snn_session_add_input_spikes(self.view.handle, population, sample, neurons.as_ptr(), neurons.len())
        })
    }

    /// Gives the session an input that it reads at each step without a copy; change it by
    /// [`bound_input_mut`](Self::bound_input_mut).
    #[doc(alias = "snn_session_bind_input")]
    pub fn bind_input(&mut self, population: u32, values: impl Into<Box<[f32]>>) -> Result<()> {
        let values = values.into();
        check(unsafe {
            sys::snn_session_bind_input(self.view.handle, population, values.as_ptr(), values.len())
        })?;
        self.bound.insert(population, values);
        Ok(())
    }

    /// Ends a binding and gives the values back; none if there was none.
    #[doc(alias = "snn_session_bind_input")]
    pub fn unbind_input(&mut self, population: u32) -> Result<Option<Box<[f32]>>> {
        check(unsafe { sys::snn_session_bind_input(self.view.handle, population, ptr::null(), 0) })?;
        Ok(self.bound.remove(&population))
    }

    /// The values of a bound input; none while steps that were begun are under way and read them.
    pub fn bound_input_mut(&mut self, population: u32) -> Option<&mut [f32]> {
        if self.under_way {
            return None;
        }
        self.bound.get_mut(&population).map(|values| &mut values[..])
    }

    /// The neurons of a sample that spiked in the last step, ascending; without a copy.
    #[doc(alias = "snn_session_get_spikes")]
    pub fn spikes(&mut self, population: u32, sample: u32) -> Result<&[u32]> {
        let (mut neurons, mut count) = (ptr::null(), 0);
        check(unsafe {
            sys::snn_session_get_spikes(self.view.handle, population, sample, &mut neurons, &mut count)
        })?;
        // Valid until the session is next used, and that needs the borrow of `self` to end.
        Ok(unsafe { borrowed_slice(neurons, count as usize) })
    }

    /// Changes a variable by its path; `"projection.signal"` sends a reward to the synapses of a rule that takes signals.
    #[doc(alias = "snn_session_write")]
    pub fn write<T: Value>(&mut self, path: &str, values: &[T]) -> Result<()> {
        with_c_string(path, |path| {
            check(unsafe {
                sys::snn_session_write(
                    self.view.handle,
                    path,
                    T::DATA_TYPE as u32,
                    values.as_ptr().cast(),
                    values.len(),
                )
            })
        })
    }

    /// Sets the number of steps, to go on from a state that was read before.
    #[doc(alias = "snn_session_set_step_count")]
    pub fn set_step_count(&mut self, steps: u64) -> Result<()> {
        check(unsafe { sys::snn_session_set_step_count(self.view.handle, steps) })
    }

    /// Saves all that the next steps depend on.
    #[doc(alias = "snn_save_state")]
    pub fn save_state(&self, path: impl AsRef<Path>) -> Result<()> {
        with_c_string(path_text(path.as_ref())?, |path| check(unsafe { sys::snn_save_state(self.view.handle, path) }))
    }

    /// Goes on from a saved state.
    #[doc(alias = "snn_load_state")]
    pub fn load_state(&mut self, path: impl AsRef<Path>) -> Result<()> {
        with_c_string(path_text(path.as_ref())?, |path| check(unsafe { sys::snn_load_state(self.view.handle, path) }))
    }

    /// The bytes that the file of a saved state would have, for a game's own saved game.
    #[doc(alias = "snn_save_state_memory")]
    pub fn save_state_memory(&self) -> Result<Vec<u8>> {
        let mut size = 0;
        check(unsafe { sys::snn_save_state_memory(self.view.handle, std::ptr::null_mut(), 0, &mut size) })?;
        let mut data = vec![0u8; size];
        check(unsafe { sys::snn_save_state_memory(self.view.handle, data.as_mut_ptr().cast(), data.len(), &mut size) })?;
        Ok(data)
    }

    /// Goes on from a saved state in memory.
    #[doc(alias = "snn_load_state_memory")]
    pub fn load_state_memory(&mut self, data: &[u8]) -> Result<()> {
        check(unsafe { sys::snn_load_state_memory(self.view.handle, data.as_ptr().cast(), data.len()) })
    }

    /// Replaces weights and biases by those of a `.snn` file whose projections have the same names and shapes.
    #[doc(alias = "snn_load_weights")]
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        with_c_string(path_text(path.as_ref())?, |path| {
            check(unsafe { sys::snn_load_weights(self.view.handle, path) })
        })
    }

    /// A new finished network with the present weights, biases and parameters.
    #[doc(alias = "snn_session_to_network")]
    pub fn to_network(&self) -> Result<Network> {
        let mut handle = ptr::null_mut();
        check(unsafe { sys::snn_session_to_network(self.view.handle, &mut handle) })?;
        Ok(unsafe { Network::from_handle(handle) })
    }

    /// Called after each step for each population and sample that spiked.
    #[doc(alias = "snn_register_spike_callback")]
    pub fn on_spikes(&mut self, function: impl FnMut(&SessionView<'_>, &Spikes<'_>) + Send + 'static) -> Result<()> {
        unsafe { (*self.hooks).spikes.replace(Some(Box::new(function))) };
        check(unsafe {
            sys::snn_register_spike_callback(self.view.handle, Some(hooks::on_spikes), self.hooks.cast())
        })
    }

    /// Called after each update of the weights, for each trained projection.
    #[doc(alias = "snn_register_weight_callback")]
    pub fn on_weights(&mut self, function: impl FnMut(&WeightUpdate) + Send + 'static) -> Result<()> {
        unsafe { (*self.hooks).weights.replace(Some(Box::new(function))) };
        check(unsafe {
            sys::snn_register_weight_callback(self.view.handle, Some(hooks::on_weights), self.hooks.cast())
        })
    }

    /// Called at the end of each epoch of training.
    #[doc(alias = "snn_register_epoch_callback")]
    pub fn on_epoch(&mut self, function: impl FnMut(&Epoch) + Send + 'static) -> Result<()> {
        unsafe { (*self.hooks).epoch.replace(Some(Box::new(function))) };
        check(unsafe {
            sys::snn_register_epoch_callback(self.view.handle, Some(hooks::on_epoch), self.hooks.cast())
        })
    }

    /// Removes the three callbacks.
    pub fn clear_callbacks(&mut self) -> Result<()> {
        let (handle, user) = (self.view.handle, self.hooks.cast());
        check(unsafe { sys::snn_register_spike_callback(handle, None, user) })?;
        check(unsafe { sys::snn_register_weight_callback(handle, None, user) })?;
        check(unsafe { sys::snn_register_epoch_callback(handle, None, user) })?;
        let hooks = unsafe { &*self.hooks };
        hooks.spikes.take();
        hooks.weights.take();
        hooks.epoch.take();
        Ok(())
    }

    pub(crate) fn handle(&self) -> sys::SNNHandle {
        self.view.handle
    }

    /// Owns both; a null handle is one that could not be opened.
    pub(crate) unsafe fn from_handle(handle: sys::SNNHandle, hooks: *mut Hooks) -> Self {
        Session { view: SessionView::new(handle), hooks, bound: BTreeMap::new(), under_way: false }
    }

    /// Lets a panic of a callback go on.
    #[inline]
    pub(crate) fn resume(&mut self) {
        unsafe { (*self.hooks).resume() };
    }

    /// For calls that may have called back.
    #[inline]
    pub(crate) fn finish(&mut self, status: i32) -> Result<()> {
        self.resume();
        check(status)
    }
}

impl Drop for Session {
    #[doc(alias = "snn_destroy_network")]
    fn drop(&mut self) {
        unsafe {
            sys::snn_destroy_network(self.view.handle); // gives its memory back to the allocator of the hooks
            drop(Box::from_raw(self.hooks));
        }
    }
}

/// A count that an array must have.
pub(crate) fn check_count(name: &str, count: usize, expected: usize) -> Result<()> {
    if count == expected {
        return Ok(());
    }
    Err(Error::invalid(format!("{name} has {count} values and needs {expected}")))
}
