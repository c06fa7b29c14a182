//! Checks of paths: those of one machine, and Python's functions on locations in S3.

use super::call::{Call, Callee};
use super::spark::{CONTEXT_READS, RDD_WRITES, READS, WRITES};
use super::text::Text;
use super::value::{Spark, Value};
use super::walk::Walk;
use crate::model::lint::LintCode;
use crate::model::stack::{Piece, Source, WhenDone};

/// Functions of Python that open a file or look at it, by their first argument.
const OPENS: [&str; 27] = [
    "builtins.open",
    "codecs.open",
    "glob.glob",
    "glob.iglob",
    "gzip.open",
    "io.open",
    "numpy.genfromtxt",
    "numpy.load",
    "numpy.loadtxt",
    "os.listdir",
    "os.makedirs",
    "os.mkdir",
    "os.path.exists",
    "os.path.getsize",
    "os.path.isdir",
    "os.path.isfile",
    "os.remove",
    "os.scandir",
    "os.stat",
    "os.walk",
    "shutil.copy",
    "shutil.copyfile",
    "shutil.copytree",
    "shutil.rmtree",
    "zipfile.ZipFile",
    "tarfile.open",
    "sqlite3.connect",
];

/// Those that only look whether something is there, or make a folder: they do no harm on another
/// machine.
const LOOKS: [&str; 8] = [
    "exists",
    "glob.glob",
    "glob.iglob",
    "os.makedirs",
    "os.mkdir",
    "os.path.exists",
    "os.path.isdir",
    "os.path.isfile",
];
const LOOKS_OF_PATHS: [&str; 5] = ["glob", "is_dir", "is_file", "mkdir", "rglob"];

/// Methods of a path of `pathlib` that do the same.
const OF_PATHS: [&str; 12] = [
    "exists",
    "glob",
    "is_dir",
    "is_file",
    "iterdir",
    "mkdir",
    "open",
    "read_bytes",
    "read_text",
    "rglob",
    "write_bytes",
    "write_text",
];

/// Readers of pandas, whose names begin so.
const PANDAS: &str = "pandas.read_";

/// Folders that each machine has.
const OF_EACH_MACHINE: [&str; 9] = [
    "/dev",
    "/etc",
    "/home/hadoop",
    "/mnt",
    "/opt",
    "/proc",
    "/tmp",
    "/usr",
    "/var",
];

/// Who gets a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Spark,
    /// Spark writes it: without a scheme, into the cluster's own HDFS.
    Writer,
    Python,
}

impl<'a> Walk<'a> {
    pub(super) fn check_paths(&mut self, callee: &Callee<'a>, call: &Call<'a>) {
        let Some((by, path)) = path(callee, call) else {
            return;
        };
        let several = if let Value::Items(items) = &path {
            items.as_slice()
        } else {
            std::slice::from_ref(&path)
        };
        self.note_places(by, several, callee);
        if self.around.file_guards > 0 {
            return;
        }
        let name = callee.name.as_str();
        let looks = LOOKS.contains(&name) || LOOKS_OF_PATHS.contains(&name);
        for path in several.iter().filter_map(Value::text) {
            if let Some(why) = self.of_one_machine(path, by).filter(|_| !looks) {
                let help = self.data_instead(path);
                self.report(LintCode::LocalPath, &callee.at, why, &help);
                return;
            }
            if by == By::Python && self.check_remote(path, callee) {
                return;
            }
        }
    }

    /// Notes what is read and written.
    fn note_places(&mut self, by: By, paths: &[Value], callee: &Callee<'a>) {
        let reads = by == By::Spark && callee.receiver != Spark::StreamReader.into();
        let is_certain = self.certainty().is_certain;
        for path in paths {
            let text = path.text();
            if by == By::Writer || is_pandas_write(&callee.name) {
                self.reads.write(text);
            }
            if let (true, true, Some(text)) = (reads, is_certain, text) {
                self.reads.read(text);
            }
            let in_hdfs = |path: &Text| path.start().starts_with(['/', 'h']);
            self.fills_hdfs |= by == By::Writer && text.is_some_and(in_hdfs);
        }
    }

    /// Why a path is one of one machine; `None` if it is none.
    fn of_one_machine(&self, path: &Text, by: By) -> Option<String> {
        let start = path.start();
        let shown = crate::model::shown::line(start, 60);
        let mut letters = start.chars();
        let is_drive = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && letters.next() == Some(':')
            && matches!(letters.next(), Some('\\' | '/'));
        let plain = start
            .strip_prefix("file:")
            .map(|rest| rest.trim_start_matches('/'));
        if is_drive {
            return Some(format!(
                "{shown:?} is a path of Windows, which no cluster has"
            ));
        }
        if start.starts_with('~') {
            return Some(format!("{shown:?} is in the home folder of one machine"));
        }
        // A bootstrap action may have put it on each node.
        let may_be_there = !self.script.stack.cluster.bootstrap.is_empty();
        if may_be_there {
            return None;
        }
        if plain.is_some() && by != By::Python {
            return Some(format!(
                "{shown:?} is a file of one machine, which the workers do not have"
            ));
        }
        if !start.starts_with('/') || is_on_each_machine(start) {
            return None;
        }
        match by {
            By::Python => Some(format!(
                "{shown:?} is a file of one machine, which the cluster does not have"
            )),
            By::Writer => None,
            By::Spark if self.fills_hdfs() => None,
            By::Spark => Some(format!(
                "{shown:?} is in HDFS on EMR, where a new cluster has no data"
            )),
        }
    }

    /// Whether something may have filled HDFS before: an earlier step or job, or this script.
    fn fills_hdfs(&self) -> bool {
        let stack = self.script.stack;
        let steps = stack.job.iter().flat_map(|job| &job.steps);
        let others = steps.filter(|step| step.name != self.script.step.name);
        stack.guardrails.when_done == WhenDone::Keep || others.count() > 0 || self.fills_hdfs
    }

    /// Names the stack's data that the script could read instead.
    fn data_instead(&self, path: &Text) -> String {
        let whole = path.whole().unwrap_or_default();
        let file = whole.rsplit(['/', '\\']).next().unwrap_or_default();
        let named = self.script.stack.data.iter().find(|(_, data)| {
            let place = match &data.source {
                Source::Path(path) => path.to_string_lossy().into_owned(),
                Source::Url { url, member, .. } => member.clone().unwrap_or_else(|| url.clone()),
                Source::S3(address) => address.clone(),
            };
            !file.is_empty() && place.rsplit('/').next() == Some(file)
        });
        match named {
            Some((name, _)) => format!(
                "the stack has it as data set {name}: give the step the argument \
                 `${{data.{name}}}`, and read `sys.argv`"
            ),
            None => {
                "name it under `data:` in the stack, and give the step its `${data.NAME}` as an \
                     argument"
                    .to_owned()
            }
        }
    }

    /// Whether the script uses pandas' functions on Spark, which write where Spark does.
    fn has_pandas_of_spark(&self) -> bool {
        let marks = ["pyspark.pandas", "pandas_api", "to_pandas_on_spark"];
        marks.iter().any(|mark| self.script.text.contains(mark))
    }

    /// Reports Python's functions on a location of the stack.
    fn check_remote(&mut self, path: &Text, callee: &Callee<'a>) -> bool {
        let Some(place) = path.place() else {
            return false;
        };
        let writes = callee.name.starts_with("to_");
        let pandas = callee.name.starts_with(PANDAS) || writes;
        if pandas && self.script.modules.reads_s3 || writes && self.has_pandas_of_spark() {
            return false;
        }
        let (place, help) = match place {
            Piece::Data(name) => (
                format!("${{data.{name}}}"),
                "read it through Spark, such as `spark.read.text(path)` or `sc.textFile(path)`",
            ),
            Piece::Results | Piece::Text(_) => (
                "${results}".to_owned(),
                "write it through Spark: `df.write.csv(path)` or `rdd.saveAsTextFile(path)`",
            ),
            Piece::Scratch => (
                "${scratch}".to_owned(),
                "read and write it through Spark, such as `spark.read.parquet(path)`",
            ),
        };
        let name = callee.name.trim_start_matches("builtins.");
        let message = format!(
            "`{name}` cannot open {place}, which is a path on this machine and `s3://…` on EMR"
        );
        self.report(LintCode::OpensRemote, &callee.at, message, help);
        true
    }
}

fn is_on_each_machine(path: &str) -> bool {
    let below = |folder: &&str| {
        let rest = path.strip_prefix(*folder);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    OF_EACH_MACHINE.iter().any(below)
}

/// The path that a call reads or writes.
fn path(callee: &Callee<'_>, call: &Call<'_>) -> Option<(By, Value)> {
    let name = callee.name.as_str();
    let first = |key: &str| call.argument(0, key).cloned();
    if let Value::Spark(spark) = callee.receiver {
        let path = of_spark(spark, name, call)?.cloned()?;
        let by = match spark {
            Spark::Writer | Spark::Rdd(_) => By::Writer,
            Spark::Context
            | Spark::Reader
            | Spark::StreamReader
            | Spark::Conf
            | Spark::Builder
            | Spark::Session
            | Spark::Frame(_)
            | Spark::Grouped => By::Spark,
        };
        return Some((by, path));
    }
    if let Value::Text(path) = &callee.receiver {
        let opens = OF_PATHS.contains(&name);
        return opens.then(|| (By::Python, Value::Text(path.clone())));
    }
    if RDD_WRITES.contains(&name) {
        return Some((By::Writer, first("path")?));
    }
    if matches!(name, "textFile" | "wholeTextFiles") {
        return Some((By::Spark, first("path")?));
    }
    let key = if name.starts_with(PANDAS) {
        "filepath_or_buffer"
    } else if is_pandas_write(name) {
        "path_or_buf"
    } else if OPENS.contains(&name) {
        "file"
    } else {
        return None;
    };
    Some((By::Python, first(key)?))
}

/// The path that a method of an object of Spark reads or writes; `None` if it takes none.
fn of_spark<'c>(spark: Spark, name: &str, call: &'c Call<'_>) -> Option<Option<&'c Value>> {
    let of_table = ["insertInto", "jdbc", "saveAsTable", "table", "toTable"];
    let takes = match spark {
        Spark::Context => CONTEXT_READS.contains(&name),
        Spark::Reader | Spark::StreamReader => READS.contains(&name) && !of_table.contains(&name),
        Spark::Writer => WRITES.contains(&name) && !of_table.contains(&name),
        Spark::Rdd(_) => RDD_WRITES.contains(&name),
        Spark::Conf | Spark::Builder | Spark::Session | Spark::Frame(_) | Spark::Grouped => false,
    };
    if takes {
        return Some(call.argument(0, "path").or_else(|| call.named("name")));
    }
    let is_option =
        matches!(spark, Spark::Reader | Spark::StreamReader | Spark::Writer) && name == "option";
    let is_path = is_option && call.args.first().and_then(Value::constant) == Some("path");
    is_path.then(|| call.args.get(1))
}

/// Whether a method of an object that is not known is one with which pandas writes a file.
pub(super) fn is_pandas_write(name: &str) -> bool {
    [
        "to_csv",
        "to_excel",
        "to_feather",
        "to_json",
        "to_parquet",
        "to_pickle",
    ]
    .contains(&name)
}
