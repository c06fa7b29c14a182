//! A step of a job.

use super::spark::SPARK;
use crate::model::stack::{Arg, Piece, Step};
use crate::model::step_command::MAX_CHARS;
use crate::model::step_words::has_double_braces;
use crate::model::work::{DeployMode, OnFailure, Work};
use crate::text::collections::{Unique, list};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got, Place, record};
use crate::text::format;
use crate::text::named::What;
use crate::text::source::Mark;
use crate::text::step_files::PathOrS3;
use crate::text::types::{Argument, Outside, Words};

record! {
    /// A step: exactly one of a script, a jar, statements, a command or a copy.
    pub(super) STEP: Step [without: "does not say what it runs"] = |at| {
        /// The name in progress, logs and `--set`.
        name: required = Outside(What::Step, format::STEP), "similarities";
        /// A PySpark script for spark-submit. Modules of its folder that it imports are sent with it.
        script: either = PathOrS3(What::Script), "job.py";
        /// A jar for spark-submit.
        jar: either = PathOrS3(What::StepFile), "app.jar";
        /// The class whose main method runs; without it, the one in the jar's manifest.
        class: with("jar") = format::CLASS, "org.example.Main";
        /// A file of statements for spark-sql. Its arguments are options such as `--hivevar`.
        sql: either = PathOrS3(What::StepFile), "report.sql";
        /// A file of statements for Hive. Its arguments are options such as `-d`.
        hive: either = PathOrS3(What::StepFile), "report.hql";
        /// A program of the primary and its arguments, which no shell interprets.
        command: either =
            list(Argument, Unique::No, "a word of the command", "hdfs").filled(),
            "[hdfs, dfs, -ls, /]";
        /// A shell script that runs on the primary.
        shell: either = PathOrS3(What::StepFile), "prepare.sh";
        /// A copy by s3-dist-cp, between S3 and HDFS. Its arguments are options such as
        /// `--srcPattern`.
        copy: either = COPY, "{ from: \"s3://bucket/in\", to: \"hdfs:///in\" }";
        /// Arguments of what it runs. `${data.NAME}`, `${results}` and `${scratch}` are replaced by
        /// locations; `$${` stands for a plain `${`.
        args: or_empty = list(Argument, Unique::No, "an argument of the script", "--out"),
            "[--out, \"${results}\"]";
        /// Settings of Spark for a `script`, a `jar` or `sql`.
        spark: or_empty = SPARK, "{ executor_memory: 1g }";
        /// What happens when it fails. With a `step_concurrency` above 1, a step cannot stop others.
        on_failure: default("stop") = Words([
            ("stop", OnFailure::Stop, "The job has failed, and its later steps do not run."),
            ("continue", OnFailure::Continue, "The later steps run, and the job can succeed."),
        ]), "continue";
    } check {
        let is_spark = [script.place, jar.place, sql.place].iter().any(Option::is_some);
        let others = [hive.place, command.place, shell.place, copy.place];
        let is_other = !is_spark && others.iter().any(Option::is_some);
        belongs(at, &args, command.place.is_none(), "write the arguments into `command`");
        belongs(at, &spark, !is_other, "`spark` goes with `script`, `jar` and `sql`");
        let mode = spark.value.as_ref().map(|spark| spark.submission.deploy_mode);
        if mode == Some(DeployMode::Cluster) {
            of_cluster_mode(at, sql.place, &args);
        }
        too_long(at, args.written());
        let words = command.value.as_ref().and_then(Option::as_ref);
        too_long(at, words.zip(command.place.map(|place| place.value)));
    } => {
        let work = script.map(Work::Script)
            .or(jar.map(|file| Work::Jar { file, class }))
            .or(sql.map(Work::Sql))
            .or(hive.map(Work::Hive))
            .or(command.map(Work::Command))
            .or(shell.map(Work::Shell))
            .or(copy.map(|(from, to)| Work::Copy { from, to }))?;
        Step { name, work, args, spark, on_failure }
    };
}

record! {
    /// A copy of all files below a folder.
    COPY: (Arg, Arg) = |at| {
        /// The folder to copy; placeholders are replaced as in `args`.
        from: required = Argument, "s3://bucket/in";
        /// The folder to copy into.
        to: required = Argument, "hdfs:///in";
    } => (from, to);
}

/// Reports a field that does not belong to the kind of step.
fn belongs<T>(at: &mut At<'_, '_>, field: &Got<'_, T>, belongs: bool, help: &str) {
    if let (Some(place), false) = (field.place, belongs) {
        let message = format!("the step has no use for `{}`", field.key);
        at.wrong(Diagnostic::new(Code::Conflict, place.key, message).help(help));
    }
}

/// Reports what a driver in a container cannot have.
fn of_cluster_mode(at: &mut At<'_, '_>, sql: Option<Place>, args: &Got<'_, Vec<Arg>>) {
    let help = "remove `deploy_mode`, so that the driver runs on the primary";
    if let Some(place) = sql {
        let message = "spark-sql has no deploy mode `cluster`";
        at.wrong(Diagnostic::new(Code::Conflict, place.key, message).help(help));
    }
    let braces = |piece: &Piece| matches!(piece, Piece::Text(text) if has_double_braces(text));
    if let Some((all, place)) = args.written()
        && all.iter().flatten().any(braces)
    {
        let message = "YARN changes `{{` and `}}` in the arguments of a driver in a container";
        at.wrong(Diagnostic::new(Code::Conflict, place, message).help(help));
    }
}

/// Reports arguments that are too long whatever their placeholders stand for.
fn too_long(at: &mut At<'_, '_>, args: Option<(&Vec<Arg>, Mark)>) {
    let chars = |piece: &Piece| match piece {
        Piece::Text(text) => text.chars().count(),
        Piece::Data(_) | Piece::Results | Piece::Scratch => 0,
    };
    let Some((args, place)) = args else { return };
    let total: usize = args.iter().flatten().map(chars).sum();
    if total > MAX_CHARS {
        let message = format!("the arguments of the step have {total} characters");
        at.wrong(
            Diagnostic::new(Code::OutOfRange, place, message)
                .expected(format!("at most {MAX_CHARS}, EMR's limit for a step"))
                .help("put them into a file, and give the step its location"),
        );
    }
}
