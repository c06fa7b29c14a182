//! Reads a stack's text once: what it names outside the text, its mistakes, and its value. The caller
//! checks the names, and the value is accepted or refused with those complaints.

use super::diag::{Diagnostic, Diagnostics};
use super::document::STACK_FILE;
use super::named::{self, Complaint, Named};
use super::reader::Reader;
use super::set::{self, Setting};
use super::source::Source;
use super::stack::STACK;
use super::stack_names::StackNames;
use super::whole;
use crate::model::stack::Stack;
use std::path::Path;

/// A stack's text that is read, and not yet accepted.
#[derive(Debug)]
pub struct ReadStack {
    sources: Vec<Source>,
    stack: Option<Stack>,
    found: Vec<Diagnostic>,
    named: Vec<Named>,
}

impl ReadStack {
    /// Reads the stack's file `name`. Relative paths are joined to the folder `base`; `sets` are
    /// applied in order and override the file.
    pub fn new(name: &str, text: &str, base: &Path, sets: &[Setting]) -> Self {
        let mut sources = vec![Source {
            name: name.to_owned(),
            text: text.to_owned(),
        }];
        sources.extend(sets.iter().map(Setting::source));
        let (root, mut found) = STACK_FILE.tree(text);
        let (mut stack, mut named) = (None, Vec::new());
        if let Some(mut root) = root {
            let shape = (STACK_FILE.shape)();
            for (n, setting) in sets.iter().enumerate() {
                found.extend(set::apply(&mut root, &shape, setting, n + 1));
            }
            let mut reader = Reader::new(&root, &STACK_FILE, &sources, base);
            stack = reader.whole(&STACK);
            found.append(&mut reader.found);
            named = reader.named;
        }
        Self {
            sources,
            stack,
            found,
            named,
        }
    }

    /// Everything that the text names, whether or not it has mistakes. Paths are joined to the base
    /// folder, except those that begin with `~`, which the caller expands.
    pub fn named(&self) -> &[Named] {
        &self.named
    }

    /// The value, if it can be read; it may have mistakes nevertheless.
    pub const fn stack(&self) -> Option<&Stack> {
        self.stack.as_ref()
    }

    /// What the text names, to be checked later.
    pub fn names(&self) -> StackNames {
        StackNames::new(self.sources.clone(), self.named.clone())
    }

    /// The complaints that are warnings, as they are shown; `None` if there are none.
    pub fn warnings(&self, complaints: &[(Named, Complaint)]) -> Option<Diagnostics> {
        let warnings = complaints
            .iter()
            .filter(|(_, complaint)| complaint.is_warning());
        let found = named::diagnostics(warnings);
        (!found.is_empty()).then(|| Diagnostics::new(self.sources.clone(), found))
    }

    /// The stack, if neither the text nor what it names has mistakes.
    ///
    /// # Errors
    /// Returns every mistake, those of `wrong` included that are not warnings.
    pub fn checked(self, wrong: &[(Named, Complaint)]) -> Result<Stack, Diagnostics> {
        let mut found = self.found;
        let mistakes = wrong
            .iter()
            .filter(|(_, complaint)| !complaint.is_warning());
        found.extend(named::diagnostics(mistakes));
        whole(self.stack, self.sources, found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::named::What;
    use super::*;

    fn read(text: &str) -> ReadStack {
        ReadStack::new("t.yaml", text, Path::new("/x"), &[])
    }

    fn named(read: &ReadStack) -> Vec<(What, &str)> {
        let all = read.named().iter();
        all.map(|one| (one.what, one.text.as_str())).collect()
    }

    #[test]
    fn names_are_found_beside_other_mistakes() {
        let text = "stack: t\nregion: us-esat-1\nwrong: 1\ncluster: { release: emr-7.x, size: \
            { primary: m5.xlarge, core: 2 x m6g.large, task: { nodes: 1 x c5.xlarge } } }\n\
            data: { a: { path: a.dat }, b: { beside: a, file: b.dat } }\n\
            job: { steps: [{ name: one, script: one.py, spark: { executor_memory: 9g } }] }\n";
        let found = read(text);
        assert_eq!(
            named(&found),
            [
                (What::Region, "us-esat-1"),
                (What::Data, "a.dat"),
                (What::Data, "b.dat"),
                (What::Release, "emr-7.x"),
                (What::Primary, "m5.xlarge"),
                (What::Core, "m6g.large"),
                (What::Task, "c5.xlarge"),
                (What::Step, "one"),
                (What::Script, "one.py"),
                (What::ExecutorMemory, "9g"),
            ]
        );
        let path = found.named()[2].path.as_deref();
        assert_eq!(path, Some(Path::new("/x/b.dat")));
        for nothing in ["", "[1", "policy: p"] {
            assert_eq!(read(nothing).named(), []);
        }
    }

    #[test]
    fn one_reading_has_the_names_and_the_value() {
        let text = "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 1 x m5.xlarge }\n\
            guardrails: { max_lifetime: 1h }\n";
        let found = read(text);
        let names = [
            (What::Region, "us-east-1"),
            (What::Release, "emr-7.x"),
            (What::Primary, "m5.xlarge"),
        ];
        assert_eq!(named(&found), names);
        let complaint = Complaint {
            code: None,
            message: "it is closed".to_owned(),
            help: None,
        };
        let wrong = (found.named()[0].clone(), complaint);
        assert_eq!(read(text).checked(&[]).unwrap().name.as_str(), "t");
        let refused = found.checked(&[wrong]).unwrap_err();
        assert!(refused.to_string().contains("t.yaml:2:9"), "{refused}");
    }
}
