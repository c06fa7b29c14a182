//! `prices refresh`: a region's prices as AWS's price list has them now, into the user's cache.

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::screen::Screen;
use crate::cli::view::progress::Progress;
use crate::cli::view::words::count;
use crate::cloud::api::Serve;
use crate::cloud::api::pricing::GetProducts;
use crate::cloud::prices::refresh::offers;
use crate::cost::catalog::Catalog;
use crate::model::clock::Clock;
use crate::model::name::Region;
use crate::run::clock::SystemClock;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RefreshArgs {
    /// An AWS region; may be given several times [default: the profile's]
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<Region>,
}

#[cfg(feature = "aws")]
pub(super) async fn run(
    args: &RefreshArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let mut regions = args.regions.clone();
    if regions.is_empty() {
        regions.push(super::default_region(screen).await?);
    }
    let api = context.services(&regions[0]).await?;
    let mut told = Vec::new();
    for region in &regions {
        told.push(refresh(&api, region, context, screen).await?);
    }
    screen.document("prices refresh", 0, json!({ "refreshed": told }));
    Ok(Exit::Done)
}

#[cfg(not(feature = "aws"))]
pub(super) async fn run(_: &RefreshArgs, _: &Context, _: &Screen) -> Result<Exit, Failure> {
    Err(Failure::input(
        "this clusterup was built without AWS, and cannot ask it for prices",
    ))
}

/// Asks for one region; what was known before stays unless the whole answer is good.
#[cfg_attr(
    not(feature = "aws"),
    expect(dead_code, reason = "there is nobody to ask")
)]
async fn refresh<A: Serve<GetProducts>>(
    api: &A,
    region: &Region,
    context: &Context,
    screen: &Screen,
) -> Result<Value, Failure> {
    let progress = Progress::new(screen);
    let offers = offers(api, region, &progress).await;
    progress.clear();
    let offers = offers.map_err(|error| Failure::from(error).hint(KEPT))?;
    let today = SystemClock.now().date_naive();
    let text = offers
        .text(region, today, Catalog::bundled())
        .map_err(|why| {
            let message = format!("AWS's answer on prices of {region} is not plausible");
            Failure::new(Exit::Failed, message)
                .caused_by(&why)
                .hint(KEPT)
        })?;
    let path = context.price_cache()?.write(region, &text)?;
    let types = text.lines().filter(|line| line.starts_with("ec2 ")).count() as u64;
    let shown = path.display();
    let types_told = count(types, "instance type");
    screen.text(&format!("{region}: {types_told} as of {today}, in {shown}"));
    Ok(json!({ "region": region, "as_of": today, "instance_types": types, "file": path }))
}

/// What a refresh that failed leaves.
const KEPT: &str = "nothing is lost: the prices that were there before are kept and used";
