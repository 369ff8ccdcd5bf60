//! The pages of a running network of four nodes, in a real browser.
//!
//! The network is `probity dev` with what it registers; a model is evaluated, its result disputed
//! and a referendum submitted, so that every kind of page has something to show. What is walked is
//! the web's own table of pages. What is looked at is in `tests/web/browser`;
//! `tests/web/prepare.sh` sees to node and the browser, and says so.

use std::path::Path;
use std::process::{Command, Stdio};

use probity_client::{Client, ListArgs};
use probity_primitives::TaskId;
use probity_protocol::registry::ArtifactKind;
use probity_runtime::query::{ArtifactFilter, ResultFilter};
use serde_json::{Map, Value, json};

use crate::chain::{PATIENCE, Process, write_key};
use crate::support::{json as answer, path, run, until, write};

/// Blocks are far enough apart that a vote is open for as long as a slow browser needs.
const BLOCK_TIME: &str = "400";

/// What the keystore is sealed with.
const PASSPHRASE: &str = "correct horse battery";

/// The model that is evaluated: the quickest.
const MODEL: &str = "digits_centroid";

/// A network, and whoever acts on it.
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
        let ready: Value = until("network", PATIENCE, async || {
            serde_json::from_slice(&std::fs::read(&out).ok()?).ok()
        })
        .await;
        let client = Client::new(ready["url"].as_str().unwrap()).unwrap();
        let account = ready["accounts"][0].clone();
        let seed_file = path(&folder.path().join("seed"));
        let seed = account["seed"].as_str().unwrap().parse::<probity_primitives::Hash>().unwrap();
        write_key(Path::new(&seed_file), seed.as_bytes());
        Self { folder, client, account, seed_file, _dev: dev }
    }

    /// Runs a command against the network that must succeed, as the first account.
    fn must(&self, command: &[&str]) -> Value {
        let rest = ["--from", &self.seed_file, "--yes", "--output", "json", "--node"];
        answer(&[command, &rest[..], &[self.client.base_url()]].concat())
    }

    /// Sends a message that must be carried out.
    fn send(&self, message: &Value) -> Value {
        self.must(&["tx", "send", &message.to_string()])["data"].clone()
    }

    /// Registers what a network of models has none of; gives each with the path of its page.
    async fn others(&self) -> Map<String, Value> {
        let filter = ArtifactFilter { kind: Some(ArtifactKind::Dataset), owner: None };
        let known = self.client.artifacts(&filter, &ListArgs::default()).await.unwrap().data;
        let mut manifest = json!(known[0].artifact.manifest);
        let rooms = [("harness", "harnesses"), ("service", "services"), ("workflow", "workflows")];
        let others = rooms.map(|(kind, room)| {
            manifest["kind"] = json!(kind);
            manifest["name"] = json!(format!("a {kind}"));
            let receipt = self.send(&json!({ "register_artifact": { "manifest": manifest } }));
            let events = receipt["events"].as_array().unwrap();
            let registered = events.iter().find(|event| event["event"] == "artifact_registered");
            (format!("/{room}/{{id}}"), registered.unwrap()["artifact"].clone())
        });
        others.into_iter().collect()
    }

    /// Has a model evaluated; gives its task, once its certificate is there, and what else there is
    /// to see then, each with the path of its page.
    async fn evaluated(&self) -> (TaskId, Map<String, Value>) {
        let (filter, args) = (ArtifactFilter::default(), ListArgs::default());
        let all = self.client.artifacts(&filter, &args).await.unwrap().data;
        let one = |kind: ArtifactKind, name: &str| {
            let fits = |manifest: &probity_protocol::registry::Manifest| {
                manifest.kind == kind && manifest.name.as_str().starts_with(name)
            };
            all.iter().find(|known| fits(&known.artifact.manifest)).unwrap().id
        };
        let (model, dataset) = (one(ArtifactKind::Model, MODEL), one(ArtifactKind::Dataset, ""));
        let benchmark = one(ArtifactKind::Benchmark, "");
        let receipt = self.send(&json!({ "request_task": {
            "benchmark": benchmark, "artifact": model, "mode": "exact", "fee": "1000000000000",
            "value_at_risk": "100000000000", "commit_blocks": null,
        }}));
        let task = until("certificate", PATIENCE, async || {
            let results = self.client.results(&ResultFilter::default(), &args).await.ok()?;
            let task = results.data.first()?.task;
            self.client.result_certificate(&task).await.ok()?;
            Some(task)
        })
        .await;
        let seen = json!({
            "/board/{id}": benchmark, "/models/{id}": model, "/datasets/{id}": dataset,
            "/benchmarks/{id}": benchmark, "/results/{task}": task,
            "/blocks/{height}": receipt["height"], "/txs/{hash}": receipt["tx"],
        });
        (task, seen.as_object().unwrap().clone())
    }

    /// Asks a member of a result's committee for its transcript; gives the dispute and the member.
    async fn disputed(&self, task: &TaskId) -> (Value, Value) {
        let result = self.client.result(task).await.unwrap().data;
        // On a busy machine a first committee may have been late.
        let round = self.client.task(task).await.unwrap().data.task.round;
        let member = json!(result.outcome.members.first().unwrap().operator);
        let challenge = json!({ "challenge": "withheld", "member": member, "item": 7 });
        let dispute = json!({ "open_dispute": {
            "task": task, "round": round, "challenge": challenge, "bond": "1000000000000",
        }});
        let receipt = self.send(&dispute);
        let events = receipt["events"].as_array().unwrap();
        let opened = events.iter().find(|event| event["event"] == "dispute_opened").unwrap();
        (opened["dispute"].clone(), member)
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

    /// What the browser is told: where the network is, what is in it, and whose key it may use.
    async fn known(&self) -> Value {
        let (others, keystore) = (self.others().await, self.keystore());
        let (task, mut seen) = self.evaluated().await;
        let (dispute, member) = self.disputed(&task).await;
        seen.extend(others);
        let account = &self.account["address"];
        // Last, so that the vote is open for as long as it can be.
        let referendum = self.proposed();
        let rest = json!({
            "/disputes/{id}": dispute, "/validators/{id}": member, "/accounts/{address}": account,
            "/gov/{id}": referendum, "/gov/{id}/vote": referendum,
        });
        seen.extend(rest.as_object().unwrap().clone());
        json!({
            "url": self.client.base_url().trim_end_matches('/'), "task": task, "account": account,
            "seed": self.account["seed"], "keystore": keystore, "passphrase": PASSPHRASE,
            "referendum": referendum, "pages": probity_web::page_paths(), "seen": seen,
        })
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
    let known = stage.known().await;
    let file = write(&stage.folder, "known.json", known.to_string().as_bytes());
    let mut node = tokio::process::Command::new("node");
    let look = node.arg(tests.join("browser/run.mjs")).arg(&file).stdin(Stdio::null());
    let looked = tokio::time::timeout(PATIENCE * 2, look.kill_on_drop(true).output());
    let looked = looked.await.expect("the browser ends in time").unwrap();
    let said = String::from_utf8_lossy(&looked.stdout);
    assert!(looked.status.success(), "{said}\n{}", String::from_utf8_lossy(&looked.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 7, "{said}");
}
