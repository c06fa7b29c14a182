//! Requests that EMR refuses at once.

use super::refusal::{Refusal, invalid};
use clusterup::cloud::api::Tags;
use clusterup::cloud::api::emr::{NewGroup, NewStep, OnFailure, Role, RunJobFlow};
use clusterup::model::emr_settings::EmrSettings;
use clusterup::model::releases::{IDLE_POLICY, STEP_CONCURRENCY};
use clusterup::model::span::Span;
use clusterup::model::stack::{Guardrails, VolumeKind};

const LONGEST_NAME: usize = 256;
const LONGEST_COMMAND: usize = 10_240;
const MOST_BOOTSTRAP: usize = 16;
const MOST_GROUPS: usize = 4;
const MOST_TAGS: usize = 50;
pub(super) const MOST_STEPS: usize = 256;

fn ensure(holds: bool, message: impl Into<String>) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(invalid(message)) }
}

pub(super) fn order(order: &RunJobFlow) -> Result<(), Refusal> {
    name(&order.name)?;
    let label = is_release(&order.release);
    let words = format!("The supplied release label is invalid: {}.", order.release);
    ensure(label, words)?;
    ensure(
        order.log_uri.starts_with("s3://"),
        "The log URI is invalid.",
    )?;
    if let Some(timeout) = order.idle_timeout {
        idle_policy(&order.release, timeout)?;
    }
    if order.fleets.is_empty() {
        groups(&order.groups)?;
    }
    super::fleets::check(order)?;
    concurrency(order.step_concurrency, &order.release)?;
    disks(order)?;
    settings(&order.settings, &order.release)?;
    let network = &order.network;
    let few = network.groups.len().max(network.core_groups.len()) <= MOST_GROUPS;
    ensure(few, "Too many additional security groups.")?;
    let one = network.subnet.is_none() || network.zone.is_none();
    ensure(one, "Specify either a subnet or an availability zone.")?;
    let few = order.bootstrap.len() <= MOST_BOOTSTRAP;
    ensure(few, "A maximum of 16 bootstrap actions are allowed.")?;
    for action in &order.bootstrap {
        name(&action.name)?;
    }
    steps(&order.steps, order.step_concurrency)?;
    tags(&order.tags)
}

/// The one security configuration that an account in memory has.
pub(super) const SECURITY_CONFIGURATION: &str = "at-rest";

fn settings(settings: &EmrSettings, release: &str) -> Result<(), Refusal> {
    if let Some((key, releases)) = settings.unsupported(release) {
        return Err(invalid(format!(
            "{key} is for {releases}, not for {release}"
        )));
    }
    let named = settings.security_configuration.as_ref();
    let there = named.is_none_or(|named| named.as_str() == SECURITY_CONFIGURATION);
    let name = named.map_or("", |named| named.as_str());
    ensure(
        there,
        format!("Security configuration with name '{name}' does not exist."),
    )
}

fn name(name: &str) -> Result<(), Refusal> {
    let bad = |c: char| "<>$|`".contains(c) || c.is_control() && !"\r\n\t".contains(c);
    let good = (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(bad);
    ensure(good, format!("The name is invalid: {name}"))
}

/// `emr-7.9.0`, `emr-spark-8.0.0`.
fn is_release(label: &str) -> bool {
    let numbers = label.strip_prefix("emr-").unwrap_or_default();
    let numbers = numbers.strip_prefix("spark-").unwrap_or(numbers);
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    numbers.split('.').count() == 3 && numbers.split('.').all(is_number)
}

pub(super) fn idle_policy(release: &str, timeout: Span) -> Result<(), Refusal> {
    let words = format!("Auto-termination policies are not supported for {release}.");
    ensure(IDLE_POLICY.include(release), words)?;
    let good = (Guardrails::IDLE_MIN..=Guardrails::IDLE_MAX).contains(&timeout);
    ensure(good, "The idle timeout must be from 60 to 604800 seconds.")
}

/// Steps run at the same time from 5.28.0 on (EMR Management Guide, "Run multiple steps in parallel").
pub(super) fn concurrency(level: u16, release: &str) -> Result<(), Refusal> {
    let good = (1..=256).contains(&level);
    ensure(
        good,
        "Invalid step concurrency level. Allowed level is from 1 to 256",
    )?;
    let words = format!("Step concurrency is not supported for {release}.");
    ensure(level == 1 || STEP_CONCURRENCY.include(release), words)
}

/// The root volume of all nodes, and what EC2 refuses of gp3 volumes.
fn disks(order: &RunJobFlow) -> Result<(), Refusal> {
    let mut volumes: Vec<(u64, Option<u16>, Option<u16>)> = Vec::new();
    if let Some(root) = &order.root_volume {
        let good = (10..=100).contains(&root.gib()) && root.is_supported(&order.release);
        ensure(good, "The root volume is invalid.")?;
        volumes.push((root.gib(), root.iops, root.throughput));
    }
    for ebs in order.groups.iter().filter_map(|group| group.ebs.as_ref()) {
        let chosen = ebs.iops.is_some() || ebs.throughput.is_some();
        let good = !chosen || ebs.kind == VolumeKind::Gp3;
        ensure(good, "iops and throughput are for gp3 volumes")?;
        volumes.push((ebs.size.mib() >> 10, ebs.iops, ebs.throughput));
    }
    for (gib, iops, throughput) in volumes {
        let iops = u64::from(iops.unwrap_or(3_000));
        let throughput = u64::from(throughput.unwrap_or(125));
        let good = (3_000..=16_000).contains(&iops) && iops <= 3_000.max(gib * 500);
        ensure(good, "The volume's iops are invalid.")?;
        let good = (125..=1_000).contains(&throughput) && throughput * 4 <= iops;
        ensure(good, "The volume's throughput is invalid.")?;
    }
    Ok(())
}

fn groups(groups: &[NewGroup]) -> Result<(), Refusal> {
    let of = |role| groups.iter().filter(move |group| group.role == role);
    let one = "you must specify exactly one master instance group";
    match of(Role::Primary).count() {
        0 => {
            return Err(invalid(format!(
                "Zero master instance groups supplied, {one}"
            )));
        }
        1 => {}
        _ => {
            return Err(invalid(format!(
                "Multiple master instance groups supplied, {one}"
            )));
        }
    }
    ensure(
        of(Role::Primary).all(|group| group.count == 1),
        "A master instance group must specify a single instance",
    )?;
    ensure(
        of(Role::Core).count() <= 1,
        "Multiple core instance groups supplied",
    )?;
    ensure(
        of(Role::Task).count() == 0 || of(Role::Core).count() == 1,
        "Clusters with task nodes must also define core nodes.",
    )?;
    ensure(
        of(Role::Task).count() <= 48,
        "Too many task instance groups",
    )?;
    ensure(
        groups.iter().all(|group| group.count >= 1),
        "An instance group must have at least one instance",
    )
}

pub(super) fn steps(steps: &[NewStep], concurrency: u16) -> Result<(), Refusal> {
    ensure(
        steps.len() <= MOST_STEPS,
        "The number of steps exceeds the limit of 256",
    )?;
    // Of concurrent steps a failed one cannot stop others (EMR API, StepConfig).
    let mut all = steps.iter();
    ensure(
        concurrency == 1 || all.all(|step| step.on_failure == OnFailure::Continue),
        "The ActionOnFailure setting is not valid where steps run concurrently.",
    )?;
    for step in steps {
        name(&step.name)?;
        let length = step.command.chars();
        let words = "The total length of a step's arguments exceeds 10240 characters";
        ensure(length <= LONGEST_COMMAND, words)?;
        ensure(!step.command.words.is_empty(), "the runner needs a command")?;
    }
    Ok(())
}

pub(super) fn tags(tags: &Tags) -> Result<(), Refusal> {
    ensure(
        tags.len() <= MOST_TAGS,
        "The number of tags exceeds the limit of 50",
    )?;
    let allowed = |c: char| c.is_alphanumeric() || " +-=._:/@".contains(c);
    for (key, value) in tags {
        let long = key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256;
        let good = key.chars().chain(value.chars()).all(allowed) && !key.starts_with("aws:");
        ensure(good && !long, format!("The tag is invalid: {key}={value}"))?;
    }
    Ok(())
}
