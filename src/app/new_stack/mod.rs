//! Makes a new stack for a script: reads the script for its arguments and packages, and the data for its
//! size.

mod paths;
mod size;
mod wiring;

use super::environment::Environment;
use super::failure::Failure;
use super::lint;
use crate::cost::catalog::Catalog;
use crate::cost::estimate::Estimate;
use crate::diagnose::lint::{Interface, MAX_BYTES, Script, interface};
use crate::disk;
use crate::model::desired::InstanceGroups;
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::name::{DataName, Region, StackName};
use crate::model::shown::line;
use crate::model::span::Span;
use crate::model::stack::Stack;
use crate::text::{self, NewData, NewStack};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The script that runs if there is none yet.
const EXAMPLE: &str = include_str!("../../text/example_job.py");

/// What a new stack is made from.
pub(crate) struct Wish<'a> {
    /// The stack's file.
    pub(crate) file: &'a Path,
    pub(crate) name: StackName,
    pub(crate) region: Region,
    /// The script; `None` for an example beside the stack's file.
    pub(crate) script: Option<PathBuf>,
    /// The data, each as `PLACE` or `NAME=PLACE`.
    pub(crate) data: &'a [String],
}

/// A new stack, of which nothing is written yet.
pub(crate) struct Made {
    pub(crate) stack: NewStack,
    /// The data sets that no argument of the script takes.
    pub(crate) unread: Vec<DataName>,
    /// An example script that is still to be written.
    pub(crate) example: Option<(PathBuf, &'static str)>,
}

/// Makes a new stack. `answer`: asks for the value of an argument that the script requires.
pub(crate) fn make(
    wish: Wish<'_>,
    environment: &Environment,
    answer: &dyn Fn(&str) -> Option<String>,
) -> Result<Made, Failure> {
    let folder = wish.file.parent().unwrap_or(Path::new(""));
    let (path, text, example) = match wish.script {
        Some(path) => {
            let text = script(&path)?;
            (path, text, None)
        }
        None => {
            let path = folder.join("job.py");
            let example = Some((path.clone(), EXAMPLE));
            (path, EXAMPLE.to_owned(), example)
        }
    };
    let (data, bytes) = data(wish.data, folder)?;
    let size = size::size(bytes.filter(|_| !data.is_empty()));
    let mut stack = NewStack {
        name: wish.name,
        region: wish.region,
        script: paths::relative(folder, &path),
        packages: Vec::new(),
        data,
        args: Vec::new(),
        unmet: Vec::new(),
        size: (size.nodes, size.why),
        lifetime: size.lifetime,
        budget: None,
    };
    let read = read(&stack, folder)?;
    let interface = interface_of(&read, &text, &path, environment);
    let names: Vec<DataName> = stack.data.iter().map(|data| data.name.clone()).collect();
    let mut wiring = wiring::wire(&interface, &names, &BTreeMap::new());
    if !wiring.unmet.is_empty() {
        let answers = wiring.unmet.iter();
        let answers = answers.filter_map(|what| Some((what.clone(), answer(what)?)));
        wiring = wiring::wire(&interface, &names, &answers.collect());
    }
    stack.packages = interface.packages.into_iter().collect();
    (stack.args, stack.unmet) = (wiring.args, wiring.unmet);
    stack.budget = budget(&read, &environment.catalog());
    Ok(Made {
        stack,
        unread: wiring.unread,
        example,
    })
}

/// The text of a script.
fn script(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    if path.extension().is_none_or(|extension| extension != "py") {
        return Err(
            Failure::input(format!("{shown} is not a Python script")).hint(
                "give a PySpark script, such as --from job.py; for a jar, SQL or a program, write \
                   the step by hand: docs/steps.md",
            ),
        );
    }
    disk::text(path, MAX_BYTES).map_err(|error| {
        let failure = if error.kind() == ErrorKind::NotFound {
            Failure::input(format!("there is no script {shown}"))
                .hint("see which scripts there are")
                .hint(Command::other("ls *.py"))
        } else {
            Failure::input(format!("cannot read {shown}"))
                .hint("give a script in UTF-8 of at most 2 MiB that you may read")
        };
        failure.caused_by(&error)
    })
}

fn interface_of(stack: &Stack, text: &str, path: &Path, environment: &Environment) -> Interface {
    let step = stack.job.iter().flat_map(|job| &job.steps).next();
    let Some(step) = step else {
        return Interface::default();
    };
    interface(&Script {
        text,
        stack,
        step,
        modules: &lint::modules(stack, path, environment),
    })
}

fn read(stack: &NewStack, folder: &Path) -> Result<Stack, Failure> {
    let text = stack.render();
    text::parse("the new stack", &text, folder, &[]).map_err(|found| {
        let mut failure = Failure::input("no stack can be made of this");
        failure.diagnostics = Some(Box::new(found));
        failure.hint("use plain names for the script and its data")
    })
}

/// The data sets, and their bytes if all are known.
fn data(given: &[String], folder: &Path) -> Result<(Vec<NewData>, Option<u64>), Failure> {
    let mut all: Vec<NewData> = Vec::new();
    let mut sum = Some(0_u64);
    for given in given {
        let (name, place) = match given.split_once('=') {
            Some((name, place)) if name.parse::<DataName>().is_ok() => (Some(name), place),
            Some(_) | None => (None, given.as_str()),
        };
        let kind = paths::kind(place);
        let place = match kind {
            "path" => {
                let bytes = paths::bytes(Path::new(place))?;
                sum = sum.and_then(|sum| sum.checked_add(bytes?));
                paths::relative(folder, Path::new(place))
            }
            _ => {
                sum = None;
                place.to_owned()
            }
        };
        let wanted = name.map_or_else(|| paths::name(&place), str::to_owned);
        let name = free_name(&wanted, &all).ok_or_else(|| {
            let shown = line(given, 100);
            Failure::input(format!("no name of a data set can be made from {shown:?}"))
                .hint("give it a name: --data NAME=PLACE")
        })?;
        all.push(NewData { name, kind, place });
    }
    Ok((all, sum))
}

/// The name, with a number if another data set has it.
fn free_name(wanted: &str, all: &[NewData]) -> Option<DataName> {
    let numbered = (2..=100).map(|number| format!("{wanted}-{number}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    names.find_map(|name| {
        let name: DataName = name.parse().ok()?;
        all.iter().all(|data| data.name != name).then_some(name)
    })
}

/// EMR takes up to 20 minutes to end a cluster; the lifetime ends it, not the budget.
const ENDING: Span = Span::from_secs(20 * 60);

/// The budget that the longest life keeps within, in halves of a dollar, and the dollars per hour.
fn budget(stack: &Stack, catalog: &Catalog) -> Option<(Usd, Usd)> {
    let groups = InstanceGroups::of(&stack.cluster);
    let estimate = Estimate::of(catalog, &stack.region, &groups).ok()?;
    let life = stack.guardrails.max_lifetime;
    let whole = Span::from_secs(life.as_secs() + ENDING.as_secs());
    let halves = (estimate.run(whole).amount() * Decimal::TWO).ceil();
    let budget = Usd::new(halves / Decimal::TWO);
    Some((budget, estimate.hourly.up_to(2)))
}
