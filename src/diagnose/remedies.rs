//! The remedies of a cause, with what the logs name.

use super::cause::Cause;
use super::log::Log;
use super::owner::around;
use super::raised::Place;
use super::rules::{Holes, RemedyForm, Rule};
use super::verdict::Asked;
use crate::model::diagnosis::Remedy;
use crate::model::retry::MemorySetting;

/// The length at which a path is cut, in characters.
const MAX_PATH: usize = 200;

/// How the ARN of a bucket or an object begins.
const S3_ARN: &str = "arn:aws:s3:::";

/// What sentences and remedies can name: what the rule's holes hold, the place in the program, and
/// the object of S3.
pub(super) fn holes(logs: &[Log<'_>], cause: &Cause<'_>, place: Option<&Place>) -> Holes {
    let mut holes = match cause {
        Cause::Rule(finding) => finding.holes.clone(),
        Cause::Raised(..) | Cause::Thrown(..) => Holes::new(),
    };
    if let Some(Place { file, number, .. }) = place {
        holes.insert("place".to_owned(), format!("{file}, line {number}"));
    }
    let at = cause.at();
    let named = holes.remove("resource").and_then(|name| s3_path(&name));
    let near = || around(&logs[at.log], at.line).find_map(s3_path);
    if let Some(path) = named.or_else(near) {
        holes.insert("resource".to_owned(), path);
    }
    holes
}

/// The first path of S3 in a line, which may be its ARN.
fn s3_path(line: &str) -> Option<String> {
    let starts = ["s3://", "s3a://", "s3n://", S3_ARN].iter();
    let start = starts.filter_map(|scheme| line.find(scheme)).min()?;
    let ends = |c: char| c.is_whitespace() || "'\"`,;()[]<>".contains(c);
    let path = line[start..].split(ends).next()?;
    let path = path.trim_end_matches(['.', ':']);
    let path = match path.strip_prefix(S3_ARN) {
        Some(path) => format!("s3://{path}"),
        None => path.to_owned(),
    };
    Some(path.chars().take(MAX_PATH).collect())
}

/// What fixes a cause, best first.
pub(super) fn remedies(
    cause: &Cause<'_>,
    place: Option<&Place>,
    holes: &Holes,
    asked: Asked<'_>,
) -> Vec<Remedy> {
    let Cause::Rule(finding) = cause else {
        let what = place.map_or("correct the program", |_| "correct this line");
        return vec![change(what.to_owned(), place)];
    };
    of_rule(finding.rule, place, holes, asked)
}

/// What fixes what a rule describes, best first.
pub(super) fn of_rule(
    rule: &Rule,
    place: Option<&Place>,
    holes: &Holes,
    asked: Asked<'_>,
) -> Vec<Remedy> {
    let forms = rule.remedies.iter();
    let helping = forms.filter(|form| helps(form, asked));
    helping
        .filter_map(|form| filled(form, place, holes))
        .collect()
}

/// Whether a remedy changes anything.
fn helps(form: &RemedyForm, asked: Asked<'_>) -> bool {
    match (form, asked.step) {
        (RemedyForm::OnDemand, _) => asked.has_spot,
        (RemedyForm::PythonMemory, Some(step)) => step
            .conf
            .contains_key(MemorySetting::PythonWorkers.as_str()),
        (RemedyForm::Conf { key, value }, Some(step)) => step.conf.get(key) != value.as_ref(),
        _ => true,
    }
}

pub(super) fn change(change: String, place: Option<&Place>) -> Remedy {
    Remedy::ChangeLine {
        file: place.map(|place| place.file.as_str().into()),
        line: place.map(|place| place.number),
        change,
    }
}

/// `None` if what it names is not known.
fn filled(form: &RemedyForm, place: Option<&Place>, holes: &Holes) -> Option<Remedy> {
    Some(match form {
        RemedyForm::ExecutorMemory => Remedy::ExecutorMemory,
        RemedyForm::ExecutorOverhead => Remedy::ExecutorOverhead,
        RemedyForm::PythonMemory => Remedy::PythonMemory,
        RemedyForm::SmallerExecutors => Remedy::SmallerExecutors,
        RemedyForm::DriverMemory => Remedy::DriverMemory,
        RemedyForm::Conf { key, value } => Remedy::Conf {
            key: key.clone(),
            value: value.clone(),
        },
        RemedyForm::Partitions => Remedy::Partitions,
        RemedyForm::PythonPackage(module) => {
            // The package is the module's first name.
            let module = module.known(holes)?;
            let top = module.split('.').next().unwrap_or_default();
            Remedy::PythonPackage { module: top.into() }
        }
        RemedyForm::SparkPackage(source) => Remedy::SparkPackage {
            source: source.known(holes)?.into(),
        },
        RemedyForm::Disk => Remedy::Disk,
        RemedyForm::Size => Remedy::Size,
        RemedyForm::OnDemand => Remedy::OnDemand,
        RemedyForm::OtherType => Remedy::OtherType,
        RemedyForm::OtherZone => Remedy::OtherZone,
        RemedyForm::Change(sentence) => change(sentence.filled(holes), place),
        RemedyForm::ByHand(sentence) => change(sentence.filled(holes), None),
        RemedyForm::Grant { actions, on } => Remedy::Grant {
            actions: actions.clone(),
            resource: on.known(holes).map(Into::into),
        },
        RemedyForm::CreateRoles => Remedy::CreateRoles,
        RemedyForm::Quota => Remedy::Quota,
        RemedyForm::RunAgain => Remedy::RunAgain,
    })
}
