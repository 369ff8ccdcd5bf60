//! A world that all tests begin with, and one helper to ask its API.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, header};
use probity_api::{OCTET_STREAM, PROBLEM_JSON, Problem};
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedString, Height, Keypair, OperatorId, TaskId,
};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::Mode;
use probity_runtime::message::Transfer;
use probity_runtime::{Message, SignedTx, TxBody};
use probity_simulations::{World, WorldConfig};
use probity_web::{ApiLimits, router};
use serde_json::Value;
use tower::ServiceExt;

use crate::memory::Memory;
use crate::showcase::{Shown, showcase};

/// What the world has in it.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) benchmark: ArtifactId,
    pub(crate) models: Vec<ArtifactId>,
    /// A task with a result.
    pub(crate) done: TaskId,
    /// A task whose members are at work.
    pub(crate) open: TaskId,
}

/// Parameters that do not change with the defaults, so that snapshots change with the API alone.
const PARAMS: &str = include_str!("params.json");

static WORLD: LazyLock<(World, Known)> = LazyLock::new(|| {
    let config = WorldConfig {
        operators: 4,
        check: false,
        params: serde_json::from_str(PARAMS).unwrap(),
        ..WorldConfig::default()
    };
    let mut world = World::new(&config).unwrap();
    let (benchmark, models) = world.publish(&[600_000, 900_000]).unwrap();
    let asker = world.people[1].clone();
    world.must(&asker, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let done = world.newest_task().unwrap();
    assert_eq!(world.finish(done, 500).unwrap(), TaskPhase::Final);
    world.must(&asker, World::request(benchmark, models[1], Mode::Tolerant)).unwrap();
    let open = world.newest_task().unwrap();
    world.run_until(open, 100, |phase| phase == TaskPhase::Commit).unwrap();
    world.act().unwrap();
    world.step().unwrap();
    (world, Known { benchmark, models, done, open })
});

static SHOWN: LazyLock<(World, Shown)> =
    LazyLock::new(|| showcase(Some(serde_json::from_str(PARAMS).unwrap())));

/// An API and what is behind it.
pub(crate) struct Stage {
    pub(crate) memory: Arc<Memory>,
    pub(crate) router: Router,
    pub(crate) known: Known,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with_limits(ApiLimits::default())
    }

    pub(crate) fn with_limits(limits: ApiLimits) -> Self {
        let (world, known) = WORLD.clone();
        let memory = Arc::new(Memory::new(world));
        let router = router(memory.clone(), limits);
        Self { memory, router, known }
    }

    /// A stage with some of everything.
    pub(crate) fn on_show() -> Self {
        let (world, shown) = SHOWN.clone();
        let (benchmark, models) = (shown.benchmark, shown.models);
        let known = Known { benchmark, models, done: shown.flagged, open: shown.disputed };
        let memory = Arc::new(Memory::new(world));
        let router = router(memory.clone(), ApiLimits::default());
        Self { memory, router, known }
    }

    /// What is on such a stage.
    #[expect(clippy::unused_self, reason = "it reads as a question to the stage")]
    pub(crate) fn shown(&self) -> &'static Shown {
        &SHOWN.1
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The document at a path below the API's base.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.send(get(&format!("/api/v1{path}"))).await;
        assert_eq!(response.status(), 200, "{path}: {}", text(response).await);
        json(response).await
    }

    /// Checks that a request is refused with a problem of a status and a code; gives its detail.
    pub(crate) async fn refused(&self, request: Request<Body>, status: u16, code: &str) -> String {
        let what = format!("{} {}", request.method(), request.uri());
        let response = self.send(request).await;
        let media = response.headers().get(header::CONTENT_TYPE).cloned();
        let found = response.status().as_u16();
        let body = text(response).await;
        assert_eq!(media.unwrap(), PROBLEM_JSON, "{what}: {body}");
        let problem: Problem = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (found, problem.status, &*problem.code),
            (status, status, code),
            "{what}: {body}"
        );
        problem.detail
    }

    pub(crate) async fn get_refused(&self, path: &str, status: u16, code: &str) -> String {
        self.refused(get(&format!("/api/v1{path}")), status, code).await
    }

    /// Someone who has money and sends transactions.
    pub(crate) fn payer(&self) -> Keypair {
        self.memory.world().people[2].clone()
    }

    pub(crate) fn operator(&self) -> OperatorId {
        self.memory.world().actors[0].id()
    }

    /// A transfer that may stand in the next block.
    pub(crate) fn transfer(&self) -> TxBody {
        let world = self.memory.world();
        let (from, to) = (&world.people[2], &world.people[1]);
        let sender = address(from);
        TxBody {
            chain: world.genesis.chain_id.clone(),
            sender,
            nonce: world.ledger().accounts.get(&sender).unwrap().nonce,
            fee: Amount::from_tokens(1),
            expiry: Height(world.chain.height().0 + 100),
            memo: BoundedString::default(),
            message: Message::Transfer(Transfer {
                to: address(to),
                amount: Amount::from_tokens(5),
            }),
        }
    }

    /// The same, signed by the payer.
    pub(crate) fn signed(&self, body: TxBody) -> SignedTx {
        let genesis_hash = self.memory.world().chain.genesis_hash();
        body.sign(genesis_hash, &self.payer())
    }
}

pub(crate) fn address(key: &Keypair) -> Address {
    Address::of(&key.public(), probity_primitives::Network::Test)
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

pub(crate) fn request(
    method: Method,
    path: &str,
    media: &str,
    body: impl Into<Body>,
) -> Request<Body> {
    let builder = Request::builder().method(method).uri(format!("/api/v1{path}"));
    builder.header(header::CONTENT_TYPE, media).body(body.into()).unwrap()
}

pub(crate) fn post_tx(tx: &SignedTx) -> Request<Body> {
    request(Method::POST, "/txs", OCTET_STREAM, tx.encode())
}

pub(crate) async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) async fn json(response: Response<Body>) -> Value {
    serde_json::from_str(&text(response).await).unwrap()
}
