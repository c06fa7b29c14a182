//! What figures are called, where they are from, how old they are, and what of them is not certain.

use super::words::{count, wrap};
use crate::cli::failure::Failure;
use crate::cost::age::age;
use crate::cost::catalog::{NoPrice, Note, Source};
use crate::cost::estimate::{Component, ComponentKind, Estimate, Unit};
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::stack::{Market, VolumeKind};
use chrono::NaiveDate;
use rust_decimal::RoundingStrategy;

/// What a component is called in a table.
pub(super) fn component(component: &Component, market: Market) -> String {
    let what = match component.kind {
        ComponentKind::Ec2 if market == Market::Spot => "EC2 Spot, priced as on demand",
        ComponentKind::Ec2 => "EC2 on demand",
        ComponentKind::EmrFee => "EMR fee",
        ComponentKind::DataVolumes => "data volumes",
        ComponentKind::RootVolume => "root volume",
        ComponentKind::PublicAddress => "public IPv4 address",
    };
    let Some(volumes) = &component.volumes else {
        return what.to_owned();
    };
    let kind = match volumes.kind {
        VolumeKind::Gp2 => "gp2",
        VolumeKind::Gp3 => "gp3",
    };
    let times = if component.kind == ComponentKind::RootVolume {
        String::new()
    } else {
        format!("{} x ", volumes.count)
    };
    format!("{what}, {times}{} GiB {kind}", volumes.gib)
}

pub(super) const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::NodeHour => "node-h",
        Unit::GibMonth => "GiB-month",
    }
}

/// Dollars without their sign, to four decimals, so that columns align; the nearest.
pub(super) fn plain(amount: Usd) -> String {
    let nearest = RoundingStrategy::MidpointAwayFromZero;
    format!("{:.4}", amount.amount().round_dp_with_strategy(4, nearest))
}

/// What a note says, after the name of what it is about.
const fn words(note: Note) -> &'static str {
    match note {
        Note::SpotAtOnDemand => "the most that Spot costs",
        Note::DoubtfulSource => "its source is doubtful",
        Note::FeeCapUnproven => {
            "nobody has published whether this family's fee is capped at $0.27/h; taken as not capped"
        }
        Note::FeeOfOldFamily => {
            "an old family's fee, perhaps made of prices that are gone; the dearer reading is taken"
        }
        Note::FeeOfGovCloud => {
            "GovCloud's fees are published for a single type; the dearer reading is taken"
        }
        Note::VolumesUndocumented => {
            "EMR's guide does not list the volumes of this size; taken as those of other sizes"
        }
    }
}

/// What of an estimate is not certain, each once, under the name of what it is about.
pub(super) fn doubts(estimate: &Estimate) -> Vec<String> {
    let mut doubts: Vec<String> = Vec::new();
    for group in &estimate.groups {
        for part in &group.components {
            let Some(note) = part.note else { continue };
            let name = component(part, group.market);
            let of = &group.nodes.instance_type;
            let doubt = format!("{of}, {name}: {}", words(note));
            if !doubts.contains(&doubt) {
                doubts.push(doubt);
            }
        }
    }
    doubts
}

/// A table's last lines on sources: each with its date, its age and who it is.
pub(super) fn sources(estimate: &Estimate, today: NaiveDate) -> String {
    let mut sources: Vec<&Source> = Vec::new();
    let components = estimate.groups.iter().flat_map(|group| &group.components);
    for source in components.map(|component| &component.source) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let line = |source: &Source| {
        let name = &source.name;
        let as_of = source.as_of;
        let says = &source.says;
        let text = format!("as of {as_of}, {}: {says}", age(as_of, today));
        format!("  {name:<16}{}\n", wrap(&text, 18))
    };
    sources.into_iter().map(line).collect()
}

/// The oldest figure's date and age, and how many figures are not certain.
pub(super) fn trust(estimate: &Estimate, today: NaiveDate) -> String {
    let as_of = estimate.as_of;
    let doubts = doubts(estimate).len() as u64;
    let doubts = match doubts {
        0 => String::new(),
        _ => format!(
            "; not certain: {}, in the dearer reading",
            count(doubts, "figure")
        ),
    };
    format!(
        "the oldest figure is as of {as_of}, {}{doubts}",
        age(as_of, today)
    )
}

/// A price that is not known, as a mistake of whoever named the type.
pub(in crate::cli) fn lack(lack: &NoPrice) -> Failure {
    let region = &lack.region;
    let failure = Failure::input(lack.to_string());
    failure
        .hint("ask AWS for it")
        .hint(Command::clusterup("prices refresh --region").arg(region.to_string()))
}
