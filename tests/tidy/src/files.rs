//! The repository as texts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A text file of the repository.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path relative to the repository, with forward slashes.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl File {
    /// A file that a test makes up.
    #[must_use]
    pub fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether its name ends so.
    #[must_use]
    pub fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// What is read: sources, manifests, documents, templates and scripts.
const EXTENSIONS: [&str; 9] = ["rs", "toml", "md", "sh", "py", "html", "css", "js", "lock"];

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 4] = ["target", ".git", "node_modules", "fixtures"];

/// The repository's folder.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every text file under `root`, in order of path.
///
/// # Errors
/// What reading a folder or a file gives.
pub fn read(root: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    visit(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn visit(folder: &Path, prefix: &str, files: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            visit(&entry.path(), &path, files)?;
        } else if kind.is_file() && is_read(&path) {
            files.push(File { path, text: fs::read_to_string(entry.path())? });
        }
    }
    Ok(())
}

fn is_read(path: &str) -> bool {
    let known = Path::new(path)
        .extension()
        .is_some_and(|found| EXTENSIONS.iter().any(|extension| found == *extension));
    known || path == ".ci/run"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_file_is_among_those_read_and_builds_are_not() {
        let files = read(&root()).unwrap();
        assert!(files.iter().any(|file| file.path == "tests/tidy/src/files.rs"));
        assert!(files.iter().all(|file| !file.path.starts_with("target/")));
    }
}
