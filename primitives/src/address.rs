//! Addresses: who owns money, and which operator is meant.
//!
//! An address is a version byte and the first 20 bytes of H(public key), written in bech32m. The
//! version says which kind of network it is for, and so does the readable prefix: `pby1...` and
//! `pbyval1...` on the main network, `pbyt1...` and `pbytval1...` on test networks. A test
//! address is not an account of the main network.
//!
//! Spec: `docs/spec/02-accounts.md`.

use std::fmt;
use std::str::FromStr;

use bech32::{Bech32m, Hrp};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::hash::{Domain, Hash};
use crate::key::PublicKey;
use crate::text::serde_as_text;

/// Which kind of network an address is for; its byte is the address's version.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[borsh(use_discriminant = false)]
pub enum Network {
    /// The network whose tokens have a price.
    Main,
    /// Development and test networks.
    Test,
}

/// An account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Address {
    network: Network,
    body: [u8; 20],
}

/// An operator: a node that evaluates and validates. It keeps its name when its key is rotated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct OperatorId(Address);

impl Address {
    /// The account before all others in their order, where a range of keys begins. Nobody has its
    /// key.
    pub const FIRST: Self = Self { network: Network::Main, body: [0; 20] };

    /// The account of a public key on a kind of network.
    #[must_use]
    pub fn of(key: &PublicKey, network: Network) -> Self {
        Self { network, body: first_20(&Hash::of(Domain::Address, key)) }
    }

    /// Which kind of network this is for.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The account of the same key on a kind of network.
    #[must_use]
    pub const fn on(self, network: Network) -> Self {
        Self { network, body: self.body }
    }

    fn write(self, operator: bool) -> String {
        let [version, ..] = [self.network_byte()];
        let mut payload = vec![version];
        payload.extend_from_slice(&self.body);
        // A prefix of ours and 21 bytes are always within bech32's limits.
        Hrp::parse(prefix(self.network, operator))
            .ok()
            .and_then(|hrp| bech32::encode::<Bech32m>(hrp, &payload).ok())
            .unwrap_or_default()
    }

    const fn network_byte(self) -> u8 {
        match self.network {
            Network::Main => 0,
            Network::Test => 1,
        }
    }

    fn read(text: &str, operator: bool) -> Result<Self, ParseAddressError> {
        let refuse = |reason: String| ParseAddressError {
            text: text.chars().take(100).collect(),
            what: if operator { "an operator" } else { "an account" },
            reason,
        };
        let (hrp, payload) = bech32::decode(text).map_err(|error| refuse(error.to_string()))?;
        let encoded =
            bech32::encode::<Bech32m>(hrp, &payload).map_err(|e| refuse(e.to_string()))?;
        if encoded != text.to_lowercase() {
            return Err(refuse("the checksum is not bech32m's".into()));
        }
        let (version, body) =
            payload.split_first().ok_or_else(|| refuse("it holds no bytes".into()))?;
        let network = match version {
            0 => Network::Main,
            1 => Network::Test,
            other => return Err(refuse(format!("version {other} is unknown"))),
        };
        let body = <[u8; 20]>::try_from(body)
            .map_err(|_| refuse(format!("it holds {} bytes, not 20", body.len())))?;
        let expected = prefix(network, operator);
        if hrp.to_lowercase() != expected {
            return Err(refuse(format!("the prefix is {}, not {expected}", hrp.to_lowercase())));
        }
        Ok(Self { network, body })
    }
}

impl OperatorId {
    /// The operator that sorts before all others, for ranges; no key hashes to it.
    pub const LOWEST: Self = Self(Address { network: Network::Main, body: [0; 20] });

    /// The operator that `owner` registers with `key` as its first operator key.
    #[must_use]
    pub fn of(owner: &Address, key: &PublicKey) -> Self {
        let body = first_20(&Hash::of(Domain::Operator, &(owner, key)));
        Self(Address { network: owner.network, body })
    }

    /// Which kind of network this is for.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.0.network
    }
}

const fn prefix(network: Network, operator: bool) -> &'static str {
    match (network, operator) {
        (Network::Main, false) => "pby",
        (Network::Main, true) => "pbyval",
        (Network::Test, false) => "pbyt",
        (Network::Test, true) => "pbytval",
    }
}

fn first_20(hash: &Hash) -> [u8; 20] {
    let mut body = [0; 20];
    for (to, from) in body.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    body
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}: {reason}")]
pub struct ParseAddressError {
    text: String,
    what: &'static str,
    reason: String,
}

macro_rules! text_form {
    ($name:ident, $write:expr, $read:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&$write(*self))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseAddressError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $read(text)
            }
        }

        serde_as_text!($name);
    };
}

text_form!(Address, |address: Address| address.write(false), |text| Self::read(text, false));
text_form!(OperatorId, |id: OperatorId| id.0.write(true), |text| Address::read(text, true)
    .map(OperatorId));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Keypair;

    fn address(network: Network) -> Address {
        Address::of(&Keypair::from_seed([7; 32]).public(), network)
    }

    #[test]
    fn an_address_reads_back_from_its_text() {
        for network in [Network::Main, Network::Test] {
            let address = address(network);
            assert_eq!(address.to_string().parse(), Ok(address));
            let operator = OperatorId::of(&address, &Keypair::from_seed([8; 32]).public());
            assert_eq!(operator.to_string().parse(), Ok(operator));
        }
    }

    #[test]
    fn the_prefix_says_what_and_where() {
        assert!(address(Network::Main).to_string().starts_with("pby1"));
        assert!(address(Network::Test).to_string().starts_with("pbyt1"));
    }

    #[test]
    fn an_account_is_not_read_as_an_operator() {
        let text = address(Network::Test).to_string();
        let error = text.parse::<OperatorId>().unwrap_err().to_string();
        assert!(error.contains("the prefix is pbyt, not pbytval"), "{error}");
    }

    #[test]
    fn one_wrong_letter_is_refused() {
        let mut text = address(Network::Test).to_string();
        let last = text.pop().unwrap();
        text.push(if last == 'q' { 'p' } else { 'q' });
        assert!(text.parse::<Address>().is_err());
    }
}
