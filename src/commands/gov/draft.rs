//! Drafts: proposals as files, JSON or TOML, that people can read and edit.

use std::path::Path;

use probity_client::Client;
use probity_dao::action::Change;
use probity_dao::{Action, Params as DaoParams, Ruling, Track};
use probity_primitives::{Amount, BoundedString, BoundedVec};
use probity_protocol::Params;
use probity_runtime::governance::parameters;
use probity_runtime::text::SYMBOL;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::{Global, GovDraft, RulingArg};
use crate::exit::{Code, Failure, OrFail};
use crate::output;
use crate::wallet::{amount, client, failed, input};

/// The schema of a draft.
const SCHEMA: &str = "probity.draft/v1";
/// The longest draft, in bytes.
const MAX_BYTES: u64 = 256 << 10;
/// The longest text that is agreed to, in bytes.
const MAX_TEXT: u64 = 16 << 20;

/// A proposal before it is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    schema: String,
    /// On which track.
    pub(super) track: Track,
    /// What people will call it.
    pub(super) title: BoundedString<120>,
    /// What it does if it passes.
    pub(super) action: Action,
}

/// Reads a draft, JSON or TOML.
pub(super) fn read(given: &str) -> Result<Draft, Failure> {
    parse(&input(given, MAX_BYTES)?)
}

fn parse(text: &str) -> Result<Draft, Failure> {
    let draft: Draft = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).or_fail(Code::Usage, "cannot read the draft as JSON")?
    } else {
        toml::from_str(text).or_fail(Code::Usage, "cannot read the draft as TOML")?
    };
    if draft.schema != SCHEMA {
        let message = format!("the schema is {:?}, expected {SCHEMA}", draft.schema);
        return Err(Failure::new(Code::Usage, message));
    }
    draft.action.check(draft.track).or_fail(Code::Usage, "the draft cannot be proposed")?;
    Ok(draft)
}

/// Writes a draft from flags.
pub(super) async fn write(global: &Global, given: &GovDraft) -> Result<(), Failure> {
    let client = client(global)?;
    let action = action(&client, given).await?;
    let track = given.track.unwrap_or_else(|| meant(&action));
    action.check(track).or_fail(Code::Usage, "this cannot be proposed")?;
    let title = BoundedString::new(&given.title).or_fail(Code::Usage, "--title")?;
    let draft = Draft { schema: SCHEMA.to_owned(), track, title, action };
    output::say(global, &format!("{} on the {track} track", draft.action));
    let Some(path) = &given.out else { return output::print(&json(&draft)?) };
    let text = match path.extension() {
        Some(name) if name == "toml" => {
            toml::to_string(&draft).or_fail(Code::Other, "cannot write TOML")?
        }
        Some(_) | None => json(&draft)?,
    };
    let what = format!("cannot write {}", path.display());
    std::fs::write(path, text).or_fail(Code::Other, &what)?;
    output::say(global, &format!("wrote {}", path.display()));
    Ok(())
}

fn json(draft: &Draft) -> Result<String, Failure> {
    serde_json::to_string_pretty(draft).or_fail(Code::Other, "cannot write JSON")
}

/// The track that an action is meant for; a large spend names its own.
const fn meant(action: &Action) -> Track {
    match action {
        Action::Text { .. } => Track::Root,
        Action::ChangeParameters { .. } => Track::Parameters,
        Action::Spend { .. } => Track::SmallSpend,
        Action::CancelReferendum { .. }
        | Action::RevertSlash { .. }
        | Action::ResumeWindow { .. }
        | Action::RevertWindow { .. }
        | Action::CancelUpgrade { .. } => Track::Cancel,
        Action::Mint { .. } => Track::Supply,
        Action::Upgrade { .. } => Track::Root,
        Action::RuleDispute { .. } => Track::Dispute,
        Action::Pause { .. } => Track::Pause,
    }
}

async fn action(client: &Client, given: &GovDraft) -> Result<Action, Failure> {
    if let Some(spend) = &given.spend {
        return self::spend(spend);
    }
    if let Some(action) = plain(given) {
        return Ok(action);
    }
    if let Some(file) = &given.text {
        return text(client, file).await;
    }
    let rules = client.params().await.map_err(failed)?.data;
    let dao = client.governance(None).await.map_err(failed)?.data;
    changes(&given.change, &rules, &dao)
}

/// An action that its flags spell out.
fn plain(given: &GovDraft) -> Option<Action> {
    let GovDraft { mint, upgrade, at, cancel_upgrade, pause, .. } = given;
    let GovDraft { cancel, cancel_slash, resume_window, revert_window, rule, ruling, .. } = given;
    let ruled = rule.zip(*ruling).map(|(dispute, said)| {
        let ruling = match said {
            RulingArg::Uphold => Ruling::Uphold,
            RulingArg::Overturn => Ruling::Overturn,
            RulingArg::Void => Ruling::Void,
        };
        Action::RuleDispute { dispute, ruling }
    });
    let planned = upgrade.zip(*at).map(|(version, height)| Action::Upgrade { version, height });
    planned
        .or_else(|| mint.map(|amount| Action::Mint { amount }))
        .or_else(|| cancel_upgrade.map(|version| Action::CancelUpgrade { version }))
        .or_else(|| pause.map(|blocks| Action::Pause { blocks }))
        .or_else(|| cancel.map(|referendum| Action::CancelReferendum { referendum }))
        .or_else(|| cancel_slash.map(|slash| Action::RevertSlash { slash }))
        .or_else(|| resume_window.map(|window| Action::ResumeWindow { window }))
        .or_else(|| revert_window.map(|window| Action::RevertWindow { window }))
        .or(ruled)
}

fn spend(given: &[String]) -> Result<Action, Failure> {
    let [to, tokens] = given else {
        return Err(Failure::new(Code::Usage, "--spend takes an address and an amount"));
    };
    let amount = amount(tokens).or_fail(Code::Usage, "--spend")?;
    Ok(Action::Spend { to: to.parse().or_fail(Code::Usage, "--spend")?, amount })
}

/// Gives the node a text to share, so that whoever votes on its hash can read it.
async fn text(client: &Client, file: &Path) -> Result<Action, Failure> {
    let what = format!("cannot read {}", file.display());
    let text = input(&file.to_string_lossy(), MAX_TEXT).map_err(|failure| {
        Failure::new(Code::Usage, format_args!("{what}: {}", failure.message()))
    })?;
    let kept = client.put_blob(text.into_bytes()).await.map_err(failed)?;
    Ok(Action::Text { hash: kept.hash })
}

fn changes(given: &[String], rules: &Params, dao: &DaoParams) -> Result<Action, Failure> {
    let mut changes = Vec::new();
    for given in given {
        let (path, after) = given.split_once('=').ok_or_else(|| {
            Failure::new(Code::Usage, format_args!("--change {given:?} is not NAME=VALUE"))
        })?;
        let before =
            parameters::value(rules, dao, path).ok_or_else(|| unknown(path, rules, dao))?;
        let after = value(after, &before)?;
        changes.push(Change {
            path: BoundedString::new(path).or_fail(Code::Usage, "--change")?,
            before: BoundedString::new(before).or_fail(Code::Usage, "--change")?,
            after: BoundedString::new(after).or_fail(Code::Usage, "--change")?,
        });
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let changes = BoundedVec::from_vec(changes).or_fail(Code::Usage, "--change")?;
    Ok(Action::ChangeParameters { changes })
}

/// A value as JSON. Where a text is in force, amounts of tokens are read as such and everything
/// else as a text.
fn value(after: &str, before: &str) -> Result<String, Failure> {
    let is_text = before.starts_with('"');
    let read: Value = match serde_json::from_str(after) {
        Ok(Value::Number(number)) if is_text => Value::String(number.to_string()),
        Ok(value) => value,
        Err(_) if is_text && after.ends_with(SYMBOL) => {
            let amount: Amount = amount(after).or_fail(Code::Usage, "--change")?;
            serde_json::to_value(amount).or_fail(Code::Other, "cannot write JSON")?
        }
        Err(_) if is_text => Value::String(after.to_owned()),
        Err(error) => {
            let message = format!("--change: {after:?} is no value in place of {before}: {error}");
            return Err(Failure::new(Code::Usage, message));
        }
    };
    Ok(read.to_string())
}

/// That there is no such parameter, with those whose names are like it.
fn unknown(path: &str, rules: &Params, dao: &DaoParams) -> Failure {
    let last = path.rsplit('.').next().unwrap_or(path);
    let like: Vec<String> = parameters::list(rules, dao)
        .into_iter()
        .map(|(known, _)| known)
        .filter(|known| known.contains(last))
        .take(5)
        .collect();
    let failure = Failure::new(Code::Usage, format_args!("there is no parameter {path:?}"));
    if like.is_empty() {
        failure.hint("`probity gov params --all` lists them")
    } else {
        failure.hint(format!("there are {}", like.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Address, ContentHash, Keypair, Network};

    use super::*;

    fn draft(action: Action) -> Draft {
        let title = BoundedString::new("a title").unwrap();
        Draft { schema: SCHEMA.to_owned(), track: meant(&action), title, action }
    }

    fn change(given: &[&str]) -> Result<Action, Failure> {
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        changes(&given, &Params::development(), &DaoParams::development())
    }

    #[test]
    fn a_draft_reads_back_from_either_form() {
        let to = Address::of(&Keypair::from_seed([1; 32]).public(), Network::Test);
        for action in [
            Action::Spend { to, amount: Amount::from_units(u128::MAX) },
            Action::Text { hash: ContentHash::of_file(b"text") },
            change(&["governance.queue=31", "staking.epoch_blocks=9"]).unwrap(),
            Action::RevertSlash { slash: 7 },
        ] {
            let draft = draft(action);
            assert_eq!(parse(&json(&draft).unwrap()).unwrap(), draft);
            assert_eq!(parse(&toml::to_string(&draft).unwrap()).unwrap(), draft);
        }
    }

    #[test]
    fn changes_state_what_is_in_force_and_are_in_order() {
        let action = change(&["governance.queue=31", "governance.extension=3"]).unwrap();
        let Action::ChangeParameters { changes } = action else { panic!("{action}") };
        let parts: Vec<[&str; 3]> =
            changes.iter().map(|one| [&*one.path, &*one.before, &*one.after]).collect();
        assert_eq!(parts, [["governance.extension", "20", "3"], ["governance.queue", "32", "31"]]);
    }

    #[test]
    fn amounts_may_be_given_in_tokens_and_in_units() {
        let before = "\"5\"";
        assert_eq!(value("1.5PBY", before).unwrap(), "\"1500000000\"");
        assert_eq!(value("7", before).unwrap(), "\"7\"");
        assert_eq!(value("\"7\"", before).unwrap(), "\"7\"");
        assert_eq!(value("31", "30").unwrap(), "31");
        assert!(value("many", "30").is_err());
    }

    #[test]
    fn a_parameter_that_is_none_is_told_with_those_that_are_like_it() {
        let failure = change(&["jury.queue=1"]).unwrap_err();
        assert_eq!(failure.hint_text(), Some("there are governance.queue"));
        assert!(change(&["governance.queue"]).unwrap_err().message().contains("NAME=VALUE"));
        assert!(change(&["nothing.at.all.x=1"]).unwrap_err().hint_text().is_some());
    }

    #[test]
    fn a_draft_of_another_schema_or_track_is_refused() {
        let text = json(&draft(Action::RevertSlash { slash: 7 })).unwrap();
        assert!(parse(&text.replace("draft/v1", "draft/v2")).is_err());
        assert!(parse(&text.replace("\"cancel\"", "\"pause\"")).is_err());
        assert!(parse(&text.replace("\"title\"", "\"name\"")).is_err());
    }
}
