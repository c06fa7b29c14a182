//! `prices show`: each price of an instance type, with its source and age.

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::screen::Screen;
use crate::cli::view;
use crate::cost::estimate::Estimate;
use crate::cost::shape::shape;
use crate::model::clock::Clock;
use crate::model::desired::InstanceGroups;
use crate::model::instance::InstanceType;
use crate::model::name::Region;
use crate::run::clock::SystemClock;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ShowArgs {
    /// The instance type, such as m5.xlarge
    #[arg(value_name = "TYPE")]
    instance_type: InstanceType,
    /// The AWS region [default: the profile's]
    #[arg(long)]
    region: Option<Region>,
}

pub(super) async fn run(
    args: &ShowArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let region = match &args.region {
        Some(region) => region.clone(),
        None => super::default_region(screen).await?,
    };
    let groups = InstanceGroups::single(args.instance_type.clone());
    let estimate = Estimate::of(&context.catalog(), &region, &groups)
        .map_err(|missing| view::figures::missing_price(&missing))?;
    let today = SystemClock.now().date_naive();
    screen.text(&view::node::render(&args.instance_type, &estimate, today));
    screen.document("prices show", 0, document(&args.instance_type, &estimate));
    Ok(Exit::Done)
}

fn document(instance_type: &InstanceType, estimate: &Estimate) -> Value {
    let shape = shape(instance_type);
    let components = estimate.groups.iter().flat_map(|group| &group.components);
    json!({
        "instance_type": instance_type,
        "region": estimate.region,
        "vcpus": shape.map(|shape| shape.vcpus),
        "memory": shape.map(|shape| shape.memory),
        "yarn_memory": shape.map(|shape| shape.yarn),
        "components": components.collect::<Vec<_>>(),
        "hourly": estimate.hourly,
        "as_of": estimate.as_of,
        "notes": estimate.notes(),
    })
}
