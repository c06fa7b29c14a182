//! Scripts with a head of comments: the step's arguments, and what is to be found on lines that end
//! with `#!`.

use clusterup::diagnose::lint::{Modules, Script, lint, reads};
use clusterup::model::lint::LintCode;
use clusterup::model::stack::Stack;
use std::fs;
use std::path::Path;

/// A script with its step.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) text: String,
    /// The codes that are expected, in the order of the marked lines.
    pub(crate) expect: Vec<String>,
    /// Whether warnings are right.
    pub(crate) may_warn: bool,
    args: String,
    release: String,
    packages: Vec<String>,
    beside: Vec<String>,
    has_results: bool,
}

/// The scripts of a folder.
pub(crate) fn cases(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/lint")
        .join(folder);
    let mut cases: Vec<Case> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "py"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            Case::of(name, fs::read_to_string(path).unwrap())
        })
        .collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

impl Case {
    pub(crate) fn of(name: String, text: String) -> Self {
        let head = |key: &str| {
            let start = format!("# {key}: ");
            let mut lines = text.lines().take_while(|line| line.starts_with('#'));
            lines.find_map(|line| Some(line.strip_prefix(&start)?.to_owned()))
        };
        let list = |key: &str| {
            let text = head(key).unwrap_or_default();
            let words = text.split(',').map(|word| word.trim().to_owned());
            words.filter(|word| !word.is_empty()).collect()
        };
        Self {
            expect: head("expect")
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            may_warn: head("warns").is_some(),
            args: head("args").unwrap_or_default(),
            release: head("release").unwrap_or("emr-7.x".to_owned()),
            packages: list("packages"),
            beside: list("beside"),
            has_results: head("results").is_none_or(|has| has != "no"),
            name,
            text,
        }
    }

    /// What is expected: a code and its line.
    pub(crate) fn expected(&self) -> Vec<(&str, usize)> {
        let lines = self.text.lines().enumerate();
        let marked = lines.filter(|(_, line)| line.ends_with("  #!"));
        let marked = marked.map(|(number, _)| number + 1);
        let codes = self.expect.iter().map(String::as_str);
        assert_eq!(codes.len(), marked.clone().count(), "{}", self.name);
        codes.zip(marked).collect()
    }

    fn stack(&self) -> Stack {
        let args: Vec<String> = self
            .args
            .split_whitespace()
            .map(|arg| format!("{arg:?}"))
            .collect();
        let results = if self.has_results {
            "results: out, "
        } else {
            ""
        };
        let yaml = format!(
            "stack: t\nregion: us-east-1\n\
             cluster: {{ release: {}, size: 3 x m5.xlarge }}\n\
             data:\n  ratings: {{ path: ml-1m/ratings.dat }}\n  movies: {{ path: ml-1m/movies.dat }}\n\
             job: {{ {results}python_packages: {:?}, steps: [{{ name: one, script: job.py, args: [{}] }}] }}\n\
             guardrails: {{ max_lifetime: 1h }}\n",
            self.release,
            self.packages,
            args.join(", ")
        );
        clusterup::text::parse("t.yaml", &yaml, Path::new("/x"), &[])
            .unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    /// What the lint finds: code, line and message.
    pub(crate) fn found(&self) -> Vec<(LintCode, usize, String)> {
        let findings = self.with_script(lint).into_iter().map(|found| {
            let line = self.text[..found.at.start].matches('\n').count() + 1;
            (found.code, line, found.message)
        });
        findings.collect()
    }

    /// The addresses that the script surely reads.
    pub(crate) fn reads(&self) -> Vec<String> {
        self.with_script(reads).into_iter().collect()
    }

    fn with_script<T>(&self, of: impl FnOnce(&Script<'_>) -> T) -> T {
        let stack = self.stack();
        let modules = Modules {
            beside: self.beside.iter().cloned().collect(),
            packages: Some(self.packages.clone()),
            ..Modules::default()
        };
        of(&Script {
            text: &self.text,
            stack: &stack,
            step: &stack.job.as_ref().unwrap().steps[0],
            modules: &modules,
        })
    }
}
