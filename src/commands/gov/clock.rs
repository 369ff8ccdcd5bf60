//! Heights as points in time: those that were, by their headers; those to come, by how fast the
//! chain has gone of late.

use probity_client::{Client, ListArgs};
use probity_primitives::Height;
use probity_web::date;

use crate::exit::Failure;
use crate::wallet::failed;

/// How many blocks back the speed is measured over.
const SPAN: u64 = 100;

/// The newest block, and how long a block takes.
pub(super) struct Clock {
    height: Height,
    time_ms: u64,
    block_ms: u64,
}

impl Clock {
    /// Asks the node.
    pub(super) async fn of(client: &Client) -> Result<Self, Failure> {
        let status = client.status().await.map_err(failed)?.data;
        let (height, time_ms) = (status.height, status.block_time_ms);
        let earlier = Height(height.0.saturating_sub(SPAN).max(1));
        let blocks = height.since(earlier);
        let before = if blocks == 0 { None } else { time_of(client, earlier).await? };
        let passed = before.map_or(0, |before| time_ms.saturating_sub(before));
        let block_ms = passed.checked_div(blocks).unwrap_or_default();
        Ok(Self { height, time_ms, block_ms })
    }

    /// So many blocks as a time, if the speed is known.
    pub(super) fn lasting(&self, blocks: u64) -> Option<String> {
        let seconds = self.block_ms.checked_mul(blocks)?.checked_div(1_000)?;
        (self.block_ms > 0).then(|| duration(seconds))
    }

    /// A height to come: how far it is.
    pub(super) fn until(&self, height: Height) -> String {
        if height <= self.height {
            return format!("block {height}");
        }
        let blocks = height.since(self.height);
        match self.lasting(blocks) {
            Some(time) => format!("block {height}, in {blocks} blocks, about {time}"),
            None => format!("block {height}, in {blocks} blocks"),
        }
    }

    /// A height that was: when.
    pub(super) async fn at(&self, client: &Client, height: Height) -> Result<String, Failure> {
        let time = if height == self.height {
            Some(self.time_ms)
        } else {
            time_of(client, height).await?
        };
        Ok(match time {
            Some(time_ms) => format!("block {height}, {}", date::utc(time_ms)),
            None => format!("block {height}"),
        })
    }
}

/// The time of a block that the node still has.
async fn time_of(client: &Client, height: Height) -> Result<Option<u64>, Failure> {
    let cursor = height.0.checked_add(1).map(|above| above.to_string());
    let list = client.blocks(&ListArgs { limit: Some(1), cursor }).await.map_err(failed)?;
    let header = list.data.first().map(|view| &view.header);
    Ok(header.filter(|header| header.height == height).map(|header| header.time_ms))
}

/// So many seconds in the two largest units that they have.
fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, name) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 || !parts.is_empty() {
            parts.push((count, name));
        }
    }
    let shown: Vec<String> = parts
        .into_iter()
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    if shown.is_empty() { "0 s".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_its_two_largest_units() {
        let told = [0, 59, 60, 3_661, 90_000, 86_401].map(duration);
        assert_eq!(told, ["0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h", "1 d"]);
    }

    #[test]
    fn what_is_to_come_is_told_by_the_speed_of_late() {
        let clock = Clock { height: Height(100), time_ms: 0, block_ms: 6_000 };
        assert_eq!(clock.until(Height(110)), "block 110, in 10 blocks, about 1 min");
        assert_eq!(clock.until(Height(100)), "block 100");
        let unknown = Clock { block_ms: 0, ..clock };
        assert_eq!(unknown.until(Height(110)), "block 110, in 10 blocks");
    }
}
