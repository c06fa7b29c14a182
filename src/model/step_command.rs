//! A step as EMR runs it: a runner of EMR's, and its arguments.

use super::desired::StepSpec;
use super::name::Region;
use super::step_words::{encoded, is_plain};
use super::work::{DeployMode, LinkedFile, ON_NODE, Work};

/// EMR's runner of programs that are on the primary. It takes no path (EMR Release Guide, "Run
/// commands and scripts on a cluster").
pub const COMMAND_RUNNER: &str = "command-runner.jar";

/// How many characters a step's jar, class and arguments may have together (EMR API,
/// HadoopJarStepConfig).
pub const MAX_CHARS: usize = 10_240;

/// A runner's jar and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepCommand {
    /// The jar.
    pub jar: String,
    /// The arguments.
    pub words: Vec<String>,
}

/// EMR's runner of scripts from S3, of the region (EMR Release Guide, as above).
fn script_runner(region: &Region) -> String {
    format!("s3://{region}.elasticmapreduce/libs/script-runner/script-runner.jar")
}

/// The region whose runner of scripts a jar is; `None` if it is another jar.
pub fn script_runner_region(jar: &str) -> Option<Region> {
    let rest = jar.strip_prefix("s3://")?;
    let region = rest.split_once('.')?.0.parse().ok()?;
    (script_runner(&region) == jar).then_some(region)
}

impl StepCommand {
    /// A program of the primary and its arguments.
    pub fn program(words: Vec<String>) -> Self {
        let jar = COMMAND_RUNNER.to_owned();
        Self { jar, words }
    }

    /// The command of a step. `launcher` is the address of our script that decodes arguments which
    /// EMR's runners would change.
    pub fn of(step: &StepSpec, region: &Region, launcher: &str) -> Self {
        let words = words(step);
        if !words.iter().all(|word| is_plain(word)) {
            let launched = words.iter().map(|word| encoded(word));
            return Self {
                jar: script_runner(region),
                words: std::iter::once(launcher.to_owned())
                    .chain(launched)
                    .collect(),
            };
        }
        match step.work {
            Work::Shell(ref file) if !is_on_node(file) => Self {
                jar: script_runner(region),
                words,
            },
            Work::Shell(_)
            | Work::Script(_)
            | Work::Jar { .. }
            | Work::Sql(_)
            | Work::Hive(_)
            | Work::Command(_)
            | Work::Copy { .. } => Self::program(words),
        }
    }

    /// Whether it runs our launcher.
    pub fn is_launched(&self, launcher: &str) -> bool {
        self.words.first().is_some_and(|word| word == launcher)
    }

    /// How many characters EMR counts.
    pub fn chars(&self) -> usize {
        let words = self.words.iter().map(|word| word.chars().count());
        self.jar.chars().count() + words.sum::<usize>()
    }
}

/// Programs other than Spark's know a file on a node by its path.
fn on_node(file: &str) -> &str {
    file.strip_prefix(ON_NODE).unwrap_or(file)
}

fn is_on_node(file: &str) -> bool {
    file.starts_with(ON_NODE)
}

/// The program and its arguments.
fn words(step: &StepSpec) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut add = |more: &[&str]| words.extend(more.iter().map(|&word| word.to_owned()));
    match &step.work {
        Work::Script(file) => {
            submit(step, "spark-submit", None, &mut add);
            add(&[file]);
        }
        Work::Jar { file, class } => {
            submit(step, "spark-submit", class.as_deref(), &mut add);
            add(&[file]);
        }
        Work::Sql(file) => {
            submit(step, "spark-sql", None, &mut add);
            add(&["-f", on_node(file)]);
        }
        Work::Hive(file) => {
            add(&[
                "hive-script",
                "--run-hive-script",
                "--args",
                "-f",
                on_node(file),
            ]);
        }
        Work::Command(command) => command.iter().for_each(|word| add(&[word])),
        Work::Shell(file) if is_on_node(file) => add(&["/bin/bash", on_node(file)]),
        Work::Shell(file) => add(&[file]),
        Work::Copy { from, to } => add(&["s3-dist-cp", "--src", from, "--dest", to]),
    }
    words.extend(step.args.iter().cloned());
    words
}

/// The program and Spark's options. In client mode the driver runs on the primary, so its output is
/// the step's, and two executors of the default size fit beside it.
fn submit(step: &StepSpec, program: &str, class: Option<&str>, add: &mut impl FnMut(&[&str])) {
    let more = &step.submission;
    if more.deploy_mode == DeployMode::Client && !more.env.is_empty() {
        add(&["env"]);
        for (name, value) in &more.env {
            add(&[&format!("{name}={value}")]);
        }
    }
    let memory = |mib: u64| format!("{mib}m");
    add(&[program, "--deploy-mode", more.deploy_mode.as_str()]);
    add(&["--name", step.name.as_str()]);
    add(&["--executor-memory", &memory(step.executor_memory.mib())]);
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            add(&[name, &value]);
        }
    };
    option("--num-executors", more.executors.map(|n| n.to_string()));
    option(
        "--executor-cores",
        more.executor_cores.map(|n| n.to_string()),
    );
    option(
        "--driver-memory",
        more.driver_memory.map(|size| memory(size.mib())),
    );
    option("--class", class.map(str::to_owned));
    option("--py-files", list(&more.py_files));
    option("--files", linked(&more.files));
    option("--archives", linked(&more.archives));
    option("--jars", list(&more.jars));
    option("--packages", list(&more.packages));
    for (name, value) in &more.env {
        option("--conf", Some(format!("spark.executorEnv.{name}={value}")));
        if more.deploy_mode == DeployMode::Cluster {
            option(
                "--conf",
                Some(format!("spark.yarn.appMasterEnv.{name}={value}")),
            );
        }
    }
    for (key, value) in &step.conf {
        option("--conf", Some(format!("{key}={value}")));
    }
}

/// A list as Spark takes it; `None` if it is empty.
pub fn list(all: &[String]) -> Option<String> {
    (!all.is_empty()).then(|| all.join(","))
}

/// A list of linked files as Spark takes it; `None` if it is empty.
pub fn linked(all: &[LinkedFile<String>]) -> Option<String> {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    list(&all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::memory::Memory;
    use crate::model::work::{OnFailure, Submission};
    use std::collections::BTreeMap;

    const LAUNCHER: &str = "s3://b/launch.sh";
    const SCRIPT_RUNNER: &str =
        "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar";

    fn step(work: Work<String, String>, args: &[&str]) -> StepSpec {
        StepSpec {
            name: "one".parse().unwrap(),
            work,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            executor_memory: Memory::from_mib(1_024),
            conf: BTreeMap::new(),
            submission: Submission::default(),
            on_failure: OnFailure::Stop,
            attempt: None,
        }
    }

    fn shown(step: &StepSpec) -> (String, String) {
        let command = StepCommand::of(step, &"us-east-1".parse().unwrap(), LAUNCHER);
        (command.jar, command.words.join(" "))
    }

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn each_kind_has_its_program_and_its_runner() {
        let spark = "--deploy-mode client --name one --executor-memory 1024m";
        let jar = |class: Option<&str>| Work::Jar {
            file: text("s3://b/a.jar"),
            class: class.map(str::to_owned),
        };
        let copy = Work::Copy {
            from: text("s3://a/b/"),
            to: text("hdfs:///c"),
        };
        for (work, runner, words) in [
            (
                Work::Script(text("s3://b/job.py")),
                COMMAND_RUNNER,
                format!("spark-submit {spark} s3://b/job.py x y"),
            ),
            (
                jar(Some("org.example.Main")),
                COMMAND_RUNNER,
                format!("spark-submit {spark} --class org.example.Main s3://b/a.jar x y"),
            ),
            (
                jar(None),
                COMMAND_RUNNER,
                format!("spark-submit {spark} s3://b/a.jar x y"),
            ),
            (
                Work::Sql(text("s3://b/q.sql")),
                COMMAND_RUNNER,
                format!("spark-sql {spark} -f s3://b/q.sql x y"),
            ),
            (
                Work::Hive(text("s3://b/q.hql")),
                COMMAND_RUNNER,
                text("hive-script --run-hive-script --args -f s3://b/q.hql x y"),
            ),
            (
                Work::Command(vec![text("hdfs"), text("dfs")]),
                COMMAND_RUNNER,
                text("hdfs dfs x y"),
            ),
            (
                Work::Shell(text("s3://b/a.sh")),
                SCRIPT_RUNNER,
                text("s3://b/a.sh x y"),
            ),
            (
                copy,
                COMMAND_RUNNER,
                text("s3-dist-cp --src s3://a/b/ --dest hdfs:///c x y"),
            ),
        ] {
            let found = shown(&step(work, &["x", "y"]));
            assert_eq!(found, (runner.to_owned(), words));
        }
    }

    #[test]
    fn a_file_on_each_node_is_named_as_its_program_takes_it() {
        let spark = "--deploy-mode client --name one --executor-memory 1024m";
        let file = || text("local:///home/hadoop/job");
        let jar = Work::Jar {
            file: file(),
            class: None,
        };
        for (work, words) in [
            (
                Work::Script(file()),
                format!("spark-submit {spark} local:///home/hadoop/job x"),
            ),
            (
                jar,
                format!("spark-submit {spark} local:///home/hadoop/job x"),
            ),
            (
                Work::Sql(file()),
                format!("spark-sql {spark} -f /home/hadoop/job x"),
            ),
            (Work::Shell(file()), text("/bin/bash /home/hadoop/job x")),
            (
                Work::Hive(file()),
                text("hive-script --run-hive-script --args -f /home/hadoop/job x"),
            ),
        ] {
            let found = shown(&step(work, &["x"]));
            assert_eq!(found, (text(COMMAND_RUNNER), words));
        }
    }

    #[test]
    fn spark_submit_gets_all_that_a_stack_says() {
        let mut step = step(Work::Script(text("s3://b/job.py")), &["x"]);
        let linked = |link: Option<&str>| LinkedFile {
            file: text("s3://b/e.tgz"),
            link: link.map(str::to_owned),
        };
        step.conf.insert(text("spark.x"), text("1"));
        step.submission = Submission {
            deploy_mode: DeployMode::Cluster,
            py_files: vec![text("s3://b/a.py"), text("s3://b/b.zip")],
            files: vec![linked(None)],
            archives: vec![linked(Some("env"))],
            jars: vec![text("s3://b/a.jar")],
            packages: vec![text("g:a:1")],
            executors: Some(4),
            executor_cores: Some(2),
            driver_memory: Some(Memory::from_mib(2_048)),
            env: BTreeMap::from([(text("A"), text("b"))]),
        };
        let options = "--name one --executor-memory 1024m --num-executors 4 --executor-cores 2 \
            --driver-memory 2048m --py-files s3://b/a.py,s3://b/b.zip --files s3://b/e.tgz \
            --archives s3://b/e.tgz#env --jars s3://b/a.jar --packages g:a:1 \
            --conf spark.executorEnv.A=b";
        let end = "--conf spark.x=1 s3://b/job.py x";
        let cluster = "--conf spark.yarn.appMasterEnv.A=b";
        let words = format!("spark-submit --deploy-mode cluster {options} {cluster} {end}");
        assert_eq!(shown(&step), (text(COMMAND_RUNNER), words));
        step.submission.deploy_mode = DeployMode::Client;
        let words = format!("env A=b spark-submit --deploy-mode client {options} {end}");
        assert_eq!(shown(&step), (text(COMMAND_RUNNER), words));
    }

    #[test]
    fn arguments_that_a_runner_would_change_go_through_the_launcher() {
        let script = || Work::Script(text("s3://b/job.py"));
        for odd in [
            "",
            "{\"a\":{\"b\":1}}",
            "größe",
            "$HOME",
            "a\nb",
            "{{x",
            "a\\b",
        ] {
            for work in [script(), Work::Shell(text("s3://b/a.sh"))] {
                let step = step(work, &["--out", odd]);
                let command = StepCommand::of(&step, &"us-east-1".parse().unwrap(), LAUNCHER);
                assert_eq!(command.jar, SCRIPT_RUNNER, "{odd:?}");
                assert!(command.is_launched(LAUNCHER), "{command:?}");
                assert!(command.words.iter().all(|word| is_plain(word)));
            }
        }
        let plain = step(script(), &["--out", "a b", "s3://b/x/*.csv", "x=1,2;3"]);
        assert_eq!(shown(&plain).0, COMMAND_RUNNER);
    }

    #[test]
    fn characters_are_counted_with_the_jar() {
        let step = step(Work::Command(vec![text("true")]), &["größe"]);
        let command = StepCommand {
            jar: text("x.jar"),
            words: words(&step),
        };
        assert_eq!(command.chars(), 14);
    }
}
