//! Amazon EMR through the SDK.

mod app_ui;
mod changes;
mod configurations;
mod fleets;
mod launch;
mod network;
mod notebooks;
mod reads;
mod root_volume;
mod settings;
pub(super) mod verbatim;

use crate::cloud::api::emr::Role;
use crate::model::stack::Market;

/// EMR's names of roles and markets.
const ROLES: [(Role, &str); 3] = [
    (Role::Primary, "MASTER"),
    (Role::Core, "CORE"),
    (Role::Task, "TASK"),
];
const MARKETS: [(Market, &str); 2] = [(Market::OnDemand, "ON_DEMAND"), (Market::Spot, "SPOT")];

/// EMR's name of a value.
fn theirs<T: Copy + PartialEq>(table: &[(T, &'static str)], ours: T) -> &'static str {
    let found = table.iter().find(|(candidate, _)| *candidate == ours);
    found.map_or("", |(_, word)| word)
}

/// The value of a name of EMR; `other` if the name is unknown.
fn ours<T: Copy>(table: &[(T, &str)], word: Option<&str>, other: T) -> T {
    let found = table.iter().find(|(_, candidate)| Some(*candidate) == word);
    found.map_or(other, |(ours, _)| *ours)
}
