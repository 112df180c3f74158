use std::mem::size_of;
use std::ptr;

use crate::error::{check, check_library, with_c_string, with_optional_c_string};
use crate::{sys, Model, Network, PopulationKind, Projection, RandomConnection, Result};

/// The shape of a population: neurons, or (channels, height, width). From a number or an array of 1 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    rank: u32,
    dims: [u32; 3],
}

impl Shape {
    /// The 1 to 3 sizes.
    pub fn dims(&self) -> &[u32] {
        &self.dims[..self.rank as usize]
    }

    pub(crate) fn from_raw(raw: sys::SNNShape) -> Self {
        Shape { rank: raw.rank.min(3), dims: raw.dims }
    }
}

impl From<u32> for Shape {
    fn from(neurons: u32) -> Self {
        [neurons].into()
    }
}

impl From<[u32; 1]> for Shape {
    fn from(dims: [u32; 1]) -> Self {
        Shape { rank: 1, dims: [dims[0], 0, 0] }
    }
}

impl From<[u32; 2]> for Shape {
    fn from(dims: [u32; 2]) -> Self {
        Shape { rank: 2, dims: [dims[0], dims[1], 0] }
    }
}

impl From<[u32; 3]> for Shape {
    fn from(dims: [u32; 3]) -> Self {
        Shape { rank: 3, dims }
    }
}

/// A network that is being built. [`finish`](Self::finish) checks it and makes it a [`Network`].
///
/// Populations and projections are known by the index that adding them returns.
///
/// ```no_run
/// # fn main() -> snn::Result<()> {
/// let mut builder = snn::NetworkBuilder::new(1.0)?; // dt in ms
/// let input = builder.add_value_input("input", 2)?;
/// let cells = builder.add_neurons("cells", 3, "lif")?;
/// builder.set_parameter(cells, "tau_membrane", &[10.0])?;
/// builder.connect(&snn::Projection::dense(input, cells, &[0.5; 6]))?;
/// let network = builder.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NetworkBuilder {
    network: Network,
}

impl NetworkBuilder {
    /// An empty network with the time step in milliseconds.
    #[doc(alias = "snn_network_create")]
    pub fn new(dt_ms: f64) -> Result<Self> {
        check_library()?;
        let mut handle = ptr::null_mut();
        check(unsafe { sys::snn_network_create(dt_ms, &mut handle) })?;
        Ok(NetworkBuilder { network: unsafe { Network::from_handle(handle) } })
    }

    /// An input that takes spikes, 0 or 1, for each step.
    #[doc(alias = "snn_network_add_population")]
    pub fn add_spike_input(&mut self, name: &str, shape: impl Into<Shape>) -> Result<u32> {
        self.add(name, shape.into(), PopulationKind::SpikeInput, None, ptr::null_mut())
    }

    /// An input that takes real values, which stay until they are changed.
    #[doc(alias = "snn_network_add_population")]
    pub fn add_value_input(&mut self, name: &str, shape: impl Into<Shape>) -> Result<u32> {
        self.add(name, shape.into(), PopulationKind::ValueInput, None, ptr::null_mut())
    }

    /// Neurons of a built-in model.
    #[doc(alias = "snn_network_add_population")]
    pub fn add_neurons(&mut self, name: &str, shape: impl Into<Shape>, builtin_model: &str) -> Result<u32> {
        self.add(name, shape.into(), PopulationKind::Neurons, Some(builtin_model), ptr::null_mut())
    }

    /// Neurons of a model of your own.
    #[doc(alias = "snn_network_add_population")]
    pub fn add_neurons_of(&mut self, name: &str, shape: impl Into<Shape>, model: &Model) -> Result<u32> {
        self.add(name, shape.into(), PopulationKind::Neurons, None, model.handle())
    }

    fn add(
        &mut self,
        name: &str,
        shape: Shape,
        kind: PopulationKind,
        model_name: Option<&str>,
        model: sys::SNNModel,
    ) -> Result<u32> {
        let mut index = 0;
        with_c_string(name, |name| {
            with_optional_c_string(model_name, |model_name| {
                let mut def = std::mem::MaybeUninit::<sys::SNNPopulationDef>::zeroed();
                // A struct of numbers and pointers: zeros are valid, and `init` fills in the defaults.
                let mut def = unsafe {
                    sys::snn_population_def_init(def.as_mut_ptr(), size_of::<sys::SNNPopulationDef>() as u32);
                    def.assume_init()
                };
                def.kind = kind as u32;
                def.name = name;
                def.shape = sys::SNNShape { rank: shape.rank, dims: shape.dims };
                def.model_name = model_name;
                def.model = model;
                check(unsafe { sys::snn_network_add_population(self.network.handle(), &def, &mut index) })
            })
        })?;
        Ok(index)
    }

    /// A parameter of the population's model, in the model's unit: one value, or one for each neuron.
    #[doc(alias = "snn_network_set_parameter")]
    pub fn set_parameter(&mut self, population: u32, parameter: &str, values: &[f64]) -> Result<()> {
        with_c_string(parameter, |parameter| {
            check(unsafe {
                sys::snn_network_set_parameter(
                    self.network.handle(),
                    population,
                    parameter,
                    values.as_ptr(),
                    values.len(),
                )
            })
        })
    }

    /// Whether training changes the parameter.
    #[doc(alias = "snn_network_set_learnable")]
    pub fn set_learnable(&mut self, population: u32, parameter: &str, learnable: bool) -> Result<()> {
        with_c_string(parameter, |parameter| {
            check(unsafe {
                sys::snn_network_set_learnable(self.network.handle(), population, parameter, learnable.into())
            })
        })
    }

    /// An option of the model: `("reset", "subtract")`.
    #[doc(alias = "snn_network_set_option")]
    pub fn set_option(&mut self, population: u32, option: &str, choice: &str) -> Result<()> {
        with_c_string(option, |option| {
            with_c_string(choice, |choice| {
                check(unsafe { sys::snn_network_set_option(self.network.handle(), population, option, choice) })
            })
        })
    }

    /// The state at step 0 and after a reset: one value, or one for each neuron.
    #[doc(alias = "snn_network_set_initial_state")]
    pub fn set_initial_state(&mut self, population: u32, state: &str, values: &[f64]) -> Result<()> {
        with_c_string(state, |state| {
            check(unsafe {
                sys::snn_network_set_initial_state(
                    self.network.handle(),
                    population,
                    state,
                    values.as_ptr(),
                    values.len(),
                )
            })
        })
    }

    /// The built-in surrogate used in training; no parameters keep its defaults.
    #[doc(alias = "snn_network_set_surrogate")]
    pub fn set_surrogate(&mut self, population: u32, name: &str, parameters: &[f64]) -> Result<()> {
        with_c_string(name, |name| {
            check(unsafe {
                sys::snn_network_set_surrogate(
                    self.network.handle(),
                    population,
                    name,
                    ptr::null_mut(),
                    parameters.as_ptr(),
                    parameters.len(),
                )
            })
        })
    }

    /// A surrogate of your own.
    #[doc(alias = "snn_network_set_surrogate")]
    pub fn set_surrogate_of(&mut self, population: u32, surrogate: &Model, parameters: &[f64]) -> Result<()> {
        check(unsafe {
            sys::snn_network_set_surrogate(
                self.network.handle(),
                population,
                ptr::null(),
                surrogate.handle(),
                parameters.as_ptr(),
                parameters.len(),
            )
        })
    }

    /// A projection; returns its index.
    #[doc(alias = "snn_network_connect")]
    pub fn connect(&mut self, projection: &Projection) -> Result<u32> {
        let mut index = 0;
        projection.with_def(|def| unsafe { sys::snn_network_connect(self.network.handle(), def, &mut index) })?;
        Ok(index)
    }

    /// A sparse projection, [`Projection::by_rule`], whose synapses the rule makes whenever they are needed.
    #[doc(alias = "snn_network_connect_random")]
    pub fn connect_random(&mut self, projection: &Projection, rule: &RandomConnection) -> Result<u32> {
        let mut index = 0;
        projection.with_def(|def| unsafe {
            sys::snn_network_connect_random(self.network.handle(), def, rule.raw(), &mut index)
        })?;
        Ok(index)
    }

    /// Lets the weights of a sparse projection change while the network runs, by a built-in rule.
    #[doc(alias = "snn_network_set_plasticity")]
    pub fn set_plasticity(&mut self, projection: u32, builtin_rule: &str) -> Result<()> {
        with_c_string(builtin_rule, |name| {
            check(unsafe {
                sys::snn_network_set_plasticity(self.network.handle(), projection, name, ptr::null_mut())
            })
        })
    }

    /// The same by a rule of your own.
    #[doc(alias = "snn_network_set_plasticity")]
    pub fn set_plasticity_of(&mut self, projection: u32, rule: &Model) -> Result<()> {
        check(unsafe {
            sys::snn_network_set_plasticity(self.network.handle(), projection, ptr::null(), rule.handle())
        })
    }

    /// A parameter of the projection's rule, in the rule's unit.
    #[doc(alias = "snn_network_set_plasticity_parameter")]
    pub fn set_plasticity_parameter(&mut self, projection: u32, parameter: &str, value: f64) -> Result<()> {
        with_c_string(parameter, |parameter| {
            check(unsafe {
                sys::snn_network_set_plasticity_parameter(self.network.handle(), projection, parameter, value)
            })
        })
    }

    /// An option of the projection's rule.
    #[doc(alias = "snn_network_set_plasticity_option")]
    pub fn set_plasticity_option(&mut self, projection: u32, option: &str, choice: &str) -> Result<()> {
        with_c_string(option, |option| {
            with_c_string(choice, |choice| {
                check(unsafe {
                    sys::snn_network_set_plasticity_option(self.network.handle(), projection, option, choice)
                })
            })
        })
    }

    /// Checks the whole and makes it immutable.
    #[doc(alias = "snn_network_finish")]
    pub fn finish(self) -> Result<Network> {
        check(unsafe { sys::snn_network_finish(self.network.handle()) })?;
        Ok(self.network)
    }
}
