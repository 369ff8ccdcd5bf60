//! The API described for programs: `OpenAPI` 3.1, made of the same table as the router.
//!
//! [`Api`] takes a route, what answers it and what is said of it in one call, so that there is no
//! route without a description. What an answer's `data` holds is in `web/openapi/views.json`, field
//! by field; tests hold it against live answers.
//!
//! # Not here
//! Pages, feeds and what is at the root: those are for people and for readers of feeds.
//!
//! Spec: `docs/spec/24-api.md`.

mod document;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{get, post, put};

use crate::routes::App;

pub(crate) use document::document;

/// What is said of a route.
#[derive(Debug, Clone)]
pub(crate) struct Says {
    /// What it is for.
    pub(crate) summary: &'static str,
    /// What it answers.
    pub(crate) answer: Answer,
    /// What may be asked besides the path.
    pub(crate) query: Vec<Query>,
    /// What it takes.
    pub(crate) body: Option<Taken>,
    /// Its status when all is well.
    pub(crate) status: u16,
}

/// What a route answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// One thing of a schema in an envelope.
    One(&'static str),
    /// A page of things of a schema.
    List(&'static str),
    /// A file of a media type.
    File(&'static str),
}

/// What a route takes as its body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Taken {
    /// The bytes of a transaction, or their digits.
    Transaction,
    /// An action to be tried.
    Preview,
    /// A file.
    File,
}

/// A parameter of a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

/// What a parameter's text is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Hash,
    Account,
    Operator,
    Number,
    Flag,
    Word,
    Limit,
}

/// One thing.
pub(crate) const fn one(schema: &'static str, summary: &'static str) -> Says {
    says(Answer::One(schema), summary)
}

/// A list, read in pages.
pub(crate) fn list(schema: &'static str, summary: &'static str) -> Says {
    let says = says(Answer::List(schema), summary);
    says.asks("limit", Kind::Limit).asks("cursor", Kind::Word)
}

/// A file.
pub(crate) const fn file(media: &'static str, summary: &'static str) -> Says {
    says(Answer::File(media), summary)
}

const fn says(answer: Answer, summary: &'static str) -> Says {
    Says { summary, answer, query: Vec::new(), body: None, status: 200 }
}

impl Says {
    /// With a parameter that may be left out.
    pub(crate) fn asks(mut self, name: &'static str, kind: Kind) -> Self {
        self.query.push(Query { name, kind, required: false });
        self
    }

    /// With a parameter that may not.
    pub(crate) fn needs(mut self, name: &'static str, kind: Kind) -> Self {
        self.query.push(Query { name, kind, required: true });
        self
    }

    /// With a body.
    pub(crate) const fn takes(mut self, body: Taken) -> Self {
        self.body = Some(body);
        self
    }

    /// With another status than 200.
    pub(crate) const fn with(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// A described route.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) says: Says,
}

/// Routes in the making, with what is said of each.
pub(crate) struct Api {
    pub(crate) router: Router<App>,
    pub(crate) entries: Vec<Entry>,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self { router: Router::new(), entries: Vec::new() }
    }

    pub(crate) fn get<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, App>,
        says: Says,
    ) -> Self {
        self.add("get", path, says, |router| router.route(path, get(handler)))
    }

    pub(crate) fn post<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, App>,
        says: Says,
    ) -> Self {
        self.add("post", path, says, |router| router.route(path, post(handler)))
    }

    pub(crate) fn put<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, App>,
        says: Says,
    ) -> Self {
        self.add("put", path, says, |router| router.route(path, put(handler)))
    }

    fn add(
        mut self,
        method: &'static str,
        path: &'static str,
        says: Says,
        route: impl FnOnce(Router<App>) -> Router<App>,
    ) -> Self {
        self.entries.push(Entry { method, path, says });
        Self { router: route(self.router), entries: self.entries }
    }
}
