//! `probity model|dataset|benchmark`: registering, listing, fetching and checking files.

use std::path::Path;

use probity_client::{Client, ListArgs};
use probity_harness::benchmark::Benchmark as Definition;
use probity_primitives::{ArtifactId, Bps, ContentHash};
use probity_protocol::registry::message::RegisterArtifact;
use probity_protocol::registry::{ArtifactFile, ArtifactKind, Benchmark};
use probity_runtime::Message;
use probity_runtime::query::{ArtifactFilter, ArtifactView};

use crate::cli::{Artifact, Global, Register};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};
use crate::manifest::{About, file, manifest, promise};
use crate::output::{self, Table, show};
use crate::wallet::{self, client, failed};

/// The largest file that is read for registration, in bytes.
const MAX_FILE: u64 = 1 << 30;

pub(crate) fn run(global: &Global, kind: ArtifactKind, verb: Artifact) -> Result<(), Failure> {
    match verb {
        Artifact::Register(arguments) => block_on(register(global, kind, &arguments)),
        Artifact::List => {
            let filter = ArtifactFilter { kind: Some(kind), owner: None };
            let list = block_on(async {
                client(global)?.artifacts(&filter, &ListArgs::default()).await.map_err(failed)
            })?;
            show(global.output, &list, |list| table(&list.data))
        }
        Artifact::Show { id } => {
            let view = block_on(async { client(global)?.artifact(&id).await.map_err(failed) })?;
            show(global.output, &view, |view| detail(&view.data))
        }
        Artifact::Fetch { id, out } => block_on(fetch(global, id, &out)),
        Artifact::Verify { id, folder } => block_on(verify(global, id, &folder)),
    }
}

async fn register(global: &Global, kind: ArtifactKind, given: &Register) -> Result<(), Failure> {
    let path = given.file.display();
    let what = format!("cannot read {path}");
    let len = std::fs::metadata(&given.file).or_fail(Code::Other, &what)?.len();
    if len > MAX_FILE {
        let message = format!("{what}: {len} bytes are more than the {MAX_FILE} allowed");
        return Err(Failure::new(Code::Other, message));
    }
    let bytes = std::fs::read(&given.file).or_fail(Code::Other, &what)?;
    let name = given.file.file_name().map(|name| name.to_string_lossy().into_owned());
    let about = About {
        kind,
        name: &given.name,
        version: &given.version_name,
        licence: &given.licence,
        parents: given.parent.iter().map(|text| parent(text)).collect::<Result<_, _>>()?,
        benchmark: promised(kind, given, &bytes)?,
    };
    let manifest = manifest(about, file(&name.unwrap_or_default(), &bytes)?)?;
    let client = client(global)?;
    // The node must have the file before anyone can be drawn to evaluate it.
    if !given.flags.dry_run {
        client.put_blob(bytes).await.map_err(failed)?;
    }
    output::say(global, &format!("artifact {}", manifest.id()));
    let message = Message::RegisterArtifact(RegisterArtifact { manifest });
    wallet::send(global, &given.flags, message).await
}

fn promised(
    kind: ArtifactKind,
    given: &Register,
    bytes: &[u8],
) -> Result<Option<Benchmark>, Failure> {
    if kind != ArtifactKind::Benchmark {
        return Ok(None);
    }
    let missing = |flag: &str| Failure::new(Code::Usage, format_args!("a benchmark needs {flag}"));
    let dataset = given.dataset.ok_or_else(|| missing("--dataset ID"))?;
    let items = given.items.ok_or_else(|| missing("--items N"))?;
    let name = given.file.display().to_string();
    let definition =
        Definition::parse(&name, bytes).or_fail(Code::Config, "cannot use the benchmark")?;
    promise(&definition, dataset, items.get(), given.sigma).map(Some)
}

fn parent(text: &str) -> Result<(ArtifactId, Bps), Failure> {
    let wrong = || Failure::new(Code::Usage, format_args!("--parent {text:?} is not ID:BPS"));
    let (id, share) = text.split_once(':').ok_or_else(wrong)?;
    Ok((id.parse().map_err(|_| wrong())?, Bps::new(share.parse().map_err(|_| wrong())?)))
}

async fn fetch(global: &Global, id: ArtifactId, out: &Path) -> Result<(), Failure> {
    let client = client(global)?;
    for file in files(&client, id).await? {
        let bytes = client.blob(&file.blake3, file.size).await.map_err(failed)?;
        let target = out.join(base_name(&file));
        if target.exists() {
            let message = format!("{} is there already", target.display());
            return Err(Failure::new(Code::Other, message));
        }
        std::fs::write(&target, bytes)
            .or_fail(Code::Other, &format!("cannot write {}", target.display()))?;
        output::say(global, &format!("wrote {}", target.display()));
    }
    Ok(())
}

async fn verify(global: &Global, id: ArtifactId, folder: &Path) -> Result<(), Failure> {
    for file in files(&client(global)?, id).await? {
        let path = folder.join(base_name(&file));
        let what = format!("cannot read {}", path.display());
        let found = probity_harness::cache::hash_of(&path).or_fail(Code::Other, &what)?;
        check(&path, found, file.blake3)?;
        output::say(global, &format!("{} has the hash {found}", path.display()));
    }
    Ok(())
}

fn check(path: &Path, found: ContentHash, expected: ContentHash) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    let message = format!("{} has the hash {found}, registered is {expected}", path.display());
    Err(Failure::new(Code::Verification, message))
}

async fn files(client: &Client, id: ArtifactId) -> Result<Vec<ArtifactFile>, Failure> {
    let view = client.artifact(&id).await.map_err(failed)?;
    Ok(view.data.artifact.manifest.files.to_vec())
}

/// The last part of a registered path: what is fetched never leaves the folder it is put into.
fn base_name(file: &ArtifactFile) -> String {
    file.path.rsplit('/').next().unwrap_or_default().to_owned()
}

fn table(artifacts: &[ArtifactView]) -> String {
    let mut table = Table::new(&["name", "version", "licence", ">bytes", "status", "id"]);
    for ArtifactView { id, artifact, .. } in artifacts {
        let manifest = &artifact.manifest;
        let bytes: u64 = manifest.files.iter().map(|file| file.size).sum();
        table.row(vec![
            manifest.name.to_string(),
            manifest.version.to_string(),
            manifest.licence.to_string(),
            bytes.to_string(),
            format!("{:?}", artifact.status).to_lowercase(),
            id.to_string(),
        ]);
    }
    table.text()
}

fn detail(view: &ArtifactView) -> String {
    let ArtifactView { id, royalties_due, artifact } = view;
    let manifest = &artifact.manifest;
    let files: String = manifest
        .files
        .iter()
        .map(|file| format!("\n  {} {} bytes, {}", file.path, file.size, file.blake3))
        .collect();
    let parents: String = manifest
        .parents
        .iter()
        .map(|parent| format!("\n  {:?} {}, share {}", parent.relation, parent.id, parent.share))
        .collect();
    format!(
        "{} {} ({:?}, {:?})\nid {id}\nowner {}\nlicence {}\nroyalties due {royalties_due} PBY\nfiles{files}\nparents{parents}",
        manifest.name,
        manifest.version,
        manifest.kind,
        artifact.status,
        artifact.owner,
        manifest.licence
    )
}
