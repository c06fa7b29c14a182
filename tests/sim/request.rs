//! Stacks as a person edits them: the request, in a form that the oracle can read without
//! the planner, and its text.

use clusterup::model::facts::{Capacity, Facts, File, StepFiles};
use clusterup::model::stack::Stack;
use clusterup::text;
use clusterup_testkit::sim::ACCOUNT;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The number of versions of the scripts.
pub(crate) const VERSIONS: u16 = 3;

/// Small files for stacks to stage: `VERSION/one.py` and so on.
pub(crate) static FILES: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    for version in 0..VERSIONS {
        let version_folder = folder.path().join(version.to_string());
        fs::create_dir(&version_folder).unwrap();
        for name in NAMES {
            let body = format!("# {name}, version {version}\n");
            fs::write(version_folder.join(name), body).unwrap();
        }
    }
    folder
});

/// A stack as a person requests it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StackRequest {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) core: u16,
    /// Number of task nodes; no task group if 0.
    pub(crate) task: u16,
    pub(crate) release: &'static str,
    pub(crate) idle_minutes: u64,
    pub(crate) life_hours: u64,
    pub(crate) budget: u32,
    pub(crate) keep: bool,
    pub(crate) team: Option<&'static str>,
    /// The user's own tags: key and value.
    pub(crate) tags: Vec<(&'static str, &'static str)>,
    /// Key pairs with the version of the user's own key; the first opens the cluster.
    pub(crate) keys: Vec<(&'static str, u16)>,
    /// Groups with their openings: port, and range or `caller`. The first is the cluster's.
    pub(crate) groups: Vec<(&'static str, Vec<(u16, &'static str)>)>,
    pub(crate) packages: bool,
    /// Versions of the steps' scripts; no job if empty.
    pub(crate) scripts: Vec<u16>,
    pub(crate) home: Option<PathBuf>,
    /// More lines of `guardrails:`.
    pub(crate) guards: String,
}

const NAMES: [&str; 2] = ["one.py", "two.py"];
const STEPS: [&str; 2] = ["one", "two"];

impl StackRequest {
    /// A stack with one of everything, whose cluster ends with its work.
    pub(crate) fn plain(name: &'static str) -> Self {
        Self {
            name,
            kind: "m5.xlarge",
            core: 2,
            task: 0,
            release: "emr-7.x",
            idle_minutes: 30,
            life_hours: 8,
            budget: 0,
            keep: false,
            team: None,
            tags: Vec::new(),
            keys: vec![("spark", 0)],
            groups: vec![("ssh", vec![(22, "caller")])],
            packages: false,
            scripts: vec![0],
            home: None,
            guards: String::new(),
        }
    }

    pub(crate) fn text(&self) -> String {
        let Self {
            name,
            kind,
            core,
            task,
            release,
            ..
        } = self;
        let list = |items: Vec<String>| items.join(", ");
        let keys = self
            .keys
            .iter()
            .map(|(key, _)| format!("{{ name: {key} }}"));
        let rule = |(port, from): &(u16, &str)| format!("{{ port: {port}, from: {from} }}");
        let group = |(name, rules): &(&str, Vec<_>)| {
            let rules = list(rules.iter().map(rule).collect());
            format!("{{ name: {name}, ingress: [{rules}] }}")
        };
        let mut text = vec![format!("stack: {name}\nregion: us-east-1\n")];
        text.extend(self.team.map(|team| format!("team: {team}\n")));
        if !self.keys.is_empty() {
            text.push(format!("key_pairs: [{}]\n", list(keys.collect())));
        }
        if !self.groups.is_empty() {
            let groups = self.groups.iter().map(group).collect();
            text.push(format!("security_groups: [{}]\n", list(groups)));
        }
        text.push(format!(
            "cluster:\n  release: {release}\n  size:\n    primary: {kind}\n    core: {core} x {kind}\n"
        ));
        if *task > 0 {
            text.push(format!("    task: {task} x {kind}\n"));
        }
        let key = self.keys.first();
        text.extend(key.map(|(key, _)| format!("  key_pair: {key}\n")));
        let group = self.groups.first();
        text.extend(group.map(|(group, _)| format!("  security_groups: [{group}]\n")));
        text.push(self.job());
        let (idle, life) = (self.idle_minutes, self.life_hours);
        text.push(format!(
            "guardrails:\n  idle_timeout: {idle}m\n  max_lifetime: {life}h\n"
        ));
        if self.budget > 0 {
            text.push(format!("  budget: ${}\n", self.budget));
        }
        let when_done = if self.keep { "keep" } else { "terminate" };
        text.push(format!("  when_done: {when_done}\n{}", self.guards));
        text.concat()
    }

    fn job(&self) -> String {
        if self.scripts.is_empty() {
            return String::new();
        }
        let mut text = vec!["job:\n".to_owned()];
        if self.packages {
            text.push("  python_packages: [numpy]\n".to_owned());
        }
        text.push("  steps:\n".to_owned());
        for step in self.steps() {
            let args = format!("[--out, \"${{results}}/{step}\"]");
            text.push(format!(
                "    - {{ name: {step}, script: {step}.py, args: {args} }}\n"
            ));
        }
        let home = self.home.as_ref();
        text.extend(home.map(|home| format!("  results: {}\n", home.display())));
        text.concat()
    }

    pub(crate) fn case(&self) -> Case {
        let stack = text::parse("t.yaml", &self.text(), Path::new("/s"), &[]);
        let mut stack = stack.unwrap_or_else(|found| panic!("{}\n{found}", self.text()));
        let tags = self.tags.iter();
        stack.tags = tags
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let script = |(step, version): (&&str, &u16)| {
            let path = Path::new("/s").join(format!("{step}.py"));
            (path, file(*version, &format!("{step}.py")))
        };
        let key = |(name, version): &(&str, u16)| {
            let public = format!("ssh-ed25519 AAAA{version}");
            (name.parse().unwrap(), public)
        };
        let newest = self.release == "emr-7.x";
        let facts = Facts {
            bucket: format!("s3://{}/stacks/{}", bucket(), self.name),
            work: format!("s3://{}/work/{}", bucket(), self.name),
            step_files: StepFiles {
                files: STEPS.iter().zip(&self.scripts).map(script).collect(),
                ..StepFiles::default()
            },
            data: BTreeMap::new(),
            public_keys: self.keys.iter().map(key).collect(),
            sample: None,
            label: Some(if newest { "emr-7.14.0" } else { self.release }.to_owned()),
            subnet: None,
            more_subnets: Vec::new(),
            untagged: Vec::new(),
            capacity: Capacity::AsTyped,
            prices: Ok(RATES.parse().unwrap()),
            ending: clusterup::model::span::Span::from_secs(1_200),
            attempt: None,
            last_run: BTreeMap::new(),
        };
        Case { stack, facts }
    }

    /// Names of the steps, in order.
    pub(crate) fn steps(&self) -> &'static [&'static str] {
        &STEPS[..self.scripts.len()]
    }

    /// The keys of the staged scripts, without the stack's prefix.
    pub(crate) fn staged(&self) -> Vec<String> {
        let key = |(step, version): (&&str, &u16)| {
            let File { sha256, .. } = file(*version, &format!("{step}.py"));
            format!("scripts/{}/{step}.py", &sha256[..16])
        };
        STEPS.iter().zip(&self.scripts).map(key).collect()
    }
}

/// A stack and the other inputs of a plan.
pub(crate) struct Case {
    pub(crate) stack: Stack,
    pub(crate) facts: Facts,
}

/// The hourly rates of each role's nodes.
const RATES: &str = "primary=0.192+0.048+0+0 core=0.192+0.048+0+0 task=0.192+0.048+0+0";

pub(crate) fn bucket() -> String {
    format!("clusterup-{ACCOUNT}-us-east-1")
}

fn file(version: u16, name: &str) -> File {
    READ[&(version, name.to_owned())].clone()
}

/// Size and digest of those files.
static READ: LazyLock<BTreeMap<(u16, String), File>> = LazyLock::new(|| {
    let each = (0..VERSIONS).flat_map(|version| NAMES.map(|name| (version, name.to_owned())));
    each.map(|(version, name)| {
        let path = FILES.path().join(version.to_string()).join(&name);
        let body = fs::read(&path).unwrap();
        let digest = Sha256::digest(&body);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let bytes = body.len() as u64;
        let file = File {
            path,
            bytes,
            sha256,
            crc32: crc32fast::hash(&body),
        };
        ((version, name), file)
    })
    .collect()
});
