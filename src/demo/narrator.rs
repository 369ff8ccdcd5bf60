//! Who watches the events of the first node, tells them to people, and writes down what is summed
//! up in the end.

mod governance;
mod rules;

use probity_api::{EventRecord, Happening};
use probity_protocol::Event;
use probity_protocol::slashing::Offence;

use super::report::SlashReport;
use super::scene::{Scene, Settled};
use crate::exit::Failure;
use crate::wallet::failed;

/// Watches until the acts say that they are done, and everything until then has been told.
pub(super) async fn watch(scene: &Scene<'_>) -> Result<(), Failure> {
    let client = scene.network.client()?;
    let mut events = client.events(None, &[]).await.map_err(failed)?;
    loop {
        let record = events.next().await.map_err(failed)?;
        if scene.log.end.get().is_some_and(|end| record.id.height > end) {
            return Ok(());
        }
        tell(scene, &record);
    }
}

fn tell(scene: &Scene<'_>, record: &EventRecord) {
    let Happening::Fact(event) = &record.happening else { return };
    if let Some(event) = event.rule() {
        note(scene, event);
    }
    if let Some(probity_dao::Event::ReferendumSubmitted { referendum, track, .. }) =
        event.governance()
    {
        scene.log.tracks.borrow_mut().insert(*referendum, *track);
    }
    let words = match (event.rule(), event.governance()) {
        (Some(event), _) => rules::words(scene, event),
        (None, Some(event)) => governance::words(scene, event),
        (None, None) => None,
    };
    if let Some(words) = words {
        scene.say(&words);
    }
}

/// Writes down who lost what, and what became of the money of disputes.
fn note(scene: &Scene<'_>, event: &Event) {
    if let Event::Slashed { operator, offence, amount, .. } = event {
        scene.log.slashes.borrow_mut().push(SlashReport {
            operator: *operator,
            name: scene.cast.name(operator),
            offence: offence.code().to_owned(),
            why: why(*offence).to_owned(),
            amount: *amount,
        });
    }
    if let Event::DisputeClosed { dispute, staked, returned, jurors, burned, .. } = event {
        let (staked, returned, jurors, burned) = (*staked, *returned, *jurors, *burned);
        let settled = Settled { staked, returned, jurors, burned };
        scene.log.settled.borrow_mut().insert(*dispute, settled);
    }
}

const fn why(offence: Offence) -> &'static str {
    match offence {
        Offence::NoCommit => "it was seated and did not commit",
        Offence::NoReveal => "it committed and did not reveal",
        Offence::Undefended => "it was flagged and did not defend itself",
        Offence::FalseTranscript => "its transcript is false: a jury ran the items again",
        Offence::Equivocation => "it signed two different statements",
        Offence::FalseResult => "its result was proven false",
        Offence::IncoherentVote => "its verdict was against the jury's ruling",
        Offence::NoVote => "it was drawn for a jury and did not vote",
        Offence::Correlated => "the rest of what offences of one window cost together",
    }
}
