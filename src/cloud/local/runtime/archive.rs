//! Java's class-data archive: the classes that Spark's machines load, parsed and verified once.
//! Drivers, executors and daemons all begin with it; it takes several seconds off each job.
//!
//! It holds for one class path, one collector and the very jars it was made of; where it does not
//! hold, Java says nothing and loads classes as ever.

use super::lock::sweep;
use super::owner::{FILTER, PASSWORD};
use super::secret::secret;
use super::store::Runtime;
use crate::model::event::{Event, Listener};
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
const PATIENCE: Duration = Duration::from_secs(180);
const TICK: Duration = Duration::from_millis(250);
const SETTLED: Duration = Duration::from_millis(700);

/// Makes the archive of a runtime that lies in its place. Without one all else is the same, so a
/// failure is no error.
pub(super) async fn make(runtime: &Runtime, listener: &dyn Listener) {
    let Some(place) = runtime.conf.parent() else {
        return;
    };
    if runtime.archive.is_some() {
        return;
    }
    // A training that outlives a killed installer keeps to a folder that nobody uses again.
    sweep(place);
    let work = place.join(format!(".{}", std::process::id()));
    let making = async {
        fs::create_dir_all(&work).ok()?;
        let list = record(runtime, &work).await?;
        let draft = work.join(FILE);
        dump(runtime, &list, &draft).await?;
        fs::rename(draft, place.join(FILE)).ok()
    };
    let ticking = async {
        loop {
            let what = "teaching Java the classes of Spark".to_owned();
            listener.on_event(&Event::Progress {
                what,
                done: 0,
                total: 0,
            });
            tokio::time::sleep(TICK).await;
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(PATIENCE, making) => {}
        () = ticking => {}
    }
    // What training left is of no further use; a rest of it does no harm.
    let _ = fs::remove_dir_all(&work);
}

/// Runs a job on a little cluster and gives the classes that its driver and executor loaded.
async fn record(runtime: &Runtime, work: &Path) -> Option<String> {
    let script = work.join("training.py");
    fs::write(&script, TRAINING).ok()?;
    // A command line is for all to read.
    let properties = work.join("driver.conf");
    let mut private = File::options();
    let mut private = private
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&properties)
        .ok()?;
    writeln!(private, "spark.authenticate.secret {}", secret().ok()?).ok()?;
    let (driver, executor) = (work.join("driver.list"), work.join("executor.list"));
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
        // As closed to other users of the machine as every cluster.
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
    well(&mut java).await?;
    written(&executor).await?;
    // A little cluster keeps its executors' folders there, whatever it is told.
    let _ = fs::remove_dir_all(runtime.spark_home.join("work"));
    let mut lines: Vec<String> = Vec::new();
    for list in [driver, executor] {
        lines.extend(fs::read_to_string(list).ok()?.lines().map(str::to_owned));
    }
    // Both machines load most classes, and the archive wants each once, in an order that had it.
    let mut seen = std::collections::BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    Some(lines.join("\n"))
}

/// Waits until a list is whole: an executor writes its own when it leaves, which may be after its
/// driver did.
async fn written(list: &Path) -> Option<()> {
    let mut before = 0;
    loop {
        let bytes = fs::metadata(list).map_or(0, |metadata| metadata.len());
        if bytes > 0 && bytes == before {
            return Some(());
        }
        before = bytes;
        tokio::time::sleep(SETTLED).await;
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
    well(&mut java).await
}

async fn well(command: &mut Command) -> Option<()> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command.status().await.ok()?.success().then_some(())
}
