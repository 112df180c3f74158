use std::any::Any;
use std::ffi::CString;
use std::marker::PhantomData;
use std::mem::{size_of, MaybeUninit};
use std::os::raw::c_void;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

use crate::{sys, Error, Result, Value};

/// Room for the spikes of a population as events, ordered by step, then sample, then neuron.
#[derive(Clone, Debug, Default)]
pub struct SpikeEvents {
    steps: Vec<u32>,
    neurons: Vec<u32>,
    samples: Vec<u32>,
    count: usize,
}

impl SpikeEvents {
    /// At least batch_size times the population's size: as many as one step can give.
    pub fn with_capacity(capacity: usize) -> Self {
        SpikeEvents {
            steps: vec![0; capacity],
            neurons: vec![0; capacity],
            samples: vec![0; capacity],
            count: 0,
        }
    }

    /// Of each event, since the run began.
    pub fn steps(&self) -> &[u32] {
        &self.steps[..self.count]
    }

    /// Of each event.
    pub fn neurons(&self) -> &[u32] {
        &self.neurons[..self.count]
    }

    /// Of each event.
    pub fn samples(&self) -> &[u32] {
        &self.samples[..self.count]
    }
}

type Progress<'a> = Box<dyn FnMut(u64, u64) -> bool + 'a>;

/// Steps with inputs and recordings, for [`Session::run`](crate::Session::run); see `SNNRunDef`.
///
/// ```no_run
/// # fn main() -> snn::Result<()> {
/// # let mut session = snn::Session::open("brain.snn")?;
/// let input = [0.5f32; 64];
/// let mut v = [0f32; 100 * 10];
/// session.run(snn::Run::new(100).held_input(0, &input).record(2, "v", &mut v)?)?;
/// # Ok(())
/// # }
/// ```
pub struct Run<'a> {
    step_count: u32,
    inputs: Vec<sys::SNNInputArray>,
    records: Vec<sys::SNNRecordArray>,
    spike_inputs: Vec<sys::SNNSpikeInput>,
    value_records: Vec<sys::SNNValueRecord>,
    variables: Vec<CString>,
    spike_records: Vec<(u32, &'a mut SpikeEvents)>,
    progress: Option<Progress<'a>>,
    progress_interval: Option<u32>,
    record_interval: Option<u32>,
    steps_before: u32,
    panic: Option<Box<dyn Any + Send>>,
    arrays: PhantomData<&'a mut [f32]>,
}

impl<'a> Run<'a> {
    /// Without inputs and recordings.
    pub fn new(step_count: u32) -> Self {
        Run {
            step_count,
            inputs: Vec::new(),
            records: Vec::new(),
            spike_inputs: Vec::new(),
            value_records: Vec::new(),
            variables: Vec::new(),
            spike_records: Vec::new(),
            progress: None,
            progress_interval: None,
            record_interval: None,
            steps_before: 0,
            panic: None,
            arrays: PhantomData,
        }
    }

    /// `[step][batch_size][size]`
    pub fn input(&mut self, population: u32, values: &'a [f32]) -> &mut Self {
        self.inputs.push(input_array(population, false, values));
        self
    }

    /// `[batch_size][size]`, used at every step.
    pub fn held_input(&mut self, population: u32, values: &'a [f32]) -> &mut Self {
        self.inputs.push(input_array(population, true, values));
        self
    }

    /// Spikes of a spike input one by one, in the order of their steps: the step since the run began, the neuron and, with
    /// several samples, the sample of each. What another run recorded may be given as it is.
    pub fn input_spikes(
        &mut self,
        population: u32,
        steps: &'a [u32],
        neurons: &'a [u32],
        samples: Option<&'a [u32]>,
    ) -> Result<&mut Self> {
        self.spike_inputs.push(spike_input(population, steps, neurons, samples)?);
        Ok(self)
    }

    /// A state, `"spikes"` or `"spike_count"`, written as the run goes: `[step][batch_size][size]`.
    pub fn record<T: Value>(&mut self, population: u32, variable: &str, values: &'a mut [T]) -> Result<&mut Self> {
        let variable = c_string(variable)?;
        self.records.push(sys::SNNRecordArray {
            population,
            dtype: T::DATA_TYPE as u32,
            variable: variable.as_ptr(), // stays where it is when the vector grows
            data: values.as_mut_ptr().cast(),
            count: values.len(),
        });
        self.variables.push(variable);
        Ok(self)
    }

    /// A variable by its path, as for `SessionView::read`, of chosen neurons or synapses (`None`: of all), written as the run
    /// goes: `[row][batch_size][chosen]` of a population, `[row][chosen]` of a projection.
    pub fn record_values<T: Value>(
        &mut self,
        path: &str,
        indices: Option<&'a [u64]>,
        values: &'a mut [T],
    ) -> Result<&mut Self> {
        let path = c_string(path)?;
        self.value_records.push(sys::SNNValueRecord {
            struct_size: size_of::<sys::SNNValueRecord>() as u32,
            dtype: T::DATA_TYPE as u32,
            path: path.as_ptr(), // stays where it is when the vector grows
            indices: indices.map_or(std::ptr::null(), <[u64]>::as_ptr),
            index_count: indices.map_or(0, <[u64]>::len),
            data: values.as_mut_ptr().cast(),
            count: values.len(),
        });
        self.variables.push(path);
        Ok(self)
    }

    /// Spikes as events. Where room for the next step's may be missing, `Session::run` returns fewer steps than asked for.
    pub fn spike_events(&mut self, population: u32, events: &'a mut SpikeEvents) -> &mut Self {
        self.spike_records.push((population, events));
        self
    }

    /// Called every `interval` steps with the steps that are done and those of the run; `false` stops it, and
    /// `Session::run` returns `Status::Stopped`.
    pub fn progress(&mut self, interval: u32, function: impl FnMut(u64, u64) -> bool + 'a) -> &mut Self {
        self.progress = Some(Box::new(function));
        self.progress_interval = Some(interval);
        self
    }

    /// Recordings (not events) are written after every so many steps; default 1.
    pub fn record_interval(&mut self, steps: u32) -> &mut Self {
        self.record_interval = Some(steps);
        self
    }

    /// Of a run that this one goes on with; default 0.
    pub fn steps_before(&mut self, steps: u32) -> &mut Self {
        self.steps_before = steps;
        self
    }

    pub(crate) fn with_def(
        &mut self,
        done: &mut u32,
        function: impl FnOnce(&sys::SNNRunDef) -> i32,
    ) -> Result<i32> {
        let mut def = MaybeUninit::<sys::SNNRunDef>::zeroed();
        // A struct of numbers, pointers and functions that may be missing: zeros are valid, and `init` fills in the defaults.
        let mut def = unsafe {
            sys::snn_run_def_init(def.as_mut_ptr(), size_of::<sys::SNNRunDef>() as u32);
            def.assume_init()
        };
        let mut spike_records: Vec<_> = self
            .spike_records
            .iter_mut()
            .map(|(population, events)| sys::SNNSpikeRecord {
                struct_size: size_of::<sys::SNNSpikeRecord>() as u32,
                population: *population,
                steps: events.steps.as_mut_ptr(),
                neurons: events.neurons.as_mut_ptr(),
                samples: events.samples.as_mut_ptr(),
                capacity: events.steps.len(),
                count: 0,
            })
            .collect();
        def.step_count = self.step_count;
        def.inputs = self.inputs.as_ptr();
        def.input_count = self.inputs.len() as u32;
        def.records = self.records.as_ptr();
        def.record_count = self.records.len() as u32;
        def.spike_records = spike_records.as_mut_ptr();
        def.spike_record_count = spike_records.len() as u32;
        def.spike_inputs = self.spike_inputs.as_ptr();
        def.spike_input_count = self.spike_inputs.len() as u32;
        def.value_records = self.value_records.as_ptr();
        def.value_record_count = self.value_records.len() as u32;
        def.progress_interval = self.progress_interval.unwrap_or(def.progress_interval);
        def.record_interval = self.record_interval.unwrap_or(def.record_interval);
        def.steps_before = self.steps_before;
        def.out_step_count = done;
        if self.progress.is_some() {
            def.progress = Some(on_progress);
            def.progress_user = (self as *mut Self).cast();
        }
        let status = function(&def);
        for ((_, events), record) in self.spike_records.iter_mut().zip(&spike_records) {
            events.count = record.count.min(events.steps.len());
        }
        Ok(status)
    }

    pub(crate) fn resume(&mut self) {
        if let Some(panic) = self.panic.take() {
            resume_unwind(panic);
        }
    }
}

unsafe extern "C" fn on_progress(steps_done: u64, steps_total: u64, user: *mut c_void) -> i32 {
    let run = &mut *user.cast::<Run<'_>>();
    let function = match &mut run.progress {
        Some(function) => function,
        None => return 0,
    };
    match catch_unwind(AssertUnwindSafe(|| function(steps_done, steps_total))) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(panic) => {
            run.panic = Some(panic);
            1
        }
    }
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::invalid(format!("{text:?} contains a zero byte")))
}

pub(crate) fn input_array(population: u32, held: bool, values: &[f32]) -> sys::SNNInputArray {
    sys::SNNInputArray { population, held: held.into(), data: values.as_ptr(), count: values.len() }
}

pub(crate) fn spike_input(
    population: u32,
    steps: &[u32],
    neurons: &[u32],
    samples: Option<&[u32]>,
) -> Result<sys::SNNSpikeInput> {
    if neurons.len() != steps.len() || samples.map_or(false, |samples| samples.len() != steps.len()) {
        return Err(Error::invalid(format!(
            "there are {} steps, {} neurons and {} samples; each spike has one",
            steps.len(),
            neurons.len(),
            samples.map_or(steps.len(), <[u32]>::len)
        )));
    }
    Ok(sys::SNNSpikeInput {
        struct_size: size_of::<sys::SNNSpikeInput>() as u32,
        population,
        steps: steps.as_ptr(),
        neurons: neurons.as_ptr(),
        samples: samples.map_or(std::ptr::null(), <[u32]>::as_ptr),
        count: steps.len(),
    })
}
