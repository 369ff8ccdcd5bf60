//! The document for people.

use std::fmt::Write;

use probity_protocol::dispute::Ruling;

use super::{ChainReport, Conservation, DisputeReport, Report, SlashReport};
use crate::demo::scene::percent;
use crate::output::Table;

impl Report {
    /// The document for people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        self.write_scores(text)?;
        self.write_votes(text)?;
        self.write_proof(text)
    }

    fn write_scores(&self, text: &mut String) -> std::fmt::Result {
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
        Ok(())
    }

    fn write_votes(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "\nDisputes, in PBY\n")?;
        text.push_str(&self.ladder());
        writeln!(text, "\nReferenda\n")?;
        text.push_str(&self.votes());
        Ok(())
    }

    fn write_proof(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "\nCertificates, each verified without the network\n")?;
        for certificate in &self.certificates {
            writeln!(text, "  {} ({} checks)", certificate.path, certificate.steps)?;
        }
        writeln!(text, "  {}: {}", self.superseded.path, self.superseded.says)?;
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

    fn ladder(&self) -> String {
        let columns = ["dispute", ">level", ">seats", ">for", ">against", "ruling"];
        let mut table = Table::new(&columns);
        for DisputeReport { id, levels, .. } in &self.disputes {
            for (number, level) in levels.iter().enumerate() {
                table.row(vec![
                    id.to_string(),
                    number.to_string(),
                    level.seats.to_string(),
                    level.defender.to_string(),
                    level.challenger.to_string(),
                    level.ruling.map_or("none", ruling).to_owned(),
                ]);
            }
        }
        table.text()
    }

    fn votes(&self) -> String {
        let columns =
            ["track", "title", "outcome", ">approval", ">support", ">in effect from block"];
        let mut table = Table::new(&columns);
        for vote in &self.referenda {
            table.row(vec![
                vote.track.to_string(),
                vote.title.clone(),
                vote.outcome.to_string(),
                percent(vote.approval),
                percent(vote.support),
                vote.enacted_at.map_or_else(|| "-".to_owned(), |height| height.to_string()),
            ]);
        }
        table.text()
    }
}

const fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Uphold => "it stands",
        Ruling::Overturn => "it is wrong",
        Ruling::Void => "nobody is at fault",
    }
}
