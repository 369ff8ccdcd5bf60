//! `probity board`: models of a benchmark, best first.

use probity_client::ListArgs;
use probity_primitives::ArtifactId;
use probity_protocol::registry::ArtifactKind;
use probity_runtime::query::{ArtifactFilter, BoardView};
use serde::Serialize;

use crate::cli::{Board, Global};
use crate::commands::block_on;
use crate::exit::Failure;
use crate::output::{Table, show};
use crate::wallet::{client, failed};

/// Boards of several benchmarks.
#[derive(Debug, Serialize)]
struct Boards {
    schema: &'static str,
    boards: Vec<BoardView>,
}

pub(crate) fn run(global: &Global, verb: Board) -> Result<(), Failure> {
    let Board::Show { benchmark } = verb;
    let boards = block_on(boards(global, benchmark))?;
    let document = Boards { schema: "probity.boards/v1", boards };
    show(global.output, &document, |document| document.boards.iter().map(text).collect())
}

async fn boards(global: &Global, benchmark: Option<ArtifactId>) -> Result<Vec<BoardView>, Failure> {
    let client = client(global)?;
    let ids = if let Some(id) = benchmark {
        vec![id]
    } else {
        let filter = ArtifactFilter { kind: Some(ArtifactKind::Benchmark), owner: None };
        let list = client.artifacts(&filter, &ListArgs::default()).await.map_err(failed)?;
        list.data.into_iter().map(|view| view.id).collect()
    };
    let mut boards = Vec::new();
    for id in ids {
        boards.push(client.board(&id).await.map_err(failed)?.data);
    }
    Ok(boards)
}

fn text(board: &BoardView) -> String {
    let mut table = Table::new(&[
        ">rank",
        ">score",
        "model",
        "95 % over items",
        "between evaluators",
        ">seats",
        "state",
    ]);
    for row in &board.rows {
        let outcome = &row.outcome;
        let interval = outcome
            .interval
            .map_or_else(|| "-".to_owned(), |(low, high)| format!("{low} .. {high}"));
        table.row(vec![
            row.rank.to_string(),
            outcome.score.to_string(),
            format!("{} {}", row.name, row.version),
            interval,
            format!("{} .. {}", outcome.spread.0, outcome.spread.1),
            outcome.revealed.to_string(),
            format!("{:?}", outcome.state).to_lowercase(),
        ]);
    }
    let BoardView { benchmark, name, metric, .. } = board;
    format!("{name}, by {metric} ({benchmark})\n\n{}\n", table.text())
}
