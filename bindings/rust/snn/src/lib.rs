//! Spiking neural networks: load a `.snn` file or build a network, step it, read its spikes and states, train it.
//!
//! ```no_run
//! # fn main() -> snn::Result<()> {
//! let mut brain = snn::Session::open("digits.snn")?;
//! let pixels = [0.5; 64];
//! let mut voltages = [0.0; 10];
//! brain.set_input(0, &pixels)?; // stays until it is changed
//! brain.run_step(1.0 / 60.0)?; // every frame
//! brain.membrane_potentials("output", &mut voltages)?;
//! # Ok(())
//! # }
//! ```
//!
//! The manual is `snn.h`; search these pages for the name of a C function to find its method.
//!
//! - **Ownership.** [`Network`] and [`Model`] are shared by reference count (`clone`); a [`Session`] has one owner, and what it
//!   lends ends with the next use. Nothing needs `unsafe` but what takes handles of a Vulkan device, [`vulkan`].
//! - **Threads.** Networks and models: any thread. A session is `Send` and not `Sync`.
//! - **Errors.** Everything that can fail returns [`Error`] with the sentence of libsnn. A library of another version is
//!   `Status::Version`; one that is missing stops the program as the system's loader does.
//! - **Callbacks.** Closures. A panic inside goes on in the call that caused it.
#![deny(missing_docs)]

pub use snn_sys as sys;

mod builder;
mod connection;
mod enums;
mod error;
mod hooks;
mod library;
mod model;
mod network;
mod options;
mod run;
mod session;
mod trainer;
pub mod vulkan;

pub use builder::{NetworkBuilder, Shape};
pub use connection::{Distribution, Projection, RandomConnection};
pub use enums::*;
pub use error::{Error, Result};
pub use hooks::{Epoch, JobSystem, Spikes, WeightUpdate};
pub use library::{
    available_memory_bytes, builtin_models, builtin_plasticity_rules, builtin_surrogates, device_speed, devices, random_draw,
    random_normal, random_uniform, status_name, version, DeviceInfo, DeviceSpeed, Encoder,
};
pub use model::Model;
pub use network::{
    MemoryEstimate, Network, NetworkInfo, Placement, PlacementSlice, PopulationInfo, ProjectionArrays, ProjectionInfo,
    Synapses,
};
pub use options::SessionOptions;
pub use run::{Run, SpikeEvents};
pub use session::{Counters, Session, SessionView, Value};
pub use trainer::{Batch, StepArrays, TrainResult, Trainer, TrainerOptions};
