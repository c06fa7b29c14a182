//! `prices refresh`: downloads a region's prices from AWS's price list into the user's cache.

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
    let mut refreshed = Vec::new();
    for region in &regions {
        refreshed.push(refresh(&api, region, context, screen).await?);
    }
    screen.document("prices refresh", 0, json!({ "refreshed": refreshed }));
    Ok(Exit::Done)
}

#[cfg(not(feature = "aws"))]
pub(super) async fn run(_: &RefreshArgs, _: &Context, _: &Screen) -> Result<Exit, Failure> {
    Err(Failure::input(
        "this clusterup was built without AWS support, so it cannot download prices",
    ))
}

/// Downloads the prices of one region. The cache is replaced only if the whole answer is valid.
#[cfg_attr(
    not(feature = "aws"),
    expect(dead_code, reason = "without AWS nothing calls it")
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
    let file = path.display();
    let counted = count(types, "instance type");
    screen.text(&format!("{region}: {counted} as of {today}, in {file}"));
    Ok(json!({ "region": region, "as_of": today, "instance_types": types, "file": path }))
}

/// The hint after a failed refresh.
const KEPT: &str = "nothing is lost: the earlier prices stay in use";
