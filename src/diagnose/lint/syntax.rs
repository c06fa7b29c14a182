//! Parses a script as the release's Python does.

use super::depth;
use super::python2;
use super::script::Script;
use crate::model::lint::{LintCode, LintFinding};
use ruff_python_ast::{ModModule, PythonVersion};
use ruff_python_parser::{Mode, ParseErrorType, ParseOptions, Parsed, parse_unchecked};

/// The largest script that is checked, in bytes.
pub const MAX_BYTES: u64 = 2 << 20;

/// A script that is parsed, and what is wrong with its syntax.
pub(super) struct Syntax {
    /// `None` if it is not checked.
    pub(super) tree: Option<Parsed<ModModule>>,
    pub(super) findings: Vec<LintFinding>,
    /// Whether Python would not run it.
    pub(super) is_broken: bool,
}

/// The finding for a script of more than [`MAX_BYTES`].
pub fn too_long() -> LintFinding {
    not_checked("the script is too long to be checked")
}

fn not_checked(message: &str) -> LintFinding {
    LintFinding {
        code: LintCode::NotChecked,
        at: 0..0,
        message: message.to_owned(),
        help: None,
    }
}

pub(super) fn parse(script: &Script<'_>) -> Syntax {
    let refused = |finding: LintFinding| Syntax {
        tree: None,
        findings: vec![finding],
        is_broken: false,
    };
    if script.text.len() as u64 > MAX_BYTES {
        return refused(too_long());
    }
    if !depth::is_bounded(script.text) {
        let message = "an expression of the script is nested too deeply to be checked";
        return refused(not_checked(message));
    }
    let version = script.python();
    let options = ParseOptions::from(Mode::Module);
    let options = options.with_target_version(version.unwrap_or(PythonVersion::latest()));
    let Some(tree) = parse_unchecked(script.text, options).try_into_module() else {
        return refused(not_checked("the script cannot be checked"));
    };
    let found = mistakes(script, &tree, version);
    Syntax {
        is_broken: !found.is_empty(),
        findings: found,
        tree: Some(tree),
    }
}

fn mistakes(
    script: &Script<'_>,
    tree: &Parsed<ModModule>,
    version: Option<PythonVersion>,
) -> Vec<LintFinding> {
    let runs = version.map_or_else(
        || "Python 3 runs it".to_owned(),
        |version| {
            let release = &script.stack.cluster.release;
            format!(
                "{release} runs it with Python {}.{}",
                version.major, version.minor
            )
        },
    );
    let finding = |at, message, help: Option<&str>| LintFinding {
        code: LintCode::ScriptSyntax,
        at,
        message,
        help: help.map(str::to_owned),
    };
    if tree.has_syntax_errors()
        && let Some(old) = python2::find(script.text, tree)
    {
        let message = format!("{} is Python 2, and {runs}", old.what);
        return vec![finding(old.at, message, Some(old.help))];
    }
    // The first one; what follows it is often caused by it.
    let first = tree
        .errors()
        .iter()
        .min_by_key(|error| error.location.start());
    let first = first.map(|error| {
        let message = format!("this is not Python: {}", sentence(&error.error));
        finding(error.location.to_std_range(), message, None)
    });
    let newer = tree.unsupported_syntax_errors().iter().map(|error| {
        let text = error.to_string();
        // As in "Cannot use `match` statement on Python 3.9 (syntax was added in Python 3.10)".
        let message = format!("{}, and {runs}", lower(&text));
        finding(
            error.range.to_std_range(),
            message,
            Some("write it as that version can read it"),
        )
    });
    // What is newer is known, whatever follows the first mistake.
    let end = first.as_ref().map_or(usize::MAX, |first| first.at.start);
    let newer = newer.filter(|one| one.at.start < end);
    let mut found: Vec<LintFinding> = newer.collect();
    found.extend(first);
    found
}

fn sentence(error: &ParseErrorType) -> String {
    lower(&error.to_string())
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
