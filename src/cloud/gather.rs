//! Reads this machine's files that planning needs: those of steps, data, public keys.

use super::content::{self, Digest};
use super::data_folder::{self, Found};
use super::error::{Class, CloudError, IoContext};
use super::keypair::read_public;
use super::local::runtime::Store;
use super::{imports, local_results};
use crate::cost::catalog::Catalog;
use crate::cost::estimate::Estimate;
use crate::disk::{self, UnreadableFile};
use crate::model::bootstrap::BootstrapScript;
use crate::model::desired::InstanceGroups;
use crate::model::event::{Event, Listener};
use crate::model::facts::{Capacity, Facts, File, Folder, Input, Member, Neighbour, StepFiles};
use crate::model::name::DataName;
use crate::model::rates::Rates;
use crate::model::requirements::{BadLine, requirements};
use crate::model::sample::Sample;
use crate::model::shown;
use crate::model::span::Span;
use crate::model::stack::{Data, Python, Source, Stack};
use crate::model::work::{StepFile, Work};
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
            step_files: self.step_files(stack)?,
            data,
            public_keys: self.public_keys(stack)?,
            sample,
            label: None,
            subnet: None,
            more_subnets: Vec::new(),
            untagged: Vec::new(),
            capacity: Capacity::AsTyped,
            prices: self.rates(stack),
            ending: Span::from_secs(1),
            attempt: None,
            last_run: BTreeMap::new(),
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

    /// The files of steps, and what their scripts import.
    fn step_files(&self, stack: &Stack) -> Result<StepFiles, CloudError> {
        let mut found = StepFiles::default();
        match stack.job.as_ref().and_then(|job| job.python.as_ref()) {
            Some(Python::Requirements(path)) => found.requirements = self.requirements(path)?,
            Some(Python::Archive(StepFile::Local(path))) => {
                let file = self.file(path, "python.archive")?;
                found.files.insert(path.clone(), file);
            }
            Some(Python::Archive(StepFile::Remote(_)) | Python::Packages(_)) | None => {}
        }
        for step in stack.job.iter().flat_map(|job| &job.steps) {
            let name = step.name.as_str();
            let main = step.work.file().and_then(StepFile::local);
            for path in step.files().filter_map(StepFile::local) {
                let what = match main {
                    Some(it) if it == path => format!("the {} of step {name:?}", step.work.kind()),
                    Some(_) | None => format!("a file of step {name:?}"),
                };
                if !found.files.contains_key(path) {
                    found
                        .files
                        .insert(path.clone(), self.step_file(path, &what)?);
                }
            }
            if let (Work::Script(_), Some(script)) = (&step.work, main) {
                let neighbours = self.neighbours(script)?;
                found.neighbours.insert(script.clone(), neighbours);
            }
        }
        for action in &stack.cluster.bootstrap {
            if let BootstrapScript::Path(path) = &action.script
                && !found.bootstrap.contains_key(path)
            {
                let what = format!("the script of bootstrap action {:?}", action.name.as_str());
                found
                    .bootstrap
                    .insert(path.clone(), self.file(path, &what)?);
            }
        }
        Ok(found)
    }

    /// A file, or the zip archive of a folder of Python files.
    fn step_file(&self, path: &Path, what: &str) -> Result<File, CloudError> {
        let path = self.expand(path);
        let is_package = path.join("__init__.py").is_file();
        self.zipped(&path, what, is_package)
    }

    fn zipped(&self, path: &Path, what: &str, as_package: bool) -> Result<File, CloudError> {
        if !path.is_dir() {
            return self.file(path, what);
        }
        let zip = self.store.zipped(path, as_package);
        self.file(&zip.during(|| format!("zip {}", path.display()))?, what)
    }

    /// The packages of a file of requirements.
    fn requirements(&self, path: &Path) -> Result<Vec<String>, CloudError> {
        let path = self.expand(path);
        let text = disk::text(&path, disk::SMALL).during(|| format!("read {}", path.display()))?;
        requirements(&text).map_err(|BadLine { number, text }| {
            let text = shown::line(&text, 100);
            let message = format!("line {number} of {} is no package: {text}", path.display());
            CloudError::new(Class::Input, message).hint(
                "write one package per line, such as `numpy==2.3.1`, without pip's options, \
                 addresses and conditions",
            )
        })
    }

    /// What a script imports from its own folder.
    fn neighbours(&self, script: &Path) -> Result<Vec<Neighbour>, CloudError> {
        let script = self.expand(script);
        let found = imports::neighbours(&script).into_iter().map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let file = self.zipped(&path, &name, true)?;
            let name = name.into_owned();
            Ok(Neighbour { name, file })
        });
        found.collect()
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
        let Digest {
            sha256,
            crc32,
            bytes,
        } = content::digest(path, &mut |read| {
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
            crc32,
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
