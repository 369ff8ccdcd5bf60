//! Every route below the API's base: what answers it, and what is said of it.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use probity_api::{BASE_PATH, OCTET_STREAM};

use super::{
    App, blobs, blocks, disputes, evaluation, events, export, governance, money, node, proofs,
    snapshots, txs, votes,
};
use crate::openapi::{Api, Entry, Kind, Taken, document, file, list, one};

const JSON: &str = "application/json";

/// The `OpenAPI` document.
pub(super) async fn openapi(State(app): State<App>) -> Response {
    let media = [(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, "no-cache")];
    (media, app.openapi.to_string()).into_response()
}

/// The document of all routes.
pub(super) fn describe() -> serde_json::Value {
    document(BASE_PATH, &entries())
}

/// Every route, with what is said of it.
pub(crate) fn entries() -> Vec<Entry> {
    [quick().entries, slow().entries].concat()
}

/// The routes that may take as long as a file does.
pub(super) fn slow() -> Api {
    Api::new()
        .get(
            "/results/{task}/certificate",
            evaluation::certificate,
            file(JSON, "The certificate of a result, as its file"),
        )
        .put("/blobs", blobs::put, one("probity.blob/v1", "Keep a file").takes(Taken::File))
        .get("/blobs/{hash}", blobs::get, file(OCTET_STREAM, "The bytes of a file"))
        .get(
            "/snapshots/{height}/manifest",
            snapshots::manifest,
            file(OCTET_STREAM, "What a snapshot says of itself"),
        )
        .get(
            "/snapshots/{height}/chunks/{index}",
            snapshots::chunk,
            file(OCTET_STREAM, "A part of a snapshot"),
        )
}

/// The routes that answer at once.
pub(super) fn quick() -> Api {
    let api = of_evaluation(of_money(of_node(Api::new())));
    of_governance(api)
}

fn of_node(api: Api) -> Api {
    let events = file("text/event-stream", "What happens, as it happens, from any place on");
    api.get("/openapi.json", openapi, file(JSON, "This document"))
        .get("/status", node::status, one("probity.status/v1", "How the node stands"))
        .get("/peers", node::peers, one("probity.peers/v1", "Whom the node is connected to"))
        .get("/genesis", node::genesis, one("probity.genesis/v1", "The genesis document"))
        .get("/params", node::params, one("probity.params/v1", "The parameters in force"))
        .get("/blocks", blocks::list, list("probity.header/v1", "Headers, the newest first"))
        .get("/blocks/{height}", blocks::one, one("probity.block/v1", "A block"))
        .post(
            "/txs",
            txs::submit,
            one("probity.submitted/v1", "Send a transaction, or try it")
                .takes(Taken::Transaction)
                .asks("dry_run", Kind::Flag)
                .with(202),
        )
        .get("/txs/{hash}", txs::receipt, one("probity.receipt/v1", "What became of one"))
        .get(
            "/proofs/{key}",
            proofs::prove,
            one("probity.proof/v1", "A state entry with its proof").asks("height", Kind::Number),
        )
        .get("/events", events::stream, events.asks("after", Kind::Word).asks("kind", Kind::Word))
        .get(
            "/snapshots",
            snapshots::list,
            one_list("probity.snapshot_summary/v1", "The snapshots that are handed out"),
        )
}

/// A list that has no pages.
const fn one_list(schema: &'static str, summary: &'static str) -> crate::openapi::Says {
    crate::openapi::Says {
        summary,
        answer: crate::openapi::Answer::List(schema),
        query: Vec::new(),
        body: None,
        status: 200,
    }
}

fn of_money(api: Api) -> Api {
    api.get("/supply", money::supply, one("probity.supply/v1", "The supply of tokens"))
        .get("/accounts/{address}", money::account, one("probity.account/v1", "An account"))
        .get(
            "/accounts/{address}/pending",
            txs::pending,
            one("probity.pending/v1", "What an account has waiting, and its next nonce"),
        )
        .get(
            "/accounts/{address}/disputable",
            money::disputable,
            one("probity.disputable/v1", "What an account could dispute"),
        )
        .get("/operators", money::operators, list("probity.operator/v1", "Operators"))
        .get("/operators/{id}", money::operator, one("probity.operator/v1", "An operator"))
        .get(
            "/operators/{id}/rewards",
            money::rewards,
            list("probity.reward/v1", "What an operator's seats were paid"),
        )
        .get(
            "/slashes",
            money::slashes,
            list("probity.slash/v1", "Slashes that wait").asks("operator", Kind::Operator),
        )
}

fn of_evaluation(api: Api) -> Api {
    let artifacts = list("probity.artifact/v1", "Models, datasets, benchmarks");
    let results = list("probity.result/v1", "Published scores");
    let disputes = list("probity.dispute/v1", "Disputes").asks("task", Kind::Hash);
    api.get(
        "/artifacts",
        evaluation::artifacts,
        artifacts.asks("kind", Kind::Word).asks("owner", Kind::Account),
    )
    .get("/artifacts/{id}", evaluation::artifact, one("probity.artifact/v1", "An artifact"))
    .get(
        "/tasks",
        evaluation::tasks,
        list("probity.task/v1", "Evaluations").asks("phase", Kind::Word),
    )
    .get("/tasks/{id}", evaluation::task, one("probity.task/v1", "An evaluation"))
    .get(
        "/assignments/{operator}",
        evaluation::assignments,
        one("probity.assignments/v1", "What an operator has to do"),
    )
    .get(
        "/results",
        evaluation::results,
        results.asks("benchmark", Kind::Hash).asks("artifact", Kind::Hash),
    )
    .get("/results/{task}", evaluation::result, one("probity.result/v1", "A published score"))
    .get(
        "/results/{task}/export/{format}",
        export::export,
        file("*/*", "A published score in the form of another ecosystem"),
    )
    .get(
        "/board",
        evaluation::board,
        one("probity.board/v1", "The models of a benchmark, best first")
            .needs("benchmark", Kind::Hash),
    )
    .get("/disputes", disputes::list, disputes.asks("open", Kind::Flag).asks("at", Kind::Number))
    .get(
        "/disputes/{id}",
        disputes::one,
        one("probity.dispute/v1", "A dispute").asks("at", Kind::Number),
    )
}

fn of_governance(api: Api) -> Api {
    let at = |says: crate::openapi::Says| says.asks("at", Kind::Number);
    let referenda = list("probity.referendum/v1", "Referenda, the newest first");
    let delegations = list("probity.delegation/v1", "Power that was given");
    let position = one("probity.position/v1", "What an account may vote with, and said");
    api.get(
        "/governance",
        governance::params,
        at(one("probity.governance/v1", "The numbers of votes in force")),
    )
    .get(
        "/referenda",
        governance::referenda,
        at(referenda).asks("track", Kind::Word).asks("stage", Kind::Word).asks("open", Kind::Flag),
    )
    .get(
        "/referenda/{id}",
        governance::referendum,
        at(one("probity.referendum/v1", "A referendum")),
    )
    .get("/referenda/{id}/votes", votes::list, at(list("probity.vote/v1", "Votes")))
    .get("/referenda/{id}/votes.csv", votes::csv, at(file("text/csv", "All votes")))
    .get("/referenda/{id}/positions/{account}", governance::position, at(position))
    .get("/voters/{account}", governance::voter, at(one("probity.voter/v1", "Locks and power")))
    .get(
        "/delegations",
        governance::delegations,
        at(delegations).asks("track", Kind::Word).asks("to", Kind::Account),
    )
    .post(
        "/preview",
        governance::preview,
        one("probity.preview/v1", "What an action would change").takes(Taken::Preview),
    )
}
