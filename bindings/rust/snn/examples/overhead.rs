//! What a call costs beside what it does; see tests/bindings/overhead/overhead.c.

use std::time::Instant;

fn main() -> snn::Result<()> {
    const ROUNDS: usize = 20;
    const STEPS: usize = 20_000;
    let mut best = [f64::INFINITY; 2];
    let mut brain = snn::Session::open(std::env::args().nth(1).as_deref().unwrap_or("creature.snn"))?;
    let mut voltages = [0f32; 3];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..STEPS {
            brain.step(1)?;
        }
        best[0] = best[0].min(start.elapsed().as_nanos() as f64 / STEPS as f64);
        let start = Instant::now();
        for _ in 0..STEPS {
            brain.set_input(0, &[0.5, 0.5, 0.0])?;
            brain.step(1)?;
            brain.membrane_potentials("output", &mut voltages)?;
        }
        best[1] = best[1].min(start.elapsed().as_nanos() as f64 / STEPS as f64);
    }
    println!("step {:.1} ns, frame {:.1} ns", best[0], best[1]);
    Ok(())
}
