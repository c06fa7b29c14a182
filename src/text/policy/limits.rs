//! `limits`: how much a stack may ask for.

use super::rules;
use crate::model::glob::Glob;
use crate::model::policy::{Limits, SourceLimit};
use crate::model::stack::Market;
use crate::text::collections::{Lined, Several, Unique, list};
use crate::text::field::record;
use crate::text::format::{Format, IDLE, INGRESS, LIFETIME, TAG_KEY, USD};
use crate::text::policy_format as format;
use crate::text::texts::Texts;
use crate::text::types::{Whole, Words};
use crate::text::{policy_readers as readers, suggestions};

record! {
    /// The most that a stack may request. Limits that are omitted do not apply.
    pub(super) LIMITS: Limits = |at| {
        /// The most that a cluster may cost per hour.
        hourly_cost: optional = Lined(USD), "$5";
        /// The most that one cluster may cost from start to end.
        run_cost: optional = Lined(USD), "$20";
        /// The most nodes, of all roles together.
        nodes: optional = Lined(Whole(1, 65_535, "a number of nodes")), "10";
        /// The instance types that are allowed.
        instance_types: optional = Lined(list(format::INSTANCE_TYPES, Unique::ByText,
            "an instance type, or a pattern of them,", "m5.*").filled()),
            "[m5.*, r5.xlarge]";
        /// The regions that are allowed.
        regions: optional = Lined(list(format::REGIONS, Unique::ByText,
            "a region, or a pattern of regions,", "us-east-1").filled()),
            "[us-east-1, \"eu-*\"]";
        /// The releases of EMR that are allowed.
        releases: optional = Lined(list(format::RELEASES, Unique::ByText,
            "a release, or a pattern of releases,", "emr-7.*").filled()),
            "[emr-7.*]";
        /// How machines have to be bought.
        market: optional = Lined(Words([
            ("on-demand", Market::OnDemand, "No machine may be on Spot."),
            ("spot", Market::Spot, "Core and task machines must be on Spot."),
        ])), "spot";
        /// The longest `max_lifetime` of a stack.
        max_lifetime: optional = Lined(LIFETIME), "8h";
        /// The longest `idle_timeout` of a stack.
        idle_timeout: optional = Lined(IDLE), "30m";
        /// The sources that ingress rules may allow, on any port: `caller`, ranges of addresses,
        /// or a list of these.
        ssh_from: optional = Lined(Several(
            list(SOURCE, Unique::ByText, "a source of connections", "caller").filled())),
            "caller";
        /// Tags that a stack has to have, and patterns of their values.
        tags: optional = Lined(TAGS), "{ owner: \"*\", cost-center: \"cc-*\" }";
    } check {
        rules::too_short(at, &max_lifetime);
        rules::too_short(at, &idle_timeout);
    } => Limits {
        hourly_cost,
        run_cost,
        nodes,
        instance_types,
        regions,
        releases,
        market,
        max_lifetime,
        idle_timeout,
        ssh_from,
        tags,
    };
}

/// As stacks have it.
const SOURCE: Format<SourceLimit> =
    Format::by(readers::source, INGRESS.pattern).suggest(suggestions::ingress);

const TAGS: Texts<Glob> = Texts {
    key: TAG_KEY,
    value: format::TAG_VALUES,
    most: 10,
    entry: "a tag, or a pattern of it,",
    none: "write `\"*\"` to allow any value",
};
