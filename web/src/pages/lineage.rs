//! The lineage of an artifact as a graph: what it was made from to the left, what was made from it
//! to the right.
//!
//! # Invariants
//! - At most [`MAX_NODES`] artifacts and [`MAX_STEPS`] steps in each direction are drawn.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use probity_primitives::ArtifactId;
use probity_protocol::Ledger;
use probity_protocol::registry::Relation;
use probity_runtime::query::MAX_SCAN;

use super::artifacts::kind;
use super::home::name_of;

/// The most artifacts that are drawn.
const MAX_NODES: usize = 24;

/// How many steps away from the artifact are drawn, each way.
const MAX_STEPS: i32 = 3;

/// The sizes of the drawing.
const NODE: (usize, usize) = (170, 44);
const STEP: (usize, usize) = (240, 60);

/// The most letters of a name that have room.
const MAX_LETTERS: usize = 22;

/// The drawing.
#[derive(Template)]
#[template(path = "lineage.html")]
pub(super) struct Graph {
    width: usize,
    height: usize,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl HtmlSafe for Graph {}

struct Node {
    id: ArtifactId,
    room: &'static str,
    kind: &'static str,
    name: String,
    x: usize,
    y: usize,
    own: bool,
}

struct Edge {
    path: String,
    relation: &'static str,
    x: usize,
    y: usize,
}

/// A relation in words that follow "this is a child, by".
pub(super) const fn relation(of: Relation) -> &'static str {
    match of {
        Relation::FineTuned => "fine-tuned",
        Relation::Quantized => "quantised",
        Relation::Merged => "merged",
        Relation::Distilled => "distilled",
        Relation::TrainedOn => "trained on",
        Relation::Measures => "measures",
        Relation::DerivedFrom => "derived",
    }
}

impl Graph {
    /// The graph around an artifact; none if it stands alone.
    pub(super) fn around(ledger: &Ledger, own: ArtifactId) -> Option<Self> {
        let steps = steps(ledger, own);
        if steps.len() < 2 {
            return None;
        }
        let first = steps.values().copied().min().unwrap_or_default();
        let mut taken: BTreeMap<i32, usize> = BTreeMap::new();
        let mut places: BTreeMap<ArtifactId, (usize, usize)> = BTreeMap::new();
        for (id, step) in &steps {
            let row = taken.entry(*step).or_default();
            let column = usize::try_from(step.saturating_sub(first)).unwrap_or_default();
            places.insert(*id, (column.saturating_mul(STEP.0), row.saturating_mul(STEP.1)));
            *row = row.saturating_add(1);
        }
        let width = places.values().map(|(x, _)| x.saturating_add(NODE.0)).max()?;
        let height = places.values().map(|(_, y)| y.saturating_add(NODE.1)).max()?;
        let nodes = places.iter().filter_map(|(id, (x, y))| {
            let kind = kind(ledger.artifacts.get(id)?.manifest.kind);
            let name = clipped(name_of(ledger, id).plain());
            let (x, y, own) = (x.saturating_add(2), y.saturating_add(2), *id == own);
            Some(Node { id: *id, room: kind.room, kind: kind.name, name, x, y, own })
        });
        Some(Self {
            width: width.saturating_add(4),
            height: height.saturating_add(4),
            nodes: nodes.collect(),
            edges: edges(ledger, &places),
        })
    }
}

/// How many steps each artifact is away: before zero what it was made from, after zero what was
/// made from it.
fn steps(ledger: &Ledger, own: ArtifactId) -> BTreeMap<ArtifactId, i32> {
    let mut steps = BTreeMap::from([(own, 0)]);
    let mut edge = vec![own];
    for step in 1..=MAX_STEPS {
        let parents = edge.iter().filter_map(|id| ledger.artifacts.get(id));
        let parents: Vec<ArtifactId> =
            parents.flat_map(|known| known.manifest.parents.iter().map(|one| one.id)).collect();
        edge = added(&mut steps, parents, step.saturating_neg());
    }
    edge = vec![own];
    for step in 1..=MAX_STEPS {
        let all = ledger.artifacts.iter().take(MAX_SCAN);
        let children = all.filter(|(_, known)| {
            known.manifest.parents.iter().any(|parent| edge.contains(&parent.id))
        });
        let children = children.map(|(id, _)| *id).take(MAX_NODES).collect();
        edge = added(&mut steps, children, step);
        if edge.is_empty() {
            break;
        }
    }
    steps
}

/// Those that were not there yet, added as far as there is room.
fn added(
    steps: &mut BTreeMap<ArtifactId, i32>,
    found: Vec<ArtifactId>,
    step: i32,
) -> Vec<ArtifactId> {
    let mut new = Vec::new();
    for id in found {
        if steps.len() < MAX_NODES && !steps.contains_key(&id) {
            steps.insert(id, step);
            new.push(id);
        }
    }
    new
}

fn edges(ledger: &Ledger, places: &BTreeMap<ArtifactId, (usize, usize)>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (child, to) in places {
        let Some(known) = ledger.artifacts.get(child) else { continue };
        for parent in known.manifest.parents.iter() {
            let Some(from) = places.get(&parent.id) else { continue };
            edges.push(edge(*from, *to, relation(parent.relation)));
        }
    }
    edges
}

fn edge(from: (usize, usize), to: (usize, usize), relation: &'static str) -> Edge {
    let half = NODE.1 / 2 + 2;
    let (x1, y1) = (from.0.saturating_add(NODE.0 + 2), from.1.saturating_add(half));
    let (x2, y2) = (to.0.saturating_add(2), to.1.saturating_add(half));
    let middle = x1.saturating_add(x2) / 2;
    Edge {
        path: format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"),
        relation,
        x: middle,
        y: (y1.saturating_add(y2) / 2).saturating_sub(4),
    }
}

fn clipped(name: &str) -> String {
    if name.chars().count() <= MAX_LETTERS {
        return name.to_owned();
    }
    let start: String = name.chars().take(MAX_LETTERS.saturating_sub(1)).collect();
    format!("{start}…")
}
