//! `probity key`: the program with passphrase files, as a script runs it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{failure, json, run};

/// A phrase of the standard's vectors, and what its first owner key is.
const PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.secret("words", "open sesame\n");
        desk.secret("others", "another sesame\n");
        desk.secret("phrase", PHRASE);
        desk
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn secret(&self, name: &str, text: &str) {
        let path = PathBuf::from(self.path(name));
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The arguments of a `key` command in this home, with the names of files made paths.
    fn arguments(&self, line: &str) -> Vec<String> {
        let home = self.path("home");
        let fixed = ["key", "--home", &home, "--no-input", "-o", "json"].map(str::to_owned);
        let rest = line.split_whitespace().map(|word| match word.strip_prefix('@') {
            Some(file) => self.path(file),
            None => word.to_owned(),
        });
        fixed.into_iter().chain(rest).collect()
    }

    fn ok(&self, line: &str) -> Value {
        let arguments = self.arguments(line);
        json(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn refused(&self, line: &str) -> (i32, String) {
        let arguments = self.arguments(line);
        failure(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn import(&self, name: &str, role: &str) -> Value {
        self.ok(&format!(
            "import {name} --role {role} --mnemonic-file @phrase --passphrase-file @words"
        ))
    }
}

#[test]
fn a_key_is_made_kept_used_and_removed() {
    let desk = Desk::new();
    let made = desk.ok("new alice --mnemonic-out @new --passphrase-file @words");
    assert_eq!((&made["schema"], &made["role"]), (&"probity.key/v1".into(), &"owner".into()));
    let mode = std::fs::metadata(desk.path("new")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // The phrase that was written gives the same key again.
    let again = desk.ok("import again --mnemonic-file @new --passphrase-file @words");
    assert_eq!(again["public_key"], made["public_key"]);
    let signed = desk.ok("sign alice --message hello --passphrase-file @words");
    let (key, signature) =
        (made["public_key"].as_str().unwrap(), signed["signature"].as_str().unwrap());
    desk.ok(&format!("verify --key {key} --signature {signature} --message hello"));
    let (code, _) =
        desk.refused(&format!("verify --key {key} --signature {signature} --message hullo"));
    assert_eq!(code, 8);
    desk.ok("rename again copy");
    desk.ok("delete copy --yes");
    let listed = desk.ok("list");
    let names: Vec<&str> = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["alice"]);
}

#[test]
fn roles_of_one_phrase_are_different_keys_and_a_beacon_key_signs_nothing() {
    let desk = Desk::new();
    let owner = desk.import("owner", "owner");
    let operator = desk.import("operator", "operator");
    let beacon = desk.import("beacon", "beacon");
    assert_ne!(owner["public_key"], operator["public_key"]);
    assert_eq!(owner["path"], "m/44'/5259865'/0'/0'/0'");
    assert_eq!(operator["path"], "m/44'/5259865'/0'/1'/0'");
    assert_eq!(beacon["address"], Value::Null);
    let (code, said) = desk.refused("sign beacon --message x --passphrase-file @words");
    assert_eq!(code, 7);
    assert!(said.contains("signs nothing"), "{said}");
}

#[test]
fn each_refusal_has_its_code_and_names_what_to_do() {
    let desk = Desk::new();
    desk.import("alice", "owner");
    desk.secret("short", "1234567");
    desk.secret("loose", "open sesame");
    std::fs::set_permissions(desk.path("loose"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let cases = [
        ("sign alice --message x --passphrase-file @others", 7, "the passphrase is wrong"),
        ("sign alise --message x --passphrase-file @words", 7, "did you mean `alice`?"),
        ("sign alice --message x --passphrase-file @loose", 7, "chmod 600"),
        ("sign alice --message x", 10, "--passphrase-file FILE"),
        ("delete alice", 10, "--yes"),
        ("export alice --out @bare --passphrase-file @words", 10, "--yes"),
        ("new alice --mnemonic-out @new --passphrase-file @words", 7, "nothing is overwritten"),
        ("new bob --passphrase-file @words", 10, "--mnemonic-out FILE"),
        ("new bob --mnemonic-out @new --passphrase-file @short", 7, "at least 8"),
        ("import bob --passphrase-file @words", 10, "--mnemonic-file FILE"),
        ("new Bob --passphrase-file @words", 2, "is no name"),
    ];
    for (line, code, part) in cases {
        let (found, said) = desk.refused(line);
        assert_eq!(found, code, "{line}: {said}");
        assert!(said.contains(part), "{line}: {said}");
    }
    assert!(!PathBuf::from(desk.path("bare")).exists());
    assert_eq!(desk.ok("list")["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn a_secret_goes_out_and_in_again_and_its_passphrase_changes() {
    let desk = Desk::new();
    let alice = desk.import("alice", "owner");
    desk.ok("export alice --out @bare --passphrase-file @words --yes");
    let bare = desk.ok("import bare --seed-file @bare --passphrase-file @words");
    assert_eq!(bare["public_key"], alice["public_key"]);
    desk.ok("export alice --out @copy.json --encrypted");
    let copy = desk.ok(
        "import copy --keystore @copy.json --keystore-passphrase-file @words --passphrase-file @others",
    );
    assert_eq!((&copy["public_key"], &copy["path"]), (&alice["public_key"], &alice["path"]));
    desk.ok("change-passphrase alice --passphrase-file @words --new-passphrase-file @others");
    assert_eq!(desk.refused("sign alice --message x --passphrase-file @words").0, 7);
    desk.ok("sign alice --message x --passphrase-file @others");
    desk.ok("sign copy --message x --passphrase-file @others");
}

#[test]
fn the_phrase_and_the_secret_are_in_no_answer() {
    let desk = Desk::new();
    let arguments = desk.arguments("new alice --mnemonic-out @new --passphrase-file @words");
    let output = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let phrase = std::fs::read_to_string(desk.path("new")).unwrap();
    assert_eq!(phrase.split_whitespace().count(), 24);
    assert!(output.status.success() && !said.contains(phrase.trim()) && !said.contains("sesame"));
}
