//! The repository as it stands, held to its own rules.

use probity_tidy::files::{self, File};
use probity_tidy::{Finding, arrows, papers, purity, style};

fn house() -> Vec<File> {
    let files = files::read(&files::root()).unwrap_or_default();
    assert!(files.len() > 100, "the repository cannot be read: {} files", files.len());
    files
}

fn check(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} findings\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn arrows_between_crates_point_one_way_and_heavy_libraries_have_one_owner() {
    let manifests = arrows::manifests(&house());
    assert!(manifests.len() > arrows::ALLOWED.len());
    check(&arrows::check(&manifests));
}

#[test]
fn versions_stand_in_the_workspace_alone() {
    check(&arrows::check_versions(&arrows::manifests(&house())));
}

#[test]
fn every_package_comes_from_the_public_registry() {
    let lock = house().into_iter().find(|file| file.path == "Cargo.lock").unwrap();
    assert!(lock.text.contains("source = "));
    check(&arrows::check_lock(&lock));
}

#[test]
fn only_the_consensus_room_names_the_engine() {
    check(&arrows::check_engine(&house()));
}

#[test]
fn pure_crates_carry_every_ban() {
    check(&purity::check_lints(&house()));
}

#[test]
fn rules_have_no_floats_no_clock_and_no_road_outside() {
    check(&purity::check_words(&house()));
}

#[test]
fn only_the_bank_issues_money() {
    check(&purity::check_issue(&house()));
}

#[test]
fn no_source_is_longer_than_the_limit() {
    check(&style::check_sizes(&house()));
}

#[test]
fn no_mark_of_unfinished_work_and_no_place_of_one_machine() {
    check(&style::check_words(&house()));
}

#[test]
fn no_test_is_switched_off_or_waits() {
    check(&style::check_promises(&house()));
}

#[test]
fn chapters_name_what_the_code_has() {
    check(&papers::check_names(&house()));
}

#[test]
fn the_index_links_every_chapter() {
    check(&papers::check_index(&house()));
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = files::root();
    check(&papers::check_links(&house(), &|path| root.join(path).exists()));
}

#[test]
fn sources_cite_chapters_that_are_there() {
    check(&papers::check_citations(&house()));
}

#[test]
fn every_test_that_a_table_names_exists() {
    check(&papers::check_tests(&house()));
}
