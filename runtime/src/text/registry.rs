//! The messages of the registry.

use probity_primitives::transcript::Fold;
use probity_protocol::registry::message::{
    AdvanceState, BuyArtifact, ClaimRoyalty, OfferSale, RegisterArtifact, TransferArtifact,
    WithdrawArtifact,
};
use probity_protocol::registry::{
    ArtifactFile, ArtifactKind, Benchmark, Contributor, Direction, Manifest, Parent, Relation,
};

use super::sheet::Sheet;

pub(super) fn register_artifact(sheet: &mut Sheet, message: &RegisterArtifact) {
    let RegisterArtifact { manifest } = message;
    sheet.part("manifest", |sheet| self::manifest(sheet, manifest));
}

fn manifest(sheet: &mut Sheet, manifest: &Manifest) {
    let Manifest {
        kind,
        name,
        version,
        licence,
        files,
        parents,
        contributors,
        card,
        terms,
        benchmark,
    } = manifest;
    // The identifier follows from everything below it.
    sheet.line("artifact", manifest.id());
    sheet.line("kind", kind_name(*kind));
    sheet.quoted("name", name);
    sheet.quoted("version", version);
    sheet.quoted("licence", licence);
    sheet.parts("files", files, |sheet, ArtifactFile { path, size, blake3, sha256 }| {
        sheet.quoted("path", path);
        sheet.line("size", size);
        sheet.line("blake3", blake3);
        sheet.line("sha256", sha256);
    });
    sheet.parts("parents", parents, |sheet, Parent { id, relation, share }| {
        sheet.line("id", id);
        sheet.line("relation", relation_name(*relation));
        sheet.line("share", share);
    });
    sheet.parts("contributors", contributors, |sheet, Contributor { account, weight }| {
        sheet.line("account", account);
        sheet.line("weight", weight);
    });
    sheet.line("card", card);
    sheet.line("terms", terms);
    sheet.optional("benchmark", benchmark.as_ref(), "it is no benchmark", |sheet, name, part| {
        sheet.part(name, |sheet| self::benchmark(sheet, part));
    });
}

fn benchmark(sheet: &mut Sheet, benchmark: &Benchmark) {
    let Benchmark {
        definition,
        dataset,
        class,
        items,
        metric,
        fold,
        direction,
        lowest,
        highest,
        sigma,
        delta,
        harness,
        engines,
    } = benchmark;
    sheet.line("definition", definition);
    sheet.line("dataset", dataset);
    sheet.line("class", class);
    sheet.line("items", items);
    sheet.quoted("metric", metric);
    sheet.line("fold", fold_name(*fold));
    sheet.line("direction", direction_name(*direction));
    sheet.line("lowest", lowest);
    sheet.line("highest", highest);
    sheet.line("sigma", format_args!("{sigma} micro-units"));
    sheet.line("delta", format_args!("{delta} micro-units"));
    sheet.line("harness", harness);
    sheet.values("engines", engines);
}

const fn kind_name(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Model => "model",
        ArtifactKind::Dataset => "dataset",
        ArtifactKind::Benchmark => "benchmark",
        ArtifactKind::Harness => "harness",
        ArtifactKind::Service => "service",
        ArtifactKind::Workflow => "workflow",
    }
}

const fn relation_name(relation: Relation) -> &'static str {
    match relation {
        Relation::FineTuned => "fine_tuned",
        Relation::Quantized => "quantized",
        Relation::Merged => "merged",
        Relation::Distilled => "distilled",
        Relation::TrainedOn => "trained_on",
        Relation::Measures => "measures",
        Relation::DerivedFrom => "derived_from",
    }
}

const fn fold_name(fold: Fold) -> &'static str {
    match fold {
        Fold::Mean => "mean",
        Fold::RootMean => "root_mean",
    }
}

const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::HigherIsBetter => "higher_is_better",
        Direction::LowerIsBetter => "lower_is_better",
    }
}

pub(super) fn transfer_artifact(sheet: &mut Sheet, message: &TransferArtifact) {
    let TransferArtifact { artifact, to } = message;
    sheet.line("artifact", artifact);
    sheet.line("to", to);
}

pub(super) fn offer_sale(sheet: &mut Sheet, message: &OfferSale) {
    let OfferSale { artifact, price } = *message;
    sheet.line("artifact", artifact);
    sheet.optional("price", price, "which takes the offer back", Sheet::amount);
}

pub(super) fn buy_artifact(sheet: &mut Sheet, message: &BuyArtifact) {
    let BuyArtifact { artifact, max_price } = *message;
    sheet.line("artifact", artifact);
    sheet.amount("max_price", max_price);
}

pub(super) fn withdraw_artifact(sheet: &mut Sheet, message: &WithdrawArtifact) {
    let WithdrawArtifact { artifact } = message;
    sheet.line("artifact", artifact);
}

pub(super) fn advance_state(sheet: &mut Sheet, message: &AdvanceState) {
    let AdvanceState { artifact, seq, root } = message;
    sheet.line("artifact", artifact);
    sheet.line("seq", seq);
    sheet.line("root", root);
}

pub(super) fn claim_royalty(sheet: &mut Sheet, message: &ClaimRoyalty) {
    let ClaimRoyalty { artifact } = message;
    sheet.line("artifact", artifact);
}
