use std::path::Path;
use std::ptr;

use crate::error::{borrowed_slice, borrowed_text, check, check_library, path_text, read_counted, with_c_string};
use crate::{
    sys, Arithmetic, ConnectionKind, Model, PopulationKind, RandomConnection, Result, SessionOptions, Shape,
};

/// A finished network: what sessions run and files hold. Shared by reference count; any thread may use it.
#[derive(Debug)]
pub struct Network {
    handle: sys::SNNNetwork,
}

// snn.h: "networks, models: any thread".
unsafe impl Send for Network {}
unsafe impl Sync for Network {}

/// See `SNNNetworkInfo`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct NetworkInfo {
    pub population_count: u32,
    pub projection_count: u32,
    pub dt_ms: f64,
    pub neuron_count: u64,
    pub synapse_count: u64,
    pub parameter_count: u64,
}

/// See `SNNPopulationInfo`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct PopulationInfo<'a> {
    pub kind: PopulationKind,
    pub shape: Shape,
    pub size: u32,
    pub name: &'a str,
    pub model_name: Option<&'a str>,
    pub surrogate_name: Option<&'a str>,
}

/// See `SNNProjectionInfo`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct ProjectionInfo<'a> {
    pub kind: ConnectionKind,
    pub source: u32,
    pub target: u32,
    pub delay_steps: u32,
    pub trainable: bool,
    pub detached: bool,
    pub arithmetic: Arithmetic,
    pub name: &'a str,
    pub receptor: Option<&'a str>,
    pub weight_count: u64,
    pub bias: &'a [f32],
    pub synapse_count: u64,
    pub kernel: [u32; 2],
    pub stride: [u32; 2],
    pub padding: [u32; 2],
    pub dilation: [u32; 2],
    pub groups: u32,
    pub by_rule: bool,
    pub fixed_point_scale: f64,
    pub min_delay_steps: u32,
    pub max_delay_steps: u32,
}

/// See `SNNProjectionArrays`. What is not sparse has weights only.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct ProjectionArrays<'a> {
    pub weights: &'a [f32],
    pub row_offsets: &'a [u64],
    pub synapse_targets: &'a [u32],
    pub synapse_delays: &'a [u16],
}

/// Synapses one by one; all four are as long. Delays in steps.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Synapses {
    pub sources: Vec<u32>,
    pub targets: Vec<u32>,
    pub delays: Vec<u32>,
    pub weights: Vec<f32>,
}

/// See `SNNMemoryEstimate`; `projections` has one number for each projection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct MemoryEstimate {
    pub network_bytes: u64,
    pub weight_bytes: u64,
    pub state_bytes: u64,
    pub total_bytes: u64,
    pub opening_bytes: u64,
    pub projections: Vec<u64>,
}

/// See `SNNPlacementSlice`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct PlacementSlice {
    pub population: u32,
    pub first: u32,
    pub count: u32,
    pub device: u32,
}

/// See `SNNPlacementInfo`; `samples` and `step_s` have one number for each device.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct Placement {
    pub device: String,
    pub reasons: String,
    pub slices: Vec<PlacementSlice>,
    pub samples: Vec<u32>,
    pub step_s: Vec<f64>,
    pub window_steps: u32,
}

/// Asks C to fill a struct that begins with its size.
macro_rules! fill {
    ($type:ty, $function:expr) => {{
        // A struct of numbers and pointers: zeros are valid.
        let mut it: $type = unsafe { std::mem::zeroed() };
        it.struct_size = std::mem::size_of::<$type>() as u32;
        let status = $function(&mut it);
        $crate::error::check(status).map(|()| it)
    }};
}
pub(crate) use fill;

impl Network {
    /// Reads a `.snn` file. Everything in it is checked, nothing is executed.
    #[doc(alias = "snn_network_load")]
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        check_library()?;
        let mut handle = ptr::null_mut();
        with_c_string(path_text(path.as_ref())?, |path| check(unsafe { sys::snn_network_load(path, &mut handle) }))?;
        Ok(Network { handle })
    }

    /// The same from memory.
    #[doc(alias = "snn_network_load_memory")]
    pub fn load_memory(data: &[u8]) -> Result<Self> {
        check_library()?;
        let mut handle = ptr::null_mut();
        check(unsafe { sys::snn_network_load_memory(data.as_ptr().cast(), data.len(), &mut handle) })?;
        Ok(Network { handle })
    }

    /// Writes a `.snn` file; an old one is replaced whole.
    #[doc(alias = "snn_network_save")]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        with_c_string(path_text(path.as_ref())?, |path| check(unsafe { sys::snn_network_save(self.handle, path) }))
    }

    /// Sizes.
    #[doc(alias = "snn_network_get_info")]
    pub fn info(&self) -> Result<NetworkInfo> {
        let info = fill!(sys::SNNNetworkInfo, |info| unsafe { sys::snn_network_get_info(self.handle, info) })?;
        Ok(NetworkInfo {
            population_count: info.population_count,
            projection_count: info.projection_count,
            dt_ms: info.dt_ms,
            neuron_count: info.neuron_count,
            synapse_count: info.synapse_count,
            parameter_count: info.parameter_count,
        })
    }

    /// A population by its index.
    #[doc(alias = "snn_network_get_population")]
    pub fn population(&self, index: u32) -> Result<PopulationInfo<'_>> {
        let info = fill!(sys::SNNPopulationInfo, |info| unsafe {
            sys::snn_network_get_population(self.handle, index, info)
        })?;
        // Borrowed: valid while the network lives, and a finished one does not change.
        unsafe {
            Ok(PopulationInfo {
                kind: PopulationKind::from_raw(info.kind).expect("a kind of population that snn.h lists"),
                shape: Shape::from_raw(info.shape),
                size: info.size,
                name: borrowed_text(info.name).unwrap_or(""),
                model_name: borrowed_text(info.model_name),
                surrogate_name: borrowed_text(info.surrogate_name),
            })
        }
    }

    /// A projection by its index.
    #[doc(alias = "snn_network_get_projection")]
    pub fn projection(&self, index: u32) -> Result<ProjectionInfo<'_>> {
        let info = fill!(sys::SNNProjectionInfo, |info| unsafe {
            sys::snn_network_get_projection(self.handle, index, info)
        })?;
        // Borrowed: valid while the network lives, and a finished one does not change.
        unsafe {
            Ok(ProjectionInfo {
                kind: ConnectionKind::from_raw(info.kind).expect("a kind of projection that snn.h lists"),
                source: info.source,
                target: info.target,
                delay_steps: info.delay_steps,
                trainable: info.trainable != 0,
                detached: info.detached != 0,
                arithmetic: Arithmetic::from_raw(info.arithmetic).expect("an arithmetic that snn.h lists"),
                name: borrowed_text(info.name).unwrap_or(""),
                receptor: borrowed_text(info.receptor),
                weight_count: info.weight_count,
                bias: borrowed_slice(info.bias, info.bias_count as usize),
                synapse_count: info.synapse_count,
                kernel: info.kernel,
                stride: info.stride,
                padding: info.padding,
                dilation: info.dilation,
                groups: info.groups,
                by_rule: info.by_rule != 0,
                fixed_point_scale: info.fixed_point_scale,
                min_delay_steps: info.min_delay_steps,
                max_delay_steps: info.max_delay_steps,
            })
        }
    }

    /// Weights and synapses, borrowed. Those of a rule, and compact ones, are made at the first call and kept, 10 bytes a
    /// synapse.
    #[doc(alias = "snn_network_get_projection_arrays")]
    pub fn projection_arrays(&self, index: u32) -> Result<ProjectionArrays<'_>> {
        let arrays = fill!(sys::SNNProjectionArrays, |arrays| unsafe {
            sys::snn_network_get_projection_arrays(self.handle, index, arrays)
        })?;
        let projection = self.projection(index)?;
        let sources = self.population(projection.source)?.size as usize;
        let sparse = projection.kind == ConnectionKind::Sparse;
        // A sparse projection has one weight for each synapse; that of a rule counts them only when they are made.
        let synapses = if sparse { arrays.weight_count as usize } else { 0 };
        unsafe {
            Ok(ProjectionArrays {
                weights: borrowed_slice(arrays.weights, arrays.weight_count as usize),
                row_offsets: borrowed_slice(arrays.row_offsets, if sparse { sources + 1 } else { 0 }),
                synapse_targets: borrowed_slice(arrays.synapse_targets, synapses),
                synapse_delays: borrowed_slice(arrays.synapse_delays, synapses),
            })
        }
    }

    /// The rule that makes the synapses, with the seed in use; `Status::NotFound` when they are arrays.
    #[doc(alias = "snn_network_get_connection_rule")]
    pub fn connection_rule(&self, index: u32) -> Result<RandomConnection<'_>> {
        let rule = fill!(sys::SNNRandomConnectionDef, |rule| unsafe {
            sys::snn_network_get_connection_rule(self.handle, index, rule)
        })?;
        Ok(unsafe { RandomConnection::from_raw(rule) })
    }

    /// The synapses of some source neurons, in canonical order; those of a rule are made for this call only.
    #[doc(alias = "snn_network_get_synapses")]
    pub fn synapses(&self, projection: u32, first_source: u32, source_count: u32) -> Result<Synapses> {
        let mut count = 0;
        let null = ptr::null_mut();
        check(unsafe {
            sys::snn_network_get_synapses(
                self.handle,
                projection,
                first_source,
                source_count,
                null,
                null,
                null,
                ptr::null_mut(),
                &mut count,
            )
        })?;
        let mut found = Synapses {
            sources: vec![0; count],
            targets: vec![0; count],
            delays: vec![0; count],
            weights: vec![0.0; count],
        };
        check(unsafe {
            sys::snn_network_get_synapses(
                self.handle,
                projection,
                first_source,
                source_count,
                found.sources.as_mut_ptr(),
                found.targets.as_mut_ptr(),
                found.delays.as_mut_ptr(),
                found.weights.as_mut_ptr(),
                &mut count,
            )
        })?;
        Ok(found)
    }

    /// The index of a population by its name.
    #[doc(alias = "snn_network_find_population")]
    pub fn find_population(&self, name: &str) -> Result<u32> {
        let mut index = 0;
        with_c_string(name, |name| {
            check(unsafe { sys::snn_network_find_population(self.handle, name, &mut index) })
        })?;
        Ok(index)
    }

    /// The index of a projection by its name.
    #[doc(alias = "snn_network_find_projection")]
    pub fn find_projection(&self, name: &str) -> Result<u32> {
        let mut index = 0;
        with_c_string(name, |name| {
            check(unsafe { sys::snn_network_find_projection(self.handle, name, &mut index) })
        })?;
        Ok(index)
    }

    /// The model of a population of neurons.
    #[doc(alias = "snn_network_get_model")]
    pub fn model(&self, population: u32) -> Result<Model> {
        let mut handle = ptr::null_mut();
        check(unsafe { sys::snn_network_get_model(self.handle, population, &mut handle) })?;
        Ok(unsafe { Model::from_handle(handle) })
    }

    /// The surrogate of a population of neurons.
    #[doc(alias = "snn_network_get_surrogate")]
    pub fn surrogate(&self, population: u32) -> Result<Model> {
        let mut handle = ptr::null_mut();
        check(unsafe { sys::snn_network_get_surrogate(self.handle, population, &mut handle) })?;
        Ok(unsafe { Model::from_handle(handle) })
    }

    /// The plasticity rule of a projection.
    #[doc(alias = "snn_network_get_plasticity")]
    pub fn plasticity(&self, projection: u32) -> Result<Model> {
        let mut handle = ptr::null_mut();
        check(unsafe { sys::snn_network_get_plasticity(self.handle, projection, &mut handle) })?;
        Ok(unsafe { Model::from_handle(handle) })
    }

    /// Values in use: one that is shared, or one for each neuron.
    #[doc(alias = "snn_network_get_parameter")]
    pub fn parameter(&self, population: u32, parameter: &str) -> Result<Vec<f64>> {
        with_c_string(parameter, |name| {
            read_counted(|values, count| unsafe {
                sys::snn_network_get_parameter(self.handle, population, name, values, count)
            })
        })
    }

    /// Whether training changes the parameter.
    #[doc(alias = "snn_network_get_learnable")]
    pub fn learnable(&self, population: u32, parameter: &str) -> Result<bool> {
        let mut learnable = 0;
        with_c_string(parameter, |name| {
            check(unsafe { sys::snn_network_get_learnable(self.handle, population, name, &mut learnable) })
        })?;
        Ok(learnable != 0)
    }

    /// The state at step 0: one value that is shared, or one for each neuron.
    #[doc(alias = "snn_network_get_initial_state")]
    pub fn initial_state(&self, population: u32, state: &str) -> Result<Vec<f64>> {
        with_c_string(state, |name| {
            read_counted(|values, count| unsafe {
                sys::snn_network_get_initial_state(self.handle, population, name, values, count)
            })
        })
    }

    /// Parameters of the surrogate, in the order of its definition.
    #[doc(alias = "snn_network_get_surrogate_parameters")]
    pub fn surrogate_parameters(&self, population: u32) -> Result<Vec<f64>> {
        read_counted(|values, count| unsafe {
            sys::snn_network_get_surrogate_parameters(self.handle, population, values, count)
        })
    }

    /// The name of the chosen option.
    #[doc(alias = "snn_network_get_option")]
    pub fn option(&self, population: u32, option: &str) -> Result<&str> {
        let mut choice = ptr::null();
        with_c_string(option, |option| {
            check(unsafe { sys::snn_network_get_option(self.handle, population, option, &mut choice) })
        })?;
        Ok(unsafe { borrowed_text(choice) }.unwrap_or(""))
    }

    /// A parameter of the projection's plasticity rule.
    #[doc(alias = "snn_network_get_plasticity_parameter")]
    pub fn plasticity_parameter(&self, projection: u32, parameter: &str) -> Result<f64> {
        let mut value = 0.0;
        with_c_string(parameter, |name| {
            check(unsafe {
                sys::snn_network_get_plasticity_parameter(self.handle, projection, name, &mut value)
            })
        })?;
        Ok(value)
    }

    /// The name of the chosen option of the projection's plasticity rule.
    #[doc(alias = "snn_network_get_plasticity_option")]
    pub fn plasticity_option(&self, projection: u32, option: &str) -> Result<&str> {
        let mut choice = ptr::null();
        with_c_string(option, |option| {
            check(unsafe {
                sys::snn_network_get_plasticity_option(self.handle, projection, option, &mut choice)
            })
        })?;
        Ok(unsafe { borrowed_text(choice) }.unwrap_or(""))
    }

    /// What a session with these options would need.
    #[doc(alias = "snn_network_memory")]
    pub fn memory(&self, options: &SessionOptions) -> Result<MemoryEstimate> {
        let mut projections = vec![0u64; self.info()?.projection_count as usize];
        let estimate = options.with_config(None, ptr::null_mut(), None, |config| {
            fill!(sys::SNNMemoryEstimate, |estimate| unsafe {
                sys::snn_network_memory(
                    self.handle,
                    config,
                    estimate,
                    projections.as_mut_ptr(),
                    projections.len(),
                )
            })
        })?;
        Ok(MemoryEstimate {
            network_bytes: estimate.network_bytes,
            weight_bytes: estimate.weight_bytes,
            state_bytes: estimate.state_bytes,
            total_bytes: estimate.total_bytes,
            opening_bytes: estimate.opening_bytes,
            projections,
        })
    }

    /// Where a session with these options would run. Measures devices that have not been measured.
    #[doc(alias = "snn_network_place")]
    #[doc(alias = "snn_placement_get_info")]
    #[doc(alias = "snn_placement_release")]
    pub fn placement(&self, options: &SessionOptions) -> Result<Placement> {
        let mut placement = ptr::null_mut();
        options.with_config(None, ptr::null_mut(), None, |config| {
            check(unsafe { sys::snn_network_place(self.handle, config, &mut placement) })
        })?;
        let found = fill!(sys::SNNPlacementInfo, |info| unsafe {
            sys::snn_placement_get_info(placement, info)
        })
        .map(|info| unsafe {
            let devices = info.device_count as usize;
            Placement {
                device: borrowed_text(info.device).unwrap_or("").to_owned(),
                reasons: borrowed_text(info.reasons).unwrap_or("").to_owned(),
                slices: borrowed_slice(info.slices, info.slice_count as usize)
                    .iter()
                    .map(|slice| PlacementSlice {
                        population: slice.population,
                        first: slice.first,
                        count: slice.count,
                        device: slice.device,
                    })
                    .collect(),
                samples: borrowed_slice(info.samples, devices).to_vec(),
                step_s: borrowed_slice(info.step_s, devices).to_vec(),
                window_steps: info.window_steps,
            }
        });
        unsafe { sys::snn_placement_release(placement) };
        found
    }

    /// Takes over one reference to a finished network.
    pub(crate) unsafe fn from_handle(handle: sys::SNNNetwork) -> Self {
        Network { handle }
    }

    pub(crate) fn handle(&self) -> sys::SNNNetwork {
        self.handle
    }
}

impl Clone for Network {
    #[doc(alias = "snn_network_retain")]
    fn clone(&self) -> Self {
        check(unsafe { sys::snn_network_retain(self.handle) }).expect("a network that lives can be shared");
        Network { handle: self.handle }
    }
}

impl Drop for Network {
    #[doc(alias = "snn_network_release")]
    fn drop(&mut self) {
        unsafe { sys::snn_network_release(self.handle) }
    }
}
