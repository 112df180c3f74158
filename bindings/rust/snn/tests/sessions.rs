//! Stepping, reading, recording, training, callbacks.

#[path = "networks/mod.rs"]
mod networks;

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use networks::{adders, folder, trainable, trainer_options, PATTERNS};
use snn::*;

#[test]
fn steps_give_the_values_worked_out_by_hand() {
    let mut session = Session::new(&adders()).unwrap();
    session.set_input(0, &[1.0, 1.0]).unwrap();
    session.step(1).unwrap();
    let mut v = [0f32; 2];
    session.membrane_potentials("cells", &mut v).unwrap();
    assert_eq!(v, [0.75, 0.0]); // 0.5 + 0.25; 1 + 0 spikes and is reset
    assert_eq!(session.spikes(1, 0).unwrap(), &[1]);
    session.step(1).unwrap(); // without spikes nothing changes
    assert!(session.spikes(1, 0).unwrap().is_empty());
    session.set_input(0, &[1.0, 0.0]).unwrap();
    session.step(1).unwrap();
    assert_eq!(session.spikes(1, 0).unwrap(), &[0, 1]);
    assert_eq!(session.step_count().unwrap(), 3);
    assert_eq!(session.device().unwrap(), ("cpu".to_owned(), String::new()));
    let counters = session.counters().unwrap();
    assert_eq!((counters.steps, counters.spikes, counters.input_spikes), (3, 3, 3));
    assert_eq!((counters.neuron_updates, counters.synaptic_events), (6, 6));
    session.reset().unwrap();
    assert_eq!(session.read_vec::<f64>("cells.v").unwrap(), [0.0, 0.0]);
    assert_eq!(session.step_count().unwrap(), 0);
}

#[test]
fn a_sample_is_given_its_own_input() {
    let mut session = SessionOptions::new().batch_size(2).open(&adders()).unwrap();
    session.set_sample_input(0, 1, &[1.0, 0.0]).unwrap();
    session.step(1).unwrap();
    assert_eq!(session.read_vec::<f32>("cells.v").unwrap()[0], 0.0);
    assert!(session.spikes(1, 0).unwrap().is_empty());
    assert_eq!(session.spikes(1, 1).unwrap(), &[1]);
    session.set_input(0, &[1.0, 0.0, 1.0, 0.0]).unwrap();
    session.step(1).unwrap();
    session.reset_samples(&[1]).unwrap();
    assert_eq!(session.spikes(1, 0).unwrap(), &[1]);
    assert!(session.spikes(1, 1).unwrap().is_empty());
    assert_eq!(session.step_count().unwrap(), 2);
    assert_eq!(session.reset_samples(&[0, 2]).unwrap_err().status(), Status::InvalidArgument);
    let error = session.set_sample_input(0, 2, &[1.0, 0.0]).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.to_string().contains("sample is 2; batch_size is 2"), "{error}");
}

#[test]
fn frame_time_becomes_whole_steps() {
    let mut session = SessionOptions::new().max_catch_up_steps(50).seed(u64::MAX).open(&adders()).unwrap();
    assert_eq!(session.seed().unwrap(), u64::MAX);
    session.run_step(0.0025).unwrap();
    assert_eq!(session.step_count().unwrap(), 2);
    session.run_step(0.0005).unwrap();
    assert_eq!(session.step_count().unwrap(), 3);
    assert_eq!(session.run_step_within(0.004, 0.0).unwrap(), 1);
    assert_eq!(session.run_step_within(0.0, f32::INFINITY).unwrap(), 3);
    session.run_step(1.0).unwrap();
    assert_eq!(session.step_count().unwrap(), 57);
    session.set_step_count(1000).unwrap();
    assert_eq!(session.step_count().unwrap(), 1000);
}

#[test]
fn steps_run_in_the_background() {
    let mut session = Session::new(&adders()).unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = heard.clone();
    session.on_spikes(move |_, spikes| kept.lock().unwrap().push((spikes.step, spikes.neurons.to_vec()))).unwrap();
    session.set_input(0, &[1.0, 1.0]).unwrap();
    assert!(session.begin(0.001, f32::INFINITY).unwrap());
    assert_eq!(session.step(1).unwrap_err().status(), Status::Busy);
    session.set_input(0, &[1.0, 0.0]).unwrap(); // for the steps that begin next
    assert!(!session.begin(0.001, f32::INFINITY).unwrap()); // its time is carried
    while !session.poll().unwrap() {
        std::thread::yield_now();
    }
    assert_eq!(*heard.lock().unwrap(), [(0, vec![1])]);
    session.bind_input(0, vec![1.0f32, 0.0]).unwrap();
    assert!(session.begin(0.001, f32::INFINITY).unwrap());
    assert!(session.bound_input_mut(0).is_none()); // it is being read
    session.wait().unwrap();
    assert!(session.bound_input_mut(0).is_some());
    assert_eq!(session.step_count().unwrap(), 3);
    assert_eq!(session.begin(f32::NAN, 1.0).unwrap_err().status(), Status::InvalidArgument);
}

#[test]
fn a_bound_input_is_read_at_each_step() {
    let mut session = Session::new(&adders()).unwrap();
    session.bind_input(0, vec![1.0f32, 0.0]).unwrap();
    session.step(1).unwrap();
    assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.5, 0.0]);
    session.bound_input_mut(0).unwrap()[0] = 0.0;
    session.step(1).unwrap();
    assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.5, 0.0]);
    assert_eq!(&*session.unbind_input(0).unwrap().unwrap(), &[0.0, 0.0]);
    assert!(session.bound_input_mut(0).is_none());
    assert_eq!(session.bind_input(0, vec![1.0]).unwrap_err().status(), Status::InvalidArgument);
}

#[test]
fn variables_are_written_in_four_types() {
    let mut session = Session::new(&adders()).unwrap();
    session.write("cells.v", &[0.25f64, 0.5]).unwrap();
    assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.25, 0.5]);
    session.write("cells.v", &[1i32, 0]).unwrap();
    assert_eq!(session.read_vec::<f64>("cells.v").unwrap(), [1.0, 0.0]);
    session.write("in_to_cells.weight", &[1.0f32; 4]).unwrap();
    session.set_input(0, &[1.0, 0.0]).unwrap();
    session.step(1).unwrap();
    assert_eq!(session.read_vec::<u8>("cells.spikes").unwrap(), [1, 1]);
    let changed = session.to_network().unwrap();
    assert_eq!(changed.projection_arrays(0).unwrap().weights, &[1.0; 4]);
    assert_eq!(session.network().unwrap().projection_arrays(0).unwrap().weights, &[0.5, 1.0, 0.25, 0.0]);
}

#[test]
fn states_and_weights_come_back_from_files() {
    let folder = folder("state");
    let mut session = Session::new(&adders()).unwrap();
    session.set_input(0, &[1.0, 0.0]).unwrap();
    session.step(1).unwrap();
    session.save_state(folder.join("now.state")).unwrap();
    let kept = session.save_state_memory().unwrap();
    assert_eq!(std::fs::read(folder.join("now.state")).unwrap(), kept);
    session.set_input(0, &[1.0, 0.0]).unwrap();
    session.step(1).unwrap();
    assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.0, 0.0]);
    session.load_state(folder.join("now.state")).unwrap();
    assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.5, 0.0]);
    session.reset().unwrap();
    session.load_state_memory(&kept).unwrap();
    assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.5, 0.0]);
    assert_eq!(session.load_state_memory(&kept[1..]).unwrap_err().status(), Status::Format);
    session.write("in_to_cells.weight", &[0.0f32; 4]).unwrap();
    adders().save(folder.join("net.snn")).unwrap();
    session.load_weights(folder.join("net.snn")).unwrap();
    assert_eq!(session.read_vec::<f32>("in_to_cells.weight").unwrap(), [0.5, 1.0, 0.25, 0.0]);
    let mut opened = Session::open(folder.join("net.snn")).unwrap();
    opened.step(1).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_run_records_states_and_events() {
    let mut session = Session::new(&adders()).unwrap();
    let input = [1.0f32, 1.0]; // every step: 0.75 for the first cell, 1 for the second
    let mut v = [0f32; 4 * 2];
    let mut count = [0f64; 2];
    let mut events = SpikeEvents::with_capacity(8);
    let mut seen = Vec::new();
    let mut run = Run::new(4);
    run.held_input(0, &input).spike_events(1, &mut events);
    run.record(1, "v", &mut v).unwrap().record(1, "spike_count", &mut count).unwrap();
    run.progress(1, |done, total| {
        seen.push((done, total));
        true
    });
    assert_eq!(session.run(&mut run).unwrap(), 4);
    drop(run);
    assert_eq!(v, [0.75, 0.0, 0.0, 0.0, 0.75, 0.0, 0.0, 0.0]);
    assert_eq!(count, [2.0, 4.0]);
    assert_eq!(events.steps(), &[0, 1, 1, 2, 3, 3]);
    assert_eq!(events.neurons(), &[1, 0, 1, 1, 0, 1]);
    assert_eq!(events.samples(), &[0; 6]);
    assert_eq!(seen.last(), Some(&(4, 4)));
}

#[test]
fn spikes_are_added_to_a_step_by_neuron() {
    let mut session = SessionOptions::new().batch_size(2).open(&adders()).unwrap();
    session.add_input_spikes(0, 1, &[1, 0, 1]).unwrap();
    session.add_input_spikes(0, 0, &[]).unwrap();
    session.step(2).unwrap();
    assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.0, 0.0, 0.75, 0.0]);
    assert_eq!(session.counters().unwrap().input_spikes, 2);
    let error = session.add_input_spikes(0, 0, &[2]).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.to_string().contains("neurons[0] is 2"), "{error}");
}

#[test]
fn a_run_takes_events_and_records_chosen_neurons() {
    let mut session = Session::new(&adders()).unwrap();
    let (steps, neurons) = ([0u32, 0, 1, 3], [0u32, 1, 0, 1]);
    let (mut v, mut spikes, mut again) = ([0f32; 4], [0u8; 4 * 2], [0u8; 4]);
    let mut run = Run::new(4);
    run.input_spikes(0, &steps, &neurons, None).unwrap();
    run.record_values("cells.v", Some(&[0]), &mut v).unwrap();
    run.record_values("cells.spikes", None, &mut spikes).unwrap();
    assert_eq!(session.run(&mut run).unwrap(), 4);
    drop(run);
    assert_eq!(v, [0.75, 0.0, 0.0, 0.25]);
    assert_eq!(spikes, [0, 1, 1, 1, 0, 0, 0, 0]);
    session.reset().unwrap();
    let samples = [0u32; 4];
    let mut run = Run::new(4);
    run.input_spikes(0, &steps, &neurons, Some(&samples)).unwrap();
    run.record_values("cells.spikes", Some(&[1]), &mut again).unwrap();
    session.run(&mut run).unwrap();
    drop(run);
    assert_eq!(again, [1, 1, 0, 0]);
    let mut uneven = Run::new(4);
    let error = uneven.input_spikes(0, &steps, &neurons[1..], None).err().unwrap();
    assert_eq!(error.to_string(), "there are 4 steps, 3 neurons and 4 samples; each spike has one");
    let mut late = Run::new(3);
    late.input_spikes(0, &steps, &neurons, None).unwrap();
    let error = session.run(&mut late).unwrap_err();
    assert!(error.to_string().contains("steps[3] is 3; the run has 3 steps, from 0"), "{error}");
}

#[test]
fn a_run_ends_where_room_for_events_ends_or_progress_says_no() {
    let mut session = Session::new(&adders()).unwrap();
    let input = [1.0f32, 1.0];
    let mut events = SpikeEvents::with_capacity(4);
    let done = session.run(Run::new(10).held_input(0, &input).spike_events(1, &mut events)).unwrap();
    assert_eq!((done, events.neurons().len()), (2, 3)); // one more step could give 2, and there is room for 1
    let mut interval = [0f32; 2 * 2];
    let mut run = Run::new(4);
    run.record_interval(2).record(1, "v", &mut interval).unwrap();
    assert_eq!(session.run(&mut run).unwrap(), 4);
    let mut stopping = Run::new(10);
    stopping.progress(3, |_, _| false);
    assert_eq!(session.run(&mut stopping).unwrap_err().status(), Status::Stopped);
    let mut panicking = Run::new(10);
    panicking.progress(1, |_, _| panic!("from progress"));
    let panic = catch_unwind(AssertUnwindSafe(|| session.run(&mut panicking))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"from progress"));
    session.step(1).unwrap();
}

#[test]
fn a_spike_callback_sees_the_spikes_and_may_read() {
    let mut session = Session::new(&adders()).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    session
        .on_spikes(move |view, spikes| {
            let v = view.read_vec::<f32>("cells.v").unwrap();
            sink.lock().unwrap().push((spikes.step, spikes.population, spikes.neurons.to_vec(), v));
        })
        .unwrap();
    session.set_input(0, &[1.0, 1.0]).unwrap();
    session.step(1).unwrap();
    assert_eq!(*seen.lock().unwrap(), [(0, 1, vec![1], vec![0.75, 0.0])]);
    session.clear_callbacks().unwrap();
    session.set_input(0, &[1.0, 1.0]).unwrap();
    session.step(1).unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
    assert_eq!(Arc::strong_count(&seen), 1); // the closure is gone
}

#[test]
fn a_panic_in_a_callback_goes_on_in_the_call_and_the_session_lives() {
    let mut session = Session::new(&adders()).unwrap();
    session.on_spikes(|_, _| panic!("from the callback")).unwrap();
    session.set_input(0, &[1.0, 1.0]).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| session.step(1))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"from the callback"));
    session.clear_callbacks().unwrap();
    session.step(1).unwrap();
    assert_eq!(session.step_count().unwrap(), 2);
}

#[test]
fn a_callback_that_panicked_is_not_called_again_in_the_same_call() {
    let mut session = Session::new(&adders()).unwrap();
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    session
        .on_spikes(move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
            panic!("from the callback");
        })
        .unwrap();
    for expected in 1..3 {
        let mut run = Run::new(10);
        run.held_input(0, &[1.0, 1.0]);
        catch_unwind(AssertUnwindSafe(|| session.run(&mut run))).unwrap_err();
        assert_eq!(calls.load(Ordering::Relaxed), expected);
    }
}

#[test]
fn a_session_moves_to_another_thread() {
    let mut session = Session::new(&adders()).unwrap();
    session.set_input(0, &[1.0, 0.0]).unwrap();
    let v = std::thread::spawn(move || {
        session.step(1).unwrap();
        session.read_vec::<f32>("cells.v").unwrap()
    });
    assert_eq!(v.join().unwrap(), [0.5, 0.0]);
}

#[test]
fn training_lowers_the_loss_and_calls_back() {
    let network = trainable().unwrap();
    let mut session = SessionOptions::new().batch_size(2).open(&network).unwrap();
    let epochs = Arc::new(AtomicU64::new(0));
    let updates = Arc::new(AtomicU64::new(0));
    let (count_epochs, count_updates) = (epochs.clone(), updates.clone());
    session
        .on_epoch(move |epoch| {
            assert_eq!(epoch.sample_count, 80);
            count_epochs.store(epoch.epoch, Ordering::Relaxed);
        })
        .unwrap();
    session
        .on_weights(move |update| {
            assert!(update.gradient_norm.is_finite() && update.update > 0);
            count_updates.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
    let mut trainer = Trainer::new(session, &trainer_options(&network)).unwrap();
    let labels = [0, 1];
    let batch = Batch::new(&labels).held_input(0, &PATTERNS);
    let first = trainer.step(&batch).unwrap();
    for _ in 1..40 {
        trainer.step(&batch).unwrap();
    }
    let epoch = trainer.end_epoch().unwrap();
    assert_eq!((epoch.epoch, epochs.load(Ordering::Relaxed)), (1, 1));
    assert_eq!(updates.load(Ordering::Relaxed), 40 * 2);
    let last = trainer.forward(&batch).unwrap();
    assert!(last.loss < 0.5 * first.loss, "{} -> {}", first.loss, last.loss);
    assert_eq!((last.sample_count, last.correct_count), (2, 2));
    let mut scores = [0f32; 4];
    trainer.scores(&mut scores).unwrap();
    assert!(scores[0] > scores[1] && scores[3] > scores[2]);
    assert_eq!(trainer.loss_of(2).unwrap(), last.loss);
    assert_eq!(trainer.loss_of(1).unwrap_err().status(), Status::InvalidArgument);
    trainer.backward().unwrap();
    trainer.set_learning_rate(1e-3).unwrap();
    trainer.update().unwrap();
    trainer.set_class_weights(&[1.0, 0.0]).unwrap();
    assert_eq!(trainer.set_class_weights(&[1.0]).unwrap_err().status(), Status::InvalidArgument);
    trainer.set_class_weights(&[]).unwrap();
    trainer.set_auxiliary_loss(1, Loss::CrossEntropyCount, 0.0).unwrap();
    let two = trainer.set_auxiliary_loss(1, Loss::CrossEntropyCount, 1.0); // neither as many neurons as the output
    assert_eq!(two.unwrap_err().status(), Status::InvalidArgument);
    trainer.set_dropout(1, 0.5, 1).unwrap();
    assert_eq!(trainer.set_dropout(0, 0.5, 1).unwrap_err().status(), Status::InvalidArgument);
    trainer.set_quantization(0, 8, true).unwrap();
    trainer.set_quantization(0, 0, false).unwrap();
    assert_eq!(trainer.set_quantization(0, 1, false).unwrap_err().status(), Status::InvalidArgument);
    assert_eq!(trainer.set_normalization(0, -1.0, 0.1, 1e-5).unwrap_err().status(), Status::InvalidArgument);
    let learn = |trainer: &mut Trainer| trainer.set_delay_learning(0, DelayKernel::Gaussian, 2.0, 100.0);
    assert_eq!(learn(&mut trainer).unwrap_err().status(), Status::InvalidArgument); // it is dense
    let state = trainer.state().unwrap();
    trainer.set_state(&state).unwrap();
    assert_eq!(trainer.state().unwrap(), state);
    assert_eq!(trainer.set_state(&state[1..]).unwrap_err().status(), Status::InvalidArgument);
    assert_eq!(trainer.update().unwrap_err().status(), Status::State);
    let session = trainer.into_session();
    let learned = session.to_network().unwrap();
    let change = |i| learned.projection_arrays(i).unwrap().weights != network.projection_arrays(i).unwrap().weights;
    assert!(change(0) && change(1));
    assert!(learned.learnable(1, "tau_membrane").unwrap() && !learned.learnable(1, "threshold").unwrap());
    assert_ne!(learned.parameter(1, "tau_membrane").unwrap(), [20.0]);
}

#[test]
fn a_batch_takes_events_as_it_takes_frames() {
    let mut builder = NetworkBuilder::new(1.0).unwrap();
    let input = builder.add_spike_input("in", 2).unwrap();
    let out = builder.add_neurons("out", 2, "leaky_integrator").unwrap();
    builder.connect(&Projection::dense(input, out, &[0.5, 1.0, 0.25, 0.0])).unwrap();
    let network = builder.finish().unwrap();
    let session = SessionOptions::new().batch_size(2).open(&network).unwrap();
    let options = TrainerOptions::new(out, 3).loss(Loss::CrossEntropyMaxMembrane);
    let mut trainer = Trainer::new(session, &options).unwrap();
    let mut frames = [0f32; 3 * 2 * 2];
    frames[1] = 1.0; // step 0, sample 0, neuron 1
    frames[10] = 1.0; // step 2, sample 1, neuron 0
    let labels = [0, 1];
    let expected = trainer.forward(&Batch::new(&labels).input(0, &frames)).unwrap();
    let events = Batch::new(&labels).input_spikes(0, &[0, 2], &[1, 0], Some(&[0, 1])).unwrap();
    assert_eq!(trainer.forward(&events).unwrap().loss, expected.loss);
    let silence = Batch::new(&labels).input_spikes(0, &[], &[], Some(&[])).unwrap();
    assert_ne!(trainer.step(&silence).unwrap().loss, expected.loss);
    let wrong = Batch::new(&labels).input_spikes(0, &[3], &[0], Some(&[0])).unwrap();
    assert_eq!(trainer.step(&wrong).unwrap_err().status(), Status::InvalidArgument);
    assert!(Batch::new(&labels).input_spikes(0, &[0, 2], &[1], None).is_err());
}

#[test]
fn a_loss_of_ones_own_trains_and_reaches_the_inputs() {
    let network = trainable().unwrap();
    let out = network.find_population("out").unwrap();
    let mut session = SessionOptions::new().batch_size(2).input_gradients().open(&network).unwrap();
    let steps = 20;
    let options = TrainerOptions::new(out, steps as u32).loss(Loss::None).learning_rate(1e-2);
    let mut trainer = Trainer::new(&mut session, &options).unwrap();
    let batch = Batch::new(&[]).held_input(0, &PATTERNS);
    let (mut v, mut gradient) = (vec![0f32; steps * 2 * 2], vec![0f32; steps * 2 * 2]);
    let mut of_input = vec![0f32; steps * 2 * 4];
    let mut losses = Vec::new();
    for _ in 0..40 {
        trainer.run(&batch, StepArrays::new().add(out, "v", &mut v).unwrap()).unwrap();
        // The mean square distance from 0.5.
        let mut loss = 0.0;
        for (value, slope) in v.iter().zip(gradient.iter_mut()) {
            loss += f64::from(value - 0.5).powi(2) / v.len() as f64;
            *slope = 2.0 * (value - 0.5) / v.len() as f32;
        }
        losses.push(loss);
        let inputs = StepArrays::new().add(0, "spikes", &mut of_input).unwrap();
        trainer.run_backward(loss, StepArrays::new().add(out, "v", &mut gradient).unwrap(), inputs).unwrap();
        trainer.update().unwrap();
    }
    assert!(losses[39] < 0.5 * losses[0], "{losses:?}");
    assert!(of_input.iter().any(|value| *value != 0.0));
    assert!((trainer.end_epoch().unwrap().mean_loss - losses.iter().sum::<f64>() / 40.0).abs() < 1e-9);
    let wrong = StepArrays::new().add(out, "spikes", &mut gradient).unwrap();
    assert_eq!(trainer.run(&batch, wrong).unwrap_err().status(), Status::InvalidArgument);
    assert_eq!(trainer.backward().unwrap_err().status(), Status::State);
}

#[test]
fn a_trainer_may_borrow_its_session() {
    let network = trainable().unwrap();
    let mut session = SessionOptions::new().batch_size(2).open(&network).unwrap();
    let mut trainer = Trainer::new(&mut session, &trainer_options(&network)).unwrap();
    assert_eq!(trainer.step(&Batch::new(&[0])).unwrap_err().status(), Status::InvalidArgument);
    trainer.session_mut().reset().unwrap();
    drop(trainer);
    session.step(1).unwrap();
    let wrong = TrainerOptions::new(9, 20);
    assert_eq!(Trainer::new(&mut session, &wrong).err().unwrap().status(), Status::NotFound);
}

/// Counts what is allocated.
struct Counting(AtomicI64, AtomicI64);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.fetch_add(layout.size() as i64, Ordering::Relaxed);
        self.1.fetch_add(1, Ordering::Relaxed);
        System.alloc(layout)
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.0.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        System.dealloc(memory, layout)
    }
}

#[test]
fn an_allocator_gets_back_what_it_gave() {
    let allocator = Arc::new(Counting(AtomicI64::new(0), AtomicI64::new(0)));
    let mut session = SessionOptions::new().allocator(allocator.clone()).open(&adders()).unwrap();
    session.step(3).unwrap();
    assert!(allocator.0.load(Ordering::Relaxed) > 0);
    drop(session);
    assert!(allocator.1.load(Ordering::Relaxed) > 0);
    assert_eq!(allocator.0.load(Ordering::Relaxed), 0);
}

/// Runs tasks on threads, from the last to the first; forgets some and does some twice when it is told to.
struct Jobs {
    careless: bool,
    calls: AtomicU64,
}

impl JobSystem for Jobs {
    fn worker_count(&self) -> u32 {
        3
    }
    fn parallel_for(&self, count: u32, task: &(dyn Fn(u32) + Sync)) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.careless {
            task(0);
            task(0);
            task(count + 5);
            panic!("from the job system");
        }
        std::thread::scope(|scope| {
            for index in (0..count).rev() {
                scope.spawn(move || task(index));
            }
        });
    }
}

/// Many neurons, so that there is work for several workers.
fn many() -> Network {
    let mut builder = NetworkBuilder::new(1.0).unwrap();
    let input = builder.add_value_input("in", 50).unwrap();
    let cells = builder.add_neurons("cells", 40_000, "lif").unwrap();
    let mut weights = vec![0f32; 50 * 40_000];
    random_normal(1, 1, 0.1, 0.2, &mut weights).unwrap();
    builder.connect(&Projection::dense(input, cells, &weights)).unwrap();
    builder.finish().unwrap()
}

fn run_many(mut session: Session) -> Vec<f32> {
    session.set_input(0, &[0.7; 50]).unwrap();
    session.step(20).unwrap();
    session.read_vec("cells.v").unwrap()
}

#[test]
fn jobs_of_the_host_give_the_same_bits() {
    let network = many();
    let expected = run_many(Session::new(&network).unwrap());
    let jobs = Arc::new(Jobs { careless: false, calls: AtomicU64::new(0) });
    let session = SessionOptions::new().job_system(jobs.clone()).open(&network).unwrap();
    assert!(run_many(session) == expected);
    assert!(jobs.calls.load(Ordering::Relaxed) > 0);
}

#[test]
fn a_careless_job_system_changes_no_result() {
    let network = many();
    let expected = run_many(Session::new(&network).unwrap());
    let jobs = Arc::new(Jobs { careless: true, calls: AtomicU64::new(0) });
    let mut session = SessionOptions::new().job_system(jobs).open(&network).unwrap();
    session.set_input(0, &[0.7; 50]).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| session.step(20))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"from the job system"));
    assert!(session.read_vec::<f32>("cells.v").unwrap() == expected);
}

#[test]
fn the_log_says_what_was_opened() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let options = SessionOptions::new().log(move |level, line| sink.lock().unwrap().push((level, line.to_owned())));
    let mut session = options.max_catch_up_steps(2).open(&adders()).unwrap();
    session.run_step(1.0).unwrap();
    let lines = lines.lock().unwrap();
    assert_eq!(lines[0].0, LogLevel::Information);
    assert!(lines[0].1.contains("cpu"), "{}", lines[0].1);
    assert!(lines.iter().any(|(level, _)| *level == LogLevel::Warning));
}
