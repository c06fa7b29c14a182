//! Reads this machine's files that planning needs: scripts, data, public keys.

use super::data_folder::{self, Found};
use super::error::{Class, CloudError, IoContext};
use super::keypair::read_public;
use super::local::runtime::Store;
use super::{content, local_results};
use crate::cost::catalog::Catalog;
use crate::cost::estimate::Estimate;
use crate::disk::{self, UnreadableFile};
use crate::model::bootstrap::BootstrapScript;
use crate::model::desired::InstanceGroups;
use crate::model::event::{Event, Listener};
use crate::model::facts::{Capacity, Facts, File, Folder, Input, Member};
use crate::model::name::DataName;
use crate::model::rates::Rates;
use crate::model::sample::Sample;
use crate::model::span::Span;
use crate::model::stack::{Data, Source, Stack};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The sources of facts.
pub(super) struct Gather<'a> {
    pub(super) store: &'a Store,
    pub(super) home: Option<&'a Path>,
    /// Where downloads of results are recorded; `None` for a target that creates nothing without
    /// `home`.
    pub(super) records: Option<&'a Path>,
    /// Whether clusters of the target read `s3://…`.
    pub(super) reads_s3: bool,
    pub(super) prices: &'a Catalog,
    pub(super) listener: &'a dyn Listener,
}

impl Gather<'_> {
    /// All facts except those that only the target knows: its bucket, its capacity, its newest
    /// release.
    pub(super) async fn facts(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
    ) -> Result<Facts, CloudError> {
        if let Some(home) = stack.job.as_ref().and_then(|job| job.results.as_deref()) {
            local_results::check(&stack.name, home, self.records)?;
        }
        let mut data = BTreeMap::new();
        for (name, wanted) in &stack.data {
            data.insert(name.clone(), self.input(name, wanted).await?);
        }
        Ok(Facts {
            bucket: String::new(),
            work: String::new(),
            scripts: self.scripts(stack)?,
            data,
            public_keys: self.public_keys(stack)?,
            sample,
            label: None,
            capacity: Capacity::AsTyped,
            prices: self.rates(stack),
            ending: Span::from_secs(1),
        })
    }

    fn rates(&self, stack: &Stack) -> Result<Rates, String> {
        let groups = InstanceGroups::of(&stack.cluster);
        let estimate = Estimate::of(self.prices, &stack.region, &groups);
        let estimate = estimate.map_err(|lack| lack.to_string())?;
        estimate
            .rates()
            .ok_or_else(|| "it has no primary".to_owned())
    }

    fn scripts(&self, stack: &Stack) -> Result<BTreeMap<PathBuf, File>, CloudError> {
        let mut scripts = BTreeMap::new();
        for step in stack.job.iter().flat_map(|job| &job.steps) {
            if !scripts.contains_key(&step.script) {
                let what = format!("the script of step {:?}", step.name.as_str());
                scripts.insert(step.script.clone(), self.file(&step.script, &what)?);
            }
        }
        for action in &stack.cluster.bootstrap {
            if let BootstrapScript::Path(path) = &action.script
                && !scripts.contains_key(path)
            {
                let what = format!("the script of bootstrap action {:?}", action.name.as_str());
                scripts.insert(path.clone(), self.file(path, &what)?);
            }
        }
        Ok(scripts)
    }

    fn public_keys(
        &self,
        stack: &Stack,
    ) -> Result<BTreeMap<crate::model::name::KeyPairName, String>, CloudError> {
        let own = stack
            .key_pairs
            .iter()
            .filter_map(|pair| Some((pair, pair.public_key.as_ref()?)));
        own.map(|(pair, path)| Ok((pair.name.clone(), read_public(&self.expand(path))?)))
            .collect()
    }

    async fn input(&self, name: &DataName, data: &Data) -> Result<Input, CloudError> {
        let what = format!("data.{name}");
        match &data.source {
            Source::Path(path) => {
                let path = self.expand(path);
                if let Some(found) = data_folder::find(&path, &what)? {
                    return self.folder(found, &what).map(Input::Folder);
                }
                let instead = format!("use another file: --set data.{name}.path=FILE");
                self.file(&path, &what)
                    .map(Input::Local)
                    .map_err(|error| error.hint(instead))
            }
            Source::Url {
                url,
                member,
                sha256,
            } => {
                if sha256.is_none() && url.to_ascii_lowercase().starts_with("http://") {
                    let what = format!(
                        "{what} is downloaded by plain HTTP and has no sha256 in \
                                        the stack"
                    );
                    let next = Some("use https, or add its sha256".into());
                    self.listener.on_event(&Event::Warning { what, next });
                }
                let fetched =
                    self.store
                        .fetch(url, member.as_deref(), sha256.as_deref(), self.listener);
                self.file(&fetched.await?, &what).map(Input::Local)
            }
            Source::S3(location) if self.reads_s3 => Ok(Input::Remote(location.clone())),
            Source::S3(location) => {
                let message = format!("{what} is {location}, which --local cannot read");
                Err(CloudError::new(Class::Input, message)
                    .hint(format!("use a file instead: --set data.{name}.path=FILE")))
            }
        }
    }

    fn folder(&self, found: Found, what: &str) -> Result<Folder, CloudError> {
        let mut total = 0;
        for (_, path) in &found.files {
            total += size(path, what)?;
        }
        let mut files = Vec::with_capacity(found.files.len());
        let mut before = 0;
        for (name, path) in found.files {
            let file = self.hashed(&path, what, Share { before, total })?;
            before += file.bytes;
            files.push(Member { name, file });
        }
        let path = found.folder;
        Ok(Folder { path, files })
    }

    fn file(&self, path: &Path, what: &str) -> Result<File, CloudError> {
        let path = self.expand(path);
        let total = size(&path, what)?;
        self.hashed(&path, what, Share { before: 0, total })
    }

    fn hashed(&self, path: &Path, what: &str, share: Share) -> Result<File, CloudError> {
        let Share { before, total } = share;
        let (sha256, bytes) = content::digest(path, &mut |read| {
            let what = format!("reading {what}");
            let done = before + read;
            self.listener
                .on_event(&Event::Progress { what, done, total });
        })
        .during(|| format!("read {}", path.display()))?;
        Ok(File {
            path: path.to_owned(),
            bytes,
            sha256,
        })
    }

    /// Expands `~/…` as a shell does.
    fn expand(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }
}

/// Which part of all bytes to read a file is.
struct Share {
    before: u64,
    total: u64,
}

/// The size of a file that can be read, in bytes.
fn size(path: &Path, what: &str) -> Result<u64, CloudError> {
    let metadata = disk::open(path).and_then(|file| file.metadata());
    match metadata.map(|metadata| metadata.len()) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("{what} does not exist: {}", path.display());
            Err(CloudError::new(Class::Input, message))
        }
        Err(error) if UnreadableFile::of(&error).is_some() => {
            let message = format!("{what} cannot be read: {}", path.display());
            Err(CloudError::new(Class::Input, message).caused_by(error))
        }
        bytes => bytes.during(|| format!("read {}", path.display())),
    }
}
