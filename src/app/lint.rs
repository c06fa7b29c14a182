//! The lint of a stack's scripts: reads those that are on this machine, and shows what it finds.

use super::environment::Environment;
use super::failure::Failure;
use super::preflight::expanded;
use super::reporter::Reporter;
use crate::cloud::imports;
use crate::diagnose::lint::{self, MAX_BYTES, Modules, Script};
use crate::disk::{self, UnreadableFile};
use crate::model::hint::Command;
use crate::model::lint::{LintCode, LintFinding};
use crate::model::requirements::requirements;
use crate::model::stack::{Python, Stack, Step};
use crate::model::work::Work;
use crate::text::{Diagnostics, LintedText};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Checks the scripts of a stack's steps; `None` if nothing is found.
pub(crate) fn check(stack: &Stack, environment: &Environment) -> Option<Diagnostics> {
    let steps = stack.job.iter().flat_map(|job| &job.steps);
    let texts = steps.filter_map(|step| script(stack, step, environment));
    Diagnostics::of_lint(texts.collect())
}

/// How to keep a line of a script that is right as it is.
pub(crate) const SILENCE: &str = "put `# clusterup: allow(CODE)` on a line that is right as it is";

/// Shows what is found. `hint`: what to do about an error that is none.
///
/// # Errors
/// Returns what is found if there is an error among it.
pub(crate) fn show(
    found: Option<Diagnostics>,
    hint: &str,
    reporter: &dyn Reporter,
) -> Result<Option<Diagnostics>, Failure> {
    if let Some(found) = &found {
        if found.has_errors() {
            let mut failure = Failure::input("the lint found errors");
            failure.diagnostics = Some(Box::new(found.clone()));
            return Err(failure.hint(hint).hint(Command::again_with("--no-lint")));
        }
        reporter.diagnostics(found);
    }
    Ok(found)
}

/// The addresses in S3 that the script of a step surely reads through Spark.
pub(crate) fn reads(stack: &Stack, step: &Step, environment: &Environment) -> BTreeSet<String> {
    let path = file(step).and_then(|path| expanded(path, environment));
    let text = path.as_deref().map(|path| disk::text(path, MAX_BYTES));
    let (Some(path), Some(Ok(text))) = (path, text) else {
        return BTreeSet::new();
    };
    lint::reads(&Script {
        text: &text,
        stack,
        step,
        modules: &modules(stack, &path, environment),
    })
}

/// The script of a step on this machine.
fn file(step: &Step) -> Option<&Path> {
    if let Work::Script(file) = &step.work {
        return file.local().map(PathBuf::as_path);
    }
    None
}

fn script(stack: &Stack, step: &Step, environment: &Environment) -> Option<LintedText> {
    let path = file(step)?;
    let name = path.display().to_string();
    let path = expanded(path, environment)?;
    let bytes = match disk::bytes(&path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => {
            // Anything else is reported where the files of the stack are checked.
            let is_long = matches!(
                UnreadableFile::of(&error),
                Some(UnreadableFile::TooLong { .. })
            );
            return is_long.then(|| LintedText {
                name: shown(&name),
                text: String::new(),
                findings: vec![lint::too_long()],
            });
        }
    };
    let (text, wrong) = decoded(bytes);
    let modules = modules(stack, &path, environment);
    let script = Script {
        text: &text,
        stack,
        step,
        modules: &modules,
    };
    let mut findings = lint::lint(&script);
    if let Some(wrong) = wrong {
        findings.insert(0, wrong);
    }
    Some(LintedText {
        name: shown(&name),
        text,
        findings,
    })
}

/// The path relative to the current folder, if it is below it.
fn shown(path: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let relative = Path::new(path).strip_prefix(&here);
    relative.map_or_else(|_| path.to_owned(), |path| path.display().to_string())
}

/// The text of a script. Python reads UTF-8, unless the first lines name another encoding (PEP 263);
/// of that, only what is ASCII is checked.
fn decoded(bytes: Vec<u8>) -> (String, Option<LintFinding>) {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return (text, None),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let mut head = text.lines().take(2);
    let names_another = head.any(|line| line.starts_with('#') && line.contains("coding"));
    let wrong = LintFinding {
        code: LintCode::ScriptSyntax,
        at: at..at + char::REPLACEMENT_CHARACTER.len_utf8(),
        message: "the script is not UTF-8, and names no other encoding".to_owned(),
        help: Some(
            "save it as UTF-8, or write `# coding: ENCODING` into its first line".to_owned(),
        ),
    };
    (text, (!names_another).then_some(wrong))
}

pub(super) fn modules(stack: &Stack, script: &Path, environment: &Environment) -> Modules {
    let beside = imports::neighbours(script).into_iter();
    let beside = beside.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let packages = packages(stack, environment);
    let is_s3fs = |package: &String| package.starts_with("s3fs");
    Modules {
        beside: beside.collect(),
        reads_s3: packages.as_ref().is_none_or(|all| all.iter().any(is_s3fs)),
        packages,
    }
}

/// The packages that pip installs; `None` if they are not known.
fn packages(stack: &Stack, environment: &Environment) -> Option<Vec<String>> {
    let Some(job) = &stack.job else {
        return Some(Vec::new());
    };
    let mut packages: Vec<String> = job.packages().cloned().collect();
    if let Some(Python::Requirements(path)) = &job.python {
        let text = disk::text(&expanded(path, environment)?, disk::SMALL).ok()?;
        packages.extend(requirements(&text).ok()?);
    }
    Some(packages)
}
