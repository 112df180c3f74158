#![allow(dead_code)] // each test program uses some of it

use snn::{Loss, Model, Network, NetworkBuilder, Projection, Result, TrainerOptions};

/// v = v + current; a spike where v >= threshold (1), then v = 0: every value can be worked out by hand.
pub const ADDER: &str = include_str!("../../../../../tests/bindings/adder.json");

/// Spike input (2) -> dense -> adders (2).
pub fn adders() -> Network {
    let mut builder = NetworkBuilder::new(1.0).unwrap();
    let input = builder.add_spike_input("in", 2).unwrap();
    let cells = builder.add_neurons_of("cells", 2, &Model::load(ADDER).unwrap()).unwrap();
    builder.connect(&Projection::dense(input, cells, &[0.5, 1.0, 0.25, 0.0])).unwrap();
    builder.finish().unwrap()
}

/// Two classes of constant input that a small network learns.
pub fn trainable() -> Result<Network> {
    let mut first = [0f32; 4 * 16];
    let mut second = [0f32; 16 * 2];
    snn::random_normal(1, 1, 0.3, 0.5, &mut first)?;
    snn::random_normal(1, 2, 0.0, 0.3, &mut second)?;
    let mut builder = NetworkBuilder::new(1.0)?;
    let input = builder.add_value_input("in", 4)?;
    let hidden = builder.add_neurons("hidden", 16, "lif")?;
    builder.set_learnable(hidden, "tau_membrane", true)?;
    let out = builder.add_neurons("out", 2, "leaky_integrator")?;
    builder.connect(&Projection::dense(input, hidden, &first))?;
    builder.connect(&Projection::dense(hidden, out, &second).bias(&[0.0; 2]))?;
    builder.finish()
}

pub fn trainer_options(network: &Network) -> TrainerOptions {
    TrainerOptions::new(network.find_population("out").unwrap(), 20)
        .loss(Loss::CrossEntropyMaxMembrane)
        .learning_rate(1e-2)
}

pub const PATTERNS: [f32; 8] = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];

/// A folder for this process and test.
pub fn folder(test: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("snn-rust-{}-{test}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
