//! The two stores against each other, and verified transfer against a plain copy.

use std::time::Duration;

use probity_node::network::bench::transfer_throughput;
use probity_node::store::StoreKind;
use probity_node::store::bench::{Load, write_throughput};

use super::Figure;
use crate::exit::{Code, Failure, OrFail};

const MEBIBYTES: u32 = 64;

/// Measures both.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let entries = |kind, name: &str| {
        let measured = write_throughput(kind, &folder.path().join(name), Load::default())
            .or_fail(Code::Other, "cannot measure a store")?;
        Ok::<f64, Failure>(rate(measured.entries, measured.elapsed))
    };
    let (sled, redb) = (entries(StoreKind::Sled, "sled")?, entries(StoreKind::Redb, "redb")?);
    let runtime = tokio::runtime::Runtime::new().or_fail(Code::Other, "no runtime")?;
    let transfer = runtime
        .block_on(transfer_throughput(&folder.path().join("transfer"), MEBIBYTES))
        .or_fail(Code::Other, "cannot measure a transfer")?;
    let megabytes = |elapsed: Duration| rate(transfer.bytes, elapsed) / 1e6;
    Ok(vec![
        Figure::new("durable writes, sled", (sled, "entries/s"), ("redb", redb), "-"),
        Figure::new(
            "artifact transfer, verified",
            (megabytes(transfer.transfer), "MB/s"),
            ("plain TCP copy", megabytes(transfer.plain)),
            ">= 0.5",
        ),
        Figure::new(
            "artifact transfer, three peers, one lies",
            (megabytes(transfer.three), "MB/s"),
            ("one peer", megabytes(transfer.transfer)),
            ">= 0.77",
        ),
    ])
}

fn rate(count: u64, elapsed: Duration) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from) / elapsed.as_secs_f64()
}
