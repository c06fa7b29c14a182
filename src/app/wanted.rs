//! The inputs in S3 that a stack's job needs, and whether an earlier step may write them.

use crate::cloud::InputForm;
use crate::model::bootstrap::BootstrapScript;
use crate::model::name::DataName;
use crate::model::stack::{Piece, Python, Source, Stack, Step};
use crate::model::step_words;
use crate::model::work::{StepFile, Work};
use crate::text::{Named, StackNames, What};
use std::collections::BTreeSet;

/// An input that has to exist.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) address: String,
    pub(super) form: InputForm,
    /// Where the stack names it.
    pub(super) named: Named,
    /// The step that may write it before it is read.
    pub(super) maker: Option<String>,
}

struct Search<'a> {
    stack: &'a Stack,
    names: &'a StackNames,
    found: Vec<Wanted>,
}

/// The inputs of a stack, each once. `reads`: the addresses that the script of a step surely reads.
pub(super) fn wanted(
    stack: &Stack,
    names: &StackNames,
    reads: impl Fn(&Step) -> BTreeSet<String>,
) -> Vec<Wanted> {
    let mut search = Search {
        stack,
        names,
        found: Vec::new(),
    };
    for action in &stack.cluster.bootstrap {
        if let BootstrapScript::S3(address) = &action.script {
            search.object(address, 0);
        }
    }
    let Some(job) = &stack.job else {
        return search.found;
    };
    for (name, data) in &stack.data {
        if let Source::S3(address) = &data.source {
            let first = job.steps.iter().position(|step| has(step, name));
            search.add(address, InputForm::Data, What::DataInS3, first.unwrap_or(0));
        }
    }
    if let Some(Python::Archive(StepFile::Remote(address))) = &job.python {
        search.object(address, 0);
    }
    for (n, step) in job.steps.iter().enumerate() {
        for file in step.files() {
            if let StepFile::Remote(address) = file {
                search.object(address, n);
            }
        }
        if let Work::Copy { from, .. } = &step.work
            && let [Piece::Text(address)] = from.as_slice()
        {
            search.add(address, InputForm::Data, What::ArgInS3, n);
        }
        let is_named = |text: &str| names.by_text(What::ArgInS3, text).is_some();
        if texts(step).any(is_named) {
            for address in reads(step) {
                search.add(&address, InputForm::Data, What::ArgInS3, n);
            }
        }
    }
    search.found
}

impl Search<'_> {
    fn object(&mut self, address: &str, step: usize) {
        self.add(address, InputForm::Object, What::FileInS3, step);
    }

    /// Adds an input that the step of this number, from 0, reads first.
    fn add(&mut self, address: &str, form: InputForm, what: What, step: usize) {
        // A file that the cluster has, or a place that the stack does not name.
        let Some(named) = self.names.by_text(what, address) else {
            return;
        };
        if self.found.iter().any(|known| known.address == address) {
            return;
        }
        self.found.push(Wanted {
            address: address.to_owned(),
            form,
            named: named.clone(),
            maker: self.maker(address, step),
        });
    }

    /// The step that may write to an address before the step of this number reads it: an earlier one,
    /// or that step itself, if it also names a place around the address.
    fn maker(&self, address: &str, step: usize) -> Option<String> {
        let steps = &self.stack.job.as_ref()?.steps;
        let near = |step: &Step| texts(step).any(|text| text != address && is_near(text, address));
        let itself = steps.get(step).filter(|step| near(step));
        let before = steps.get(..step).and_then(<[Step]>::first);
        let maker = itself.or(before)?;
        Some(maker.name.to_string())
    }
}

fn has(step: &Step, name: &DataName) -> bool {
    let is_it = |piece: &Piece| matches!(piece, Piece::Data(data) if data == name);
    let copied = match &step.work {
        Work::Copy { from, to } => from.iter().chain(to).any(is_it),
        Work::Command(words) => words.iter().flatten().any(is_it),
        Work::Script(_) | Work::Jar { .. } | Work::Sql(_) | Work::Hive(_) | Work::Shell(_) => false,
    };
    copied || step.args.iter().flatten().any(is_it)
}

/// The values that a step gives as whole texts.
fn texts(step: &Step) -> impl Iterator<Item = &str> {
    step.args.iter().filter_map(|arg| match arg.as_slice() {
        [Piece::Text(text)] => Some(step_words::value(text)),
        _ => None,
    })
}

/// Whether one of two addresses is the other's folder.
fn is_near(one: &str, other: &str) -> bool {
    let below = |folder: &str, it: &str| {
        let rest = it.strip_prefix(folder.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    one.starts_with("s3://") && (below(one, other) || below(other, one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::ReadStack;
    use std::path::Path;

    fn found(job: &str, reads: &[&str]) -> Vec<(String, Option<String>)> {
        let text = format!(
            "stack: t\nregion: us-east-1\n\
             data: {{ in: {{ s3: \"s3://lake/in/a\" }}, b: {{ beside: in, file: b }} }}\n\
             cluster: {{ release: emr-7.x, size: 2 x m5.xlarge, \
             bootstrap: [{{ name: b, script: \"s3://lake/b.sh\" }}] }}\n\
             job: {{ steps: [{job}] }}\nguardrails: {{ max_lifetime: 1h }}\n"
        );
        let read = ReadStack::new("t.yaml", &text, Path::new(""), &[]);
        let names = read.names();
        let stack = read.checked(&[]).unwrap();
        let reads: BTreeSet<String> = reads.iter().map(|it| (*it).to_owned()).collect();
        let found = wanted(&stack, &names, |_| reads.clone());
        let plain = |it: Wanted| {
            let address = it.address.strip_prefix("s3://lake/").unwrap().to_owned();
            (address, it.maker)
        };
        found.into_iter().map(plain).collect()
    }

    fn sure(all: &[&str]) -> Vec<(String, Option<String>)> {
        all.iter().map(|it| ((*it).to_owned(), None)).collect()
    }

    #[test]
    fn inputs_are_what_is_read() {
        let one = "{ name: one, script: one.py, args: [\"${data.in}\", \"--more=s3://lake/x\", \
                   \"s3://lake/out\"], spark: { jars: [\"s3://lake/a.jar\"], \
                   py_files: [\"hdfs:///a.zip\"] } }";
        let always = ["b.sh", "in/b", "in/a"];
        assert_eq!(found(one, &[]), sure(&[&always[..], &["a.jar"]].concat()));
        let read = ["s3://lake/x", "s3://lake/in-the-script"];
        let expected = [&always[..], &["a.jar", "x"]].concat();
        assert_eq!(found(one, &read), sure(&expected));
        let copy = "{ name: c, copy: { from: \"s3://lake/l\", to: \"s3://lake/m\" } }";
        assert_eq!(found(copy, &[]), sure(&[&always[..], &["l"]].concat()));
    }

    #[test]
    fn an_earlier_step_may_write_an_input() {
        let two = "{ name: fetch, shell: f.sh, args: [] }, \
                   { name: two, script: two.py, args: [\"${data.in}\"] }";
        let found_here = found(two, &[]);
        assert!(found_here.contains(&("in/a".to_owned(), Some("fetch".to_owned()))));
        assert!(found_here.contains(&("b.sh".to_owned(), None)));
        let own = "{ name: one, script: one.py, args: [\"s3://lake/o/\", \"s3://lake/o/p\"] }";
        let of_itself = ("o/p".to_owned(), Some("one".to_owned()));
        assert!(found(own, &["s3://lake/o/p"]).contains(&of_itself));
    }
}
