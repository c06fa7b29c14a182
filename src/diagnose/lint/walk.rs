//! Follows a script's values from its first statement to its last. Functions are followed where the
//! script calls them; three rounds let what one round found out about calls, results and attributes
//! reach the others. Code that does not run is not reported.

use super::argparse::Parser;
use super::around::Around;
use super::home::Home;
use super::reads::Reads;
use super::scope::Scopes;
use super::script::Script;
use super::summary::Summary;
use super::value::{ClassId, FunctionId, Value};
use crate::model::lint::{LintCode, LintFinding};
use ruff_python_ast::{Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;
use std::collections::{BTreeMap, BTreeSet};

/// One round over a script.
pub(super) struct Walk<'a> {
    pub(super) script: &'a Script<'a>,
    pub(super) scopes: Scopes,
    pub(super) functions: BTreeMap<FunctionId, Function<'a>>,
    /// Those that a decorator makes functions of the executors.
    pub(super) udfs: BTreeSet<FunctionId>,
    /// The methods of each name, in any class.
    pub(super) methods: BTreeMap<&'a str, Vec<FunctionId>>,
    /// The functions of each open scope that were not followed yet.
    pub(super) waiting: Vec<Vec<FunctionId>>,
    /// What the round before found out.
    pub(super) before: Summary,
    /// What this round finds out.
    pub(super) now: Summary,
    pub(super) parsers: BTreeMap<usize, Parser>,
    /// Those of the round before.
    pub(super) old_parsers: BTreeMap<usize, Parser>,
    /// The class whose body or method is followed.
    pub(super) class: Option<ClassId>,
    /// The function whose body is followed.
    pub(super) function: Option<FunctionId>,
    /// Whether the code runs whatever is not known.
    pub(super) is_sure: bool,
    pub(super) around: Around,
    /// Whether the script changes `sys.argv`.
    pub(super) changes_argv: bool,
    /// Whether the script writes to HDFS.
    pub(super) fills_hdfs: bool,
    pub(super) reads: Reads,
    pub(super) home: Home,
    pub(super) findings: Vec<LintFinding>,
}

/// A function of the script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function<'a> {
    pub(super) def: &'a StmtFunctionDef,
    /// The class whose method it is.
    pub(super) class: Option<ClassId>,
    /// Whether it is none of another function or of a class.
    pub(super) is_of_module: bool,
}

/// How many rounds are made.
const ROUNDS: usize = 3;

/// What a script does, as far as it is known.
pub(super) struct Followed {
    pub(super) findings: Vec<LintFinding>,
    /// The addresses in S3 that Spark surely reads, and that the script does not write.
    pub(super) reads: BTreeSet<String>,
    pub(super) home: Home,
}

/// Follows a script.
pub(super) fn follow(script: &Script<'_>, body: &[Stmt]) -> Followed {
    let mut walk = Walk::new(script);
    walk.module(body);
    for _ in 1..ROUNDS {
        walk = Walk {
            before: walk.now,
            old_parsers: walk.parsers,
            ..Walk::new(script)
        };
        walk.module(body);
    }
    Followed {
        findings: walk.findings,
        reads: walk.reads.sure(),
        home: walk.home,
    }
}

impl<'a> Walk<'a> {
    fn new(script: &'a Script<'a>) -> Self {
        Self {
            script,
            scopes: Scopes::default(),
            functions: BTreeMap::new(),
            udfs: BTreeSet::new(),
            methods: BTreeMap::new(),
            waiting: Vec::new(),
            before: Summary::default(),
            now: Summary::default(),
            parsers: BTreeMap::new(),
            old_parsers: BTreeMap::new(),
            class: None,
            function: None,
            is_sure: true,
            around: Around::default(),
            changes_argv: false,
            fills_hdfs: false,
            reads: Reads::default(),
            home: Home::default(),
            findings: Vec::new(),
        }
    }

    fn module(&mut self, body: &'a [Stmt]) {
        self.enter();
        self.scopes.set("__name__", Value::known("__main__"));
        self.body(body);
        self.leave();
    }

    /// Adds a finding, if the code that it is about runs.
    pub(super) fn report(&mut self, code: LintCode, at: &impl Ranged, message: String, help: &str) {
        if !self.is_sure {
            return;
        }
        self.findings.push(LintFinding {
            code,
            at: at.range().to_std_range(),
            message,
            help: (!help.is_empty()).then(|| help.to_owned()),
        });
    }

    /// Follows something that runs only under a condition that is not known.
    pub(super) fn unsure<T>(&mut self, follow: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.is_sure, false);
        let result = follow(self);
        self.is_sure = before;
        result
    }
}
