//! Prints sensitivity indices of the function of Ishigami and Homma with the runs that they are from,
//! for `tests/salib/check.py` to compare.

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::error::Error;
use std::f64::consts::PI;

use probity_simulations::lab::axis;
use probity_simulations::lab::design::{Design, Kind, Spec};
use probity_simulations::lab::sensitivity::{Effects, morris, sobol};

const PATHS: [&str; 3] = ["x1", "x2", "x3"];
const SEED: [u8; 32] = [3; 32];

fn main() -> Result<(), Box<dyn Error>> {
    let documents = [document(Kind::Saltelli, 4_096)?, document(Kind::Morris, 64)?];
    println!("{}", serde_json::to_string(&documents)?);
    Ok(())
}

fn document(kind: Kind, samples: u64) -> Result<serde_json::Value, Box<dyn Error>> {
    let axes = PATHS.map(|path| format!("{path}=-{PI}..{PI}")).to_vec();
    let spec = Spec { kind, axes, samples: Some(samples), replicates: 1 };
    let design = Design::new(&spec, &SEED)?;
    let points: Vec<Vec<f64>> = (0..design.points())
        .map(|point| design.values(point).iter().filter_map(axis::number).collect())
        .collect();
    let results: Vec<f64> = points.iter().map(|point| ishigami(point)).collect();
    let effects = match kind {
        Kind::Morris => {
            Effects::Morris(morris(&PATHS, &results, 1, |number| design.trajectory(number)))
        }
        Kind::Saltelli | Kind::Grid | Kind::Zip | Kind::Latin | Kind::Sobol => {
            Effects::Sobol(sobol(&PATHS, &results, 1))
        }
    };
    let kind = if kind == Kind::Morris { "morris" } else { "saltelli" };
    Ok(serde_json::json!({
        "kind": kind, "points": points, "results": results, "effects": effects,
    }))
}

fn ishigami(point: &[f64]) -> f64 {
    let x = |place: usize| point.get(place).copied().unwrap_or(f64::NAN);
    x(0).sin() + 7.0 * x(1).sin().powi(2) + 0.1 * x(2).powi(4) * x(0).sin()
}
