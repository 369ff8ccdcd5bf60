//! Where a file is: a path, an address on the web, or a file of the model hub.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A path on this machine.
    File(PathBuf),
    /// `http://` or `https://`.
    Web(String),
    /// `hf://owner/repository@revision/path`, or `hf://datasets/owner/..`.
    Hub(HubFile),
}

/// A file of the model hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubFile {
    /// A model's or a dataset's repository.
    pub kind: HubKind,
    /// `owner/name`.
    pub repository: String,
    /// A branch, tag or commit.
    pub revision: String,
    /// The path in the repository.
    pub path: String,
}

/// What a repository of the hub holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubKind {
    /// A model.
    Model,
    /// A dataset.
    Dataset,
}

/// Why a text is not a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Another scheme.
    #[error("{0:?} is neither a path nor file://, http://, https:// or hf://")]
    Scheme(String),
    /// Not a file of the hub.
    #[error("{0:?} is not hf://owner/repository@revision/path")]
    Hub(String),
}

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        match text.split_once("://") {
            None => Ok(Self::File(text.into())),
            Some(("file", path)) => Ok(Self::File(path.into())),
            Some(("http" | "https", _)) => Ok(Self::Web(text.to_owned())),
            Some(("hf", rest)) => {
                HubFile::parse(rest).map(Self::Hub).ok_or_else(|| SourceError::Hub(text.to_owned()))
            }
            Some(_) => Err(SourceError::Scheme(text.to_owned())),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Web(url) => url.fmt(f),
            Self::Hub(file) => file.fmt(f),
        }
    }
}

impl fmt::Display for HubFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, repository, revision, path } = self;
        let kind = match kind {
            HubKind::Model => "",
            HubKind::Dataset => "datasets/",
        };
        write!(f, "hf://{kind}{repository}@{revision}/{path}")
    }
}

impl HubFile {
    fn parse(text: &str) -> Option<Self> {
        let (kind, text) = match text.strip_prefix("datasets/") {
            Some(rest) => (HubKind::Dataset, rest),
            None => (HubKind::Model, text),
        };
        let (owner, text) = text.split_once('/')?;
        let (name, path) = text.split_once('/')?;
        let (name, revision) = name.split_once('@').unwrap_or((name, "main"));
        let parts = [owner, name, revision].into_iter().chain(path.split('/'));
        parts.into_iter().all(is_plain).then(|| Self {
            kind,
            repository: format!("{owner}/{name}"),
            revision: revision.to_owned(),
            path: path.to_owned(),
        })
    }
}

/// These words become file names in the hub's cache, so none may lead out of it.
fn is_plain(part: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || "._-+ ".contains(c);
    !part.is_empty()
        && part.len() <= 255
        && part != "."
        && part != ".."
        && part.chars().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_read_back_from_their_text() {
        for text in [
            "models/a.onnx",
            "https://example.org/a.onnx?x=1",
            "hf://owner/name@main/onnx/model.onnx",
            "hf://datasets/owner/name@v1.0/test.jsonl",
        ] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        let main = "hf://owner/name/model.onnx".parse::<Source>().unwrap();
        assert_eq!(main.to_string(), "hf://owner/name@main/model.onnx");
    }

    #[test]
    fn other_schemes_and_paths_out_of_the_cache_are_refused() {
        assert!(matches!("ftp://x/y".parse::<Source>(), Err(SourceError::Scheme(_))));
        for text in
            ["hf://owner", "hf://owner/name", "hf://o/n@r/../x", "hf://o/n@/x", "hf://../n/x"]
        {
            assert_eq!(text.parse::<Source>(), Err(SourceError::Hub(text.to_owned())));
        }
    }
}
