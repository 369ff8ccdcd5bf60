//! Views that are a node's rather than the state's.

use probity_primitives::{
    Address, Amount, BlockHash, ContentHash, Hash, Height, Network, OperatorId, TxHash,
};
use probity_runtime::certificate::Certificate;
use probity_runtime::hex_bytes::HexBytes;
use probity_runtime::proof::StateProof;
use probity_runtime::query::{Assignment, DisputeSeat, View};
use probity_runtime::tx::MAX_TX_BYTES;
use probity_runtime::{ChainId, Header, SignedTx};
use serde::{Deserialize, Serialize};

/// The schema of the parameters in force.
pub const PARAMS_SCHEMA: &str = "probity.params/v1";

/// The schema of receipts.
pub const RECEIPT_SCHEMA: &str = "probity.receipt/v1";

/// The schema of the records of the event stream.
pub const EVENT_SCHEMA: &str = "probity.event/v1";

/// How the node stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// The chain.
    pub chain_id: ChainId,
    /// The hash of its genesis document.
    pub genesis_hash: Hash,
    /// Which addresses it has.
    pub network: Network,
    /// The height of the newest block.
    pub height: Height,
    /// That block's time in milliseconds since 1970.
    pub block_time_ms: u64,
    /// That block's name.
    pub head_hash: BlockHash,
    /// The root of the state after it.
    pub state_root: Hash,
    /// How many validators decide the next block.
    pub validators: u32,
    /// How many peers the node is connected to.
    pub peers: u32,
    /// Whether the node is behind its peers.
    pub syncing: bool,
}

impl View for StatusView {
    const SCHEMA: &'static str = "probity.status/v1";
}

/// Whom the node is connected to on its own network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeersView {
    /// The peers.
    pub peers: Vec<PeerView>,
}

impl View for PeersView {
    const SCHEMA: &'static str = "probity.peers/v1";
}

/// One connected peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerView {
    /// Its name on the network.
    pub peer: String,
    /// The operator that it proved to speak for, if any.
    pub operator: Option<OperatorId>,
    /// Whether this node called it.
    pub outgoing: bool,
    /// Whether it is reached through a relay only.
    pub relayed: bool,
    /// What it calls its program.
    pub agent: String,
    /// Since when it is connected, in milliseconds since 1970.
    pub connected_since_ms: u64,
}

/// Whether the node can be relied on now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyView {
    /// Whether it can.
    pub ready: bool,
    /// Why not.
    pub reasons: Vec<String>,
}

impl View for ReadyView {
    const SCHEMA: &'static str = "probity.ready/v1";
}

/// What an operator's agent must act on now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentsView {
    /// The operator.
    pub operator: OperatorId,
    /// The account of its hot key, which pays for what the agent sends.
    pub account: Address,
    /// The nonce that the account's next transaction must carry.
    pub nonce: u64,
    /// The open tasks that it was drawn for.
    pub assignments: Vec<Assignment>,
    /// The open disputes in which it must act.
    pub disputes: Vec<DisputeSeat>,
}

impl View for AssignmentsView {
    const SCHEMA: &'static str = "probity.assignments/v1";
}

/// A block without its transactions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderView {
    /// The block's name.
    pub hash: BlockHash,
    /// What was voted on.
    pub header: Header,
}

impl View for HeaderView {
    const SCHEMA: &'static str = "probity.header/v1";
}

/// A block and who decided it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// The block's name.
    pub hash: BlockHash,
    /// What was voted on.
    pub header: Header,
    /// Its transactions, in order.
    pub txs: Vec<TxView>,
    /// The votes that decided it; height 0 has none.
    pub certificate: Option<Certificate>,
}

impl View for BlockView {
    const SCHEMA: &'static str = "probity.block/v1";
}

/// A transaction and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxView {
    /// The transaction's name.
    pub hash: TxHash,
    /// The transaction.
    pub tx: SignedTx,
}

/// A transaction that the node took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedView {
    /// Its name, to ask for its receipt.
    pub hash: TxHash,
}

impl View for SubmittedView {
    const SCHEMA: &'static str = "probity.submitted/v1";
}

/// What an account has waiting for a block at this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingView {
    /// The account.
    pub address: Address,
    /// The nonce that the committed state expects.
    pub nonce: u64,
    /// The nonce that its next transaction should carry: the first that is neither used nor
    /// waiting.
    pub next: u64,
    /// What waits, in the order of nonces.
    pub waiting: Vec<WaitingView>,
}

impl View for PendingView {
    const SCHEMA: &'static str = "probity.pending/v1";
}

/// A transaction that waits for a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingView {
    /// Its name.
    pub hash: TxHash,
    /// Its nonce.
    pub nonce: u64,
    /// The kind of its message.
    pub kind: String,
    /// The most that its sender pays.
    pub fee: Amount,
    /// The last height at which it may stand.
    pub expiry: Height,
}

/// A file that the node keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobView {
    /// The hash of its bytes.
    pub hash: ContentHash,
    /// Its length in bytes.
    pub size: u64,
}

impl View for BlobView {
    const SCHEMA: &'static str = "probity.blob/v1";
}

/// A snapshot of the state that a node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotView {
    /// The height of the state.
    pub height: Height,
    /// The block whose state it is.
    pub block: BlockHash,
    /// The snapshot's name: the same at every node that has one of this state.
    pub id: Hash,
    /// The root of the state.
    pub state_root: Hash,
    /// The time of the block, in milliseconds since 1970.
    pub time_ms: u64,
    /// How many entries the state has.
    pub entries: u64,
    /// In how many chunks they are.
    pub chunks: u32,
    /// How many bytes the chunks have together.
    pub bytes: u64,
}

impl View for SnapshotView {
    const SCHEMA: &'static str = "probity.snapshot_summary/v1";
}

/// A transaction in JSON: the hexadecimal digits of its canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TxDocument {
    /// The bytes.
    pub tx: HexBytes<MAX_TX_BYTES>,
}

/// A state entry with its proof, the header it leads to, and who decided that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofView {
    /// The entry and the way to the header's state root.
    pub proof: StateProof,
    /// The header at the proof's height.
    pub header: Header,
    /// The votes that decided it; height 0 has none.
    pub certificate: Option<Certificate>,
}

impl View for ProofView {
    const SCHEMA: &'static str = "probity.proof/v1";
}
