//! The harness as a whole: real models, real data, real worker processes.

#[cfg(test)]
mod broken;
#[cfg(test)]
mod determinism;
#[cfg(test)]
mod digits;
#[cfg(test)]
mod fetch;
#[cfg(test)]
mod inputs;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod onnx;
#[cfg(test)]
mod regression;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod support;
