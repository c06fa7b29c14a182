//! The rules: how failures show in logs, what they mean and what fixes them. They are data, in the
//! files beside this one.

mod read;
mod sentence;
mod template;

pub(super) use read::RemedyForm;
pub(super) use sentence::Sentence;
pub(super) use template::{Holes, Template};

use crate::model::diagnosis::{Confidence, FailureClass, FailureOwner};
use crate::model::evidence::LogRole;
use aho_corasick::AhoCorasick;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The data files, in the order in which rules precede each other.
const FILES: [&str; 6] = [
    include_str!("launch.rules"),
    include_str!("memory.rules"),
    include_str!("program.rules"),
    include_str!("packages.rules"),
    include_str!("storage.rules"),
    include_str!("executors.rules"),
];

/// All rules.
#[derive(Debug)]
pub(super) struct Rules {
    /// More specific rules come first.
    pub(super) all: Vec<Rule>,
    /// Finds the literals of all templates at once.
    literals: AhoCorasick,
    /// Of each literal, its rule and its template.
    templates: Vec<(usize, usize)>,
}

/// How a failure shows, what it means, and what fixes it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) kind: Kind,
    /// The forms of its message.
    says: Vec<Template>,
    /// Who writes it; empty if anybody may.
    heard: Vec<LogRole>,
    /// Whose record or traceback it has to be in; empty if anybody's may.
    of: Vec<FailureOwner>,
    /// Texts of which one must be in the same block, if there are any.
    pub(super) with: Vec<String>,
    /// Texts that must not be in the same block.
    without: Vec<String>,
    /// Texts of which none may follow, because they show that the job went on.
    until: Vec<String>,
    /// Whether it ends a job by itself, so that nothing else has to show that the job failed.
    pub(super) is_fatal: bool,
    /// Whether it can be the reason why executors were lost.
    pub(super) loses_executors: bool,
    /// Whether only something fatal can be its reason, and lost executors cannot.
    pub(super) is_after_fatal: bool,
    pub(super) cause: Sentence,
    /// As a consequence of something else, once and several times.
    pub(super) consequence: Option<(Sentence, Sentence)>,
    /// The hole that tells one occurrence from another.
    pub(super) counted: String,
    pub(super) class: FailureClass,
    /// `None`: the owner of the record or traceback that matched.
    pub(super) owner: Option<FailureOwner>,
    pub(super) confidence: Confidence,
    pub(super) remedies: Vec<RemedyForm>,
}

/// What a rule's message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A cause.
    Cause,
    /// What a cause leads to. It is reported as the cause only if none is found.
    Symptom,
    /// It shows that something ended, and never why.
    End,
    /// It repeats while a job waits for resources.
    Wait,
}

static BUNDLED: LazyLock<Rules> = LazyLock::new(|| Rules::new(rules_of(&FILES)));

/// The rules of data files that are part of this program.
fn rules_of(files: &[&str]) -> Vec<Rule> {
    let read = files.iter().map(|text| read::rules(text));
    let read: Result<Vec<_>, _> = read.collect();
    let all = read.expect("the bundled rules are read by tests");
    all.into_iter().flatten().collect()
}

impl Rules {
    /// The rules that are part of this program.
    pub(super) fn bundled() -> &'static Self {
        &BUNDLED
    }

    /// The rules of another data file that is part of this program, and the bundled rules of waits.
    pub(super) fn with_waits(file: &str) -> Self {
        let waits = rules_of(&FILES).into_iter();
        let waits = waits.filter(|rule| rule.kind == Kind::Wait);
        Self::new(rules_of(&[file]).into_iter().chain(waits).collect())
    }

    fn new(all: Vec<Rule>) -> Self {
        let mut templates = Vec::new();
        for (rule, read) in all.iter().enumerate() {
            templates.extend((0..read.says.len()).map(|template| (rule, template)));
        }
        let literal = |&(rule, template): &(usize, usize)| &all[rule].says[template].literal;
        let literals = AhoCorasick::new(templates.iter().map(literal));
        let literals = literals.expect("the literals of the rules are few");
        Self {
            all,
            literals,
            templates,
        }
    }

    /// The rules with a message in a line, in their order, with what its holes hold. Of several
    /// forms of a rule's message the one with the most holes counts, and the first of those.
    pub(super) fn matches(&self, line: &str) -> Vec<(usize, Holes)> {
        let mut found: BTreeMap<usize, (usize, Holes)> = BTreeMap::new();
        for hit in self.literals.find_overlapping_iter(line) {
            let (rule, template) = self.templates[hit.pattern().as_usize()];
            let Some(holes) = self.all[rule].says[template].matched(line) else {
                continue;
            };
            let rank = |(template, holes): &(usize, Holes)| (Reverse(holes.len()), *template);
            let hit = (template, holes);
            match found.get_mut(&rule) {
                Some(known) if rank(&hit) < rank(known) => *known = hit,
                Some(_) => {}
                None => _ = found.insert(rule, hit),
            }
        }
        let rules = found.into_iter();
        rules.map(|(rule, (_, holes))| (rule, holes)).collect()
    }
}

impl Rule {
    /// Whether it applies to a message in the log of a role, in the record or traceback of somebody.
    pub(super) fn applies(&self, role: LogRole, owner: FailureOwner) -> bool {
        (self.heard.is_empty() || self.heard.contains(&role))
            && (self.of.is_empty() || self.of.contains(&owner))
    }

    /// Whether the texts that must and must not be in the same block are so.
    pub(super) fn agrees<'a>(&self, mut block: impl Iterator<Item = &'a str> + Clone) -> bool {
        let has = |texts: &[String], line: &str| texts.iter().any(|text| line.contains(text));
        let with = self.with.is_empty() || block.clone().any(|line| has(&self.with, line));
        with && (self.without.is_empty() || !block.any(|line| has(&self.without, line)))
    }

    /// Whether a line shows that what the rule describes is over.
    pub(super) fn is_over(&self, line: &str) -> bool {
        self.until.iter().any(|text| line.contains(text))
    }

    /// Whether it waits for something that a later line can show.
    pub(super) fn ends(&self) -> bool {
        !self.until.is_empty()
    }
}

#[cfg(test)]
mod tests;
