//! The names of a job and its steps.

use super::tree::{leaf, part};
use super::{Datum, Name, Shape, read};
use crate::model::memory::Memory;
use crate::model::retry::Retry;
use crate::model::stack::{Arg, Piece, Python, Step};
use crate::model::stuck::OnStuck;
use crate::model::work::{NumberOrAuto, StepFile, Work};
use crate::policy::subject::Subject;
use Shape::{Int, List, Map, Text};

pub(super) const JOB: &[Name] = &[
    leaf(
        "steps",
        List(&Shape::Group(STEP)),
        "The steps, in order.",
        |s| {
            let steps = s.stack.job.iter().flat_map(|job| &job.steps);
            Some(Datum::List(steps.map(step).collect()))
        },
    ),
    leaf(
        "python_packages",
        List(&Text),
        "The Python packages, as in the stack.",
        |s| {
            let jobs = s.stack.job.iter();
            Some(read::list(jobs.flat_map(|job| job.packages())))
        },
    ),
    leaf(
        "python_requirements",
        Text,
        "The path of the file of requirements; empty if none.",
        |s| {
            Some(read::or_none(match python(s) {
                Some(Python::Requirements(path)) => Some(path.display()),
                Some(Python::Packages(_) | Python::Archive(_)) | None => None,
            }))
        },
    ),
    leaf(
        "python_archive",
        Text,
        "The path or address of the packed Python environment; empty if none.",
        |s| {
            Some(read::or_none(match python(s) {
                Some(Python::Archive(file)) => Some(file),
                Some(Python::Packages(_) | Python::Requirements(_)) | None => None,
            }))
        },
    ),
    leaf(
        "retry_attempts",
        Int,
        "How often the job runs at most; 1 without `retry`.",
        |s| {
            Some(read::whole(
                retry(s).map_or(1, |retry| retry.attempts.into()),
            ))
        },
    ),
    leaf(
        "retry_on",
        List(&Text),
        "The classes of failures after which it runs again.",
        |s| {
            let classes = retry(s).into_iter().flat_map(|retry| &retry.on);
            Some(read::list(classes.map(|class| class.as_str())))
        },
    ),
    leaf(
        "retry_memory",
        Text,
        "The factor by which a retry grows memory, such as `x2`; empty without `retry`.",
        |s| Some(read::or_none(retry(s).map(|retry| retry.memory))),
    ),
    leaf(
        "results",
        Text,
        "The folder that results are downloaded to; empty if they stay in the bucket.",
        |s| {
            let results = s.stack.job.as_ref().and_then(|job| job.results.as_ref());
            Some(read::or_none(results.map(|path| path.display())))
        },
    ),
    leaf(
        "stuck",
        Text,
        "What happens when a step hangs: `report` or `end`; empty without a job.",
        |s| {
            let stuck = s.stack.job.as_ref().map(|job| job.stuck);
            Some(read::or_none(stuck.map(OnStuck::as_str)))
        },
    ),
];

const STEP: &[Name] = &[
    part("name", Text, "The step's name."),
    part(
        "kind",
        Text,
        "`script`, `jar`, `sql`, `hive`, `command`, `shell` or `copy`.",
    ),
    part(
        "script",
        Text,
        "The path or address of a `script`; empty for another kind.",
    ),
    part(
        "file",
        Text,
        "The path or address of what it runs; empty for a `command` or a `copy`.",
    ),
    part("class", Text, "The class of a `jar`; empty if none."),
    part(
        "command",
        List(&Text),
        "The words of a `command`, or the two folders of a `copy`.",
    ),
    part("args", List(&Text), "Its arguments, as in the stack."),
    part("deploy_mode", Text, "`client` or `cluster`."),
    part("py_files", List(&Text), "The py_files, as in the stack."),
    part("files", List(&Text), "The files, as in the stack."),
    part("archives", List(&Text), "The archives, as in the stack."),
    part("jars", List(&Text), "The jars, as in the stack."),
    part("packages", List(&Text), "The packages of Maven."),
    part("env", Map(&Text), "Environment variables by name."),
    part("on_failure", Text, "`stop` or `continue`."),
    part(
        "executors",
        Int,
        "The number of executors; 0 for `auto`, or as many as EMR adds.",
    ),
    part(
        "executor_cores",
        Int,
        "Cores of each executor; 0 for `auto`, or EMR's default.",
    ),
    part(
        "partitions",
        Int,
        "Partitions after a shuffle; 0 for `auto` or Spark's default.",
    ),
    part(
        "executor_memory_mib",
        Int,
        "MiB of each executor; 0 for `auto`.",
    ),
    part(
        "driver_memory_mib",
        Int,
        "MiB of the driver; 0 for Spark's default.",
    ),
    part("conf", Map(&Text), "Spark's settings of the step."),
];

fn python<'a>(subject: &Subject<'a>) -> Option<&'a Python> {
    subject.stack.job.as_ref()?.python.as_ref()
}

fn retry<'a>(subject: &Subject<'a>) -> Option<&'a Retry> {
    subject.stack.job.as_ref()?.retry.as_ref()
}

fn step(step: &Step) -> Datum {
    let more = &step.spark.submission;
    let memory = |memory: Option<Memory>| read::whole(memory.map_or(0, |memory| memory.mib()));
    let count = |count: Option<u16>| read::whole(count.map_or(0, u64::from));
    read::record([
        ("name", read::text(&step.name)),
        ("kind", read::text(step.work.kind())),
        (
            "script",
            file_of(step, |work| matches!(work, Work::Script(_))),
        ),
        ("file", file_of(step, |_| true)),
        ("class", class(step)),
        ("command", command(step)),
        ("deploy_mode", read::text(more.deploy_mode.as_str())),
        ("py_files", read::list(&more.py_files)),
        ("files", read::list(&more.files)),
        ("archives", read::list(&more.archives)),
        ("jars", read::list(&more.jars)),
        ("packages", read::list(&more.packages)),
        ("env", read::map(&more.env)),
        ("on_failure", read::text(step.on_failure.as_str())),
        ("args", read::list(step.args.iter().map(|arg| written(arg)))),
        ("executors", count(more.executors)),
        ("executor_cores", count(more.executor_cores)),
        (
            "partitions",
            count(step.spark.partitions.and_then(NumberOrAuto::given)),
        ),
        ("executor_memory_mib", memory(step.spark.executor_memory)),
        ("driver_memory_mib", memory(more.driver_memory)),
        ("conf", read::map(&step.spark.conf)),
    ])
}

/// The file of a step of these kinds; empty if it has another or none.
fn file_of(step: &Step, wanted: fn(&Work<StepFile, Arg>) -> bool) -> Datum {
    let work = Some(&step.work).filter(|work| wanted(work));
    read::or_none(work.and_then(Work::file))
}

fn class(step: &Step) -> Datum {
    match &step.work {
        Work::Jar { class, .. } => read::or_none(class.as_ref()),
        Work::Script(_)
        | Work::Sql(_)
        | Work::Hive(_)
        | Work::Command(_)
        | Work::Shell(_)
        | Work::Copy { .. } => read::text(""),
    }
}

/// The words of a command, or the two folders of a copy; empty for another kind.
fn command(step: &Step) -> Datum {
    match &step.work {
        Work::Command(words) => read::list(words.iter().map(|word| written(word))),
        Work::Copy { from, to } => read::list([written(from), written(to)]),
        Work::Script(_) | Work::Jar { .. } | Work::Sql(_) | Work::Hive(_) | Work::Shell(_) => {
            Datum::List(Vec::new())
        }
    }
}

/// An argument as the stack writes it.
fn written(arg: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.replace("${", "$${"),
        Piece::Data(name) => format!("${{data.{name}}}"),
        Piece::Results => "${results}".to_owned(),
        Piece::Scratch => "${scratch}".to_owned(),
    };
    arg.iter().map(piece).collect()
}
