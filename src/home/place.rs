//! Where a home is: a flag, the environment, or the folders that the user's desktop names.
//!
//! `--home DIR` and `PROBITY_HOME` put everything beneath one folder. Without them the XDG folders
//! are used: configuration, data and cache apart, as backups and quotas expect.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};

/// The folders of a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Configuration and genesis document.
    pub(crate) config: PathBuf,
    /// Keys.
    pub(crate) keys: PathBuf,
    /// What the node writes.
    pub(crate) data: PathBuf,
    /// What can be fetched again.
    pub(crate) cache: PathBuf,
}

impl Place {
    /// The place that `--home` or `PROBITY_HOME` names, or the user's folders.
    pub(crate) fn of(global: &Global) -> Result<Self, Failure> {
        Self::find(global.home.as_deref(), |name| std::env::var_os(name))
    }

    /// A home beneath one folder.
    pub(crate) fn under(folder: &Path) -> Self {
        let [config, keys, data, cache] =
            ["config", "keys", "data", "cache"].map(|name| folder.join(name));
        Self { config, keys, data, cache }
    }

    fn find(
        named: Option<&Path>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Failure> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(folder) = named {
            return Ok(Self::under(folder));
        }
        let user = set("HOME");
        let base = |name: &str, usual: &str| {
            let folder = set(name).or_else(|| user.as_ref().map(|user| user.join(usual)));
            folder.map(|folder| folder.join("probity")).ok_or_else(|| {
                Failure::new(Code::Usage, format_args!("neither {name} nor HOME is set"))
                    .hint("name the home with --home DIR")
            })
        };
        let data = base("XDG_DATA_HOME", ".local/share")?;
        Ok(Self {
            config: base("XDG_CONFIG_HOME", ".config")?,
            keys: data.join("keys"),
            data: data.join("data"),
            cache: base("XDG_CACHE_HOME", ".cache")?,
        })
    }

    /// Makes the folders that are missing; nobody else may look into those of keys and data.
    pub(crate) fn make(&self) -> Result<(), Failure> {
        use std::os::unix::fs::DirBuilderExt;
        for (folder, mode) in
            [(&self.config, 0o755), (&self.keys, 0o700), (&self.data, 0o700), (&self.cache, 0o755)]
        {
            let mut builder = std::fs::DirBuilder::new();
            let what = format!("cannot make the folder {}", folder.display());
            builder.recursive(true).mode(mode).create(folder).or_fail(Code::Other, &what)?;
        }
        Ok(())
    }

    /// The configuration file.
    pub(crate) fn file(&self) -> PathBuf {
        self.config.join("node.toml")
    }

    /// The genesis document.
    pub(crate) fn genesis(&self) -> PathBuf {
        self.config.join("genesis.json")
    }

    /// A key file: a name in the folder of keys, or an absolute path.
    pub(crate) fn key(&self, name: &Path) -> PathBuf {
        self.keys.join(name)
    }

    /// Where the evaluator works.
    pub(crate) fn evaluator(&self) -> PathBuf {
        self.data.join("evaluator")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(named: Option<&str>, set: &[(&str, &str)]) -> Result<Place, Failure> {
        let value = |name: &str| set.iter().find(|(known, _)| *known == name);
        Place::find(named.map(Path::new), |name| value(name).map(|(_, value)| value.into()))
    }

    #[test]
    fn a_named_folder_goes_before_those_of_the_desktop() {
        let set = [("HOME", "/user"), ("XDG_CONFIG_HOME", "/xdg")];
        assert_eq!(find(Some("/flag"), &set).unwrap(), Place::under(Path::new("/flag")));
        let desktop = find(None, &set).unwrap();
        assert_eq!(desktop.file(), Path::new("/xdg/probity/node.toml"));
        assert_eq!(desktop.data, Path::new("/user/.local/share/probity/data"));
    }

    #[test]
    fn nowhere_to_be_is_refused_with_what_to_do() {
        let refused = format!("{:?}", find(None, &[]).unwrap_err());
        assert!(refused.contains("HOME is set") && refused.contains("--home DIR"), "{refused}");
    }

    #[test]
    fn others_cannot_look_into_the_folders_of_keys_and_data() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let place = Place::under(&folder.path().join("new"));
        place.make().unwrap();
        for folder in [&place.keys, &place.data] {
            let mode = std::fs::metadata(folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", folder.display());
        }
    }
}
