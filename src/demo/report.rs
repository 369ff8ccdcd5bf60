//! What the demonstration found: one document, and the same for people.

use std::fmt::Write;

use probity_primitives::{Amount, Hash, OperatorId, Score, TaskId};
use probity_protocol::task::OutcomeState;
use serde::Serialize;

use crate::output::Table;

/// The schema of the document.
pub(crate) const SCHEMA: &str = "probity.demo/v1";

/// The document.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// [`SCHEMA`].
    pub(crate) schema: &'static str,
    /// Which chain it was.
    pub(crate) chain: ChainReport,
    /// Who decided blocks.
    pub(crate) validators: Vec<OperatorReport>,
    /// Who evaluated, validators included, with what stood behind them before and after.
    pub(crate) operators: Vec<OperatorReport>,
    /// The height that all nodes were compared at.
    pub(crate) height: u64,
    /// The state root of each node at that height.
    pub(crate) state_roots: Vec<Hash>,
    /// The scores, best first.
    pub(crate) results: Vec<ResultReport>,
    /// What was taken, and from whom.
    pub(crate) slashes: Vec<SlashReport>,
    /// Where the certificates are.
    pub(crate) certificates: Vec<CertificateReport>,
    /// Whether money was conserved.
    pub(crate) conservation: Conservation,
    /// How long it took, in milliseconds.
    pub(crate) elapsed_ms: u64,
}

/// A chain's name.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ChainReport {
    /// Its identifier.
    pub(crate) chain_id: String,
    /// The hash of its genesis document.
    pub(crate) genesis_hash: Hash,
}

/// An operator and its pool.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OperatorReport {
    /// Its identifier.
    pub(crate) operator: OperatorId,
    /// What it calls itself.
    pub(crate) name: String,
    /// What was bonded behind it at first.
    pub(crate) before: Amount,
    /// What is bonded behind it at the end.
    pub(crate) after: Amount,
    /// What its owner has earned in commission.
    pub(crate) commission: Amount,
}

/// A score.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ResultReport {
    /// The task.
    pub(crate) task: TaskId,
    /// The model's name.
    pub(crate) model: String,
    /// The benchmark's name.
    pub(crate) benchmark: String,
    /// The score in micro-units.
    pub(crate) score: Score,
    /// The 95 % interval over items, in micro-units.
    pub(crate) interval: Option<(Score, Score)>,
    /// The lowest and the highest revealed score, in micro-units.
    pub(crate) spread: (Score, Score),
    /// Seats that revealed.
    pub(crate) seats: u32,
    /// Operators that revealed.
    pub(crate) operators: u32,
    /// The median distance from the score, in micro-units.
    pub(crate) dispersion: u64,
    /// The tolerance that was applied, in micro-units.
    pub(crate) tolerance: u64,
    /// How much it can be relied on.
    pub(crate) state: OutcomeState,
    /// The number of items.
    pub(crate) items: u32,
}

/// A slash.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SlashReport {
    /// From whom.
    pub(crate) operator: OperatorId,
    /// What it calls itself.
    pub(crate) name: String,
    /// The code of the offence.
    pub(crate) offence: String,
    /// What happened, in words.
    pub(crate) why: String,
    /// How much.
    pub(crate) amount: Amount,
}

/// A certificate file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CertificateReport {
    /// The model's name.
    pub(crate) model: String,
    /// The file.
    pub(crate) path: String,
    /// How many steps its verification took; it was done offline, as anyone can.
    pub(crate) steps: usize,
}

/// The sum of all buckets against what must be there.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Conservation {
    /// All buckets, counted one by one.
    pub(crate) sum: Amount,
    /// Genesis + minted - burned.
    pub(crate) expected: Amount,
}

impl Report {
    /// The document for people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let benchmark = self.results.first().map_or("", |result| result.benchmark.as_str());
        writeln!(text, "\nLeaderboard: {benchmark}\n")?;
        text.push_str(&self.board());
        writeln!(text, "\nSlashed\n")?;
        for slash in &self.slashes {
            let SlashReport { name, offence, why, amount, .. } = slash;
            writeln!(text, "  {name}: {amount} PBY for {offence}, {why}")?;
        }
        writeln!(text, "\nBehind the operators, in PBY\n")?;
        text.push_str(&self.balances());
        writeln!(text, "\nCertificates, each verified without the network\n")?;
        for certificate in &self.certificates {
            writeln!(text, "  {} ({} checks)", certificate.path, certificate.steps)?;
        }
        let ChainReport { chain_id, genesis_hash } = &self.chain;
        writeln!(text, "\nChain {chain_id}, genesis hash {genesis_hash}")?;
        let root = self.state_roots.first().copied().unwrap_or_default();
        let equal = self.state_roots.iter().all(|other| *other == root);
        let verdict = if equal { "equal" } else { "DIFFERENT" };
        let (nodes, height) = (self.state_roots.len(), self.height);
        writeln!(text, "State roots of {nodes} nodes at height {height}: {verdict} ({root})")?;
        let Conservation { sum, expected } = self.conservation;
        writeln!(text, "Sum of all buckets {sum} PBY, genesis + minted - burned {expected} PBY")?;
        let seconds = self.elapsed_ms / 1_000;
        writeln!(text, "Took {seconds} s")
    }

    fn board(&self) -> String {
        let mut table = Table::new(&[
            ">score",
            "model",
            "95 % over items",
            "between evaluators",
            ">seats",
            ">operators",
            "state",
        ]);
        for result in &self.results {
            let interval = result
                .interval
                .map_or_else(|| "-".to_owned(), |(low, high)| format!("{low} .. {high}"));
            let (low, high) = result.spread;
            let spread = if low == high { "none".to_owned() } else { format!("{low} .. {high}") };
            table.row(vec![
                result.score.to_string(),
                result.model.clone(),
                interval,
                spread,
                result.seats.to_string(),
                result.operators.to_string(),
                format!("{:?}", result.state).to_lowercase(),
            ]);
        }
        table.text()
    }

    fn balances(&self) -> String {
        let mut table = Table::new(&["operator", ">before", ">after", ">commission"]);
        for operator in &self.operators {
            table.row(vec![
                operator.name.clone(),
                operator.before.to_string(),
                operator.after.to_string(),
                operator.commission.to_string(),
            ]);
        }
        table.text()
    }
}
