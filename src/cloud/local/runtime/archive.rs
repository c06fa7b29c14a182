//! Java's class-data archive: the classes that Spark's JVMs load, parsed and verified once.
//! Drivers, executors and daemons all start from it, which saves several seconds per job.
//!
//! It is valid for one class path, one collector and the exact jars that it was made from. If it is
//! not valid, Java ignores it silently.

use super::lock::sweep;
use super::owner::{FILTER, PASSWORD};
use super::secret::secret;
use super::store::Runtime;
use crate::model::event::Listener;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

pub(super) const FILE: &str = "classes.jsa";
const TRAINING: &str = include_str!("training.py");
const MAX_TIME: Duration = Duration::from_secs(180);
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);
const STABLE_AFTER: Duration = Duration::from_millis(700);

/// Makes the archive of an installed runtime. The runtime also works without one, so a failure is
/// not an error.
pub(super) async fn make(runtime: &Runtime, listener: &dyn Listener) {
    let Some(folder) = runtime.conf.parent() else {
        return;
    };
    if runtime.archive.is_some() {
        return;
    }
    // A training run that outlives a killed installer writes to a folder that is not used again.
    sweep(folder);
    let work = folder.join(format!(".{}", std::process::id()));
    let work_task = async {
        fs::create_dir_all(&work).ok()?;
        let list = record(runtime, &work).await?;
        let draft = work.join(FILE);
        dump(runtime, &list, &draft).await?;
        fs::rename(draft, folder.join(FILE)).ok()
    };
    let progress_task = async {
        loop {
            let what = "making an archive of Spark's classes".to_owned();
            listener.on_wait(what);
            tokio::time::sleep(PROGRESS_INTERVAL).await;
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(MAX_TIME, work_task) => {}
        () = progress_task => {}
    }
    // The work folder is not needed any more; if it cannot be removed, it does no harm.
    let _ = fs::remove_dir_all(&work);
}

/// Runs a job on a small cluster and returns the classes that its driver and executor loaded.
async fn record(runtime: &Runtime, work: &Path) -> Option<String> {
    let script = work.join("training.py");
    fs::write(&script, TRAINING).ok()?;
    // Other users can read a command line.
    let properties = work.join("driver.conf");
    let mut private = File::options();
    let mut private = private
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&properties)
        .ok()?;
    writeln!(private, "spark.authenticate.secret {}", secret().ok()?).ok()?;
    let [driver, executor] = ["driver.list", "executor.list"].map(|name| work.join(name));
    let dump = |list: &Path| {
        let mut option = OsString::from("-XX:DumpLoadedClassList=");
        option.push(list);
        option
    };
    let mut conf = OsString::from(
        "spark.executor.extraJavaOptions=-XX:+UseSerialGC -XX:-UsePerfData -XX:TieredStopAtLevel=1 ",
    );
    conf.push(dump(&executor));
    let mut java = Command::new(runtime.java_home.join("bin/java"));
    java.arg("-cp").arg(runtime.class_path());
    java.args([
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-XX:TieredStopAtLevel=1",
    ])
    .arg(dump(&driver))
    .args(Runtime::OPENINGS);
    java.arg("org.apache.spark.deploy.SparkSubmit")
        .args(["--master", "local-cluster[1,1,512]"])
        .args(["--conf", "spark.executor.memory=512m"])
        .args(["--conf", "spark.driver.host=127.0.0.1"])
        .args(["--conf", "spark.ui.port=0"])
        // Protected from other users, as every cluster is.
        .args(["--conf", "spark.authenticate=true"])
        .args(["--conf", &format!("spark.ui.filters={FILTER}")])
        .arg("--conf")
        .arg(conf)
        .arg("--properties-file")
        .arg(properties)
        .arg(script)
        .arg(work.join("out"));
    java.env_clear()
        .env("JAVA_HOME", &runtime.java_home)
        .env("SPARK_HOME", &runtime.spark_home)
        .env("SPARK_CONF_DIR", &runtime.conf)
        .env("SPARK_SCALA_VERSION", Runtime::SCALA_VERSION)
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .env("SPARK_LOCAL_DIRS", work)
        .env("PYSPARK_PYTHON", &runtime.python)
        .env(PASSWORD, secret().ok()?)
        .current_dir(work);
    succeed(&mut java).await?;
    wait_stable(&executor).await?;
    // `local-cluster` always keeps its executors' folders there.
    let _ = fs::remove_dir_all(runtime.spark_home.join("work"));
    let mut lines: Vec<String> = Vec::new();
    for list in [driver, executor] {
        lines.extend(fs::read_to_string(list).ok()?.lines().map(str::to_owned));
    }
    // Both JVMs load most classes. The archive needs each once, in an order in which they were
    // loaded.
    let mut seen = std::collections::BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    Some(lines.join("\n"))
}

/// Waits until a list is complete: an executor writes its list when it exits, which may be after
/// its driver.
async fn wait_stable(list: &Path) -> Option<()> {
    let mut before = 0;
    loop {
        let bytes = fs::metadata(list).map_or(0, |metadata| metadata.len());
        if bytes > 0 && bytes == before {
            return Some(());
        }
        before = bytes;
        tokio::time::sleep(STABLE_AFTER).await;
    }
}

async fn dump(runtime: &Runtime, list: &str, archive: &Path) -> Option<()> {
    let file = archive.with_extension("list");
    fs::write(&file, list).ok()?;
    let option = |name: &str, path: &Path| {
        let mut option = OsString::from(name);
        option.push(path);
        option
    };
    let mut java = Command::new(runtime.java_home.join("bin/java"));
    java.arg("-cp").arg(runtime.class_path());
    java.args([
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-XX:TieredStopAtLevel=1",
        "-Xshare:dump",
    ])
    .arg(option("-XX:SharedClassListFile=", &file))
    .arg(option("-XX:SharedArchiveFile=", archive));
    succeed(&mut java).await
}

async fn succeed(command: &mut Command) -> Option<()> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command.status().await.ok()?.success().then_some(())
}
