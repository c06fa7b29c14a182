//! The inputs in S3 that a stack's job needs, and whether an earlier step may write them.

use crate::cloud::{InputForm, PATTERN};
use crate::model::bootstrap::BootstrapScript;
use crate::model::name::DataName;
use crate::model::stack::{Arg, Piece, Python, Source, Stack, Step};
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
    pub(super) reader: Reader,
    /// What may write it before it is read.
    pub(super) maker: Option<Maker>,
}

/// What reads an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reader {
    /// The stack names it as an input.
    Stack,
    /// The script of this step, which the stack only gives its address.
    Script(String),
}

/// What may write an input before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Maker {
    /// This step, which names a place around it.
    Step(String),
    /// Any earlier step.
    Earlier,
}

struct Search<'a> {
    stack: &'a Stack,
    names: &'a StackNames,
    found: Vec<Wanted>,
}

/// The inputs of a stack, each once. `has_bootstrap`: whether its bootstrap actions run. `reads`: the
/// addresses that the script of a step surely reads.
pub(super) fn wanted(
    stack: &Stack,
    names: &StackNames,
    has_bootstrap: bool,
    reads: impl Fn(&Step) -> BTreeSet<String>,
) -> Vec<Wanted> {
    let mut search = Search {
        stack,
        names,
        found: Vec::new(),
    };
    for action in stack.cluster.bootstrap.iter().filter(|_| has_bootstrap) {
        if let BootstrapScript::S3(address) = &action.script {
            let named = names.by_text(What::FileInS3, address);
            search.add(address, InputForm::Object, named, Reader::Stack, None);
        }
    }
    let Some(job) = &stack.job else {
        return search.found;
    };
    for (name, data) in &stack.data {
        let first = job.steps.iter().position(|step| has(step, name));
        if let (Source::S3(address), Some(first)) = (&data.source, first) {
            let named = names.by_text(What::DataInS3, address);
            let maker = search.maker(address, first, true);
            search.add(address, InputForm::Data, named, Reader::Stack, maker);
        }
    }
    if let Some(Python::Archive(StepFile::Remote(address))) = &job.python {
        let named = names.by_text(What::FileInS3, address);
        search.add(address, InputForm::Object, named, Reader::Stack, None);
    }
    for (n, step) in job.steps.iter().enumerate() {
        search.step(n, step, &reads);
    }
    search.found
}

impl<'a> Search<'a> {
    /// The inputs of the step of this number, from 0.
    fn step(&mut self, n: usize, step: &Step, reads: impl Fn(&Step) -> BTreeSet<String>) {
        for file in step.files() {
            if let StepFile::Remote(address) = file {
                let form = if address.contains(PATTERN) {
                    InputForm::Data
                } else {
                    InputForm::Object
                };
                let named = self.named(step, What::FileInS3, address);
                let maker = self.maker(address, n, false);
                self.add(address, form, named, Reader::Stack, maker);
            }
        }
        if let Work::Copy { from, .. } = &step.work
            && let [Piece::Text(address)] = from.as_slice()
        {
            self.argument(n, step, address, Reader::Stack);
        }
        let is_named = |text: &str| self.names.by_text(What::ArgInS3, text).is_some();
        if step.args.iter().filter_map(text).any(is_named) {
            let reader = Reader::Script(step.name.to_string());
            for address in reads(step) {
                self.argument(n, step, &address, reader.clone());
            }
        }
    }

    fn argument(&mut self, n: usize, step: &Step, address: &str, reader: Reader) {
        let named = self.named(step, What::ArgInS3, address);
        let maker = self.maker(address, n, true);
        self.add(address, InputForm::Data, named, reader, maker);
    }

    /// Where a step names an address.
    fn named(&self, step: &Step, what: What, address: &str) -> Option<&'a Named> {
        let own = self.names.of_step(step.name.as_str(), what, Some(address));
        own.or_else(|| self.names.by_text(what, address))
    }

    /// Adds an input. `named`: `None` for a file that the cluster has, or a place that the stack does
    /// not name.
    fn add(
        &mut self,
        address: &str,
        form: InputForm,
        named: Option<&Named>,
        reader: Reader,
        maker: Option<Maker>,
    ) {
        if self.found.iter().any(|known| known.address == address) {
            return;
        }
        self.found.extend(named.cloned().map(|named| Wanted {
            address: address.to_owned(),
            form,
            named,
            reader,
            maker,
        }));
    }

    /// What may write to an address before the step of this number reads it: an earlier step, or that
    /// step itself if it also names a place around the address. `or_itself`: whether that can be.
    fn maker(&self, address: &str, n: usize, or_itself: bool) -> Option<Maker> {
        let steps = &self.stack.job.as_ref()?.steps;
        let near =
            |step: &&Step| places(step).any(|place| place != address && is_near(place, address));
        let same = |step: &&Step| near(step) || places(step).any(|place| place == address);
        let earlier = steps.get(..n).unwrap_or_default();
        let itself = steps.get(n).filter(|step| or_itself && near(step));
        match earlier.iter().find(same).or(itself) {
            Some(step) => Some(Maker::Step(step.name.to_string())),
            None => earlier.first().map(|_| Maker::Earlier),
        }
    }
}

/// Whether a step reads a data set.
fn has(step: &Step, name: &DataName) -> bool {
    let is_it = |piece: &Piece| matches!(piece, Piece::Data(data) if data == name);
    let in_work = match &step.work {
        Work::Copy { from, .. } => from.iter().any(is_it),
        Work::Command(words) => words.iter().flatten().any(is_it),
        Work::Script(_) | Work::Jar { .. } | Work::Sql(_) | Work::Hive(_) | Work::Shell(_) => false,
    };
    in_work || step.args.iter().flatten().any(is_it)
}

/// The value that an argument gives as a whole text.
fn text(arg: &Arg) -> Option<&str> {
    match arg.as_slice() {
        [Piece::Text(text)] => Some(step_words::value(text)),
        _ => None,
    }
}

/// The texts of a step that may be places that it writes.
fn places(step: &Step) -> impl Iterator<Item = &str> {
    let in_work: &[Arg] = match &step.work {
        Work::Copy { to, .. } => std::slice::from_ref(to),
        Work::Command(words) => words,
        Work::Script(_) | Work::Jar { .. } | Work::Sql(_) | Work::Hive(_) | Work::Shell(_) => &[],
    };
    in_work.iter().chain(&step.args).filter_map(text)
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

    type Found = Vec<(String, Option<Maker>)>;

    fn found(job: &str, reads: &[&str]) -> Found {
        let plain = |it: &Wanted| {
            let address = it.address.strip_prefix("s3://lake/").unwrap();
            (address.to_owned(), it.maker.clone())
        };
        whole(job, reads, true).iter().map(plain).collect()
    }

    fn whole(job: &str, reads: &[&str], has_bootstrap: bool) -> Vec<Wanted> {
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
        wanted(&stack, &names, has_bootstrap, |_| reads.clone())
    }

    fn sure(all: &[&str]) -> Found {
        all.iter().map(|it| ((*it).to_owned(), None)).collect()
    }

    #[test]
    fn inputs_are_what_is_read() {
        let one = "{ name: one, script: one.py, args: [\"${data.in}\", \"--more=s3://lake/x\", \
                   \"s3://lake/out\"], spark: { jars: [\"s3://lake/a.jar\"], \
                   py_files: [\"hdfs:///a.zip\"] } }";
        let always = ["b.sh", "in/a"];
        assert_eq!(found(one, &[]), sure(&[&always[..], &["a.jar"]].concat()));
        let read = ["s3://lake/x", "s3://lake/in-the-script"];
        let expected = [&always[..], &["a.jar", "x"]].concat();
        assert_eq!(found(one, &read), sure(&expected));
        let copy = "{ name: c, copy: { from: \"s3://lake/l\", to: \"s3://lake/m\" } }";
        assert_eq!(found(copy, &[]), sure(&["b.sh", "l"]));
        let into = "{ name: c, copy: { from: \"s3://lake/l\", to: \"${data.in}\" } }";
        assert_eq!(found(into, &[]), sure(&["b.sh", "l"]));
        let beside = "{ name: c, command: [cat, \"${data.b}\"] }";
        assert_eq!(found(beside, &[]), sure(&["b.sh", "in/b"]));
        let on_a_cluster_that_runs = whole(copy, &[], false);
        let addresses = on_a_cluster_that_runs.iter().map(|it| it.address.as_str());
        assert_eq!(addresses.collect::<Vec<_>>(), ["s3://lake/l"]);
    }

    #[test]
    fn patterns_of_files_are_listed_and_scripts_may_go_on() {
        let one = "{ name: one, script: one.py, args: [\"s3://lake/x\"], \
                   spark: { jars: [\"s3://lake/jars/*.jar\", \"s3://lake/a.jar\"] } }";
        let found = whole(one, &["s3://lake/x"], false);
        let found: Vec<_> = found.into_iter().map(|it| (it.form, it.reader)).collect();
        let script = Reader::Script("one".to_owned());
        let expected = [
            (InputForm::Data, Reader::Stack),
            (InputForm::Object, Reader::Stack),
            (InputForm::Data, script),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_earlier_step_may_write_an_input() {
        let step = |name: &str| Some(Maker::Step(name.to_owned()));
        let two = "{ name: fetch, shell: f.sh, args: [] }, { name: two, script: two.py, \
                   args: [\"${data.in}\"], spark: { jars: [\"s3://lake/a.jar\"] } }";
        let found_here = found(two, &[]);
        assert!(found_here.contains(&("in/a".to_owned(), Some(Maker::Earlier))));
        assert!(found_here.contains(&("a.jar".to_owned(), Some(Maker::Earlier))));
        assert!(found_here.contains(&("b.sh".to_owned(), None)));
        let copies = "{ name: other, shell: f.sh }, \
                      { name: fetch, copy: { from: \"s3://lake/l\", to: \"s3://lake/in\" } }, \
                      { name: two, script: two.py, args: [\"${data.in}\"] }";
        assert!(found(copies, &[]).contains(&("in/a".to_owned(), step("fetch"))));
        let own = "{ name: one, script: one.py, args: [\"s3://lake/o/\", \"s3://lake/o/p\"], \
                   spark: { jars: [\"s3://lake/o/a.jar\"] } }";
        let found_here = found(own, &["s3://lake/o/p"]);
        assert!(found_here.contains(&("o/p".to_owned(), step("one"))));
        assert!(found_here.contains(&("o/a.jar".to_owned(), None)));
    }

    #[test]
    fn the_place_is_that_of_the_step_that_reads() {
        let two = "{ name: one, shell: f.sh, args: [\"s3://lake/x\"] }, \
                   { name: two, copy: { from: \"s3://lake/x\", to: \"s3://lake/y\" } }";
        let found = whole(two, &[], false);
        let (x, maker) = (&found[0], Some(Maker::Step("one".to_owned())));
        assert_eq!(x.maker, maker);
        let text =
            "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 2 x m5.xlarge }\n";
        let text = format!("{text}job: {{ steps: [{two}] }}\nguardrails: {{ max_lifetime: 1h }}\n");
        let read = ReadStack::new("t.yaml", &text, Path::new(""), &[]);
        let names = read.names();
        let stack = read.checked(&[]).unwrap();
        let here = &wanted(&stack, &names, false, |_| BTreeSet::new())[0].named;
        let of = |step| names.of_step(step, What::ArgInS3, Some("s3://lake/x"));
        assert_eq!((Some(here), of("one") == of("two")), (of("two"), false));
    }
}
