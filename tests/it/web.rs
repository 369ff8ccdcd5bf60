//! The pages of a running network of four nodes, in a real browser.
//!
//! The network is `probity dev` with what it registers; a model is evaluated and a referendum
//! submitted, so that every kind of page has something to show. What is then looked at is in
//! `tests/web/browser`; `tests/web/prepare.sh` sees to node and the browser and says so.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use probity_client::{Client, ListArgs};
use probity_protocol::registry::ArtifactKind;
use probity_runtime::query::{ArtifactFilter, ResultFilter};
use serde_json::{Value, json};

use crate::chain::{PATIENCE, Process};
use crate::support::{json as answer, path, run, until, write};

/// Blocks are far enough apart that a vote is open for as long as a slow browser needs.
const BLOCK_TIME: &str = "400";

/// What the keystore is sealed with.
const PASSPHRASE: &str = "correct horse battery";

/// How long a result may take on a machine that does other things too.
const EVALUATED: Duration = Duration::from_secs(300);

/// A network, and what the browser is told of it.
struct Stage {
    folder: tempfile::TempDir,
    client: Client,
    account: Value,
    seed_file: String,
    _dev: Process,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("accounts.json");
        let fixed = ["dev", "--port", "0", "--silent", "--accounts", "2", "--block-time"];
        let to = path(&out);
        let arguments = [&fixed[..], &[BLOCK_TIME, "--accounts-out", &to]].concat();
        let dev = Process::start(&arguments, folder.path().join("talk"));
        let ready: Value = until("network", EVALUATED, async || {
            serde_json::from_slice(&std::fs::read(&out).ok()?).ok()
        })
        .await;
        let client = Client::new(ready["url"].as_str().unwrap()).unwrap();
        let account = ready["accounts"][0].clone();
        let seed_file = path(&folder.path().join("seed"));
        let seed = account["seed"].as_str().unwrap().parse::<probity_primitives::Hash>().unwrap();
        crate::chain::write_key(Path::new(&seed_file), seed.as_bytes());
        Self { folder, client, account, seed_file, _dev: dev }
    }

    /// Runs a command against the network that must succeed, as the first account.
    fn must(&self, command: &[&str]) -> Value {
        let rest = ["--from", &self.seed_file, "--yes", "--output", "json", "--node"];
        answer(&[command, &rest[..], &[self.client.base_url()]].concat())
    }

    /// Has a model evaluated; gives what there is to see of it, once its certificate is there.
    async fn evaluated(&self) -> Value {
        let (filter, args) = (ArtifactFilter::default(), ListArgs::default());
        let all = self.client.artifacts(&filter, &args).await.unwrap().data;
        let one = |kind: ArtifactKind| {
            all.iter().find(|known| known.artifact.manifest.kind == kind).unwrap().id
        };
        let (model, benchmark) = (one(ArtifactKind::Model), one(ArtifactKind::Benchmark));
        let message = json!({ "request_task": {
            "benchmark": benchmark, "artifact": model, "mode": "exact", "fee": "1000000000000",
            "value_at_risk": "100000000000", "commit_blocks": null,
        }});
        let receipt = self.must(&["tx", "send", &message.to_string()]);
        let task = until("certificate", EVALUATED, async || {
            let results = self.client.results(&ResultFilter::default(), &args).await.ok()?;
            let task = results.data.first()?.task;
            self.client.result_certificate(&task).await.ok()?;
            Some(task)
        })
        .await;
        json!({
            "model": model, "benchmark": benchmark, "dataset": one(ArtifactKind::Dataset),
            "task": task, "tx": receipt["data"]["tx"], "height": receipt["data"]["height"],
        })
    }

    /// Submits a referendum; gives its number.
    fn proposed(&self) -> Value {
        let text = write(&self.folder, "text.md", b"# What we agree to\n");
        let draft = path(&self.folder.path().join("draft.json"));
        let drafting = ["gov", "draft", "--out", &draft, "--title", "A text", "--text", &text];
        let drafted = run(&[&drafting[..], &["--node", self.client.base_url()]].concat());
        assert!(drafted.status.success(), "{}", String::from_utf8_lossy(&drafted.stderr));
        let receipt = self.must(&["gov", "propose", &draft]);
        let events = receipt["data"]["events"].as_array().unwrap();
        let submitted = events.iter().find(|event| event["event"] == "referendum_submitted");
        submitted.unwrap()["referendum"].clone()
    }

    /// Seals the account's key as its owner would.
    fn keystore(&self) -> String {
        let home = path(&self.folder.path().join("home"));
        let passphrase = path(&self.folder.path().join("passphrase"));
        secret(Path::new(&passphrase), PASSPHRASE);
        let sealing = ["key", "import", "voter", "--home", &home, "--seed-file", &self.seed_file];
        let sealed = run(&[&sealing[..], &["--passphrase-file", &passphrase]].concat());
        assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
        path(&Path::new(&home).join("keys/voter.json"))
    }
}

/// A file that only its owner can read.
fn secret(file: &Path, text: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(file).unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_votes_checks_a_certificate_and_reads_every_page() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/web");
    let ready = Command::new(tests.join("prepare.sh")).arg("browser").status().unwrap();
    assert!(ready.success(), "tests/web/prepare.sh says what is missing");
    let stage = Stage::new().await;
    let mut known = stage.evaluated().await;
    let operators = stage.client.operators(&ListArgs::default()).await.unwrap();
    known["operator"] = json!(operators.data.first().unwrap().id);
    known["url"] = json!(stage.client.base_url().trim_end_matches('/'));
    known["account"] = stage.account["address"].clone();
    known["seed"] = stage.account["seed"].clone();
    known["keystore"] = json!(stage.keystore());
    known["passphrase"] = json!(PASSPHRASE);
    // Last, so that the vote is open for as long as it can be.
    known["referendum"] = stage.proposed();
    let file = write(&stage.folder, "known.json", known.to_string().as_bytes());
    let mut node = tokio::process::Command::new("node");
    let looked = node.arg(tests.join("browser/run.mjs")).arg(&file).kill_on_drop(true).output();
    let looked = tokio::time::timeout(PATIENCE * 2, looked).await.expect("it ends in time");
    let looked = looked.unwrap();
    let said = String::from_utf8_lossy(&looked.stdout);
    assert!(looked.status.success(), "{said}\n{}", String::from_utf8_lossy(&looked.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 5, "{said}");
}
