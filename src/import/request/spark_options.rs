//! The options of spark-submit (Spark, `SparkSubmitOptionParser`): each is in a stack, is one of Spark's
//! settings, or keeps the step from being more than a command.

use std::collections::{BTreeMap, BTreeSet};

/// What an option is in a stack.
#[derive(Clone, Copy)]
enum Meaning {
    /// The key of a step or of its `spark`.
    Key(&'static str),
    /// One of Spark's settings.
    Setting(&'static str),
    /// A switch that changes nothing but the output.
    Output,
    Conf,
    Master,
    Name,
    /// It cannot be said otherwise.
    Unsaid,
}

const OPTIONS: [(&str, Meaning); 29] = [
    ("--archives", Meaning::Key("archives")),
    ("--class", Meaning::Key("class")),
    ("--conf", Meaning::Conf),
    ("--deploy-mode", Meaning::Key("deploy_mode")),
    (
        "--driver-class-path",
        Meaning::Setting("spark.driver.extraClassPath"),
    ),
    ("--driver-cores", Meaning::Setting("spark.driver.cores")),
    (
        "--driver-java-options",
        Meaning::Setting("spark.driver.extraJavaOptions"),
    ),
    (
        "--driver-library-path",
        Meaning::Setting("spark.driver.extraLibraryPath"),
    ),
    ("--driver-memory", Meaning::Key("driver_memory")),
    (
        "--exclude-packages",
        Meaning::Setting("spark.jars.excludes"),
    ),
    ("--executor-cores", Meaning::Key("executor_cores")),
    ("--executor-memory", Meaning::Key("executor_memory")),
    ("--files", Meaning::Key("files")),
    ("--jars", Meaning::Key("jars")),
    ("--keytab", Meaning::Unsaid),
    ("--master", Meaning::Master),
    ("--name", Meaning::Name),
    ("--num-executors", Meaning::Key("executors")),
    ("--packages", Meaning::Key("packages")),
    ("--principal", Meaning::Unsaid),
    ("--properties-file", Meaning::Unsaid),
    ("--proxy-user", Meaning::Unsaid),
    ("--py-files", Meaning::Key("py_files")),
    ("--queue", Meaning::Setting("spark.yarn.queue")),
    ("--remote", Meaning::Unsaid),
    (
        "--repositories",
        Meaning::Setting("spark.jars.repositories"),
    ),
    ("--verbose", Meaning::Output),
    ("-c", Meaning::Conf),
    ("-v", Meaning::Output),
];

const OVERRIDDEN: &str = "another of spark-submit's options sets the same, and comes first";

/// Options that were read, and where the rest of the words begins.
#[derive(Default)]
pub(super) struct Options {
    /// By the key in a stack.
    pub(super) keys: BTreeMap<&'static str, String>,
    /// Spark's settings: the number of their word, and their value.
    pub(super) conf: BTreeMap<String, (usize, String)>,
    /// The name of the application, and the number of its word.
    pub(super) name: Option<(usize, String)>,
    /// Words that say nothing in a stack, and why.
    pub(super) lost: Vec<(usize, String)>,
    pub(super) rest: usize,
    /// Whether an option names the master.
    has_master: bool,
    /// Spark's settings that are set by options, which come before `--conf`.
    by_option: BTreeSet<String>,
}

/// Reads the options from a word on, up to the first word that is none, or to `end`.
///
/// # Errors
/// Why they cannot be read.
pub(super) fn read(words: &[String], from: usize, end: &str) -> Result<Options, String> {
    let mut options = Options::default();
    let mut at = from;
    while let Some(word) = words.get(at) {
        if !word.starts_with('-') || word == end {
            break;
        }
        let (flag, inline) = match word.split_once('=') {
            Some((flag, value)) if word.starts_with("--") => (flag, Some(value)),
            Some(_) | None => (word.as_str(), None),
        };
        let known = OPTIONS.iter().find(|(name, _)| *name == flag);
        let Some((_, meaning)) = known else {
            let flag = crate::model::shown::line(flag, 40);
            return Err(format!(
                "spark-submit's option {flag} has no word in a stack"
            ));
        };
        if matches!(meaning, Meaning::Output) {
            options
                .lost
                .push((at, "it only makes spark-submit tell more".to_owned()));
            at += 1;
            continue;
        }
        let (place, value) = match inline {
            Some(value) => (at, value.to_owned()),
            None => match words.get(at + 1) {
                Some(value) => (at + 1, value.clone()),
                None => return Err(format!("spark-submit's option {flag} has no value")),
            },
        };
        options.take(*meaning, flag, place, value)?;
        at = place + 1;
    }
    options.rest = at;
    Ok(options)
}

impl Options {
    fn take(
        &mut self,
        meaning: Meaning,
        flag: &str,
        place: usize,
        value: String,
    ) -> Result<(), String> {
        match meaning {
            Meaning::Key(key) => {
                self.keys.insert(key, value);
            }
            Meaning::Setting(setting) => {
                self.by_option.insert(setting.to_owned());
                let before = self.conf.insert(setting.to_owned(), (place, value));
                self.lost
                    .extend(before.map(|(place, _)| (place, OVERRIDDEN.to_owned())));
            }
            Meaning::Conf => {
                let split = value.split_once('=');
                let (key, value) = split.ok_or("one of Spark's settings has no value")?;
                if self.by_option.contains(key) {
                    self.lost.push((place, OVERRIDDEN.to_owned()));
                } else if key.starts_with("spark.") {
                    self.conf.insert(key.to_owned(), (place, value.to_owned()));
                } else {
                    let why = "Spark ignores settings that do not begin with `spark.`";
                    self.lost.push((place, why.to_owned()));
                }
            }
            Meaning::Master => {
                self.has_master = true;
                self.master(&value)?;
            }
            Meaning::Name => self.name = Some((place, value)),
            Meaning::Output => {}
            Meaning::Unsaid => {
                return Err(format!(
                    "spark-submit's option {flag} has no word in a stack"
                ));
            }
        }
        Ok(())
    }

    /// The master as one of Spark's settings, before which an option comes.
    ///
    /// # Errors
    /// It is not YARN.
    pub(super) fn setting_of_master(&mut self, master: &str) -> Result<(), String> {
        if self.has_master {
            return Ok(());
        }
        self.master(master)
    }

    fn master(&mut self, master: &str) -> Result<(), String> {
        match master {
            "yarn" => {}
            "yarn-client" => self.mode("client"),
            "yarn-cluster" => self.mode("cluster"),
            _ => return Err("its master is not YARN".to_owned()),
        }
        Ok(())
    }

    fn mode(&mut self, mode: &str) {
        self.keys.insert("deploy_mode", mode.to_owned());
    }

    /// An option, or Spark's setting for the same; the option comes first.
    pub(super) fn take_key(&mut self, key: &str, setting: &str) -> Option<String> {
        let set = self.conf.remove(setting).map(|(_, value)| value);
        self.keys.remove(key).or(set)
    }
}
