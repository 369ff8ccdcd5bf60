//! Models, datasets and benchmarks: lists, and a page for each artifact.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_primitives::{ArtifactId, TaskId};
use probity_protocol::Ledger;
use probity_protocol::registry::{
    Artifact, ArtifactKind, ArtifactStatus, Benchmark, Manifest, Parent,
};
use probity_runtime::query::{self, ArtifactFilter, MAX_SCAN, ResultFilter};
use serde::Deserialize;

use super::Pages;
use super::board::better;
use super::frame::{Frame, page};
use super::home::name_of;
use super::lineage::{Graph, relation};
use super::names::Name;
use super::outcome::State as Chip;
use super::words::{Short, When, bytes, count, micros, roughly, score, short_score};
use crate::error::ApiError;
use crate::extract::{Args, Id, cursor};
use crate::routes::App;

/// How many artifacts a list shows at once.
const PAGE: usize = 50;

/// The most results and the most variants that are shown of one.
const MAX_SHOWN: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListArgs {
    cursor: Option<String>,
}

/// The words for one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    kind: ArtifactKind,
    pub(super) room: &'static str,
    pub(super) plural: &'static str,
    pub(super) name: &'static str,
    said: &'static str,
}

/// The kinds, each with its room.
const KINDS: [Kind; 6] = [
    Kind {
        kind: ArtifactKind::Model,
        room: "/models",
        plural: "Models",
        name: "model",
        said: "What is measured. An identifier is the hash of everything its owner cannot change: \
               files, licence, parents, shares.",
    },
    Kind {
        kind: ArtifactKind::Dataset,
        room: "/datasets",
        plural: "Datasets",
        name: "dataset",
        said: "What models are trained on and measured on.",
    },
    Kind {
        kind: ArtifactKind::Benchmark,
        room: "/benchmarks",
        plural: "Benchmarks",
        name: "benchmark",
        said: "What is measured, on which items, by which metric, and how far two honest \
               evaluators may lie apart.",
    },
    Kind {
        kind: ArtifactKind::Harness,
        room: "/harnesses",
        plural: "Harnesses",
        name: "harness",
        said: "Programs that run benchmarks.",
    },
    Kind {
        kind: ArtifactKind::Service,
        room: "/services",
        plural: "Services",
        name: "service",
        said: "What answers over a network.",
    },
    Kind {
        kind: ArtifactKind::Workflow,
        room: "/workflows",
        plural: "Workflows",
        name: "workflow",
        said: "Several artifacts that work together.",
    },
];

/// The words for a kind.
pub(super) const fn kind(of: ArtifactKind) -> Kind {
    let [model, dataset, benchmark, harness, service, workflow] = KINDS;
    match of {
        ArtifactKind::Model => model,
        ArtifactKind::Dataset => dataset,
        ArtifactKind::Benchmark => benchmark,
        ArtifactKind::Harness => harness,
        ArtifactKind::Service => service,
        ArtifactKind::Workflow => workflow,
    }
}

#[derive(Template)]
#[template(path = "artifacts.html")]
struct List {
    frame: Frame,
    kind: Kind,
    rows: Vec<Row>,
    next: Option<ArtifactId>,
}

struct Row {
    id: ArtifactId,
    name: Name,
    version: Name,
    licence: Name,
    owner: Short,
    owner_id: String,
    files: usize,
    size: String,
    withdrawn: bool,
    registered: When,
}

#[derive(Template)]
#[template(path = "artifact.html")]
struct One {
    frame: Frame,
    kind: Kind,
    id: ArtifactId,
    name: Name,
    version: Name,
    licence: Name,
    owner: String,
    withdrawn: bool,
    registered: When,
    price: Option<String>,
    royalties: String,
    card: Option<String>,
    terms: Option<String>,
    state: Option<(String, String)>,
    files: Vec<File>,
    parents: Vec<ParentRow>,
    children: Vec<ParentRow>,
    ancestors: Vec<(ArtifactId, Name, String)>,
    contributors: Vec<(String, u32)>,
    graph: Option<Graph>,
    promise: Option<Promise>,
    results: Vec<ResultRow>,
    variants: Vec<(ArtifactId, Name, Name)>,
}

struct File {
    path: Name,
    size: String,
    blake3: String,
    sha256: Option<String>,
}

struct ParentRow {
    id: ArtifactId,
    name: Name,
    room: &'static str,
    relation: &'static str,
    share: String,
}

/// What a benchmark promises.
struct Promise {
    dataset: ArtifactId,
    dataset_name: Name,
    items: String,
    metric: Name,
    better: &'static str,
    range: String,
    sigma: String,
    delta: String,
    class: u16,
    harness: u32,
    definition: String,
    engines: Vec<String>,
}

struct ResultRow {
    task: TaskId,
    other: ArtifactId,
    name: Name,
    room: &'static str,
    score: String,
    evaluators: u32,
    state: Chip,
    when: When,
}

/// The routes of every kind: its list, and one of it.
pub(super) fn pages(pages: Pages) -> Pages {
    KINDS.into_iter().fold(pages, |pages, Kind { kind, room, .. }| {
        pages
            .kept(room, move |app, args| list(app, args, kind))
            .kept(&format!("{room}/{{id}}"), move |app, id| one(app, id, kind))
    })
}

async fn list(
    State(app): State<App>,
    Args(args): Args<ListArgs>,
    of: ArtifactKind,
) -> Result<Response, ApiError> {
    let kind = kind(of);
    let after = cursor(args.cursor.as_deref())?;
    let frame = Frame::new(&app, kind.room).await?;
    let frame = frame.named(kind.plural, format!("/artifacts?kind={}", kind.name));
    let filter = ArtifactFilter { kind: Some(of), owner: None };
    let found = query::artifacts(frame.chain.ledger(), filter, after, PAGE);
    let rows = found.items.iter().map(|view| {
        let Artifact { manifest, owner, registered, status, .. } = &view.artifact;
        let size = manifest.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.size));
        Row {
            id: view.id,
            name: Name::of(&manifest.name),
            version: Name::of(&manifest.version),
            licence: Name::of(&manifest.licence),
            owner: Short::of(owner),
            owner_id: owner.to_string(),
            files: manifest.files.len(),
            size: bytes(size),
            withdrawn: *status == ArtifactStatus::Withdrawn,
            registered: frame.clock.at(*registered),
        }
    });
    page(&List { kind, rows: rows.collect(), next: found.next, frame })
}

async fn one(
    State(app): State<App>,
    Id(id): Id<ArtifactId>,
    of: ArtifactKind,
) -> Result<Response, ApiError> {
    let kind = kind(of);
    let frame = Frame::new(&app, kind.room).await?;
    let ledger = frame.chain.ledger();
    let view = query::artifact(ledger, &id).filter(|view| view.artifact.manifest.kind == of);
    let view = view.ok_or_else(|| {
        ApiError::new(Code::ArtifactNotFound, format!("there is no {} {id}", kind.name))
    })?;
    let Artifact { manifest, owner, registered, status, ancestors, depth: _, price, state } =
        &view.artifact;
    let Manifest { name, version, licence, files, parents, contributors, card, terms, .. } =
        manifest;
    let hash = |hash: &probity_primitives::ContentHash| {
        (*hash != probity_primitives::ContentHash::default()).then(|| hash.to_string())
    };
    let name = Name::of(name);
    let one = One {
        kind,
        id,
        version: Name::of(version),
        licence: Name::of(licence),
        owner: owner.to_string(),
        withdrawn: *status == ArtifactStatus::Withdrawn,
        registered: frame.clock.at(*registered),
        price: price.map(roughly),
        royalties: roughly(view.royalties_due),
        card: hash(card),
        terms: hash(terms),
        state: (state.seq > 0).then(|| (state.seq.to_string(), state.root.to_string())),
        files: files.iter().map(file).collect(),
        parents: parents.iter().map(|parent| parent_row(ledger, parent.id, parent)).collect(),
        children: children(ledger, &id),
        ancestors: ancestors
            .iter()
            .map(|one| (one.id, name_of(ledger, &one.id), percent(one.share.parts())))
            .collect(),
        contributors: contributors
            .iter()
            .map(|one| (one.account.to_string(), one.weight))
            .collect(),
        graph: Graph::around(ledger, id),
        promise: ledger.benchmarks.get(&id).map(|promised| promise(ledger, promised)),
        results: results(&frame, id, of),
        variants: variants(ledger, id, &view.artifact),
        name,
        frame: frame.named(String::new(), format!("/artifacts/{id}")),
    };
    let title = one.name.plain().to_owned();
    page(&One { frame: Frame { title, ..one.frame }, ..one })
}

fn file(file: &probity_protocol::registry::ArtifactFile) -> File {
    let sha256 = file.sha256;
    File {
        path: Name::of(&file.path),
        size: bytes(file.size),
        blake3: file.blake3.to_string(),
        sha256: (sha256 != probity_primitives::Hash::ZERO).then(|| sha256.to_string()),
    }
}

/// Basis points as percent.
pub(super) fn percent(parts: u16) -> String {
    format!("{}.{:02}\u{a0}%", parts / 100, parts % 100)
}

fn parent_row(ledger: &Ledger, id: ArtifactId, edge: &Parent) -> ParentRow {
    let kind_of = ledger.artifacts.get(&id).map(|known| kind(known.manifest.kind));
    ParentRow {
        id,
        name: name_of(ledger, &id),
        room: kind_of.map_or("/models", |kind| kind.room),
        relation: relation(edge.relation),
        share: percent(edge.share.parts()),
    }
}

/// What was made from an artifact.
fn children(ledger: &Ledger, id: &ArtifactId) -> Vec<ParentRow> {
    let all = ledger.artifacts.iter().take(MAX_SCAN);
    let edges = all.filter_map(|(child, known)| {
        let edge = known.manifest.parents.iter().find(|parent| parent.id == *id)?;
        Some(parent_row(ledger, *child, edge))
    });
    edges.take(MAX_SHOWN).collect()
}

fn promise(ledger: &Ledger, promised: &Benchmark) -> Promise {
    Promise {
        dataset: promised.dataset,
        dataset_name: name_of(ledger, &promised.dataset),
        items: count(promised.items),
        metric: Name::of(&promised.metric),
        better: better(promised.direction),
        range: format!("{} to {}", short_score(promised.lowest), short_score(promised.highest)),
        sigma: micros(promised.sigma),
        delta: micros(promised.delta),
        class: promised.class,
        harness: promised.harness,
        definition: promised.definition.to_string(),
        engines: promised.engines.iter().map(ToString::to_string).collect(),
    }
}

/// The results of a model, or on a benchmark.
fn results(frame: &Frame, id: ArtifactId, of: ArtifactKind) -> Vec<ResultRow> {
    let filter = match of {
        ArtifactKind::Model => ResultFilter { artifact: Some(id), benchmark: None },
        ArtifactKind::Benchmark => ResultFilter { benchmark: Some(id), artifact: None },
        ArtifactKind::Dataset
        | ArtifactKind::Harness
        | ArtifactKind::Service
        | ArtifactKind::Workflow => return Vec::new(),
    };
    let ledger = frame.chain.ledger();
    let mut found = query::results(ledger, filter, None, MAX_SHOWN).items;
    found.sort_by_key(|view| (Reverse(view.outcome.published), view.task));
    let rows = found.iter().map(|view| {
        let outcome = &view.outcome;
        let (other, room) = if of == ArtifactKind::Benchmark {
            (outcome.artifact, "/models")
        } else {
            (outcome.benchmark, "/board")
        };
        ResultRow {
            task: view.task,
            other,
            name: name_of(ledger, &other),
            room,
            score: score(outcome.score),
            evaluators: outcome.operators,
            state: Chip::of(outcome),
            when: frame.clock.at(outcome.published),
        }
    });
    rows.collect()
}

/// Other artifacts of the same kind and owner: what else it has put in.
fn variants(ledger: &Ledger, id: ArtifactId, of: &Artifact) -> Vec<(ArtifactId, Name, Name)> {
    let filter = ArtifactFilter { kind: Some(of.manifest.kind), owner: Some(of.owner) };
    let found = query::artifacts(ledger, filter, None, MAX_SHOWN).items.into_iter();
    let others = found.filter(|view| view.id != id).map(|view| {
        let Manifest { name, version, .. } = &view.artifact.manifest;
        (view.id, Name::of(name), Name::of(version))
    });
    others.collect()
}
