//! Reads the data files of rules. One fact to a line, its first word says what it is; a rule begins
//! with `rule`, and ends where the next begins; `#` begins a comment.
//!
//! ```text
//! rule ID [symptom | end | wait]   without a word: a cause
//! says TEMPLATE          a form of its message; any of them is enough
//! heard ROLE…            whose logs it is in: driver, executor, node, bootstrap, cloud, controller
//! of OWNER…              whose record or traceback it has to be in
//! with TEXT              must be in the same record or traceback; one of several is enough
//! without TEXT           must not be in the same record or traceback
//! until TEXT             shows that it is over
//! fatal                  ends a job by itself
//! loses                  explains lost executors
//! after fatal            only what is fatal explains it; a lost executor does not
//! cause SENTENCE         `{hole}` is filled; `[…]` is left out if its holes are not known
//! so ONE | SEVERAL       as a consequence; `{count}` is their number, counted by the first hole of ONE
//! class, owner, confidence   words of `model::diagnosis`; owner `of-line`: the owner of the line that matched
//! fix KIND …             a remedy, best first; `change` of the program's line, `by_hand` of other things
//! source ADDRESS         who says so
//! ```

use super::{Kind, Rule, Sentence, Template};
use crate::model::diagnosis::{Confidence, FailureClass};
use crate::model::evidence::LogRole;
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

/// A line of a data file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} of the rules: expected {expected}")]
pub(super) struct BadLine {
    number: usize,
    expected: &'static str,
}

/// What a line should contain.
type Expected = &'static str;

/// A remedy whose sentences and names have holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::diagnose) enum RemedyForm {
    ExecutorMemory,
    ExecutorOverhead,
    PythonMemory,
    SmallerExecutors,
    DriverMemory,
    Conf {
        key: String,
        value: Option<String>,
    },
    Partitions,
    PythonPackage(Sentence),
    SparkPackage(Sentence),
    Disk,
    Size,
    OnDemand,
    OtherType,
    OtherZone,
    /// A change of the line of the program.
    Change(Sentence),
    /// A change of something else.
    ByHand(Sentence),
    Grant {
        actions: Vec<String>,
        on: Sentence,
    },
    CreateRoles,
    Quota,
    RunAgain,
}

/// The rules of a data file.
pub(super) fn rules(text: &str) -> Result<Vec<Rule>, BadLine> {
    let mut rules = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        read(&mut rules, line).map_err(|expected| BadLine {
            number: index + 1,
            expected,
        })?;
    }
    Ok(rules)
}

fn read(rules: &mut Vec<Rule>, line: &str) -> Result<(), Expected> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    if word == "rule" {
        rules.push(begun(rest)?);
        return Ok(());
    }
    let rule = rules.last_mut().ok_or("a rule before anything else")?;
    match word {
        "says" => rule
            .says
            .push(Template::read(rest).ok_or("text with closed holes")?),
        "heard" => rule.heard = roles(rest)?,
        "of" => rule.of = words(rest).map_err(|_| "owners")?,
        "with" => rule.with.push(rest.to_owned()),
        "without" => rule.without.push(rest.to_owned()),
        "until" => rule.until.push(rest.to_owned()),
        "fatal" => rule.is_fatal = true,
        "loses" => rule.loses_executors = true,
        "after" if rest == "fatal" => rule.is_after_fatal = true,
        "cause" => rule.cause = rest.into(),
        "so" => so(rule, rest)?,
        "class" => rule.class = parsed(rest).map_err(|_| "a class")?,
        "owner" if rest == "of-line" => rule.owner = None,
        "owner" => rule.owner = Some(parsed(rest).map_err(|_| "an owner, or `of-line`")?),
        "confidence" => rule.confidence = parsed(rest).map_err(|_| "a confidence")?,
        "fix" => rule.remedies.push(remedy(rest)?),
        "source" if !rest.is_empty() => {}
        _ => return Err("a word that the head of `read.rs` explains"),
    }
    Ok(())
}

fn begun(text: &str) -> Result<Rule, Expected> {
    let (id, kind) = text.split_once(' ').unwrap_or((text, ""));
    let kind = match kind {
        "" => Kind::Cause,
        "symptom" => Kind::Symptom,
        "end" => Kind::End,
        "wait" => Kind::Wait,
        _ => return Err("an id, and `symptom`, `end` or `wait`"),
    };
    Ok(Rule {
        id: id.to_owned(),
        kind,
        says: Vec::new(),
        heard: Vec::new(),
        of: Vec::new(),
        with: Vec::new(),
        without: Vec::new(),
        until: Vec::new(),
        is_fatal: false,
        loses_executors: false,
        is_after_fatal: false,
        cause: Sentence::from(""),
        consequence: None,
        counted: String::new(),
        class: FailureClass::Unknown,
        owner: None,
        confidence: Confidence::Unknown,
        remedies: Vec::new(),
    })
}

fn so(rule: &mut Rule, text: &str) -> Result<(), Expected> {
    let (one, several) = text.split_once(" | ").unwrap_or((text, text));
    rule.consequence = Some((one.into(), several.into()));
    if let Some((_, hole)) = one.split_once('{') {
        let (hole, _) = hole.split_once('}').ok_or("closed holes")?;
        hole.clone_into(&mut rule.counted);
    }
    Ok(())
}

fn roles(text: &str) -> Result<Vec<LogRole>, Expected> {
    let mut roles = Vec::new();
    for word in text.split_whitespace() {
        match word {
            "driver" => roles.extend([LogRole::DriverOutput, LogRole::DriverLog]),
            word => roles.push(parsed(word).map_err(|_| "roles of logs")?),
        }
    }
    Ok(roles)
}

fn words<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, Error> {
    text.split_whitespace().map(parsed).collect()
}

fn parsed<T: DeserializeOwned>(word: &str) -> Result<T, Error> {
    let word: StrDeserializer<'_, Error> = word.into_deserializer();
    T::deserialize(word)
}

fn remedy(text: &str) -> Result<RemedyForm, Expected> {
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(match (kind, rest) {
        ("executor_memory", "") => RemedyForm::ExecutorMemory,
        ("executor_overhead", "") => RemedyForm::ExecutorOverhead,
        ("python_memory", "") => RemedyForm::PythonMemory,
        ("smaller_executors", "") => RemedyForm::SmallerExecutors,
        ("driver_memory", "") => RemedyForm::DriverMemory,
        ("partitions", "") => RemedyForm::Partitions,
        ("disk", "") => RemedyForm::Disk,
        ("size", "") => RemedyForm::Size,
        ("on_demand", "") => RemedyForm::OnDemand,
        ("other_type", "") => RemedyForm::OtherType,
        ("other_zone", "") => RemedyForm::OtherZone,
        ("create_roles", "") => RemedyForm::CreateRoles,
        ("quota", "") => RemedyForm::Quota,
        ("run_again", "") => RemedyForm::RunAgain,
        ("python_package", module) if !module.is_empty() => {
            RemedyForm::PythonPackage(module.into())
        }
        ("spark_package", source) if !source.is_empty() => RemedyForm::SparkPackage(source.into()),
        ("change", change) if !change.is_empty() => RemedyForm::Change(change.into()),
        ("by_hand", change) if !change.is_empty() => RemedyForm::ByHand(change.into()),
        ("conf", setting) => {
            let (key, value) = setting.split_once('=').ok_or("`KEY=VALUE` or `KEY=`")?;
            RemedyForm::Conf {
                key: key.to_owned(),
                value: (!value.is_empty()).then(|| value.to_owned()),
            }
        }
        ("grant", grant) => {
            let (actions, on) = grant.split_once(" on ").ok_or("actions `on` a resource")?;
            RemedyForm::Grant {
                actions: actions.split_whitespace().map(str::to_owned).collect(),
                on: on.into(),
            }
        }
        _ => return Err("a remedy of `model::diagnosis`"),
    })
}
