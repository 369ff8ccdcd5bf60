//! Votes of the holders on the command line, against a live node.

use std::process::Output;

use serde_json::{Map, Value};

use crate::chain::{self, PATIENCE};
use crate::errors::plain;
use crate::stage::Stage;
use crate::support::{failure, json as answer, path, run, until, write};

/// A title that would turn its line around.
const TITLE: &str = "end it \u{202e}now";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn document(output: &Output) -> Value {
    assert!(output.status.success(), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

impl Stage {
    /// The file of a draft.
    fn draft(&self, name: &str, arguments: &[&str]) -> String {
        let file = path(&self.folder.path().join(name));
        let fixed = ["gov", "draft", "--out", &file];
        let output = run(&self.asking(&[&fixed[..], arguments].concat()));
        assert!(output.status.success(), "{}", said(&output));
        file
    }

    /// Proposes a draft; gives its number and what was said.
    fn propose(&self, file: &str) -> (u64, String) {
        let output = run(&self.asking(&["gov", "propose", file, "--from", &self.rich, "--yes"]));
        let receipt = document(&output);
        let events = receipt["data"]["events"].as_array().unwrap();
        let submitted = events.iter().find(|event| event["event"] == "referendum_submitted");
        (submitted.unwrap()["referendum"].as_u64().unwrap(), said(&output))
    }

    /// What the command shows for people.
    fn shown(&self, command: &[&str]) -> String {
        let output = run(&[command, &["--node", self.node.url()]].concat());
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn stage_of(&self, id: u64) -> String {
        let view = answer(&self.asking(&["gov", "show", &id.to_string()]));
        view["referendum"]["referendum"]["stage"]["stage"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_drafted_proposed_and_voted_for_takes_effect_and_locks_its_votes() {
    let stage = Stage::new().await;
    let holder = chain::account(&chain::key("person", 0)).to_string();
    let agreed = write(&stage.folder, "agreed.md", b"# What we agree to\n");
    let text = stage.draft("text.json", &["--title", "a text", "--text", &agreed]);
    assert_eq!(stage.propose(&text).0, 0);
    let blob = answer(&["gov", "show", "0", "--node", stage.node.url(), "--output", "json"]);
    let hash = blob["referendum"]["referendum"]["action"]["text"]["hash"].as_str().unwrap();
    assert!(stage.shown(&["gov", "show", "0"]).contains(&format!("text {hash}")));

    let draft = stage.draft("cancel.toml", &["--title", TITLE, "--cancel", "0"]);
    let tried = answer(&stage.asking(&["gov", "simulate", &draft]));
    assert_eq!(tried["data"]["preview"]["referenda"][0]["after"], "cancelled");
    let (id, told) = stage.propose(&draft);
    assert_eq!(id, 1);
    assert!(told.contains("deposit: 50 PBY; it comes back"), "{told}");
    assert!(told.contains("33.4 % or more of all ayes and nays"), "{told}");
    assert!(told.contains(r#"title: "end it \u{202e}now""#), "{told}");

    let vote = ["gov", "vote", "1", "--aye", "--amount", "500000PBY", "--conviction", "6x"];
    let output = run(&stage.asking(&[&vote[..], &["--from", &stage.rich, "--yes"]].concat()));
    document(&output);
    let told = said(&output);
    assert!(told.contains("aye with 500000 PBY at 6x: 3000000 PBY of votes"), "{told}");
    assert!(
        told.contains("500000 PBY are locked until the vote ends and for 4480 blocks"),
        "{told}"
    );
    until("enactment", PATIENCE, async || (stage.stage_of(1) == "enacted").then_some(())).await;
    assert_eq!(stage.stage_of(0), "cancelled");

    let shown = stage.shown(&["gov", "show", "1", "--as", &holder]);
    assert!(shown.starts_with(r#"referendum 1: "end it \u{202e}now""#), "{shown}");
    let order = [
        "if it passes: cancel referendum 0",
        "state: enacted",
        "position of ",
        "votes\n",
        "timeline",
        "deposit 50 PBY: given back",
    ];
    let places: Vec<usize> = order
        .iter()
        .map(|part| shown.find(part).unwrap_or_else(|| panic!("no {part}: {shown}")))
        .collect();
    assert!(places.is_sorted(), "{shown}");
    let csv = stage.shown(&["gov", "votes", "1", "--csv"]);
    let row = format!("1,{holder},aye,six_times,500000000000000,,,,3000000000000000,0,0");
    assert_eq!(csv.lines().nth(1), Some(&*row));

    let locks = answer(&stage.asking(&["gov", "unlock", &holder]));
    assert_eq!(locks["data"]["locked"], "500000000000000");
    let nobody = chain::account(&chain::key("nobody", 0)).to_string();
    let pay = ["transfer", &nobody, "600000PBY", "--from", &stage.rich];
    let (code, told) = failure(&stage.asking(&pay));
    assert!(code == 5 && told.contains("locked by the vote on referendum 1"), "{code} {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_proposed_or_voted_is_refused_with_its_values() {
    let stage = Stage::new().await;
    let (code, told) =
        failure(&["gov", "vote", "0", "--aye", "--from", &stage.rich, "--node", stage.node.url()]);
    assert!(code == 2 && told.contains("--amount AMOUNT or --all"), "{code} {told}");
    let draft = |change: &str| {
        let fixed = ["gov", "draft", "--title", "t", "--change", change];
        failure(&[&fixed[..], &["--node", stage.node.url()]].concat())
    };
    let (code, told) = draft("gov.queue=31");
    assert!(code == 2 && told.contains("hint: there are governance.queue"), "{code} {told}");
    let (code, told) = draft("governance.queue=32");
    assert!(code == 2 && told.contains("would stay what it is"), "{code} {told}");

    let holder = chain::account(&chain::key("person", 0)).to_string();
    let grab = stage.draft("grab.json", &["--title", "grab", "--spend", &holder, "9PBY"]);
    let output = run(&stage.asking(&["gov", "simulate", &grab]));
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    let tried: Value = serde_json::from_slice(&output.stdout).unwrap();
    let why = tried["data"]["preview"]["refused"].as_str().unwrap();
    assert!(why.starts_with("9 is more than the "), "{why}");
    let (code, told) = failure(&stage.asking(&["gov", "propose", &grab, "--from", &stage.rich]));
    assert!(code == 5 && told.contains("not proposed, because"), "{code} {told}");
    let vote = ["gov", "vote", "7", "--nay", "--all", "--from", &stage.rich];
    let (code, told) = failure(&stage.asking(&vote));
    assert!(code == 1 && told.contains("referendum_not_found"), "{code} {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_may_be_used_is_what_the_fee_leaves() {
    let stage = Stage::new().await;
    let agreed = write(&stage.folder, "agreed.md", b"# What we agree to\n");
    let text = stage.draft("text.json", &["--title", "a text", "--text", &agreed]);
    stage.propose(&text);
    let holder = chain::account(&chain::key("person", 0)).to_string();
    // What is locked is all that is left once the fee is paid.
    let all = || {
        let view = answer(&stage.asking(&["gov", "unlock", &holder]));
        assert_eq!(view["data"]["locked"], view["data"]["held"], "{view}");
    };
    for side in ["--nay", "--abstain"] {
        let vote = ["gov", "vote", "0", side, "--all", "--from", &stage.rich, "--yes"];
        document(&run(&stage.asking(&vote)));
        all();
    }
    let to = chain::account(&chain::key("operator", 0)).to_string();
    let give = ["gov", "delegate", "cancel", &to, "--all", "--conviction", "1x"];
    let sent = [&give[..], &["--from", &stage.rich, "--yes"]].concat();
    let receipt = document(&run(&stage.asking(&sent)));
    let facts = receipt["data"]["events"].as_array().unwrap();
    let given = facts.iter().find(|fact| fact["event"] == "power_delegated").unwrap();
    let view = answer(&stage.asking(&["gov", "unlock", &holder]));
    assert_eq!(view["data"]["held"], given["amount"], "{view}");
}

#[tokio::test(flavor = "multi_thread")]
async fn delegated_power_follows_a_vote_and_comes_back() {
    let stage = Stage::new().await;
    let to = chain::account(&chain::key("operator", 0)).to_string();
    let give = [
        "gov",
        "delegate",
        "cancel",
        &to,
        "--amount",
        "10PBY",
        "--conviction",
        "2x",
        "--from",
        &stage.rich,
        "--yes",
    ];
    let output = run(&stage.asking(&give));
    document(&output);
    assert!(said(&output).contains("20 PBY of votes follow"), "{}", said(&output));
    let list = answer(&stage.asking(&["gov", "delegations", "--to", &to]));
    assert_eq!(list["data"][0]["delegation"]["amount"], "10000000000");
    document(&run(&stage.asking(&["gov", "undelegate", "cancel", "--from", &stage.rich])));
    let list = answer(&stage.asking(&["gov", "delegations", "--track", "cancel"]));
    assert_eq!(list["data"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_about_votes_has_the_form_of_its_snapshot() {
    let stage = Stage::new().await;
    let holder = chain::account(&chain::key("person", 0)).to_string();
    let agreed = write(&stage.folder, "agreed.md", b"# What we agree to\n");
    let text = stage.draft("text.json", &["--title", "a text", "--text", &agreed]);
    stage.propose(&text);
    let vote =
        ["gov", "vote", "0", "--split", "aye=2PBY,abstain=1PBY", "--from", &stage.rich, "--yes"];
    document(&run(&stage.asking(&vote)));
    let mut documents = Map::new();
    let mut take = |name: &str, command: &[&str]| {
        let mut document = answer(&stage.asking(command));
        let schema = document["schema"].as_str().unwrap();
        assert!(schema.starts_with("probity.") && schema.ends_with("/v1"), "{schema}");
        plain(&mut document);
        documents.insert(name.to_owned(), document);
    };
    take("gov list", &["gov", "list"]);
    take("gov show", &["gov", "show", "0", "--as", &holder]);
    take("gov tally", &["gov", "tally", "0"]);
    take("gov votes", &["gov", "votes", "0"]);
    take("gov delegations", &["gov", "delegations"]);
    take("gov unlock", &["gov", "unlock", &holder]);
    insta::assert_json_snapshot!(documents);
}
