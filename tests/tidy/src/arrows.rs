//! Arrows between crates, read from the manifests.
//!
//! An arrow that is not in [`ALLOWED`] is a finding, so that a new one is a decision. Besides,
//! heavy or dangerous libraries have one owner each: consensus and networking live in the node,
//! the inference engine in the harness.

use std::collections::{BTreeMap, BTreeSet};

use crate::Finding;
use crate::code::bare;
use crate::files::File;

/// What each package may link, ours by their names without `probity-`.
pub const ALLOWED: [(&str, &[&str]); 16] = [
    ("primitives", &[]),
    ("protocol", &["primitives"]),
    ("dao", &["primitives"]),
    ("runtime", &["primitives", "protocol", "dao"]),
    ("harness", &["primitives"]),
    ("keys", &["primitives"]),
    ("metrics", &[]),
    ("api", &["primitives", "protocol", "dao", "runtime"]),
    ("client", &["primitives", "protocol", "dao", "runtime", "api"]),
    ("evaluator", &["primitives", "protocol", "runtime", "harness", "client", "keys", "metrics"]),
    ("web", &["primitives", "protocol", "dao", "runtime", "api"]),
    ("simulations", &["primitives", "protocol", "dao", "runtime"]),
    (
        "node",
        &[
            "primitives",
            "protocol",
            "dao",
            "runtime",
            "harness",
            "evaluator",
            "web",
            "api",
            "keys",
            "metrics",
        ],
    ),
    ("sim-network", &["keys", "primitives", "protocol", "dao", "runtime", "node"]),
    ("fuzz-entry", &["primitives", "protocol", "dao", "runtime", "api", "keys", "harness", "node"]),
    ("tidy", &[]),
];

/// Libraries with one owner: a prefix of the library's name, and who may link it.
const OWNED: [(&str, &str); 5] = [
    ("arc-malachitebft", "node"),
    ("libp2p", "node"),
    ("sled", "node"),
    ("redb", "node"),
    ("tract", "harness"),
];

/// Packages that must not even indirectly link the node, and with it the networking library.
const LIGHT: [&str; 3] = ["api", "web", "client"];

/// One package's manifest.
#[derive(Debug, Clone)]
pub struct Manifest {
    path: String,
    name: String,
    links: BTreeMap<String, toml::Value>,
    tests: BTreeMap<String, toml::Value>,
}

impl Manifest {
    /// Reads a manifest; `None` for one without a package.
    #[must_use]
    pub fn parse(file: &File) -> Option<Self> {
        let table: toml::Table = file.text.parse().ok()?;
        let name = table.get("package")?.get("name")?.as_str()?.to_owned();
        let section = |name: &str| {
            let section = table.get(name).and_then(toml::Value::as_table);
            section.map(|table| table.clone().into_iter().collect()).unwrap_or_default()
        };
        let mut links: BTreeMap<String, toml::Value> = section("dependencies");
        links.extend(section("build-dependencies"));
        Some(Self { path: file.path.clone(), name, links, tests: section("dev-dependencies") })
    }

    /// The package's name without the common beginning; empty for the command line itself.
    fn short(&self) -> &str {
        short(&self.name).unwrap_or_default()
    }

    fn ours(&self) -> impl Iterator<Item = &str> {
        self.links.keys().filter_map(|name| short(name))
    }
}

/// Manifests of workspaces of their own: the fuzzers and the wheel for Python, which link one of our
/// packages, and a program that speed is compared with, which links none.
const OUTSIDE: [&str; 3] =
    ["fuzz/Cargo.toml", "simulations/python/Cargo.toml", "simulations/peers/krabmaga/Cargo.toml"];

/// Every manifest of the workspace.
#[must_use]
pub fn manifests(files: &[File]) -> Vec<Manifest> {
    let named = |file: &&File| {
        let manifest = file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml");
        manifest && !OUTSIDE.contains(&file.path.as_str())
    };
    files.iter().filter(named).filter_map(Manifest::parse).collect()
}

/// Arrows that are not allowed, and libraries outside their owner.
#[must_use]
pub fn check(manifests: &[Manifest]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in manifests.iter().filter(|manifest| manifest.name != "probity") {
        let (path, who) = (&manifest.path, manifest.short());
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == who) else {
            findings.push(Finding::of_file(path, format!("nobody said what {who} may link")));
            continue;
        };
        let strange = manifest.ours().filter(|name| !allowed.contains(name));
        findings.extend(
            strange.map(|name| Finding::of_file(path, format!("{who} may not link {name}"))),
        );
        for library in manifest.links.keys().chain(manifest.tests.keys()) {
            let owner = OWNED.iter().find(|(prefix, _)| library.starts_with(prefix));
            if let Some((_, owner)) = owner.filter(|(_, owner)| *owner != who) {
                findings.push(Finding::of_file(path, format!("{library} belongs to {owner}")));
            }
        }
    }
    let reached = LIGHT.into_iter().filter(|name| reaches(manifests, name).contains("node"));
    findings.extend(reached.map(|name| Finding::of_file(name, "links the node indirectly")));
    findings
}

/// Dependencies that state anything but that the workspace states it.
#[must_use]
pub fn check_versions(manifests: &[Manifest]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in manifests {
        for (name, value) in manifest.links.iter().chain(&manifest.tests) {
            let inherited = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
            if !inherited {
                let what = format!("{name} does not take its version from the workspace");
                findings.push(Finding::of_file(&manifest.path, what));
            }
        }
    }
    findings
}

/// Sources outside the consensus room that name the engine.
#[must_use]
pub fn check_engine(files: &[File]) -> Vec<Finding> {
    let outside = |file: &&File| {
        file.has_extension("rs")
            && !file.path.starts_with("node/src/consensus/")
            && !file.path.starts_with("tests/tidy/")
    };
    let names = |file: &File| {
        let (path, bare) = (file.path.clone(), bare(&file.text));
        let lines = bare.lines().zip(1..).filter(|(line, _)| line.contains("arc_malachitebft"));
        let found: Vec<usize> = lines.map(|(_, number)| number).collect();
        let what = "only node/src/consensus names the engine";
        found.into_iter().map(move |number| Finding::at(&path, number, what))
    };
    files.iter().filter(outside).flat_map(names).collect()
}

/// Packages of a lock file that do not come from the public registry.
#[must_use]
pub fn check_lock(lock: &File) -> Vec<Finding> {
    let public = "registry+https://github.com/rust-lang/crates.io-index";
    let strange = lock.text.lines().zip(1..).filter(|(line, _)| {
        line.strip_prefix("source = ").is_some_and(|source| source.trim_matches('"') != public)
    });
    strange
        .map(|(_, number)| Finding::at(&lock.path, number, "not from the public registry"))
        .collect()
}

/// Everything of ours that a package links, directly or not.
fn reaches(manifests: &[Manifest], from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(next) = open.pop() {
        let links = manifests.iter().filter(|manifest| manifest.short() == next);
        for name in links.flat_map(Manifest::ours) {
            if reached.insert(name.to_owned()) {
                open.push(name.to_owned());
            }
        }
    }
    reached
}

fn short(name: &str) -> Option<&str> {
    name.strip_prefix("probity-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, links: &str) -> Manifest {
        let text = format!("[package]\nname = \"probity-{name}\"\n[dependencies]\n{links}");
        Manifest::parse(&File::sample(&format!("{name}/Cargo.toml"), &text)).unwrap()
    }

    #[test]
    fn an_arrow_between_evaluation_and_governance_is_found() {
        let bad = manifest("dao", "probity-protocol.workspace = true");
        let found = check(&[bad]);
        assert_eq!(found, [Finding::of_file("dao/Cargo.toml", "dao may not link protocol")]);
        assert_eq!(check(&[manifest("dao", "probity-primitives.workspace = true")]), []);
    }

    #[test]
    fn a_library_outside_its_owner_is_found() {
        assert_eq!(check(&[manifest("web", "libp2p.workspace = true")]).len(), 1);
        assert_eq!(check(&[manifest("node", "tract-onnx.workspace = true")]).len(), 1);
        let bad = manifest("runtime", "arc-malachitebft-codec.workspace = true");
        assert_eq!(check(&[bad]).len(), 1);
        assert_eq!(check(&[manifest("node", "libp2p.workspace = true")]), []);
    }

    #[test]
    fn a_light_package_that_reaches_the_node_by_a_detour_is_found() {
        let detour = [
            manifest("web", "probity-runtime.workspace = true"),
            manifest("runtime", "probity-node.workspace = true"),
        ];
        let found = check(&detour);
        assert!(found.contains(&Finding::of_file("web", "links the node indirectly")), "{found:?}");
    }

    #[test]
    fn a_package_that_nobody_placed_is_found() {
        assert_eq!(check(&[manifest("newcomer", "")]).len(), 1);
    }

    #[test]
    fn a_version_outside_the_workspace_is_found() {
        let found = |links| check_versions(&[manifest("web", links)]).len();
        assert_eq!(found("serde = \"1\"\nhex = { version = \"0.4\" }"), 2);
        assert_eq!(found("serde.workspace = true\nhex = { workspace = true, features = [] }"), 0);
    }

    #[test]
    fn naming_the_engine_outside_its_room_is_found() {
        let bad = File::sample("node/src/mempool.rs", "// x\nuse arc_malachitebft_codec::Codec;");
        assert_eq!(check_engine(&[bad]).first().map(|found| found.line), Some(2));
        let text = "use arc_malachitebft_codec::Codec;";
        let good = File::sample("node/src/consensus/codec.rs", text);
        assert_eq!(check_engine(&[good]), []);
    }

    #[test]
    fn a_lock_file_with_another_source_is_found() {
        let bad = File::sample("Cargo.lock", "name = \"x\"\nsource = \"git+https://example.org\"");
        assert_eq!(check_lock(&bad).first().map(|found| found.line), Some(2));
    }
}
