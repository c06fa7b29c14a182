//! Runs one step: scripts, jars and SQL with Spark's own `SparkSubmit` class, without the shell script
//! and the second JVM that `spark-submit` starts first; what these would do is done here.

use super::programs;
use super::rig::{Rig, spawn};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::local::runtime::{FILTER, Runtime};
use crate::model::desired::StepSpec;
use crate::model::event_log::{self, Form};
use crate::model::step_command::{linked, list};
use crate::model::work::Work;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::{Child, Command};

/// Starts a step, on the master at `address` if it is Spark's; `index` counts all steps of the cluster
/// from 0. Its output goes to its folder of logs. Its working folder is temporary and removed with
/// the cluster.
///
/// # Errors
/// Returns an error if the folders cannot be created or the process cannot be started.
pub fn submit(
    rig: &Rig,
    address: &str,
    step: &StepSpec,
    index: usize,
) -> Result<Child, CloudError> {
    let logs = rig.folder.step_logs(index, &step.name);
    let events = rig.folder.step_events(index, &step.name);
    let work = rig.folder.tmp().join("work");
    for folder in [&logs, &events, &work] {
        fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
    }
    let step = &logged(step, &events);
    let mut command = match &step.work {
        Work::Script(script) => spark(rig, address, step, &[], &[script]),
        Work::Jar { file, class } => {
            let class: Vec<&str> = class.iter().flat_map(|it| ["--class", it]).collect();
            spark(rig, address, step, &class, &[file])
        }
        Work::Sql(file) => spark(rig, address, step, &SQL, &["spark-internal", "-f", file]),
        Work::Hive(_) | Work::Command(_) | Work::Shell(_) | Work::Copy { .. } => {
            programs::command(rig, step).ok_or_else(|| {
                let message = format!("this machine cannot run a step of {}", step.work.kind());
                CloudError::new(Class::Missing, message)
            })?
        }
    };
    command.env("CLUSTERUP_STDERR", logs.join("stderr"));
    command.current_dir(work);
    spawn(&mut command, &logs.join("stdout"), &logs.join("stderr"))
}

/// The step with the settings that write its event log to a folder.
fn logged(step: &StepSpec, events: &Path) -> StepSpec {
    let mut step = step.clone();
    let settings = event_log::settings(&events.to_string_lossy(), &step.name, Form::Plain);
    // The cluster's own defaults are among the step's settings here.
    event_log::add(&mut step.conf, settings, |_| false);
    step
}

/// What `spark-sql` passes to spark-submit.
const SQL: [&str; 2] = [
    "--class",
    "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver",
];

/// The command of a step that Spark runs: `more` options, and what is run.
fn spark(rig: &Rig, address: &str, step: &StepSpec, more: &[&str], what: &[&str]) -> Command {
    let given = &step.submission;
    let mut command = rig.java();
    command
        .args(driver_options(rig, step))
        .arg("org.apache.spark.deploy.SparkSubmit")
        .args(["--master", address, "--deploy-mode", "client"])
        .args(["--name", step.name.as_str()])
        .arg("--properties-file")
        .arg(rig.driver_conf())
        .args(["--executor-memory", &step.executor_memory.to_string()])
        .args(more)
        .env("JAVA_HOME", &rig.launch.java_home)
        .envs(own_driver_python(&step.conf).map(|python| ("CLUSTERUP_PYTHON", python)));
    for (option, value) in [
        ("--py-files", list(&given.py_files)),
        ("--files", linked(&given.files)),
        ("--archives", linked(&given.archives)),
        ("--jars", list(&given.jars)),
        ("--packages", list(&given.packages)),
    ] {
        command.args(value.iter().flat_map(|value| [option, value]));
    }
    let mut own = step.conf.clone();
    for (name, value) in &given.env {
        own.insert(format!("spark.executorEnv.{name}"), value.clone());
        // What the cluster itself needs stays as it is.
        if !rig.env.contains_key(name.as_str()) && name != "JAVA_HOME" {
            command.env(name, value);
        }
    }
    for (key, value) in conf(rig, &own) {
        let mut pair = OsString::from(key);
        pair.push("=");
        pair.push(value);
        command.arg("--conf").arg(pair);
    }
    command.args(what).args(&step.args);
    command
}

/// Returns the JVM's options. The driver runs in this JVM, so its memory and options must be set
/// from the start.
fn driver_options(rig: &Rig, step: &StepSpec) -> Vec<String> {
    let get = |key: &str| step.conf.get(key).map(String::as_str);
    let given = step.submission.driver_memory.map(|size| size.to_string());
    let memory = given.as_deref().or(get("spark.driver.memory"));
    let memory = memory.unwrap_or("1g");
    let mut options = vec![format!("-Xmx{memory}")];
    options.extend(Runtime::OPENINGS.map(str::to_owned));
    match get("spark.driver.extraJavaOptions") {
        Some(own) => options.extend(split_options(own)),
        None => options.extend(rig.launch.java_options.driver.clone()),
    }
    options
}

/// Returns the configuration: our defaults, then the user's, then what this machine requires.
fn conf<'a>(rig: &Rig, own: &'a BTreeMap<String, String>) -> BTreeMap<&'a str, OsString> {
    let mut conf: BTreeMap<&str, OsString> = BTreeMap::from([
        ("spark.ui.port", "0".into()),
        ("spark.ui.showConsoleProgress", "false".into()),
        ("spark.python.daemon.module", "clusterup_daemon".into()),
    ]);
    conf.extend(own.iter().map(|(key, value)| (key.as_str(), value.into())));
    conf.extend([
        ("spark.authenticate", "true".into()),
        ("spark.driver.host", "127.0.0.1".into()),
        ("spark.driver.bindAddress", "127.0.0.1".into()),
        ("spark.ui.filters", filters(own).into()),
        (
            "spark.pyspark.python",
            own_python(own, "spark.pyspark.python")
                .map_or_else(|| rig.launch.python.clone().into_os_string(), Into::into),
        ),
        (
            "spark.pyspark.driver.python",
            rig.driver_python().into_os_string(),
        ),
        // The path of Java on an EMR image differs from this machine's.
        (
            "spark.executorEnv.JAVA_HOME",
            rig.executor_java_home().into_os_string(),
        ),
        (
            "spark.executor.extraJavaOptions",
            executor_options(rig, own),
        ),
    ]);
    conf
}

/// Returns the filters of the UI. Ours comes first, so that every request passes it.
fn filters(own: &BTreeMap<String, String>) -> String {
    match own.get("spark.ui.filters") {
        Some(more) if !more.trim().is_empty() => format!("{FILTER},{more}"),
        Some(_) | None => FILTER.to_owned(),
    }
}

/// Returns the Python that the job brings: a file of this machine, or one below an executor's
/// folder, as with `spark.archives`. A path of an EMR image does not exist here, and a bare name is
/// a Python without PySpark and the job's packages; ours replaces both.
fn own_python<'a>(own: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    let python = own.get(key)?;
    let path = Path::new(python);
    let below = path.is_relative() && python.contains('/');
    (below || path.is_absolute() && path.exists()).then_some(python)
}

/// The same for the driver, for which archives are not unpacked.
fn own_driver_python(own: &BTreeMap<String, String>) -> Option<&str> {
    let keys = ["spark.pyspark.driver.python", "spark.pyspark.python"];
    let key = keys.into_iter().find(|key| own.contains_key(*key))?;
    own_python(own, key).filter(|python| Path::new(python).is_absolute())
}

fn executor_options(rig: &Rig, own: &BTreeMap<String, String>) -> OsString {
    let ours = || rig.launch.java_options.executor.join(" ");
    let options = own.get("spark.executor.extraJavaOptions").cloned();
    let mut options = OsString::from(options.unwrap_or_else(ours));
    // Native libraries are unpacked there; a killed executor does not remove them.
    options.push(" ");
    options.push(tmp_option(rig.folder.tmp().as_os_str()));
    options
}

/// The option for the temporary folder, quoted as one word, since Spark splits options as a shell
/// would.
fn tmp_option(tmp: &OsStr) -> OsString {
    let escaped = tmp
        .to_string_lossy()
        .replace('\\', r"\\")
        .replace('"', "\\\"");
    format!("\"-Djava.io.tmpdir={escaped}\"").into()
}

/// Splits options at spaces outside quotes. A backslash escapes the next character.
fn split_options(text: &str) -> Vec<String> {
    let mut split_options = Vec::new();
    let mut current: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => current.get_or_insert_default().extend(chars.next()),
            ('"' | '\'', None) => {
                quote = Some(c);
                current.get_or_insert_default();
            }
            (_, Some(open)) if c == open => quote = None,
            (_, None) if c.is_whitespace() => split_options.extend(current.take()),
            (_, None | Some(_)) => current.get_or_insert_default().push(c),
        }
    }
    split_options.extend(current);
    split_options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_owners_filter_is_always_the_first() {
        let of = |more: &str| filters(&own(&[("spark.ui.filters", more)]));
        assert_eq!(filters(&own(&[])), FILTER);
        assert_eq!(of("com.example.Gate"), format!("{FILTER},com.example.Gate"));
        assert_eq!(of(" "), FILTER);
    }

    #[test]
    fn a_python_of_this_machine_or_of_an_archive_is_the_jobs_own() {
        let all = "spark.pyspark.python";
        let driver = "spark.pyspark.driver.python";
        for (python, is_own, drives) in [
            ("/bin/sh", true, true),
            ("./environment/bin/python", true, false),
            ("/emr/has/this/python3.9", false, false),
            ("python3.11", false, false),
        ] {
            let own = own(&[(all, python)]);
            assert_eq!(own_python(&own, all).is_some(), is_own, "{python}");
            assert_eq!(own_driver_python(&own).is_some(), drives, "{python}");
        }
        let both = own(&[(all, "./environment/bin/python"), (driver, "/bin/sh")]);
        assert_eq!(own_driver_python(&both), Some("/bin/sh"));
    }

    #[test]
    fn splits_java_options() {
        assert_eq!(split_options(" -Da=1  -Xss4m "), ["-Da=1", "-Xss4m"]);
        assert_eq!(
            split_options(r#"-Da="b c" '-Dd="e"' f\ g "" "#),
            ["-Da=b c", "-Dd=\"e\"", "f g", ""]
        );
        assert!(split_options("").is_empty());
    }
}
