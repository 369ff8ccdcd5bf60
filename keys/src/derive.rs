//! Keys out of a phrase's seed: SLIP-0010 for ed25519.
//!
//! The path of a key is `m/44'/COIN'/account'/role'/index'`. Every step is hardened: this curve has
//! no other kind, and a path that asks for one is refused. Hardening it silently would give a
//! person another key than the one that the same path names elsewhere.
//!
//! # Invariants
//! - One role, one branch: no two roles ever share a secret, so a stolen operator key says nothing
//!   about its owner's.
//!
//! Spec: `docs/spec/26-keys.md`.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, Mac};
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The coin's number in a path: "PBY" in ASCII. It is not registered with SLIP-0044.
pub const COIN: u32 = 0x0050_4259;
/// The purpose of BIP-44, which every path of ours begins with.
const PURPOSE: u32 = 44;
/// What marks a step as hardened.
const HARDENED: u32 = 1 << 31;
/// The most steps of a path.
const MAX_STEPS: usize = 10;

/// A path that names no key of this curve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It does not begin at the root.
    #[error("the path {0:?} does not begin with m")]
    NoRoot(String),
    /// A step is not hardened.
    #[error("the step {0} of the path is not hardened, and ed25519 has no other; write {0}'")]
    Unhardened(u32),
    /// A step is not a number below 2^31.
    #[error("{0:?} is no step of a path: a number below 2147483648 and an apostrophe")]
    Step(String),
    /// A number of a path is too large.
    #[error("{0} is no step of a path: it is not below 2147483648")]
    TooLarge(u32),
    /// It has too many steps.
    #[error("the path has {0} steps, at most {MAX_STEPS} are read")]
    TooLong(usize),
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Holds money and stake; kept cold.
    Owner,
    /// Signs votes, commitments and reveals; on the node.
    Operator,
    /// Contributes to the beacon; on the node. Not an ed25519 key.
    Beacon,
    /// The node's identity among its peers.
    Node,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Operator, Self::Beacon, Self::Node];

    const fn step(self) -> u32 {
        match self {
            Self::Owner => 0,
            Self::Operator => 1,
            Self::Beacon => 2,
            Self::Node => 3,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
            Self::Beacon => "beacon",
            Self::Node => "node",
        })
    }
}

/// The path of a key: steps that are all hardened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<u32>);

impl Path {
    /// The path of a role's key.
    ///
    /// # Errors
    /// [`PathError::TooLarge`] with the account or the index.
    pub fn of(account: u32, role: Role, index: u32) -> Result<Self, PathError> {
        if let Some(large) = [account, index].into_iter().find(|step| *step >= HARDENED) {
            return Err(PathError::TooLarge(large));
        }
        Ok(Self(vec![PURPOSE, COIN, account, role.step(), index]))
    }

    /// The role that the path names, if it is one of ours.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self.0.as_slice() {
            [PURPOSE, COIN, _, step, _] => Role::ALL.into_iter().find(|role| role.step() == *step),
            _ => None,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        self.0.iter().try_for_each(|step| write!(f, "/{step}'"))
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut parts = text.split('/');
        if parts.next() != Some("m") {
            return Err(PathError::NoRoot(text.chars().take(64).collect()));
        }
        let count = parts.clone().count();
        if count > MAX_STEPS {
            return Err(PathError::TooLong(count));
        }
        parts.map(step).collect::<Result<_, _>>().map(Self)
    }
}

fn step(text: &str) -> Result<u32, PathError> {
    let malformed = || PathError::Step(text.chars().take(16).collect());
    let number = text.strip_suffix('\'').unwrap_or(text);
    // A sign or a leading zero would be a second spelling of one path.
    let plain = number.bytes().all(|byte| byte.is_ascii_digit())
        && (number == "0" || !number.starts_with('0'));
    let value = number.parse::<u32>().ok().filter(|value| plain && *value < HARDENED);
    match value {
        Some(value) if number == text => Err(PathError::Unhardened(value)),
        Some(value) => Ok(value),
        None => Err(malformed()),
    }
}

/// The secret that a seed has at a path.
#[must_use]
pub fn derive(seed: &[u8], path: &Path) -> Secret {
    let mut node = mac(b"ed25519 seed", &[seed]);
    for step in &path.0 {
        let (key, chain) = node.split_at(32);
        node = mac(chain, &[&[0], key, &(step | HARDENED).to_be_bytes()]);
    }
    let mut secret = Zeroizing::new([0; 32]);
    secret.copy_from_slice(node.split_at(32).0);
    Secret::from_bytes(*secret)
}

/// HMAC-SHA-512. Keys are at most 32 bytes here, so they are padded to a block and never hashed.
fn mac(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 64]> {
    let mut block = Zeroizing::new([0_u8; 128]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Sha512>::new((&*block).into());
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_keys_are_those_of_the_standard() {
        let vectors: Vec<[String; 4]> =
            serde_json::from_str(include_str!("../vectors/slip10.json")).unwrap();
        assert_eq!(vectors.len(), 12);
        for [seed, path, secret, public] in vectors {
            let found = derive(&hex::decode(seed).unwrap(), &path.parse().unwrap());
            assert_eq!(hex::encode(found.as_bytes()), secret, "{path}");
            assert_eq!(found.keypair().public().to_string(), public, "{path}");
        }
    }

    #[test]
    fn a_step_that_is_not_hardened_is_refused_and_not_promoted() {
        let refused = |text: &str| text.parse::<Path>().unwrap_err();
        assert_eq!(refused("m/44'/0'/1"), PathError::Unhardened(1));
        assert_eq!(refused("m/44/0'/1'"), PathError::Unhardened(44));
        assert!(refused("m/44/0'").to_string().contains("write 44'"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let refused = |text: &str| text.parse::<Path>().unwrap_err();
        assert_eq!(refused("44'/0'"), PathError::NoRoot("44'/0'".to_owned()));
        for step in ["", "'", "+1'", "01'", "-1'", "x'", "2147483648'", "1''", "1h"] {
            assert_eq!(refused(&format!("m/0'/{step}")), PathError::Step(step.to_owned()));
        }
        assert_eq!(refused(&format!("m{}", "/0'".repeat(11))), PathError::TooLong(11));
        assert_eq!(Path::of(1 << 31, Role::Node, 0), Err(PathError::TooLarge(1 << 31)));
    }

    #[test]
    fn a_path_reads_back_and_names_its_role() {
        for role in Role::ALL {
            let path = Path::of(3, role, 7).unwrap();
            assert_eq!(path.to_string().parse::<Path>(), Ok(path.clone()));
            assert_eq!(path.role(), Some(role));
        }
        let owner = Path::of(0, Role::Owner, 0).unwrap().to_string();
        assert_eq!(owner, "m/44'/5259865'/0'/0'/0'");
        for other in ["m", "m/44'/0'/0'/0'/0'", "m/44'/5259865'/0'/4'/0'"] {
            assert_eq!(other.parse::<Path>().unwrap().role(), None, "{other}");
        }
    }

    #[test]
    fn roles_accounts_and_indices_have_secrets_of_their_own() {
        let mut seen = std::collections::BTreeSet::new();
        for (account, index) in [(0, 0), (0, 1), (1, 0)] {
            for role in Role::ALL {
                let path = Path::of(account, role, index).unwrap();
                assert!(seen.insert(*derive(&[9; 64], &path).as_bytes()), "{path}");
            }
        }
    }
}
