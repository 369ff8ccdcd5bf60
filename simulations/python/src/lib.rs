//! The simulator for Python: as thin as it can be. What it does is `probity_simulations::outside`.

use probity_simulations::outside::{self, Column, Match, Question, Refused};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

fn refused(error: Refused) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// One run of a config (JSON): its numbers, its last height and its state root.
#[pyfunction]
fn measure(
    py: Python<'_>,
    config: &str,
    seed: Option<&str>,
    replicate: u64,
) -> PyResult<(Vec<(String, f64)>, u64, String)> {
    let measured = py.detach(|| outside::measure(config, seed, replicate)).map_err(refused)?;
    Ok((measured.values, measured.height, measured.root))
}

/// A sweep of a config (JSON): columns by name, numbers as the bytes of an Arrow buffer.
#[pyfunction]
#[pyo3(signature = (config, seed, params, design, samples, replicates, threads))]
#[expect(clippy::too_many_arguments, reason = "the Python side names them")]
fn sweep<'py>(
    py: Python<'py>,
    config: &str,
    seed: Option<String>,
    params: Vec<String>,
    design: String,
    samples: Option<u64>,
    replicates: u64,
    threads: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let question = Question { seed, params, design, samples, replicates, threads };
    let columns = py.detach(|| outside::sweep(config, &question)).map_err(refused)?;
    let found = PyDict::new(py);
    for (name, column) in columns {
        match column {
            Column::Counts(counts) => {
                let bytes: Vec<u8> = counts.iter().flat_map(|one| one.to_ne_bytes()).collect();
                found.set_item(name, ("int64", PyBytes::new(py, &bytes)))?;
            }
            Column::Numbers(numbers) => {
                let bytes: Vec<u8> = numbers.iter().flat_map(|one| one.to_ne_bytes()).collect();
                found.set_item(name, ("float64", PyBytes::new(py, &bytes)))?;
            }
            Column::Texts(texts) => found.set_item(name, ("text", texts))?,
        }
    }
    Ok(found)
}

/// A game that is gone through epoch by epoch, by any thread and beside others.
#[pyclass]
struct Game(Match);

#[pymethods]
impl Game {
    #[new]
    fn begin(py: Python<'_>, config: &str, seed: Option<&str>, replicate: u64) -> PyResult<Self> {
        Ok(Self(py.detach(|| Match::begin(config, seed, replicate)).map_err(refused)?))
    }

    /// The groups: name, operators, whether it means well.
    fn groups(&self) -> Vec<(String, u32, bool)> {
        self.0.groups()
    }

    /// Plays an epoch in which these groups do something else; whether there is more to play.
    fn step(&mut self, py: Python<'_>, choices: Vec<(String, String)>) -> PyResult<bool> {
        py.detach(|| self.0.step(&choices)).map_err(refused)
    }

    /// Epoch, results, captured ones, open tasks; then payoffs, slashes and seats by group.
    #[expect(clippy::type_complexity, reason = "the Python side names them")]
    fn standing(&self) -> ((u32, u64, u64, u64), Vec<f64>, Vec<f64>, Vec<u64>) {
        let standing = self.0.standing();
        let row = &standing.row;
        let counts = (row.epoch, row.results, row.captured, standing.open);
        (counts, row.payoffs.clone(), standing.slashed.clone(), standing.seats.clone())
    }

    /// The last height and root, once it has ended.
    fn ended(&self) -> Option<(u64, String)> {
        self.0.ended()
    }
}

/// Every strategy's name.
#[pyfunction]
fn strategies() -> Vec<String> {
    outside::strategies()
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(measure, module)?)?;
    module.add_function(wrap_pyfunction!(sweep, module)?)?;
    module.add_function(wrap_pyfunction!(strategies, module)?)?;
    module.add_class::<Game>()
}
