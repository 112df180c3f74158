//! Building a network, looking at it, and what is refused.

#[path = "networks/mod.rs"]
mod networks;

use networks::{adders, folder, ADDER};
use snn::*;

fn status<T: std::fmt::Debug>(result: Result<T>) -> Status {
    let error = result.unwrap_err();
    assert!(!error.to_string().is_empty());
    error.status()
}

#[test]
fn the_library_says_what_it_has() {
    assert_eq!(version().unwrap(), "0.1.0");
    assert!(builtin_models().contains(&"lif"));
    assert!(builtin_surrogates().contains(&"arctan"));
    assert!(builtin_plasticity_rules().contains(&"pair_stdp"));
    let devices = devices().unwrap();
    let cpu = devices.iter().find(|device| device.name == "cpu").unwrap();
    assert!(cpu.can_train && cpu.core_count > 0 && cpu.instruction_sets[0] == "scalar");
    let speed = device_speed("cpu").unwrap();
    assert!(speed.small_step_s > 0.0 && speed.large_step_s > speed.small_step_s && speed.driver.is_empty());
    assert!(device_speed("cpu").unwrap().was_kept);
    assert_eq!(device_speed("quantum").unwrap_err().status(), Status::NotFound);
    assert!(available_memory_bytes().unwrap() > 0);
    assert_eq!(status_name(Status::Busy), "SNN_ERROR_BUSY");
}

#[test]
fn errors_carry_status_and_sentence() {
    assert_eq!(status(NetworkBuilder::new(0.0)), Status::InvalidArgument);
    assert_eq!(status(Network::load("absent.snn")), Status::Io);
    assert_eq!(status(Network::load_memory(b"x")), Status::Format);
    assert_eq!(status(Session::open("absent.snn")), Status::Io);
    assert_eq!(status(Model::load("{}")), Status::Format);
    assert_eq!(status(Model::builtin("nothing")), Status::NotFound);
    assert_eq!(status(Model::builtin("l\0if")), Status::InvalidArgument);
    let sentence = NetworkBuilder::new(-3.5).unwrap_err().to_string();
    assert!(sentence.contains("dt_ms") && sentence.contains("-3.5"), "{sentence}");
    let missing = Network::load("absent.snn").unwrap_err().to_string();
    assert!(missing.contains("absent.snn"), "{missing}");
    assert_eq!(status(Network::load("a".repeat(5000))), Status::Io);
}

#[test]
fn wrong_sizes_are_refused() {
    let mut builder = NetworkBuilder::new(1.0).unwrap();
    let input = builder.add_spike_input("in", 2).unwrap();
    let cells = builder.add_neurons("cells", 2, "lif").unwrap();
    assert_eq!(status(builder.connect(&Projection::dense(input, cells, &[0.5; 3]))), Status::InvalidArgument);
    assert_eq!(status(builder.connect(&Projection::dense(input, cells, &[]))), Status::InvalidArgument);
    assert_eq!(status(builder.connect(&Projection::dense(input, 7, &[0.5; 4]))), Status::NotFound);
    assert_eq!(status(builder.add_neurons("cells", 2, "lif")), Status::InvalidArgument);
    assert_eq!(status(builder.add_neurons("more", 2, "nothing")), Status::NotFound);
    assert_eq!(status(builder.set_parameter(cells, "tau_membrane", &[1.0; 3])), Status::InvalidArgument);
    assert_eq!(status(builder.set_parameter(cells, "tau_membrane", &[])), Status::InvalidArgument);
    let delays = [1u16];
    let short = Projection::sparse(input, cells, &[0, 1, 2], &[0, 1], &[1.0, 2.0]).synapse_delays(&delays);
    let sentence = builder.connect(&short).unwrap_err().to_string();
    assert!(sentence.contains("1 values for 2 synapses"), "{sentence}");
    let mut session = Session::new(&adders()).unwrap();
    assert_eq!(status(session.set_input(0, &[1.0])), Status::InvalidArgument);
    assert_eq!(status(session.membrane_potentials("cells", &mut [0.0; 3])), Status::InvalidArgument);
    assert_eq!(status(session.read::<f64>("cells.nothing", &mut [0.0; 2])), Status::NotFound);
    assert_eq!(status(session.write("cells.v", &[f32::NAN; 2])), Status::InvalidArgument);
    assert_eq!(status(session.run_step(f32::NAN)), Status::InvalidArgument);
    assert_eq!(status(session.spikes(9, 0).map(<[u32]>::to_vec)), Status::NotFound);
}

#[test]
fn a_network_tells_what_it_is() {
    let network = adders();
    let info = network.info().unwrap();
    assert_eq!((info.population_count, info.projection_count, info.dt_ms), (2, 1, 1.0));
    assert_eq!((info.neuron_count, info.synapse_count, info.parameter_count), (2, 4, 4));
    let cells = network.population(network.find_population("cells").unwrap()).unwrap();
    assert_eq!((cells.name, cells.size, cells.model_name), ("cells", 2, Some("adder")));
    assert_eq!(cells.shape.dims(), &[2]);
    let projection = network.projection(network.find_projection("in_to_cells").unwrap()).unwrap();
    assert_eq!((projection.kind, projection.source, projection.target), (ConnectionKind::Dense, 0, 1));
    assert_eq!(network.projection_arrays(0).unwrap().weights, &[0.5, 1.0, 0.25, 0.0]);
    assert_eq!(network.parameter(1, "threshold").unwrap(), [1.0]);
    assert_eq!(network.initial_state(1, "v").unwrap(), [0.0]);
    assert!(network.model(1).unwrap().clone().text().unwrap().contains("adder"));
    assert_eq!(network.connection_rule(0).err().unwrap().status(), Status::NotFound);
    assert_eq!(status(network.plasticity(0)), Status::NotFound);
    let memory = network.memory(&SessionOptions::new()).unwrap();
    assert_eq!(memory.projections.len(), 1);
    assert!(memory.total_bytes >= 4 * 4);
    // The neurons on the second device; the input goes where it is read.
    let placed = SessionOptions::new().device("cpu+cpu;cells=1");
    let found = network.placement(&placed).unwrap();
    assert_eq!((found.device.as_str(), found.reasons.as_str()), ("cpu+cpu;cells=1", ""));
    let slices: Vec<_> = found.slices.iter().map(|one| (one.population, one.first, one.count, one.device)).collect();
    assert_eq!(slices, [(0, 0, 2, 1), (1, 0, 2, 1)]);
    assert_eq!((found.samples, found.window_steps), (vec![1, 1], 0));
    assert!(found.step_s.len() == 2 && found.step_s[0] == 0.0 && found.step_s[1] > 0.0);
    let absent = SessionOptions::new().device("cpu+quantum");
    assert_eq!(network.placement(&absent).err().unwrap().status(), Status::NotFound);
}

#[test]
fn options_surrogates_and_states_are_read_back() {
    let mut builder = NetworkBuilder::new(0.5).unwrap();
    let cells = builder.add_neurons("cells", [1, 2, 2], "lif").unwrap();
    builder.set_parameter(cells, "tau_membrane", &[5.0, 6.0, 7.0, 8.0]).unwrap();
    builder.set_option(cells, "reset", "subtract").unwrap();
    builder.set_initial_state(cells, "v", &[0.25]).unwrap();
    builder.set_surrogate(cells, "arctan", &[3.0, 0.5]).unwrap();
    let network = builder.finish().unwrap();
    assert_eq!(network.parameter(cells, "tau_membrane").unwrap(), [5.0, 6.0, 7.0, 8.0]);
    assert_eq!(network.option(cells, "reset").unwrap(), "subtract");
    assert_eq!(network.initial_state(cells, "v").unwrap(), [0.25]);
    assert_eq!(network.surrogate_parameters(cells).unwrap(), [3.0, 0.5]);
    assert!(network.surrogate(cells).unwrap().text().unwrap().contains("arctan"));
    assert_eq!(network.population(cells).unwrap().shape.dims(), &[1, 2, 2]);
}

#[test]
fn a_surrogate_and_a_rule_of_your_own_are_taken() {
    let mut builder = NetworkBuilder::new(1.0).unwrap();
    let input = builder.add_spike_input("in", 2).unwrap();
    let cells = builder.add_neurons("cells", 2, "lif").unwrap();
    builder.set_surrogate_of(cells, &Model::builtin_surrogate("triangle").unwrap(), &[]).unwrap();
    let synapses = Projection::sparse(input, cells, &[0, 2, 4], &[0, 1, 0, 1], &[0.5; 4]).delay_steps(1);
    let plastic = builder.connect(&synapses).unwrap();
    builder.set_plasticity_of(plastic, &Model::builtin_plasticity("pair_stdp").unwrap()).unwrap();
    let network = builder.finish().unwrap();
    assert_eq!(network.population(cells).unwrap().surrogate_name, Some("triangle"));
    assert!(network.plasticity(plastic).unwrap().text().unwrap().contains("pair_stdp"));
}

#[test]
fn sparse_rows_and_rules_give_their_synapses() {
    let mut builder = NetworkBuilder::new(1.0).unwrap();
    let input = builder.add_spike_input("in", 3).unwrap();
    let cells = builder.add_neurons("cells", 4, "lif").unwrap();
    let rows = Projection::sparse(input, cells, &[0, 2, 2, 3], &[3, 0, 1], &[1.0, 2.0, 4.0])
        .synapse_delays(&[1, 1, 2])
        .arithmetic(Arithmetic::Float)
        .name("rows");
    let rows = builder.connect(&rows).unwrap();
    let rule = RandomConnection::fixed_indegree(2)
        .allow_multapses(false)
        .seed(9)
        .weight(Distribution::constant(0.5))
        .delay(Distribution::uniform(1.0, 3.0));
    let random = builder.connect_random(&Projection::by_rule(input, cells).name("random"), &rule).unwrap();
    let outward = RandomConnection::fixed_outdegree(3).weight(Distribution::exponential(0.5).within(0.1, 2.0));
    let outward = builder.connect_random(&Projection::by_rule(input, cells).name("outward"), &outward).unwrap();
    let network = builder.finish().unwrap();
    let arrays = network.projection_arrays(rows).unwrap();
    assert_eq!(arrays.row_offsets, &[0, 2, 2, 3]);
    assert_eq!(arrays.synapse_targets, &[0, 3, 1]); // canonical: by target within a delay
    assert_eq!(arrays.weights, &[2.0, 1.0, 4.0]);
    assert_eq!(arrays.synapse_delays, &[1, 1, 2]);
    let made = network.connection_rule(random).unwrap();
    assert_eq!((made.rule(), made.count(), made.seed_in_use()), (ConnectionRule::FixedIndegree, 2, 9));
    assert_eq!(made.weights(), Distribution::constant(0.5));
    assert_eq!(made.delays(), Distribution::uniform(1.0, 3.0));
    let synapses = network.synapses(random, 0, 3).unwrap();
    assert_eq!(synapses.sources.len(), 8);
    for target in 0..4 {
        assert_eq!(synapses.targets.iter().filter(|&&one| one == target).count(), 2);
    }
    assert!(synapses.delays.iter().all(|delay| (1..=3).contains(delay)));
    let arrays = network.projection_arrays(random).unwrap();
    assert_eq!((arrays.weights.len(), arrays.synapse_targets.len()), (8, 8));
    let made = network.connection_rule(outward).unwrap();
    assert_eq!((made.rule(), made.weights()), (ConnectionRule::FixedOutdegree, Distribution::exponential(0.5).within(0.1, 2.0)));
    assert_eq!(network.synapses(outward, 0, 3).unwrap().sources, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    assert!(network.projection_arrays(outward).unwrap().weights.iter().all(|weight| (0.1..=2.0).contains(weight)));
}

#[test]
fn every_kind_of_projection_connects() {
    let mut builder = NetworkBuilder::new(1.0).unwrap();
    let image = builder.add_value_input("image", [1, 4, 4]).unwrap();
    let maps = builder.add_neurons("maps", [2, 4, 4], "lif").unwrap();
    let pooled = builder.add_neurons("pooled", [2, 2, 2], "lif").unwrap();
    let twins = builder.add_neurons("twins", 8, "lif").unwrap();
    let positions = [0f32, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    builder.connect(&Projection::conv2d(image, maps, [3, 3], &[0.1; 18]).padding([1, 1]).bias(&[0.0; 2])).unwrap();
    builder.connect(&Projection::pool2d(maps, pooled, [2, 2], PoolMode::Average).stride([2, 2])).unwrap();
    builder.connect(&Projection::one_to_one(pooled, twins, &[1.0; 8]).delay_steps(1).trainable(false).detached(true)).unwrap();
    let near = RandomConnection::spatial(SpatialKernel::Gaussian, 1.0, 1.0, 1.5, 1, &positions, &positions);
    let ring = Projection::by_rule(twins, twins).delay_steps(1);
    let ring = builder.connect_random(&ring, &near.period([8.0, 0.0, 0.0]).allow_autapses(false)).unwrap();
    let network = builder.finish().unwrap();
    let conv = network.projection(0).unwrap();
    assert_eq!((conv.kernel, conv.padding, conv.stride, conv.groups), ([3, 3], [1, 1], [1, 1], 1));
    assert_eq!(conv.bias, &[0.0, 0.0]);
    let synapses = network.synapses(ring, 0, 8).unwrap();
    assert!(!synapses.sources.is_empty());
    for (&source, &target) in synapses.sources.iter().zip(&synapses.targets) {
        let distance = (source as i32 - target as i32).rem_euclid(8);
        assert!(distance == 1 || distance == 7);
    }
}

#[test]
fn plasticity_is_set_and_read_back() {
    let mut builder = NetworkBuilder::new(1.0).unwrap();
    let input = builder.add_spike_input("in", 2).unwrap();
    let cells = builder.add_neurons("cells", 2, "lif").unwrap();
    let synapses = Projection::sparse(input, cells, &[0, 2, 4], &[0, 1, 0, 1], &[0.5; 4]).delay_steps(1);
    let plastic = builder.connect(&synapses).unwrap();
    builder.set_plasticity(plastic, "pair_stdp").unwrap();
    builder.set_plasticity_parameter(plastic, "tau_plus", 12.5).unwrap();
    builder.set_plasticity_option(plastic, "bounds", "soft").unwrap();
    let network = builder.finish().unwrap();
    assert!(network.plasticity(plastic).unwrap().text().unwrap().contains("pair_stdp"));
    assert_eq!(network.plasticity_parameter(plastic, "tau_plus").unwrap(), 12.5);
    assert_eq!(network.plasticity_option(plastic, "bounds").unwrap(), "soft");
    assert_eq!(status(network.plasticity_parameter(plastic, "nothing")), Status::NotFound);
}

#[test]
fn a_file_holds_the_network() {
    let folder = folder("file");
    let path = folder.join("netz-ä.snn");
    adders().save(&path).unwrap();
    let loaded = Network::load(&path).unwrap();
    assert_eq!(loaded.projection_arrays(0).unwrap().weights, &[0.5, 1.0, 0.25, 0.0]);
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(Network::load_memory(&bytes).unwrap().info().unwrap(), loaded.info().unwrap());
    assert_eq!(status(Network::load_memory(&bytes[..bytes.len() - 1])), Status::Format);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn networks_and_models_go_to_any_thread() {
    let network = adders();
    let model = Model::load(ADDER).unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (network, model) = (network.clone(), model.clone());
            std::thread::spawn(move || {
                let mut session = Session::new(&network).unwrap();
                session.set_input(0, &[1.0, 1.0]).unwrap();
                session.step(1).unwrap();
                assert!(model.text().unwrap().contains("adder"));
                session.read_vec::<f32>("cells.v").unwrap()
            })
        })
        .collect();
    drop((network, model));
    for thread in threads {
        assert_eq!(thread.join().unwrap(), [0.75, 0.0]);
    }
}

#[test]
fn encoders_and_random_numbers_are_the_librarys() {
    let latency = Encoder::new(Encoding::Latency, 5).encode(&[1.0, 0.0, 0.5], 1, 3).unwrap();
    let mut expected = [0f32; 15];
    expected[0] = 1.0; // the first step for 1, none for 0, step round(0.5 * 4) for 0.5
    expected[2 * 3 + 2] = 1.0;
    assert_eq!(latency, expected);
    let constant = Encoder::new(Encoding::Constant, 2).gain(2.0).encode(&[0.25], 1, 1).unwrap();
    assert_eq!(constant, [0.5, 0.5]);
    assert_eq!(status(Encoder::new(Encoding::Rate, 2).encode(&[0.25], 2, 1)), Status::InvalidArgument);
    assert_eq!(status(Encoder::new(Encoding::Rate, 2).encode(&[], usize::MAX, 2)), Status::InvalidArgument);
    let (mut one, mut two) = ([0f32; 100], [0f32; 100]);
    random_uniform(1, 2, -1.0, 1.0, &mut one).unwrap();
    random_uniform(1, 2, -1.0, 1.0, &mut two).unwrap();
    assert_eq!(one, two);
    assert!(one.iter().all(|value| (-1.0..1.0).contains(value)) && one[0] != one[1]);
    let mut drawn = [0f64; 50];
    random_draw(&Distribution::normal(5.0, 1.0).within(4.0, 6.0), 3, 0, &mut drawn).unwrap();
    assert!(drawn.iter().all(|value| (4.0..=6.0).contains(value)) && drawn[0] != drawn[1]);
    let refused = Distribution::normal(0.0, 1.0).within(100.0, 101.0);
    assert_eq!(status(random_draw(&refused, 3, 0, &mut drawn)), Status::InvalidArgument);
}
