//! Everything that is read.

use std::time::Duration;

use probity_api::view::{
    AssignmentsView, BlockView, HeaderView, PARAMS_SCHEMA, PeersView, ProofView, StatusView,
};
use probity_api::{Envelope, ListEnvelope};
use probity_primitives::{Address, ArtifactId, Height, OperatorId, TaskId};
use probity_protocol::Params;
use probity_protocol::event::TaskPhase;
use probity_runtime::genesis::GENESIS_SCHEMA;
use probity_runtime::query::{
    AccountView, ArtifactFilter, ArtifactView, BoardView, DisputableView, OperatorView,
    ResultFilter, ResultView, RewardView, SlashView, SupplyView, TaskView,
};
use probity_runtime::result_certificate::ResultCertificate;
use probity_runtime::{ChainIdentity, Genesis};
use reqwest::Method;
use serde::Serialize;

use crate::client::{Client, ListArgs};
use crate::error::ClientError;

/// How often a height is asked for.
const POLL: Duration = Duration::from_millis(200);

impl Client {
    /// How the node stands.
    ///
    /// # Errors
    /// [`ClientError`], as for every method here.
    pub async fn status(&self) -> Result<Envelope<StatusView>, ClientError> {
        self.one("/status", Vec::new()).await
    }

    /// Whom the node is connected to.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn peers(&self) -> Result<Envelope<PeersView>, ClientError> {
        self.one("/peers", Vec::new()).await
    }

    /// What tells the node's chain from every other, by the node's word.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn identity(&self) -> Result<ChainIdentity, ClientError> {
        let StatusView { chain_id, network, genesis_hash, .. } = self.status().await?.data;
        Ok(ChainIdentity { chain_id, network, genesis_hash })
    }

    /// The chain's genesis document.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn genesis(&self) -> Result<Envelope<Genesis>, ClientError> {
        self.document("/genesis", Vec::new(), GENESIS_SCHEMA).await
    }

    /// The parameters in force.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn params(&self) -> Result<Envelope<Params>, ClientError> {
        self.document("/params", Vec::new(), PARAMS_SCHEMA).await
    }

    /// All money, and whether it adds up.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn supply(&self) -> Result<Envelope<SupplyView>, ClientError> {
        self.one("/supply", Vec::new()).await
    }

    /// An account; one that nobody has used is empty.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn account(&self, address: &Address) -> Result<Envelope<AccountView>, ClientError> {
        self.one(&format!("/accounts/{address}"), Vec::new()).await
    }

    /// The results that an account could dispute, and what each would need.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn disputable(
        &self,
        address: &Address,
    ) -> Result<Envelope<DisputableView>, ClientError> {
        self.one(&format!("/accounts/{address}/disputable"), Vec::new()).await
    }

    /// An operator.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `operator_not_found` if there is none.
    pub async fn operator(&self, id: &OperatorId) -> Result<Envelope<OperatorView>, ClientError> {
        self.one(&format!("/operators/{id}"), Vec::new()).await
    }

    /// Operators.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn operators(
        &self,
        args: &ListArgs,
    ) -> Result<ListEnvelope<OperatorView>, ClientError> {
        self.list("/operators", Vec::new(), args).await
    }

    /// Slashes that wait, of one operator or of all.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn slashes(
        &self,
        operator: Option<&OperatorId>,
        args: &ListArgs,
    ) -> Result<ListEnvelope<SlashView>, ClientError> {
        let query = operator.map(|operator| ("operator", operator.to_string()));
        self.list("/slashes", query.into_iter().collect(), args).await
    }

    /// What an operator was paid for its seats, task by task.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `operator_not_found` if there is no such operator.
    pub async fn rewards(
        &self,
        operator: &OperatorId,
        args: &ListArgs,
    ) -> Result<ListEnvelope<RewardView>, ClientError> {
        self.list(&format!("/operators/{operator}/rewards"), Vec::new(), args).await
    }

    /// An artifact.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `artifact_not_found` if there is none.
    pub async fn artifact(&self, id: &ArtifactId) -> Result<Envelope<ArtifactView>, ClientError> {
        self.one(&format!("/artifacts/{id}"), Vec::new()).await
    }

    /// Artifacts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn artifacts(
        &self,
        filter: &ArtifactFilter,
        args: &ListArgs,
    ) -> Result<ListEnvelope<ArtifactView>, ClientError> {
        let ArtifactFilter { kind, owner } = filter;
        let mut query = Vec::new();
        query.extend(kind.map(|kind| ("kind", plain(&kind))));
        query.extend(owner.map(|owner| ("owner", owner.to_string())));
        self.list("/artifacts", query, args).await
    }

    /// A task and everything that hangs on it.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `task_not_found` if there is none.
    pub async fn task(&self, id: &TaskId) -> Result<Envelope<TaskView>, ClientError> {
        self.one(&format!("/tasks/{id}"), Vec::new()).await
    }

    /// Tasks, in one phase or in all.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn tasks(
        &self,
        phase: Option<TaskPhase>,
        args: &ListArgs,
    ) -> Result<ListEnvelope<TaskView>, ClientError> {
        let query = phase.map(|phase| ("phase", plain(&phase))).into_iter().collect();
        self.list("/tasks", query, args).await
    }

    /// What an operator must act on now.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `operator_not_found` if there is no such operator.
    pub async fn assignments(
        &self,
        operator: &OperatorId,
    ) -> Result<Envelope<AssignmentsView>, ClientError> {
        self.one(&format!("/assignments/{operator}"), Vec::new()).await
    }

    /// The result of a task.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `result_not_found` if there is none yet.
    pub async fn result(&self, task: &TaskId) -> Result<Envelope<ResultView>, ClientError> {
        self.one(&format!("/results/{task}"), Vec::new()).await
    }

    /// The certificate of a task's result. It is not verified here: that needs a genesis hash that
    /// the caller trusts.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `certificate_not_found` if there is none.
    pub async fn result_certificate(
        &self,
        task: &TaskId,
    ) -> Result<ResultCertificate, ClientError> {
        let path = format!("/results/{task}/certificate");
        let request = self.request(Method::GET, &path)?;
        let bytes = self.bytes(self.send(request, &path).await?).await?;
        let malformed = |reason: String| ClientError::Malformed { url: path.clone(), reason };
        let text = String::from_utf8(bytes).map_err(|error| malformed(error.to_string()))?;
        ResultCertificate::from_json(&text).map_err(|error| malformed(error.to_string()))
    }

    /// A result in the form of another ecosystem, as its file.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `result_not_found` if there is none, and `malformed_id` for a
    /// form that the node does not write.
    pub async fn result_export(&self, task: &TaskId, format: &str) -> Result<String, ClientError> {
        let path = format!("/results/{task}/export/{format}");
        let request = self.request(Method::GET, &path)?;
        let bytes = self.bytes(self.send(request, &path).await?).await?;
        String::from_utf8(bytes)
            .map_err(|error| ClientError::Malformed { url: path, reason: error.to_string() })
    }

    /// Results.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn results(
        &self,
        filter: &ResultFilter,
        args: &ListArgs,
    ) -> Result<ListEnvelope<ResultView>, ClientError> {
        let ResultFilter { benchmark, artifact } = filter;
        let mut query = Vec::new();
        query.extend(benchmark.map(|id| ("benchmark", id.to_string())));
        query.extend(artifact.map(|id| ("artifact", id.to_string())));
        self.list("/results", query, args).await
    }

    /// The newest results on a benchmark, the best first.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `benchmark_not_found` if there is no such benchmark.
    pub async fn board(&self, benchmark: &ArtifactId) -> Result<Envelope<BoardView>, ClientError> {
        self.one("/board", vec![("benchmark", benchmark.to_string())]).await
    }

    /// Headers from the newest down.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn blocks(&self, args: &ListArgs) -> Result<ListEnvelope<HeaderView>, ClientError> {
        self.list("/blocks", Vec::new(), args).await
    }

    /// The block at a height.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `block_not_found` if the node has none.
    pub async fn block(&self, height: Height) -> Result<Envelope<BlockView>, ClientError> {
        self.one(&format!("/blocks/{height}"), Vec::new()).await
    }

    /// The entry at a state key with its proof, which is checked against the header that comes
    /// with it. Whether that header was decided is for the caller to check: its certificate comes
    /// with it too.
    ///
    /// # Errors
    /// [`ClientError::Malformed`] for a proof that does not hold or is about something else.
    pub async fn proof(
        &self,
        key: &[u8],
        height: Option<Height>,
    ) -> Result<Envelope<ProofView>, ClientError> {
        let path = format!("/proofs/{}", hex::encode(key));
        let query = height.map(|height| ("height", height.to_string())).into_iter().collect();
        let envelope: Envelope<ProofView> = self.one(&path, query).await?;
        check_proof(&envelope.data, key, height)
            .map_err(|reason| ClientError::Malformed { url: path, reason })?;
        Ok(envelope)
    }

    /// Waits until the chain has reached a height; gives the height that it has.
    ///
    /// # Errors
    /// [`ClientError::TimedOut`], or what the node says if that cannot be retried.
    pub async fn wait_height(
        &self,
        height: Height,
        timeout: Duration,
    ) -> Result<Height, ClientError> {
        let started = tokio::time::Instant::now();
        while started.elapsed() < timeout {
            match self.status().await {
                Ok(status) if status.height >= height => return Ok(status.height),
                Err(error) if !error.retryable() => return Err(error),
                Ok(_) | Err(_) => tokio::time::sleep(POLL).await,
            }
        }
        Err(ClientError::TimedOut { what: format!("the height {height}"), waited: timeout })
    }
}

fn check_proof(view: &ProofView, key: &[u8], height: Option<Height>) -> Result<(), String> {
    let ProofView { proof, header, certificate: _ } = view;
    if *proof.key != *key || height.is_some_and(|height| height != proof.height) {
        return Err("the proof is about another key or height".to_owned());
    }
    if header.height != proof.height {
        return Err(format!("the header is of height {}, not {}", header.height, proof.height));
    }
    proof.verify(header.state_root).map_err(|error| error.to_string())
}

/// The text of an enum without content, as queries carry it.
fn plain<T: Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
