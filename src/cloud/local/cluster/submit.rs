//! One step as Spark's own `SparkSubmit`, started without the shell script and the second Java
//! machine that `spark-submit` puts before it: what these would have done is done here.

use super::rig::{Rig, spawn};
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::local::runtime::{FILTER, Runtime};
use crate::model::desired::StepSpec;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::Child;

/// Starts a step on the master at `address`; what it prints goes to `stdout` and `stderr` in
/// `logs`. Its working folder is scratch, and goes with the cluster.
pub fn submit(rig: &Rig, address: &str, step: &StepSpec, logs: &Path) -> Result<Child, CloudError> {
    let work = rig.folder.tmp().join("work");
    for folder in [logs, &work] {
        fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
    }
    let mut command = rig.java();
    command
        .args(driver_options(rig, &step.conf))
        .arg("org.apache.spark.deploy.SparkSubmit")
        .args(["--master", address, "--deploy-mode", "client"])
        .args(["--name", step.name.as_str()])
        .arg("--properties-file")
        .arg(rig.driver_conf())
        .args(["--executor-memory", &step.executor_memory.to_string()])
        .env("JAVA_HOME", &rig.launch.java_home)
        .env("CLUSTERUP_STDERR", logs.join("stderr"))
        .envs(own_driver_python(&step.conf).map(|python| ("CLUSTERUP_PYTHON", python)))
        .current_dir(work);
    for (key, value) in conf(rig, &step.conf) {
        let mut pair = OsString::from(key);
        pair.push("=");
        pair.push(value);
        command.arg("--conf").arg(pair);
    }
    command.arg(&step.script).args(&step.args);
    spawn(&mut command, &logs.join("stdout"), &logs.join("stderr"))
}

/// The driver is this very Java machine, so its memory and options must be there from the start.
fn driver_options(rig: &Rig, conf: &BTreeMap<String, String>) -> Vec<String> {
    let get = |key: &str| conf.get(key).map(String::as_str);
    let memory = get("spark.driver.memory").unwrap_or("1g");
    let mut options = vec![format!("-Xmx{memory}")];
    options.extend(Runtime::OPENINGS.map(str::to_owned));
    match get("spark.driver.extraJavaOptions") {
        Some(own) => options.extend(words(own)),
        None => options.extend(rig.launch.java_options.driver.clone()),
    }
    options
}

/// Our defaults, then what the user says, then what must hold on this machine.
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
        // An EMR image's Java is not where this machine has its own.
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

/// Ours comes first: what the job's own filters let through was let through by it.
fn filters(own: &BTreeMap<String, String>) -> String {
    match own.get("spark.ui.filters") {
        Some(more) if !more.trim().is_empty() => format!("{FILTER},{more}"),
        Some(_) | None => FILTER.to_owned(),
    }
}

/// A Python that the job brings: a file of this machine, or one below an executor's folder, as of
/// `spark.archives`. An EMR image's is not here, and a bare name is a Python without PySpark's
/// and the job's packages; in their place goes ours.
fn own_python<'a>(own: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    let python = own.get(key)?;
    let path = Path::new(python);
    let below = path.is_relative() && python.contains('/');
    (below || path.is_absolute() && path.exists()).then_some(python)
}

/// The same for the driver, to which no archive is unpacked.
fn own_driver_python(own: &BTreeMap<String, String>) -> Option<&str> {
    let keys = ["spark.pyspark.driver.python", "spark.pyspark.python"];
    let key = keys.into_iter().find(|key| own.contains_key(*key))?;
    own_python(own, key).filter(|python| Path::new(python).is_absolute())
}

fn executor_options(rig: &Rig, own: &BTreeMap<String, String>) -> OsString {
    let ours = || rig.launch.java_options.executor.join(" ");
    let options = own.get("spark.executor.extraJavaOptions").cloned();
    let mut options = OsString::from(options.unwrap_or_else(ours));
    // Native libraries are unpacked there, and a killed executor leaves them behind.
    options.push(" ");
    options.push(word(rig.folder.tmp().as_os_str()));
    options
}

/// A temporary folder as one word of Java options, which Spark splits as a shell would.
fn word(tmp: &OsStr) -> OsString {
    let escaped = tmp
        .to_string_lossy()
        .replace('\\', r"\\")
        .replace('"', "\\\"");
    format!("\"-Djava.io.tmpdir={escaped}\"").into()
}

/// Splits options at spaces, but not within quotes; a backslash takes the next character as it is.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(chars.next()),
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (_, Some(open)) if c == open => quote = None,
            (_, None) if c.is_whitespace() => words.extend(word.take()),
            (_, None | Some(_)) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
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
        let (all, driver) = ("spark.pyspark.python", "spark.pyspark.driver.python");
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
        assert_eq!(words(" -Da=1  -Xss4m "), ["-Da=1", "-Xss4m"]);
        assert_eq!(
            words(r#"-Da="b c" '-Dd="e"' f\ g "" "#),
            ["-Da=b c", "-Dd=\"e\"", "f g", ""]
        );
        assert!(words("").is_empty());
    }
}
