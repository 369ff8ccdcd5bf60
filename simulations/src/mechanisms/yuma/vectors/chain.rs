//! The chain's own tests of version 3, and of its weighted median.

use std::collections::BTreeMap;

use super::super::{Clipping, Liquid, Mode, Rule, Settings, Setup, Yuma, weighted_median};
use super::error::VectorError;
use super::file::{ChainTest, ChainTests, Medians};
use super::{CaseResult, VersionResult, difference, wide};
use crate::mechanisms::matrix::Matrix;

/// The share of the stake that makes a median on the chain.
const KAPPA: f64 = 32_767.0 / 65_535.0;

/// The test that runs without liquid alpha.
const FIXED: &str = "liquid_alpha_disabled";

/// The test in which a server's place changes hands: which server, and before which epoch.
const RESET: (&str, usize, usize) = ("bonds_reset", 0, 20);

pub(super) fn run_tests(file: &ChainTests) -> Result<BTreeMap<String, VersionResult>, VectorError> {
    let mut result = VersionResult { cases: Vec::new(), largest_difference: None, compared: 0 };
    for (name, test) in &file.tests {
        let params = &file.params;
        let liquid = Liquid {
            low: params.alpha_low,
            high: params.alpha_high,
            steepness: params.steepness,
            mode: Mode::Current,
        };
        let settings = Settings {
            kappa: KAPPA,
            bond_penalty: params.bond_penalty,
            bond_moving_avg: params.bonds_moving_average,
            liquid: (name != FIXED).then_some(liquid),
            clipping: Clipping::Raw,
            ..Settings::default()
        };
        let found = run_test(name, test, Setup { rule: Rule::Yuma3, settings })?;
        compare(&mut result, test, &found);
        result.cases.push(found);
    }
    Ok(BTreeMap::from([("YUMA3".to_owned(), result)]))
}

fn run_test(name: &str, test: &ChainTest, setup: Setup) -> Result<CaseResult, VectorError> {
    let digits = test.votes.iter().flatten().flat_map(|vote| vote.chars());
    let servers = digits.filter_map(|digit| digit.to_digit(10)).max().unwrap_or_default();
    // Servers beyond the last that anyone ever names would change nothing.
    let servers = usize::try_from(servers).unwrap_or_default();
    let mut yuma = Yuma::after_an_empty_epoch(setup, servers);
    let mut result = CaseResult { name: name.to_owned(), ..CaseResult::default() };
    for (epoch, votes) in test.votes.iter().enumerate() {
        if (name, epoch) == (RESET.0, RESET.2) {
            yuma.reset(RESET.1);
        }
        let rows: Vec<Vec<f32>> =
            votes.iter().map(|vote| weights(name, vote, servers)).collect::<Result<_, _>>()?;
        let stakes = test.stakes.get(..rows.len()).unwrap_or_default();
        let (case, validators) = (name.to_owned(), stakes.len());
        let shape = VectorError::Shape { case, what: "votes", epoch, validators };
        let matrix = Matrix::of(&rows).filter(|_| rows.len() == stakes.len()).ok_or(shape)?;
        let found = yuma.step(&matrix, stakes);
        result.dividends_normalized.push(found.dividends);
        result.consensus.push(found.consensus);
        result.incentives.push(found.incentives);
        result.bonds.push(found.bonds.to_rows());
    }
    result.validators = (1..=test.votes.first().map_or(0, Vec::len))
        .map(|number| format!("validator {number}"))
        .collect();
    Ok(result)
}

/// A vote's digits name the servers that share a validator's weight equally.
fn weights(case: &str, vote: &str, servers: usize) -> Result<Vec<f32>, VectorError> {
    let bad = || VectorError::Vote { case: case.to_owned(), vote: vote.to_owned() };
    let mut row = vec![0.0; servers];
    for digit in vote.chars() {
        let server = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok());
        let place = server.and_then(|server| row.get_mut(server.checked_sub(1)?));
        *place.ok_or_else(bad)? = 1.0;
    }
    Ok(row)
}

fn compare(result: &mut VersionResult, test: &ChainTest, found: &CaseResult) {
    let mut note = |found: &[Vec<f32>], expected: &[Vec<f64>]| {
        let (off, compared) = difference(&wide(found), &cut(expected, found));
        if compared > 0 {
            result.largest_difference = Some(result.largest_difference.unwrap_or(0.0).max(off));
            result.compared += compared;
        }
    };
    note(&found.dividends_normalized, &test.dividends_normalized);
    for (found, expected) in found.bonds.iter().zip(&test.bonds) {
        note(found, &last(expected, found));
    }
    for (epoch, expected) in &test.dividends_normalized_at_epoch {
        if let Some(row) = found.dividends_normalized.get(*epoch) {
            note(std::slice::from_ref(row), std::slice::from_ref(expected));
        }
    }
    for (epoch, expected) in &test.bonds_at_epoch {
        if let Some(bonds) = found.bonds.get(*epoch) {
            note(bonds, &last(expected, bonds));
        }
    }
}

/// The file's rows also hold the servers' own shares, which are zero.
fn cut(rows: &[Vec<f64>], like: &[Vec<f32>]) -> Vec<Vec<f64>> {
    let width = like.first().map_or(0, Vec::len);
    rows.iter().map(|row| row.iter().copied().take(width).collect()).collect()
}

/// Some rows of bonds begin with columns of nodes that no vote names.
fn last(rows: &[Vec<f64>], like: &[Vec<f32>]) -> Vec<Vec<f64>> {
    let width = like.first().map_or(0, Vec::len);
    let begin = |row: &Vec<f64>| row.len().saturating_sub(width);
    rows.iter().map(|row| row.iter().copied().skip(begin(row)).collect()).collect()
}

pub(super) fn run_medians(file: &Medians) -> Result<BTreeMap<String, VersionResult>, VectorError> {
    let mut result = VersionResult { cases: Vec::new(), largest_difference: None, compared: 0 };
    for (number, vector) in file.vectors.iter().enumerate() {
        let name = format!("vector {number}");
        let (stakes, scores) = (vector.stake.len(), vector.score.len());
        if stakes != scores {
            let validators = stakes;
            return Err(VectorError::Shape { case: name, what: "scores", epoch: 0, validators });
        }
        let median = weighted_median(&vector.stake, &vector.score, vector.majority);
        let off = f64::from((median - vector.median).abs());
        result.largest_difference = Some(result.largest_difference.unwrap_or(0.0).max(off));
        result.compared += 1;
        let consensus = vec![vec![median]];
        result.cases.push(CaseResult { name, consensus, ..CaseResult::default() });
    }
    Ok(BTreeMap::from([("WEIGHTED_MEDIAN".to_owned(), result)]))
}
