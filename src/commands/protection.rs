//! `probity protection`: what the keys of a home have signed, for people and for another machine.
//!
//! Every verb takes the locks of the folders first: marks that are read while a node signs are old
//! when they are printed.

use std::path::{Path, PathBuf};

use probity_keys::guard;
use probity_keys::interchange::{Imported, Interchange, InterchangeError, MAX_BYTES};
use probity_keys::lock::{FolderLock, LockError};
use probity_primitives::Hash;
use serde::Serialize;

use crate::cli::{Global, ProtectionFolders, ProtectionVerb};
use crate::exit::{Code, Failure, OrFail};
use crate::home::{self, Place};
use crate::output::{self, Format, Table};

pub(crate) fn run(global: &Global, verb: ProtectionVerb) -> Result<(), Failure> {
    match verb {
        ProtectionVerb::Show(folders) => show(global, &folders),
        ProtectionVerb::Export(folders) => export(global, &folders),
        ProtectionVerb::Import { file, folders } => import(global, &file, &folders),
        ProtectionVerb::Resume => resume(global),
    }
}

/// The folders of a home, locked, and its chain.
struct Marks {
    node: PathBuf,
    evaluator: PathBuf,
    genesis: Hash,
    _locks: Vec<FolderLock>,
}

impl Marks {
    fn take(global: &Global, folders: &ProtectionFolders) -> Result<Self, Failure> {
        let place = Place::of(global)?;
        let genesis = home::genesis(&place.genesis())?.hash();
        place.make()?;
        let evaluator = folders.work.clone().unwrap_or_else(|| place.evaluator());
        let what = format!("cannot make the folder {}", evaluator.display());
        std::fs::create_dir_all(&evaluator).or_fail(Code::Other, &what)?;
        let locks = vec![lock(&place.data)?, lock(&evaluator)?];
        Ok(Self { node: place.data, evaluator, genesis, _locks: locks })
    }

    fn export(&self) -> Result<Interchange, Failure> {
        Interchange::export(&self.node, &self.evaluator, self.genesis).map_err(failed)
    }
}

fn show(global: &Global, folders: &ProtectionFolders) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Shown {
        schema: &'static str,
        #[serde(flatten)]
        marks: Interchange,
    }
    let marks = Marks::take(global, folders)?.export()?;
    let shown = Shown { schema: "probity.protection/v1", marks };
    output::show(global.output, &shown, |shown| table(&shown.marks))
}

fn table(marks: &Interchange) -> String {
    let mut table = Table::new(&["key", "signed", ">height", ">round"]);
    for signed in &marks.data {
        let kinds = [
            ("proposal", &signed.signed_proposals),
            ("prevote", &signed.signed_prevotes),
            ("precommit", &signed.signed_precommits),
        ];
        for (kind, places) in kinds {
            for place in places {
                let (height, round) = (place.height.clone(), place.round.clone());
                table.row(vec![signed.pubkey.to_string(), kind.to_owned(), height, round]);
            }
        }
        let statements = signed.signed_statements.len();
        if statements > 0 {
            let what = format!("{statements} statements for tasks");
            table.row(vec![signed.pubkey.to_string(), what, String::new(), String::new()]);
        }
    }
    table.text()
}

fn export(global: &Global, folders: &ProtectionFolders) -> Result<(), Failure> {
    let document = Marks::take(global, folders)?.export()?;
    let text = serde_json::to_string_pretty(&document).or_fail(Code::Other, "cannot write JSON")?;
    output::print(&text)
}

fn import(global: &Global, file: &Path, folders: &ProtectionFolders) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Raised {
        schema: &'static str,
        keys: usize,
        raised: usize,
    }
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let text = home::read(file, limit)?;
    let document = Interchange::from_json(text.as_bytes()).map_err(failed)?;
    let marks = Marks::take(global, folders)?;
    let imported = document.import(&marks.node, &marks.evaluator, marks.genesis);
    let Imported { keys, raised } = imported.map_err(failed)?;
    let raised = Raised { schema: "probity.protection-import/v1", keys, raised };
    output::show(global.output, &raised, |done| {
        format!("{} of {} keys have higher marks now", done.raised, done.keys)
    })
}

fn resume(global: &Global) -> Result<(), Failure> {
    let place = Place::of(global)?;
    let _lock = lock(&place.data)?;
    guard::resume(&place.data).or_fail(Code::Other, "cannot resume")?;
    match global.output {
        Format::Text => output::print("the node signs again when it is started"),
        Format::Json => output::print(r#"{"schema":"probity.protection-resume/v1"}"#),
    }
}

fn lock(folder: &Path) -> Result<FolderLock, Failure> {
    FolderLock::take(folder).map_err(|error| {
        let failure = Failure::new(
            match error {
                LockError::Held { .. } => Code::Unsafe,
                LockError::Io { .. } => Code::Other,
            },
            &error,
        );
        failure.hint("stop the node and the evaluator of this home first")
    })
}

fn failed(error: InterchangeError) -> Failure {
    let code = match &error {
        InterchangeError::Malformed(_)
        | InterchangeError::Version(_)
        | InterchangeError::OtherChain { .. }
        | InterchangeError::TooMany(_) => Code::Verification,
        InterchangeError::Guard(_) => Code::Unsafe,
        InterchangeError::Folder { .. } => Code::Other,
    };
    Failure::new(code, format_args!("the protection document: {error}"))
}
