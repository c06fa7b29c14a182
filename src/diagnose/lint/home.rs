//! Whether a script writes results.

use super::call::{Call, Callee};
use super::names;
use super::paths::is_pandas_write;
use super::script::Script;
use super::spark::{RDD_WRITES, WRITES};
use super::text::Text;
use super::value::{Spark, Value};
use super::walk::Walk;
use crate::model::lint::{LintCode, LintFinding};
use crate::model::stack::{Arg, Piece, Step};
use crate::model::work::Work;
use ruff_python_ast::Stmt;
use ruff_text_size::{Ranged, TextRange};

/// What a script does with its results.
#[derive(Debug, Default)]
pub(super) struct Home {
    /// Whether it may write something to `${results}`.
    pub(super) may_write: bool,
    /// Its last output: to the screen, or somewhere else.
    pub(super) last_output: Option<TextRange>,
}

/// Reports a script that is to write the job's results, and writes none.
pub(super) fn nothing(script: &Script<'_>, home: &Home, body: &[Stmt]) -> Option<LintFinding> {
    let job = script.stack.job.as_ref()?;
    job.results.as_ref()?;
    let step = script.step;
    let mut getting = job.steps.iter().filter(|step| gets_results(step));
    let (message, help) = match (getting.next(), getting.next()) {
        (Some(one), None) if one.name == step.name && !home.may_write => (
            "the job has results, and the script writes nothing to `${results}`",
            "write what it computes to the location that it gets as an argument",
        ),
        // Jars, statements and programs can write elsewhere; of scripts, the last one tells.
        (None, _) if job.steps.last().is_some_and(|last| last.name == step.name) => (
            "the job has results, and no step gets `${results}`",
            "give the step `${results}` as an argument, and write below it",
        ),
        _ => return None,
    };
    let last = || body.last().map(Ranged::range);
    let at = home.last_output.or_else(last)?;
    Some(LintFinding {
        code: LintCode::NothingHome,
        at: at.to_std_range(),
        message: message.to_owned(),
        help: Some(help.to_owned()),
    })
}

/// Whether a step has the location of results in its words.
fn gets_results(step: &Step) -> bool {
    let has = |arg: &Arg| arg.contains(&Piece::Results);
    let in_work = match &step.work {
        Work::Command(words) => words.iter().any(has),
        Work::Copy { from, to } => has(from) || has(to),
        Work::Script(_) | Work::Jar { .. } | Work::Sql(_) | Work::Hive(_) | Work::Shell(_) => false,
    };
    in_work || step.args.iter().any(has)
}

/// Functions that get values and write nothing.
const HARMLESS: [&str; 8] = [
    "builtins.getattr",
    "builtins.int",
    "builtins.len",
    "builtins.list",
    "builtins.print",
    "builtins.str",
    "os.path.join",
    "sys.exit",
];

impl Home {
    /// Notes what is passed to code that is not followed.
    pub(super) fn passes(&mut self, args: &[Value], named: &[(&str, Value)]) {
        let named = named.iter().map(|(_, value)| value);
        let mut passed = args.iter().chain(named);
        self.may_write |= passed.any(|value| *value == Value::Unknown || leads_home(value));
    }
}

/// Whether code that has this value could write results.
fn leads_home(value: &Value) -> bool {
    if let Value::Items(items) = value {
        return items.iter().any(leads_home);
    }
    let place = value.text().and_then(Text::place);
    place == Some(&Piece::Results) || matches!(value, Value::Argv(_) | Value::Options(_))
}

impl<'a> Walk<'a> {
    pub(super) fn check_home(&mut self, callee: &Callee<'a>, call: &Call<'a>) {
        let name = callee.name.as_str();
        let is_writer = callee.receiver == Spark::Writer.into();
        let is_spark = is_writer && WRITES.contains(&name) || RDD_WRITES.contains(&name);
        if is_spark || is_pandas_write(name) {
            self.home.last_output = Some(call.node.range());
            let path = call.argument(0, "path");
            // Without a path it may be an option, or a table.
            let elsewhere = path
                .and_then(Value::text)
                .is_some_and(|path| !path.is_open() && path.place() != Some(&Piece::Results));
            self.home.may_write |= !elsewhere;
        } else if name == "builtins.print" || matches!(name, "show" | "collect" | "take") {
            self.home.last_output = Some(call.node.range());
        } else if name == "builtins.open" {
            let path = call.argument(0, "file").and_then(Value::text);
            self.home.may_write |=
                path.is_none_or(|path| path.is_open() || path.place() == Some(&Piece::Results));
        } else if callee.receiver == Value::Unknown
            && !HARMLESS.contains(&name)
            && names::of_pyspark(name).is_none()
        {
            self.home.passes(&call.args, &call.named);
        }
    }
}
