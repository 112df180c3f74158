//! A creature steered by a spiking network looks for food, 600 frames at 60 a second. See samples/python/creature.py: the same game
//! prints the same hash in every language. The argument is the brain, a file that samples/python/train_creature.py makes.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::Arc;

const FRAMES: usize = 600;
const HEADINGS: usize = 32;
const WORLD: i32 = 4096;

/// 64 cos of each heading, from 0 counter-clockwise. Positions are in 64ths.
#[rustfmt::skip]
const COSINES: [i32; HEADINGS] = [
    64, 63, 59, 53, 45, 36, 24, 12, 0, -12, -24, -36, -45, -53, -59, -63,
    -64, -63, -59, -53, -45, -36, -24, -12, 0, 12, 24, 36, 45, 53, 59, 63,
];

fn cosine(heading: usize) -> i32 {
    COSINES[heading % HEADINGS]
}

fn sine(heading: usize) -> i32 {
    COSINES[(heading + 24) % HEADINGS]
}

/// How much of what lies in the direction (dx, dy) is to the left, ahead and to the right, in sixteenths of 1.
fn see(dx: i32, dy: i32, heading: usize) -> [f32; 3] {
    let ahead = dx * cosine(heading) + dy * sine(heading);
    let left = dy * cosine(heading) - dx * sine(heading);
    let total = (ahead.abs() + left.abs()).max(1);
    let side = if ahead < 0 { 16 } else { left.abs() * 16 / total }; // what is behind is at the side
    let (on_the_left, on_the_right) = if left > 0 { (side, 0) } else { (0, side) };
    [on_the_left, ahead.max(0) * 16 / total, on_the_right].map(|sixteenths| sixteenths as f32 / 16.0)
}

fn draw(random: &mut u32) -> i32 {
    *random = random.wrapping_mul(1664525).wrapping_add(1013904223);
    (*random >> 20) as i32
}

fn main() -> snn::Result<()> {
    let mut brain = snn::Session::open(std::env::args().nth(1).as_deref().unwrap_or("creature.snn"))?;
    let network = brain.network()?;
    let (input, output) = (network.find_population("input")?, network.find_population("output")?);
    let spikes: Arc<[AtomicU32; 3]> = Arc::default(); // of the output neurons in this frame
    let counts = spikes.clone();
    brain.on_spikes(move |_, event| {
        if event.population == output {
            event.neurons.iter().for_each(|&neuron| {
                counts[neuron as usize].fetch_add(1, Relaxed);
            });
        }
    })?;
    let (mut x, mut y) = (WORLD / 2 * 64, WORLD / 2 * 64);
    let (mut heading, mut eaten, mut random, mut hash) = (0, 0u32, 1, 0xCBF29CE484222325u64);
    let mut food = None;
    for _ in 0..FRAMES {
        let (food_x, food_y) = *food.get_or_insert_with(|| (draw(&mut random), draw(&mut random)));
        let (dx, dy) = (food_x - (x >> 6), food_y - (y >> 6));
        spikes.iter().for_each(|count| count.store(0, Relaxed));
        let mut voltages = [0f32; 3];
        brain.set_input(input, &see(dx, dy, heading))?;
        brain.run_step(1.0 / 60.0)?;
        brain.membrane_potentials("output", &mut voltages)?;
        let count = [0, 1, 2].map(|neuron| spikes[neuron].load(Relaxed));
        let turn = usize::from(count[0] > count[2]) + HEADINGS - usize::from(count[0] < count[2]);
        heading = (heading + turn) % HEADINGS;
        let speed = 8 + 4 * count[1] as i32;
        x = (x + cosine(heading) * speed).clamp(0, WORLD * 64 - 1);
        y = (y + sine(heading) * speed).clamp(0, WORLD * 64 - 1);
        if dx.abs() + dy.abs() < 64 {
            eaten += 1;
            food = None;
        }
        // FNV-1a of everything, the brain's voltages to the last bit included.
        let state = [x as u32, y as u32, heading as u32, eaten];
        for word in state.into_iter().chain(count).chain(voltages.map(f32::to_bits)) {
            hash = (hash ^ u64::from(word)).wrapping_mul(0x100000001B3);
        }
    }
    println!("{FRAMES} frames, {eaten} eaten, hash {hash:016x}");
    Ok(())
}
