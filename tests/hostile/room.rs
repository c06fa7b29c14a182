//! A user's machine: the results of a run in a local bucket, a folder for them, and unrelated
//! files.

use clusterup::cloud::local::layout::Layout;
use clusterup::cloud::local::runtime::Store;
use clusterup::cloud::local::{Local, Machine};
use clusterup::cloud::{Acting, CloudError};
use clusterup::cost::catalog::Catalog;
use clusterup::model::action::{Action, Results};
use clusterup::model::event::NoListener;
use clusterup::model::name::StackName;
use clusterup::model::observed::Run;
use clusterup::run::clock::SystemClock;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

/// What is in each file that is the user's own.
const OWN: &str = "precious";
/// What must not come home, nor be shown.
pub(crate) const SECRET: &str = "a secret of somebody";
/// What an earlier run brought, and what the next one brings.
const GOOD: [&str; 2] = ["good 1", "good 2"];

pub(crate) struct Room {
    folder: TempDir,
}

pub(crate) fn stack() -> StackName {
    "t".parse().unwrap()
}

pub(crate) fn results(number: u32, to: PathBuf) -> Results {
    let run = Run {
        job: "0123456789abcdef".parse().unwrap(),
        cluster: "local-0".parse().unwrap(),
        number,
    };
    let key = "results/x".parse().unwrap();
    Results { run, key, to }
}

impl Room {
    /// With good results of an earlier run at home.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let room = Self { folder };
        for file in ["others/thesis.tex", "home/mine.txt", "home/notes/a.txt"] {
            room.write(file, OWN);
        }
        room.write("others/secret", SECRET);
        room.writes("similar/part-0.csv", GOOD[0]);
        room.bring(1).unwrap();
        room.writes("similar/part-0.csv", GOOD[1]);
        room
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// `@` is this room.
    pub(crate) fn text(&self, input: &str) -> String {
        input.replace('@', &self.folder.path().to_string_lossy())
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Where the job writes.
    pub(crate) fn bucket(&self) -> PathBuf {
        let place = Layout::new(self.at("local"));
        place.bucket(&stack()).join("results/x")
    }

    pub(crate) fn writes(&self, name: &str, text: &str) {
        let path = self.bucket().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn fifo(path: &Path) {
        let made = Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    }

    pub(crate) fn bring(&self, number: u32) -> Result<(), CloudError> {
        let machine = Machine {
            program: "clusterup".into(),
            home: None,
            environment: BTreeMap::new(),
        };
        let store = Store::new(self.at("cache"), None);
        let prices = Arc::new(Catalog::default());
        let clock = Arc::new(SystemClock);
        let local = Local::new(self.at("local"), store, machine, prices, clock);
        let action = Action::BringHome(results(number, self.at("home")));
        crate::run(local.apply(&stack(), &action, &NoListener))
    }

    /// That what is the user's own is as it was, and good results are there.
    pub(crate) fn nothing_is_lost(&self) {
        let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
        assert_eq!(read(self.at("others/thesis.tex")), OWN);
        assert_eq!(read(self.at("others/secret")), SECRET);
        let files = self.home();
        let has = |name: &str, text: &str| {
            let mut named = files.iter().filter(|(path, _)| path.ends_with(name));
            named.any(|(_, found)| found == text.as_bytes())
        };
        assert!(has("mine.txt", OWN) && has("notes/a.txt", OWN), "{files:?}");
        let good = GOOD.iter().any(|good| has("similar/part-0.csv", good));
        assert!(good, "{files:?}");
    }

    /// That nothing from outside came home.
    pub(crate) fn nothing_is_read(&self) {
        for (path, text) in self.home() {
            let text = String::from_utf8_lossy(&text).into_owned();
            assert!(!text.contains(SECRET), "{}", path.display());
            // Of /etc/passwd and /proc/self/environ.
            assert!(!text.contains("root:") && !text.contains("PATH="));
        }
    }

    /// The regular files at home.
    fn home(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(&self.at("home"))
    }

    /// The whole room but the home: what is there, and what is in it.
    pub(crate) fn outside(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = files(self.folder.path());
        all.retain(|(path, _)| !path.starts_with(self.at("home")));
        all
    }
}

/// The regular files below a folder, no link followed.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = vec![folder.to_owned()];
    while let Some(path) = rest.pop() {
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            rest.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        } else if kind.is_file() {
            let text = fs::read(&path).unwrap();
            found.push((path, text));
        }
    }
    found.sort_by(|a, b| a.0.as_os_str().as_bytes().cmp(b.0.as_os_str().as_bytes()));
    found
}
