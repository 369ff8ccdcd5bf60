//! What the log of a shard promises.

use super::*;

fn header(shard: &str) -> Header {
    let shard = shard.parse().unwrap();
    Header { design: "d".to_owned(), binary: "b".to_owned(), shard }
}

fn columns() -> Columns {
    Columns { values: vec!["a".to_owned(), "b".to_owned()], series: vec!["s".to_owned()] }
}

fn row(run: u64) -> Row {
    let third = stats_like(run) / 3.0;
    let series = vec![(0, vec![third]), (8, vec![-third])];
    Row { run, height: run + 7, root: "ab".to_owned(), values: vec![third, f64::NAN], series }
}

fn stats_like(run: u64) -> f64 {
    super::super::stats::float(run) + 0.1
}

/// A log with the runs 1, 4, 7 of shard 2/3.
fn log(place: &Path) -> PathBuf {
    let path = place.join("x.rows");
    let (mut writer, done) = Writer::open(&path, &header("2/3"), false).unwrap();
    assert_eq!(done, 0);
    [1, 4, 7].into_iter().for_each(|run| writer.row(&columns(), &row(run)).unwrap());
    path
}

fn runs(path: &Path) -> Vec<u64> {
    let mut reader = Reader::open(path).unwrap();
    std::iter::from_fn(|| reader.next_row().unwrap()).map(|row| row.run).collect()
}

#[test]
fn what_was_appended_is_read_back_to_the_last_bit() {
    let place = tempfile::tempdir().unwrap();
    let mut reader = Reader::open(&log(place.path())).unwrap();
    assert_eq!(reader.header, Some(header("2/3")));
    for run in [1, 4, 7] {
        let (found, meant) = (reader.next_row().unwrap().unwrap(), row(run));
        assert_eq!(found.values[0].to_bits(), meant.values[0].to_bits());
        assert!(found.values[1].is_nan());
        assert_eq!((found.height, &found.series), (meant.height, &meant.series));
    }
    assert_eq!(reader.next_row().unwrap(), None);
    assert_eq!(reader.columns, columns());
}

/// Cut at every byte: what is whole before the cut is kept, and the log goes on from there.
#[test]
fn a_log_that_was_cut_anywhere_goes_on_after_its_last_whole_run() {
    let place = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(log(place.path())).unwrap();
    let path = place.path().join("cut.rows");
    for cut in 0..=bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let (mut writer, done) = Writer::open(&path, &header("2/3"), true).unwrap();
        for run in header("2/3").shard.runs(8).skip(index(done)) {
            writer.row(&columns(), &row(run)).unwrap();
        }
        drop(writer);
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "cut at {cut}");
    }
}

#[test]
fn a_byte_that_changed_within_a_log_is_found() {
    let place = tempfile::tempdir().unwrap();
    let path = log(place.path());
    let bytes = std::fs::read(&path).unwrap();
    for place in (0..bytes.len() - 200).step_by(7) {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        let read = Reader::open(&path).and_then(|mut reader| {
            while reader.next_row()?.is_some() {}
            Ok(())
        });
        assert!(
            matches!(read, Err(LabError::Rows(RowsError::Damaged { .. }))),
            "{place}: {read:?}"
        );
    }
}

#[test]
fn a_log_of_something_else_is_not_gone_on_with() {
    let place = tempfile::tempdir().unwrap();
    let path = log(place.path());
    let open = |header: &Header, resume| Writer::open(&path, header, resume).map(|_| ());
    let changed = |change: fn(&mut Header)| {
        let mut header = header("2/3");
        change(&mut header);
        open(&header, true)
    };
    assert!(matches!(
        open(&header("2/3"), false),
        Err(LabError::Rows(RowsError::HasRuns { done: 3, .. }))
    ));
    assert!(matches!(open(&header("1/3"), true), Err(LabError::Rows(RowsError::OtherDesign(_)))));
    assert!(matches!(
        changed(|h| h.design.push('x')),
        Err(LabError::Rows(RowsError::OtherDesign(_)))
    ));
    assert!(matches!(
        changed(|h| h.binary.push('x')),
        Err(LabError::Rows(RowsError::OtherBinary(_)))
    ));
    assert_eq!(runs(&path), [1, 4, 7]);
    let (_writer, done) = Writer::open(&path, &header("2/3"), true).unwrap();
    assert_eq!(done, 3);
    assert!(matches!(open(&header("2/3"), true), Err(LabError::Rows(RowsError::Busy(_)))));
}

#[test]
fn shards_share_out_every_run_once() {
    for of in [1, 2, 7, 30] {
        let mut all: Vec<u64> = Vec::new();
        for number in 1..=of {
            let shard = Shard::new(number, of).unwrap();
            assert_eq!(shard.count(23), u64::try_from(shard.runs(23).count()).unwrap());
            all.extend(shard.runs(23));
        }
        all.sort_unstable();
        assert_eq!(all, (0..23).collect::<Vec<_>>());
    }
    for bad in ["0/3", "4/3", "1", "1/0", "a/b", "1/99999"] {
        assert!(bad.parse::<Shard>().unwrap_err().contains(bad));
    }
}
