//! Names, sources, ages and uncertainties of prices.

use super::words::{count, wrap};
use crate::app::failure::Failure;
use crate::cost::age::age;
use crate::cost::catalog::{NoPrice, Note, Source};
use crate::cost::estimate::{Component, ComponentKind, Estimate, Unit};
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::stack::Market;
use chrono::NaiveDate;
use rust_decimal::RoundingStrategy;

/// The name of a component in a table.
pub(super) fn component(component: &Component, market: Market) -> String {
    let what = match component.kind {
        ComponentKind::Ec2 if market == Market::Spot => "EC2 Spot, priced as on demand",
        ComponentKind::Ec2 => "EC2 on demand",
        ComponentKind::EmrFee => "EMR fee",
        ComponentKind::DataVolumes => "data volumes",
        ComponentKind::RootVolume => "root volume",
        ComponentKind::VolumeIops => "extra volume IOPS",
        ComponentKind::VolumeThroughput => "extra volume throughput",
        ComponentKind::PublicAddress => "public IPv4 address",
    };
    let Some(volumes) = &component.volumes else {
        return what.to_owned();
    };
    let kind = volumes.kind.as_str();
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
        Unit::IopsMonth => "IOPS-month",
        Unit::MibpsMonth => "MiB/s-month",
    }
}

/// Dollars without the sign, rounded to four decimals so that columns align.
pub(super) fn plain(amount: Usd) -> String {
    let nearest = RoundingStrategy::MidpointAwayFromZero;
    format!("{:.4}", amount.amount().round_dp_with_strategy(4, nearest))
}

/// The text of a note, which follows the component's name.
const fn words(note: Note) -> &'static str {
    match note {
        Note::SpotAtOnDemand => "the most that Spot costs",
        Note::DoubtfulSource => "its source is uncertain",
        Note::FeeCapUnproven => {
            "AWS does not publish whether this family's fee is capped at $0.27/h; assumed not to be"
        }
        Note::FeeOfOldFamily => {
            "an old family's fee, perhaps from withdrawn prices; the higher figure is used"
        }
        Note::FeeOfGovCloud => {
            "GovCloud's fees are published for one type only; the higher figure is used"
        }
        Note::VolumesUndocumented => {
            "EMR's guide does not list the volumes of this size; assumed to be as for other sizes"
        }
    }
}

/// The notes on an estimate's uncertain prices, each once, after the component's name.
pub(super) fn notes(estimate: &Estimate) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for group in &estimate.groups {
        for part in &group.components {
            let Some(note) = part.note else { continue };
            let name = component(part, group.market);
            let of = &group.nodes.instance_type;
            let text = format!("{of}, {name}: {}", words(note));
            if !notes.contains(&text) {
                notes.push(text);
            }
        }
    }
    notes
}

/// The lines on sources below a table: each with its date, age and description.
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
pub(super) fn age_and_certainty(estimate: &Estimate, today: NaiveDate) -> String {
    let as_of = estimate.as_of;
    let uncertain = notes(estimate).len() as u64;
    let certainty = match uncertain {
        0 => String::new(),
        _ => format!(
            "; uncertain, so the higher figure is used: {}",
            count(uncertain, "figure")
        ),
    };
    format!(
        "the oldest figure is as of {as_of}, {}{certainty}",
        age(as_of, today)
    )
}

/// The error for a price that is not known, with the command that downloads it.
pub(in crate::cli) fn missing_price(missing: &NoPrice) -> Failure {
    let region = &missing.region;
    let failure = Failure::input(missing.to_string());
    failure
        .hint("download the region's prices from AWS")
        .hint(Command::clusterup("prices refresh --region").arg(region.to_string()))
}

/// Dollars and cents, rounded up.
pub(in crate::cli) fn cents(amount: Usd) -> Usd {
    amount.up_to(2)
}
