//! A diagnosis in at most ten lines: the cause, the lines that show it, what followed, and the fix.

use super::remedy;
use super::words::wrap;
use crate::model::diagnosis::{Diagnosis, EvidenceLine, FailureOwner};
use crate::model::fix::{Change, Fix, Setting};
use crate::model::hint::{Command, CommandContext};
use crate::model::shown::line;

/// The longest diagnosis, in lines.
const MAX_LINES: usize = 10;

/// How many characters of the cause, and of one line of a log, are shown.
const MAX_TEXT: usize = 180;

/// The width of a line.
const WIDTH: usize = 80;

/// How many fixes are shown.
const MAX_FIXES: usize = 2;

/// How many of the names of searched logs are shown.
const MAX_NAMES: usize = 3;

/// What became of what is diagnosed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Outcome {
    Failed,
    /// It hangs.
    Stuck,
}

/// What is shown of a failure.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Shown<'a> {
    /// What failed, such as `step two`.
    pub(in crate::cli) what: &'a str,
    pub(in crate::cli) outcome: Outcome,
    /// Without fixes for its stack, its remedies are shown in words.
    pub(in crate::cli) diagnosis: &'a Diagnosis,
    /// The logs that were searched, as far as that is known.
    pub(in crate::cli) searched: &'a [String],
    /// Whether commands for the stack can be advised.
    pub(in crate::cli) has_stack: bool,
    /// By how many columns it is indented.
    pub(in crate::cli) indent: usize,
}

/// Renders a diagnosis; `here` completes the commands that it advises.
pub(in crate::cli) fn render(shown: Shown<'_>, here: &CommandContext) -> String {
    let Shown {
        what, diagnosis, ..
    } = shown;
    let rule = diagnosis.rule.as_deref();
    let code = rule.map_or(String::new(), |rule| format!("[{}]", line(rule, 60)));
    let cause = line(diagnosis.cause.as_str(), MAX_TEXT);
    let title = match shown.outcome {
        Outcome::Failed => format!("error{code}: {what} failed: {cause}"),
        Outcome::Stuck => format!("warning{code}: {what} is stuck: {cause}"),
    };
    let first = shown.lines(&title, 0);
    let last = after(shown, here);
    let left = MAX_LINES.saturating_sub(first.len() + last.len());
    let all = first.into_iter().chain(evidence(shown, left)).chain(last);
    all.collect::<Vec<_>>().join("\n")
}

impl Shown<'_> {
    /// A text in lines: those after the first are indented by two more.
    fn lines(&self, text: &str, indent: usize) -> Vec<String> {
        let indent = self.indent + indent;
        let wrapped = wrap(text, indent + 2);
        let text = format!("{:indent$}{wrapped}", "");
        text.lines().map(str::to_owned).collect()
    }

    /// The width that is left for a text after `taken` columns.
    const fn width(&self, taken: usize) -> usize {
        WIDTH.saturating_sub(self.indent + taken)
    }
}

/// A diagnosis whose fixes have their complete commands, for JSON.
pub(in crate::cli) fn completed(diagnosis: &Diagnosis, here: &CommandContext) -> Diagnosis {
    let mut diagnosis = diagnosis.clone();
    for fix in &mut diagnosis.fixes {
        fix.next = fix.next().map(|next| next.text(here));
    }
    diagnosis
}

/// The notes below the evidence, which are never left out.
fn after(shown: Shown<'_>, here: &CommandContext) -> Vec<String> {
    let diagnosis = shown.diagnosis;
    let mut notes = Vec::new();
    if !diagnosis.is_known() {
        notes.extend(searched(shown).map(|text| shown.lines(&text, 2)));
        if shown.has_stack {
            let logs = Command::clusterup("logs").this_stack();
            notes.push(vec![format!("  next: {}", logs.complete(here))]);
        }
        return notes.concat();
    }
    if let Some(followed) = diagnosis.consequences.first() {
        let followed = line(followed.as_str(), shown.width(10));
        notes.push(shown.lines(&format!("and so: {followed}"), 2));
    }
    match diagnosis.fixes.as_slice() {
        [] => {
            for fix in diagnosis.remedies.iter().take(MAX_FIXES) {
                let fix = line(&remedy::sentence(fix), MAX_TEXT);
                notes.push(shown.lines(&format!("fix: {fix}"), 2));
            }
        }
        [best, others @ ..] => {
            notes.push(fix(shown, best, here));
            for other in others.iter().take(MAX_FIXES - 1) {
                let reason = line(&other.reason, shown.width(6));
                notes.push(shown.lines(&format!("or: {reason}"), 2));
            }
        }
    }
    notes.concat()
}

/// A fix with what it changes, and the command that applies it, which is never broken into lines.
fn fix(shown: Shown<'_>, fix: &Fix, here: &CommandContext) -> Vec<String> {
    let reason = line(&fix.reason, MAX_TEXT);
    let mut lines = shown.lines(&format!("fix: {reason}"), 2);
    if let Change::Set(settings) = &fix.change {
        for setting in settings {
            let width = shown.width(7);
            let change = line(&change(setting, width), width);
            lines.push(format!("{:1$}       {change}", "", shown.indent));
        }
    }
    if let Some(next) = fix.next() {
        lines.push(format!(
            "{:1$}  next: {2}",
            "",
            shown.indent,
            next.text(here)
        ));
    }
    lines
}

/// `job.steps.two.spark.executor_memory: 4g -> 8g`. The values and the end of a long path say most.
fn change(setting: &Setting, max: usize) -> String {
    /// What is left of a path beside long values.
    const MIN_PATH: usize = 30;
    let values = match &setting.from {
        Some(from) => format!("{from} -> {}", setting.to),
        None => setting.to.clone(),
    };
    let taken = values.chars().count() + ": ".len();
    let path = end_of(&setting.path, max.saturating_sub(taken).max(MIN_PATH));
    format!("{path}: {values}")
}

/// The last characters of a name that is longer.
fn end_of(name: &str, max: usize) -> String {
    let count = name.chars().count();
    if count <= max {
        return name.to_owned();
    }
    let end: String = name.chars().skip(count + 1 - max).collect();
    format!("…{end}")
}

/// What was searched without finding a cause, if that is known.
fn searched(shown: Shown<'_>) -> Option<String> {
    let all = shown.searched;
    let names: Vec<String> = all.iter().take(MAX_NAMES).map(|it| line(it, 100)).collect();
    let names = names.join(", ");
    match all.len() {
        0 if shown.diagnosis.evidence.is_empty() => Some("none of its logs are there".to_owned()),
        0 => None,
        many if many > MAX_NAMES => {
            Some(format!("searched: {names} and {} more", many - MAX_NAMES))
        }
        _ => Some(format!("searched: {names}")),
    }
}

/// The lines of logs that show the cause, below the names of their logs, in at most `max` lines.
fn evidence(shown: Shown<'_>, max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut log = None;
    for evidence in &shown.diagnosis.evidence {
        let mut next = Vec::new();
        if log != Some(&evidence.log) {
            let known = shown.diagnosis.is_known();
            let owner = shown.diagnosis.owner.filter(|_| known && log.is_none());
            let owner = owner.map_or(String::new(), |it| format!(" ({})", self::owner(it)));
            let place = place(evidence, shown.width(6 + owner.len()));
            next.push(format!("{:1$}  --> {place}{owner}", "", shown.indent));
        }
        next.push(quoted(evidence, shown));
        if lines.len() + next.len() > max {
            break;
        }
        log = Some(&evidence.log);
        lines.append(&mut next);
    }
    lines
}

/// `steps/02-two/stderr:17`. The end of a long name says most.
fn place(evidence: &EvidenceLine, max: usize) -> String {
    let number = evidence.number.map_or(String::new(), |it| format!(":{it}"));
    let name = line(evidence.log.as_str(), 1_000);
    let name = end_of(&name, max.saturating_sub(number.len()));
    format!("{name}{number}")
}

/// A line of a log, cut to the width of the screen.
fn quoted(evidence: &EvidenceLine, shown: Shown<'_>) -> String {
    let number = evidence.number.map_or(String::new(), |it| it.to_string());
    let width = number.len().max(4);
    let text = line(evidence.text.as_str(), shown.width(width + 3));
    let indent = shown.indent;
    format!("{:indent$}{number:>width$} | {text}", "")
}

const fn owner(owner: FailureOwner) -> &'static str {
    match owner {
        FailureOwner::Driver => "the driver",
        FailureOwner::Executor => "an executor",
        FailureOwner::PythonWorker => "a Python worker",
        FailureOwner::ApplicationMaster => "the application master",
        FailureOwner::Node => "a node",
        FailureOwner::Bootstrap => "a bootstrap action",
        FailureOwner::Account => "the AWS account",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnosis::{Confidence, FailureClass, Remedy};

    fn line_of(log: &str, number: u64, text: &str) -> EvidenceLine {
        EvidenceLine {
            log: log.into(),
            number: Some(number),
            text: text.into(),
        }
    }

    fn sample(evidence: Vec<EvidenceLine>) -> Diagnosis {
        Diagnosis {
            rule: Some("executor-killed".to_owned()),
            cause: "YARN killed an executor that used more memory than its container has".into(),
            class: FailureClass::OutOfMemory,
            owner: Some(FailureOwner::Executor),
            confidence: Confidence::Certain,
            evidence,
            consequences: vec!["Job aborted due to stage failure".into()],
            remedies: vec![Remedy::ExecutorOverhead, Remedy::Partitions, Remedy::Size],
            fixes: Vec::new(),
        }
    }

    fn rendered(diagnosis: &Diagnosis, searched: &[String], indent: usize) -> String {
        let shown = Shown {
            what: "step two",
            outcome: Outcome::Failed,
            diagnosis,
            searched,
            has_stack: true,
            indent,
        };
        let here = CommandContext {
            stack: Some("t.yaml".to_owned()),
            ..CommandContext::default()
        };
        render(shown, &here)
    }

    #[test]
    fn a_cause_is_shown_with_its_lines_what_followed_and_the_fix() {
        let long = "x".repeat(300);
        let found = sample(vec![
            line_of(
                "steps/02-two/stderr",
                1204,
                "ERROR YarnScheduler: Lost executor 3",
            ),
            line_of("steps/02-two/stderr", 1210, &long),
            line_of("containers/a/b/stderr", 7, "killed"),
        ]);
        insta::assert_snapshot!(rendered(&found, &[], 0));
    }

    #[test]
    fn a_fix_is_shown_as_a_change_and_a_command() {
        let mut found = sample(vec![line_of(
            "steps/02-two/stderr",
            1204,
            "Lost executor 3",
        )]);
        let setting = Setting {
            path: "job.steps.two.spark.executor_memory".to_owned(),
            from: Some("8g".to_owned()),
            to: "9593m".to_owned(),
        };
        let most = "9593m is the most that a node of m5.xlarge gives beside the application master";
        let again = Fix {
            next: None,
            change: Change::RunAgain,
            reason: "3 core nodes instead of 2".to_owned(),
        };
        found.fixes = vec![Fix::set(vec![setting], most), again];
        insta::assert_snapshot!(rendered(&found, &[], 0));
    }

    #[test]
    fn the_values_of_a_long_setting_are_shown() {
        let path = "job.steps.similarities.spark.conf.spark.executor.pyspark.memory";
        let setting = |to: &str| Setting {
            path: path.to_owned(),
            from: Some("400m".to_owned()),
            to: to.to_owned(),
        };
        let shown = "…s.similarities.spark.conf.spark.executor.pyspark.memory: 400m -> 800m";
        assert_eq!(change(&setting("800m"), 70), shown);
        let long = change(&setting(&"x".repeat(80)), 70);
        assert!(long.starts_with("…"), "{long}");
        assert!(
            long.contains("spark.executor.pyspark.memory: 400m"),
            "{long}"
        );
        let short = change(&setting("800m"), 100);
        assert_eq!(short, format!("{path}: 400m -> 800m"));
    }

    #[test]
    fn without_a_cause_it_says_what_was_searched_and_what_to_run() {
        let mut found = sample(Vec::new());
        found.rule = None;
        found.confidence = Confidence::Unknown;
        found.cause = "the logs do not say why it failed".into();
        found.evidence = vec![line_of("steps/02-two/stdout", 3, "bye")];
        let names: Vec<String> = (1..=5)
            .map(|n| format!("steps/02-two/stderr.{n}"))
            .collect();
        insta::assert_snapshot!(rendered(&found, &names, 0));
    }

    #[test]
    fn it_is_never_longer_than_ten_lines_of_80_columns() {
        for indent in [0, 6] {
            for words in [1, 40] {
                let text = "a long word of a log\u{1b}[31m\n".repeat(words);
                let log = "containers/".repeat(words * 3);
                let lines = (0..20).map(|n| line_of(&format!("{log}{n}"), 1 << 40, &text));
                let mut found = sample(lines.collect());
                found.cause = text.as_str().into();
                found.consequences = vec![text.as_str().into(); 9];
                let shown = rendered(&found, &[], indent);
                assert!(shown.lines().count() <= MAX_LINES, "{shown}");
                assert!(
                    shown.lines().all(|line| line.chars().count() <= 80),
                    "{shown}"
                );
                assert!(!shown.contains('\u{1b}'));
            }
        }
    }
}
