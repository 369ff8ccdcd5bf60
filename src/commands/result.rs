//! `probity result`: published scores, and certificates that verify offline.

use std::path::Path;

use clap::ValueEnum;
use probity_client::ListArgs;
use probity_primitives::{Hash, TaskId};
use probity_runtime::query::{ResultFilter, ResultView};
use probity_runtime::result_certificate::{MAX_CERTIFICATE_BYTES, ResultCertificate, Step};
use serde::Serialize;

use crate::cli::{ExportFormat, Global, ResultVerb};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};
use crate::output::{self, Table, show};
use crate::wallet::{client, failed};

pub(crate) fn run(global: &Global, verb: ResultVerb) -> Result<(), Failure> {
    match verb {
        ResultVerb::List { benchmark, artifact } => {
            let filter = ResultFilter { benchmark, artifact };
            let args = ListArgs::default();
            let list =
                block_on(async { client(global)?.results(&filter, &args).await.map_err(failed) })?;
            show(global.output, &list, |list| table(&list.data))
        }
        ResultVerb::Show { task } => {
            let result = block_on(async { client(global)?.result(&task).await.map_err(failed) })?;
            show(global.output, &result, |result| detail(&result.data))
        }
        ResultVerb::Verify { file, genesis_hash } => verify(global, &file, genesis_hash),
        ResultVerb::Export { task, format, out } => export(global, task, format, &out),
    }
}

/// What a verification found.
#[derive(Debug, Serialize)]
struct Verified {
    schema: &'static str,
    file: String,
    genesis_hash: Hash,
    steps: Vec<Step>,
}

fn verify(global: &Global, file: &Path, genesis_hash: Hash) -> Result<(), Failure> {
    let steps = verify_file(file, genesis_hash)?;
    let document = Verified {
        schema: "probity.verification/v1",
        file: file.display().to_string(),
        genesis_hash,
        steps,
    };
    show(global.output, &document, |document| {
        let step = |Step { name, found }: &Step| format!("  ok  {name}: {found}\n");
        let steps: String = document.steps.iter().map(step).collect();
        format!("{steps}The certificate holds.")
    })
}

/// Checks a certificate file without any network; what was checked, step by step.
pub(crate) fn verify_file(file: &Path, genesis_hash: Hash) -> Result<Vec<Step>, Failure> {
    let what = format!("cannot read {}", file.display());
    let len = std::fs::metadata(file).or_fail(Code::Other, &what)?.len();
    if usize::try_from(len).map_or(true, |len| len > MAX_CERTIFICATE_BYTES) {
        let message = format!("{what}: it has {len} bytes, the limit is {MAX_CERTIFICATE_BYTES}");
        return Err(Failure::new(Code::Verification, message));
    }
    let text = std::fs::read_to_string(file).or_fail(Code::Other, &what)?;
    let certificate = ResultCertificate::from_json(&text)
        .or_fail(Code::Verification, "the certificate cannot be read")?;
    certificate.verify(genesis_hash).or_fail(Code::Verification, "the certificate does not hold")
}

fn export(global: &Global, task: TaskId, format: ExportFormat, out: &Path) -> Result<(), Failure> {
    let text = block_on(async {
        let client = client(global)?;
        if format == ExportFormat::Certificate {
            return Ok(client.result_certificate(&task).await.map_err(failed)?.to_json());
        }
        // The node's name of a form is the flag's.
        let name = format.to_possible_value().map(|value| value.get_name().to_owned());
        client.result_export(&task, &name.unwrap_or_default()).await.map_err(failed)
    })?;
    std::fs::write(out, text).or_fail(Code::Other, &format!("cannot write {}", out.display()))?;
    output::say(global, &format!("wrote {}", out.display()));
    Ok(())
}

fn table(results: &[ResultView]) -> String {
    let mut table =
        Table::new(&[">score", "model", "benchmark", ">seats", ">operators", "state", "task"]);
    for ResultView { task, artifact_name, benchmark_name, outcome } in results {
        table.row(vec![
            outcome.score.to_string(),
            artifact_name.clone(),
            benchmark_name.clone(),
            outcome.revealed.to_string(),
            outcome.operators.to_string(),
            format!("{:?}", outcome.state).to_lowercase(),
            task.to_string(),
        ]);
    }
    table.text()
}

fn detail(result: &ResultView) -> String {
    let ResultView { task, artifact_name, benchmark_name, outcome } = result;
    let interval = outcome
        .interval
        .map_or_else(|| "none".to_owned(), |(low, high)| format!("{low} .. {high}"));
    let mut members = Table::new(&["operator", ">seats", ">score", "standing", "clean", ">paid"]);
    for member in &outcome.members {
        let unknown = || "-".to_owned();
        members.row(vec![
            member.operator.to_string(),
            member.seats.to_string(),
            member.score.map_or_else(unknown, |score| score.to_string()),
            member.standing.map_or_else(unknown, |s| format!("{s:?}").to_lowercase()),
            member.clean.map_or_else(unknown, |clean| clean.to_string()),
            member.paid.to_string(),
        ]);
    }
    format!(
        "{artifact_name} on {benchmark_name}: {} ({})\n\
         95 % over {} items: {interval}\n\
         between evaluators: {} .. {}\n\
         task {task}\n\n{}",
        outcome.score,
        format!("{:?}", outcome.state).to_lowercase(),
        outcome.items,
        outcome.spread.0,
        outcome.spread.1,
        members.text()
    )
}
