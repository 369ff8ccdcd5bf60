//! Agents that see the chain over HTTP.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt;
use probity_api::EventRecord;
use probity_api::event::records;
use probity_api::view::{BlobView, WaitingView};
use probity_client::Client;
use probity_evaluator::agent::AgentHandle;
use probity_evaluator::node_api::{ApiError, NodeApi};
use probity_evaluator::remote::Remote;
use probity_evaluator::strategy::Strategy;
use probity_harness::cache::Cache;
use probity_primitives::{Address, ContentHash, Height, TaskId, TxHash};
use probity_runtime::certificate::Certificate;
use probity_runtime::proof::StateProof;
use probity_runtime::result_certificate::ResultCertificate;
use probity_runtime::{Block, Chain, Genesis, Header, Receipt, SignedTx};
use probity_web::backend::{Backend, BackendError, BlobError, ByteStream, Health, SubmitError};
use probity_web::limits::ApiLimits;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::net::{Net, bounded, digits, is_final};

/// The network as an API speaks for it; votes and proofs are of no interest to an agent.
struct Spoken {
    net: Net,
    genesis: Genesis,
}

#[async_trait]
impl Backend for Spoken {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn tip(&self) -> watch::Receiver<Arc<Chain>> {
        self.net.watch()
    }

    fn health(&self) -> Health {
        Health { peers: 0, syncing: false }
    }

    async fn submit(&self, tx: SignedTx) -> Result<TxHash, SubmitError> {
        let chain = Arc::clone(&self.net.watch().borrow());
        let verified = tx.clone().verify(chain.identity())?;
        chain.check(&verified)?;
        let taken = NodeApi::submit(&self.net, tx).await;
        taken.map_err(|error| BackendError::Unavailable(error.to_string()).into())
    }

    async fn waiting(&self, _: &Address) -> Result<Vec<WaitingView>, BackendError> {
        Err(BackendError::Unavailable("nobody is told what waits here".to_owned()))
    }

    async fn receipt(&self, tx: &TxHash) -> Result<Option<Receipt>, BackendError> {
        let found = NodeApi::receipt(&self.net, *tx).await;
        found.map_err(|error| BackendError::Failed(error.to_string()))
    }

    async fn header(&self, height: Height) -> Result<Option<Header>, BackendError> {
        Ok(self.net.entry(height).map(|(block, _)| block.header))
    }

    async fn block(&self, height: Height) -> Result<Option<Block>, BackendError> {
        Ok(self.net.entry(height).map(|(block, _)| block))
    }

    async fn certificate(&self, _height: Height) -> Result<Option<Certificate>, BackendError> {
        Ok(None)
    }

    async fn records(&self, height: Height) -> Result<Option<Vec<EventRecord>>, BackendError> {
        let entry = self.net.entry(height);
        Ok(entry.map(|(block, receipts)| records(&block.header, &receipts, &[])))
    }

    async fn prove(&self, _key: &[u8], _at: Height) -> Result<Option<StateProof>, BackendError> {
        Ok(None)
    }

    async fn result_certificate(
        &self,
        _task: &TaskId,
    ) -> Result<Option<ResultCertificate>, BackendError> {
        Ok(None)
    }

    async fn blob(&self, hash: &ContentHash) -> Result<Option<PathBuf>, BlobError> {
        Ok(self.net.blobs().get(hash))
    }

    async fn put_blob(&self, body: ByteStream) -> Result<BlobView, BlobError> {
        let chunks: Vec<bytes::Bytes> = body.try_collect().await.unwrap();
        let bytes = chunks.concat();
        let size = u64::try_from(bytes.len()).unwrap();
        Ok(BlobView { hash: self.net.blobs().insert_bytes(&bytes).unwrap(), size })
    }
}

/// A server on a port of its own, until its guard is dropped.
pub(crate) async fn serve(net: &Net) -> (String, oneshot::Sender<()>) {
    let spoken = Spoken { net: net.clone(), genesis: net.genesis() };
    let limits = ApiLimits::default();
    let router = probity_web::router(Arc::new(spoken), limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (guard, ended) = oneshot::channel::<()>();
    tokio::spawn(probity_web::serve(listener, router, limits, async {
        // An error says that the guard was dropped, which is what is waited for.
        let _ = ended.await;
    }));
    (url, guard)
}

pub(crate) fn remote(url: &str) -> Remote {
    Remote::new(Client::new(url).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_task_runs_over_http() {
    let net = Net::new(4);
    let task = net.request(&digits("digits_logreg.onnx"));
    let (url, _guard) = serve(&net).await;
    let agents: Vec<AgentHandle> = net
        .actors()
        .iter()
        .map(|actor| net.start_with(actor, Strategy::Honest, remote(&url)))
        .collect();
    net.run_until(&agents, task, is_final).await;
    for agent in agents {
        assert_eq!(agent.status().borrow().last_error, None);
        bounded(agent.shutdown()).await;
    }
    let ledger = net.ledger();
    let outcome = ledger.outcomes.get(&task).unwrap();
    assert_eq!(outcome.revealed, outcome.seats);
    assert!(outcome.members.iter().all(|member| member.paid.units() > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_waits_for_a_node_that_is_not_there_yet() {
    let net = Net::new(4);
    let actor = net.actors().remove(0);
    let reserved = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let agent = net.start_with(&actor, Strategy::Honest, remote(&format!("http://{address}")));
    let mut status = agent.status();
    let failed = bounded(status.wait_for(|status| status.failed >= 2)).await.unwrap().clone();
    assert!(failed.last_error.unwrap().starts_with("cannot reach the node: "));
    bounded(agent.shutdown()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_arrive_by_their_hash_or_not_at_all() {
    let net = Net::new(4);
    let (url, _guard) = serve(&net).await;
    let (remote, folder) = (remote(&url), tempfile::tempdir().unwrap());
    let cache = Cache::open(folder.path()).unwrap();
    let content = vec![7u8; 200_000];
    let hash = remote.publish(content.clone()).await.unwrap();
    let path = remote.fetch(hash, 200_000, &cache).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), content);
    let absent = ContentHash::of_file(b"nobody has this");
    let error = remote.fetch(absent, 100, &cache).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::Refused { code, .. } if code == "blob_not_found"),
        "{error}"
    );
    let other = Cache::open(folder.path().join("other")).unwrap();
    let error = remote.fetch(hash, 199_999, &other).await.unwrap_err();
    assert!(error.to_string().contains("longer than 199999 bytes"), "{error}");
    // A node whose disk forgot a bit serves other bytes than were asked for.
    std::fs::write(net.blobs().path_of(&hash), vec![8u8; 200_000]).unwrap();
    let error = remote.fetch(hash, 200_000, &other).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("expected content {hash}")), "{error}");
    assert_eq!(other.get(&hash), None);
}
