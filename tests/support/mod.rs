//! Shared by the tests: the runtime that real clusters run on, cluster orders, and waiting.

#[path = "room.rs"]
mod room;

use clusterup::cloud::local::cluster::{Folder, Launch, Order};
use clusterup::cloud::local::runtime::Store;
use clusterup::model::desired::{ClusterSpec, InstanceGroups, JobSpec, StepSpec, Worker};
use clusterup::model::event::NoListener;
use clusterup::model::memory::Memory;
use clusterup::model::observed::{Cluster, Step};
use clusterup::model::span::Span;
use clusterup::model::stack::{Guardrails, WhenDone};
use clusterup::model::work::{OnFailure, Submission, Work};
use clusterup::run::clock::SystemClock;
use room::Room;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// What clusters run on, installed into the user's cache as the program itself does it.
#[expect(
    clippy::disallowed_methods,
    reason = "tests look where the program looks"
)]
fn launch() -> Launch {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    let store = Store::new(cache.join("clusterup"), std::env::var_os("PATH"));
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let runtime = tokio.block_on(store.runtime(&NoListener)).unwrap();
    let program = env!("CARGO_BIN_EXE_clusterup").into();
    Launch::new(program, runtime, None, BTreeMap::new())
}

/// A place that ends with the test, and every cluster in it.
pub(crate) struct Place {
    pub(crate) root: tempfile::TempDir,
    launch: Launch,
    _room: Room,
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self {
            root,
            launch: launch(),
            _room: Room::take(),
        }
    }

    pub(crate) fn launch(&self) -> &Launch {
        &self.launch
    }

    /// A Python script in this place, as a step.
    pub(crate) fn step(&self, name: &str, script: &str) -> StepSpec {
        let path = self.root.path().join(format!("{name}.py"));
        fs::write(&path, script).unwrap();
        StepSpec {
            name: name.parse().unwrap(),
            work: Work::Script(path.to_str().unwrap().to_owned()),
            args: Vec::new(),
            executor_memory: Memory::from_mib(512),
            conf: BTreeMap::new(),
            submission: Submission::default(),
            on_failure: OnFailure::Stop,
            attempt: None,
        }
    }

    /// Records a cluster with an idle timeout of `idle` seconds.
    pub(crate) fn order(
        &self,
        workers: u16,
        idle: u64,
        when_done: WhenDone,
        steps: Vec<StepSpec>,
    ) -> Folder {
        use clusterup::model::clock::Clock;
        let spec = ClusterSpec {
            release: "emr-7.x".parse().unwrap(),
            label: None,
            team: None,
            tags: Default::default(),
            groups: InstanceGroups::single("m5.xlarge".parse().unwrap()),
            size: format!("{workers} x m5.xlarge"),
            workers,
            worker: Worker {
                memory: Memory::from_mib(512),
                cores: 1,
            },
            key_pair: None,
            security_groups: Vec::new(),
            network: Default::default(),
            emr: Default::default(),
            bootstrap: Vec::new(),
            step_concurrency: 1,
            termination_protection: false,
            python_packages: Vec::new(),
            guardrails: Guardrails {
                idle_timeout: Span::from_secs(idle),
                max_lifetime: Span::from_secs(600),
                when_done,
                ..Guardrails::default()
            },
            rates: None,
            ending: Span::from_secs(1),
            overridden: None,
            budgets: Vec::new(),
        };
        let job = (!steps.is_empty()).then(|| job(steps));
        let (id, stack) = ("local-test".parse().unwrap(), "test".parse().unwrap());
        let cluster = Cluster {
            steps: job.iter().flat_map(|job| Step::pending(job, 1)).collect(),
            attended: false,
            ..Cluster::new(id, stack, spec, SystemClock.now())
        };
        let order = Order {
            cluster,
            job,
            launch: self.launch.clone(),
        };
        Folder::create(self.root.path(), &order).unwrap()
    }

    /// The command lines of every process that belongs to a cluster of this place.
    pub(crate) fn processes(&self) -> Vec<String> {
        let root = self.root.path().to_str().unwrap();
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter(|e| e.file_name().to_str().unwrap().parse::<u32>().is_ok());
        pids.filter_map(|pid| {
            let read = |name| fs::read(pid.path().join(name)).unwrap_or_default();
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace('\0', " ");
            let (line, environment) = (text(read("cmdline")), text(read("environ")));
            let ours = line.contains(root) || environment.contains(root);
            ours.then(|| format!("{} {line}", pid.file_name().display()))
        })
        .collect()
    }

    pub(crate) fn pid_of(&self, what: &str) -> Option<String> {
        let found = self
            .processes()
            .into_iter()
            .find(|line| line.contains(what))?;
        found.split(' ').next().map(str::to_owned)
    }
}

impl Drop for Place {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        let folder = Folder::at(self.root.path().join("clusters/local-test"));
        let _ = folder.kill();
        let _ = folder.wait_over(Duration::from_secs(5));
    }
}

pub(crate) fn job(steps: Vec<StepSpec>) -> JobSpec {
    JobSpec {
        at_once: 1,
        on_stuck: Default::default(),
        hash: "00112233aabbccdd".parse().unwrap(),
        steps,
        results_key: "results/x".parse().unwrap(),
        kept: Default::default(),
        scratch_key: "scratch/x".parse().unwrap(),
    }
}

/// Waits until the cluster is as `wanted`, and fails loudly where it takes over a minute.
pub(crate) fn until(folder: &Folder, wanted: impl Fn(&Cluster) -> bool) -> Cluster {
    let begun = Instant::now();
    loop {
        let cluster = folder.read().unwrap();
        if wanted(&cluster) {
            return cluster;
        }
        let late = begun.elapsed() > Duration::from_secs(60) || cluster.state.is_over();
        assert!(!late, "{cluster:#?}\n{}", logs(folder.path()));
        thread::sleep(Duration::from_millis(20));
    }
}

/// The last lines of every log, for a test that failed.
fn logs(folder: &Path) -> String {
    let mut all = String::new();
    let mut todo = vec![folder.join("logs")];
    while let Some(path) = todo.pop() {
        if let Ok(entries) = fs::read_dir(&path) {
            todo.extend(entries.flatten().map(|entry| entry.path()));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(15)..].join("\n");
        all = all + "== " + &path.to_string_lossy() + "\n" + &last + "\n";
    }
    all
}
