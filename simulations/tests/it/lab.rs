//! Experiments from plan to report, over a model whose answers are known.

mod toy;

use std::fs;
use std::path::Path;

use probity_simulations::lab::gather::{self, GatherError, merge};
use probity_simulations::lab::plan::Folder;
use probity_simulations::lab::rows::RowsError;
use probity_simulations::lab::summary::Summary;
use probity_simulations::lab::{LabError, compare, report};
use toy::{folder, plan, shard};

const ALL: u64 = u64::MAX;

/// Everything that must not depend on who made the runs.
const RESULTS: [&str; 9] = [
    "config.toml",
    "plan.json",
    "runs.csv",
    "runs.parquet",
    "epochs.csv",
    "epochs.parquet",
    "summary.json",
    "manifest.json",
    "REPRODUCE",
];

fn results(folder: &Folder) -> Vec<Vec<u8>> {
    report::draw(folder).unwrap();
    let files = RESULTS.iter().chain(&["report.html"]);
    files.map(|name| fs::read(folder.file(name)).unwrap()).collect()
}

fn whole(path: &Path) -> Folder {
    let folder = folder(path, &plan());
    shard(&folder, "1/1", 1, false, ALL).unwrap();
    merge(&folder).unwrap();
    folder
}

#[test]
fn merged_bytes_are_the_same_for_any_shards_and_threads() {
    let place = tempfile::tempdir().unwrap();
    let one = results(&whole(&place.path().join("one")));
    for (of, threads) in [(1, 3), (2, 1), (7, 2), (30, 1)] {
        let folder = folder(&place.path().join(format!("{of}-{threads}")), &plan());
        for number in (1..=of).rev() {
            shard(&folder, &format!("{number}/{of}"), threads, false, ALL).unwrap();
        }
        merge(&folder).unwrap();
        for ((name, left), right) in RESULTS.iter().zip(&one).zip(results(&folder)) {
            assert!(*left == right, "{name} differs with {of} shards and {threads} threads");
        }
    }
}

#[test]
fn a_shard_that_was_stopped_and_torn_goes_on_to_the_same_bytes() {
    let place = tempfile::tempdir().unwrap();
    let one = results(&whole(&place.path().join("one")));
    let folder = folder(&place.path().join("torn"), &plan());
    let ended = shard(&folder, "1/1", 2, false, 3).unwrap();
    assert!(ended.done >= 3 && ended.done < ended.total, "{ended:?}");
    assert!(matches!(
        merge(&folder),
        Err(LabError::Gather(GatherError::Missing { total: 24, first, .. })) if first == ended.done
    ));
    let log = folder.shards().unwrap().remove(0);
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 11]).unwrap();
    assert!(matches!(
        shard(&folder, "1/1", 2, false, ALL),
        Err(LabError::Rows(RowsError::HasRuns { .. }))
    ));
    let ended = shard(&folder, "1/1", 2, true, ALL).unwrap();
    assert_eq!(ended.done, 24);
    merge(&folder).unwrap();
    assert!(one == results(&folder));
    assert_eq!(shard(&folder, "1/1", 2, true, ALL).unwrap().done, 24, "nothing is run twice");
}

#[test]
fn parts_that_do_not_make_a_whole_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path(), &plan());
    let refused = |folder: &Folder| match merge(folder) {
        Err(LabError::Gather(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(&folder), GatherError::Missing { missing: 24, first: 0, .. }));
    shard(&folder, "1/2", 1, false, ALL).unwrap();
    assert!(matches!(refused(&folder), GatherError::Missing { missing: 12, first: 1, .. }));
    shard(&folder, "2/3", 1, false, ALL).unwrap();
    let overlapping = refused(&folder);
    assert!(matches!(overlapping, GatherError::Missing { missing: 8, first: 3, .. }));
    let shards = folder.file("shards");
    fs::remove_file(shards.join("shard-2-of-3.rows")).unwrap();
    shard(&folder, "2/2", 1, false, ALL).unwrap();
    merge(&folder).unwrap();

    fs::copy(shards.join("shard-1-of-2.rows"), shards.join("copy.rows")).unwrap();
    assert!(matches!(refused(&folder), GatherError::Twice { run: 0, .. }));
    let mut other = plan();
    other.seed.push('1');
    let foreign = toy::folder(&place.path().join("foreign"), &other);
    shard(&foreign, "1/1", 1, false, ALL).unwrap();
    fs::copy(foreign.file("shards/shard-1-of-1.rows"), shards.join("copy.rows")).unwrap();
    assert!(matches!(refused(&folder), GatherError::Design(_)));
}

#[test]
fn a_number_that_no_run_measures_is_refused_with_those_that_there_are() {
    let place = tempfile::tempdir().unwrap();
    let mut plan = plan();
    plan.kpi = Some("profits".to_owned());
    let folder = folder(place.path(), &plan);
    shard(&folder, "1/1", 1, false, ALL).unwrap();
    let refusal = merge(&folder).unwrap_err().to_string();
    assert!(
        refusal.contains("`profits`") && refusal.contains("profit, group.attacker"),
        "{refusal}"
    );
}

#[test]
fn a_setting_that_is_not_there_is_refused_and_the_log_says_nothing() {
    let place = tempfile::tempdir().unwrap();
    let mut plan = plan();
    plan.design.axes.push("c=1,2".to_owned());
    let folder = folder(place.path(), &plan);
    let refusal = shard(&folder, "1/1", 2, false, ALL).unwrap_err().to_string();
    assert_eq!(refusal, "no setting `c`");
    assert_eq!(gather::progress(&folder).unwrap().done, 0);
}

/// With common random numbers the difference between two points is exact, whatever the noise.
#[test]
fn pairs_that_share_their_chance_show_the_plane_without_its_noise() {
    let place = tempfile::tempdir().unwrap();
    let folder = whole(place.path());
    let summary: Summary = report::document(&folder, "summary.json").unwrap().unwrap();
    assert_eq!((summary.runs, summary.points.len()), (24, 6));
    let last = summary.points.last().unwrap();
    assert_eq!(last.values, ["2", "1.5"]);
    let against = last.against_first.unwrap();
    assert!((against.mean - 4.0).abs() < 1e-12 && against.half_width() < 1e-12, "{against:?}");
    let profit = last.number("profit").unwrap();
    assert_eq!(profit.mean.n, 4);
    assert!((profit.mean.mean - 3.0).abs() < 0.5 && profit.deviation > 0.05);
    let course = &summary.courses[0];
    assert_eq!((course.name.as_str(), course.steps[0].n), ("wealth", 4));
    assert_eq!(course.steps.last().unwrap().at, 299);
}

#[test]
fn experiments_are_compared_by_pairs_if_they_share_their_chance() {
    let place = tempfile::tempdir().unwrap();
    let first = whole(&place.path().join("first"));
    let make = |name: &str, seed: &str, axis: &str| {
        let mut plan = plan();
        plan.seed = seed.to_owned();
        plan.design.axes[1] = axis.to_owned();
        let folder = folder(&place.path().join(name), &plan);
        shard(&folder, "1/1", 1, false, ALL).unwrap();
        merge(&folder).unwrap();
        folder
    };
    let found = compare::compare(&first, &make("same", "7", "b=1.5,2.5")).unwrap();
    let profit = &found.numbers[0];
    assert!(found.paired && profit.name == "profit");
    assert!((profit.difference.mean + 2.0).abs() < 1e-12);
    assert!(profit.difference.half_width() < 1e-12);
    let found = compare::compare(&first, &make("other", "8", "b=1.5,2.5")).unwrap();
    let difference = found.numbers[0].difference;
    assert!(!found.paired && difference.low < -2.0 && -2.0 < difference.high, "{difference:?}");
}

#[test]
fn the_report_is_small_loads_nothing_and_shows_what_the_summary_says() {
    let place = tempfile::tempdir().unwrap();
    let folder = whole(place.path());
    report::draw(&folder).unwrap();
    let page = folder.text("report.html").unwrap();
    assert!(page.len() < report::MAX_BYTES, "{} bytes", page.len());
    for forbidden in ["<script", "http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    for shown in ["What each group earned", "attacker", "Over two settings", "wealth", "n 4", "24"]
    {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("NaN"));
    assert!(
        page.contains("--seed &#39;7&#39;") || page.contains("--seed '7'"),
        "how to make it again"
    );
}

/// A disk that is full when results are written leaves the logs and no half result.
#[test]
fn results_that_cannot_be_written_leave_nothing_half() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path(), &plan());
    shard(&folder, "1/1", 1, false, ALL).unwrap();
    // A folder stands where the table is to be written.
    fs::create_dir(folder.file("runs.parquet.part")).unwrap();
    assert!(matches!(merge(&folder), Err(LabError::Io { .. })));
    for name in ["runs.csv", "runs.csv.part", "summary.json"] {
        assert!(!folder.file(name).exists(), "{name}");
    }
    fs::remove_dir(folder.file("runs.parquet.part")).unwrap();
    merge(&folder).unwrap();
}
