//! `prices show`: each price of an instance type, with its source and age.

use super::region::default_region;
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::cli::verb::{Finished, Verb};
use crate::cli::view;
use crate::cost::catalog::Note;
use crate::cost::estimate::Component;
use crate::cost::estimate::Estimate;
use crate::cost::shape::shape;
use crate::model::clock::Clock;
use crate::model::desired::InstanceGroups;
use crate::model::instance::InstanceType;
use crate::model::memory::Memory;
use crate::model::name::Region;
use crate::model::quantity::HourlyDollars;
use crate::run::clock::SystemClock;
use chrono::NaiveDate;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ShowArgs {
    /// The instance type, such as m5.xlarge
    #[arg(value_name = "TYPE")]
    instance_type: InstanceType,
    /// The AWS region [default: the profile's]
    #[arg(long)]
    region: Option<Region>,
}

impl Verb for ShowArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let region = match &self.region {
            Some(region) => region.clone(),
            None => default_region(session).await?,
        };
        let groups = InstanceGroups::single(self.instance_type.clone());
        let estimate = Estimate::of(&session.environment.catalog(), &region, &groups)
            .map_err(|missing| view::figures::missing_price(&missing))?;
        let today = SystemClock.now().date_naive();
        session
            .reporter
            .text(&view::node::render(&self.instance_type, &estimate, today));
        Ok(Finished::done(document(&self.instance_type, &estimate)))
    }
}

fn document(instance_type: &InstanceType, estimate: &Estimate) -> PricesDocument {
    let shape = shape(instance_type);
    let components = estimate.groups.iter().flat_map(|group| &group.components);
    PricesDocument {
        instance_type: instance_type.clone(),
        region: estimate.region.clone(),
        vcpus: shape.map(|shape| shape.vcpus),
        memory: shape.map(|shape| shape.memory),
        yarn_memory: shape.map(|shape| shape.yarn),
        components: components.cloned().collect(),
        hourly: estimate.hourly.into(),
        as_of: estimate.as_of,
        notes: estimate.notes(),
    }
}

/// The prices of an instance type.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct PricesDocument {
    /// The type.
    instance_type: InstanceType,
    /// The region.
    region: Region,
    /// Its vCPUs; null if they are not known.
    vcpus: Option<u32>,
    /// Its memory.
    memory: Option<Memory>,
    /// The memory that YARN gives to containers on a core or task node.
    yarn_memory: Option<Memory>,
    /// The parts of its price.
    components: Vec<Component>,
    /// Their sum.
    hourly: HourlyDollars,
    /// The day of the oldest price.
    as_of: NaiveDate,
    /// Why a price is not certain.
    notes: Vec<Note>,
}
