//! What a stack's applications, configurations, catalog and tables mean for a plan: on EMR they are
//! settings of the cluster; on this machine steps get Spark's settings themselves.

use super::beside::Beside;
use super::fit::Fitted;
use super::refusal::Refusal;
use crate::model::configurations::Configurations;
use crate::model::facts::{Capacity, Facts};
use crate::model::memory::Memory;
use crate::model::software::{EXECUTOR_MEMORY, JARS, LISTS, SPARK_DEFAULTS, Software, joined};
use crate::model::stack::Stack;
use std::collections::BTreeMap;

/// Settings of Spark, or their beginnings up to a dot, that describe EMR's nodes: YARN, its shuffle
/// service, HDFS, the sizes of instances, and paths of EMR's image.
const OF_NODES: [&str; 14] = [
    "spark.driver.extraClassPath",
    "spark.driver.extraLibraryPath",
    "spark.dynamicAllocation.",
    "spark.eventLog.",
    "spark.executor.cores",
    "spark.executor.extraClassPath",
    "spark.executor.extraLibraryPath",
    "spark.executor.instances",
    EXECUTOR_MEMORY,
    "spark.hadoop.",
    "spark.history.",
    "spark.shuffle.service.",
    "spark.sql.warehouse.dir",
    "spark.yarn.",
];

fn is_of_nodes(name: &str) -> bool {
    OF_NODES.iter().any(|of| {
        let whole = !of.ends_with('.');
        if whole {
            *of == name
        } else {
            name.starts_with(of)
        }
    })
}

fn of(stack: &Stack) -> &Software {
    &stack.cluster.emr.software
}

/// The memory of executors of steps that do not name theirs, if `spark-defaults` has it. A machine
/// has its own sizes.
pub(super) fn executor_memory(stack: &Stack, facts: &Facts) -> Option<Memory> {
    let on_emr = facts.capacity == Capacity::AsTyped;
    let text = of(stack)
        .configurations
        .get(&[SPARK_DEFAULTS], EXECUTOR_MEMORY)
        .filter(|_| on_emr)?;
    text.parse().ok()
}

/// The settings that a step has to get itself: on this machine those of `spark-defaults`, below the
/// step's own.
pub(super) fn conf(
    stack: &Stack,
    facts: &Facts,
    own: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    if facts.capacity == Capacity::AsTyped {
        return own;
    }
    let defaults = of(stack).configurations.of(SPARK_DEFAULTS);
    let applied = defaults.filter(|(name, _)| name.starts_with("spark.") && !is_of_nodes(name));
    let mut all: BTreeMap<String, String> = applied
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    all.extend(own);
    all
}

/// Adds what the stack's tables need to the lists of settings that a step has itself: a step's value
/// replaces the cluster's (Spark, "Loading Configurations from a File").
pub(super) fn add_needed(
    stack: &Stack,
    conf: &mut BTreeMap<String, String>,
    jars: &mut Vec<String>,
) {
    let software = of(stack);
    for list in LISTS {
        let Some(needed) = software.needed(list) else {
            continue;
        };
        if let Some(own) = conf.get_mut(list) {
            *own = joined(&needed, own);
        }
        if list == JARS && !jars.is_empty() {
            for jar in needed.split(',') {
                if !jars.iter().any(|own| own == jar) {
                    jars.push(jar.to_owned());
                }
            }
        }
    }
}

/// What can change the results of a job: its own texts, in order.
pub(super) fn identity(stack: &Stack) -> Vec<String> {
    let configured: Configurations = of(stack).configured();
    let counts = |name: &str| name != EXECUTOR_MEMORY;
    configured
        .iter()
        .filter(|(place, _)| counts(&place.name))
        .flat_map(|(place, value)| [place.to_string(), value.to_owned()])
        .collect()
}

/// Why the stack cannot run with what it configures.
pub(super) fn refusals(stack: &Stack, facts: &Facts, fitted: &Fitted) -> Vec<Refusal> {
    let software = of(stack);
    let mut refusals = Vec::new();
    if let Some(memory) = executor_memory(stack, facts) {
        let steps = stack.job.iter().flat_map(|job| &job.steps);
        let without = steps.filter(|step| step.spark.executor_memory.is_none());
        refusals.extend(without.filter_map(|step| {
            let beside = Beside::at_least(step, stack, facts);
            fitted.holds(memory, &beside, step.name.as_str()).err()
        }));
    }
    if facts.capacity == Capacity::AsTyped {
        return refusals;
    }
    if let Some(catalog) = software.catalog {
        refusals.push(Refusal::new(
            format!(
                "this machine does not have the catalog {}",
                catalog.as_str()
            ),
            "leave cluster.catalog out to run here, or run it on AWS",
        ));
    }
    if !software.tables.is_empty() {
        let tables = list(software.tables.iter().map(|table| table.as_str()));
        refusals.push(Refusal::new(
            format!("the Spark of this machine has no tables of {tables}"),
            "leave cluster.tables out to run here, or run it on AWS",
        ));
    }
    refusals
}

/// Notes about what is otherwise than the stack has it.
pub(super) fn notes(stack: &Stack, facts: &Facts) -> Vec<String> {
    let software = of(stack);
    let mut notes = Vec::new();
    if facts.capacity == Capacity::AsTyped {
        notes.extend(maximized(stack));
        return notes;
    }
    if !software.applications.is_empty() {
        let missing = list(software.applications.iter().map(|one| one.as_str()));
        notes.push(format!(
            "applications that are not on this machine, which has Spark alone: {missing}"
        ));
    }
    let names = software.configurations.classifications();
    let others = names.into_iter().filter(|name| *name != SPARK_DEFAULTS);
    let others = list(others);
    if !others.is_empty() {
        notes.push(format!("configurations that apply on EMR alone: {others}"));
    }
    let defaults = software.configurations.of(SPARK_DEFAULTS);
    let of_nodes = list(
        defaults
            .map(|(name, _)| name)
            .filter(|name| is_of_nodes(name)),
    );
    if !of_nodes.is_empty() {
        notes.push(format!(
            "settings of {SPARK_DEFAULTS} that apply on EMR alone: {of_nodes}"
        ));
    }
    notes
}

/// EMR computes sizes for programs that name none, and clusterup's steps name theirs.
fn maximized(stack: &Stack) -> Option<String> {
    let setting = "maximizeResourceAllocation";
    let value = of(stack).configurations.get(&["spark"], setting)?;
    let steps = stack.job.iter().flat_map(|job| &job.steps);
    let automatic = steps
        .filter(|step| step.spark.executor_memory.is_none())
        .count();
    let applies = value.eq_ignore_ascii_case("true") && automatic > 0;
    applies.then(|| {
        format!(
            "{setting} does not change the executor_memory of steps, which clusterup computes; set \
             {EXECUTOR_MEMORY} in {SPARK_DEFAULTS} for another"
        )
    })
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
