//! `prices refresh`: downloads a region's prices from AWS's price list into the user's cache.

#[cfg(feature = "aws")]
use super::region::default_region;
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::cli::verb::{Finished, Verb};
use crate::cli::view::words::count;
use crate::cloud::api::Serve;
use crate::cloud::api::pricing::GetProducts;
use crate::cloud::prices::refresh::offers;
use crate::cost::catalog::Catalog;
use crate::model::clock::Clock;
use crate::model::name::Region;
use crate::run::clock::SystemClock;
use chrono::NaiveDate;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RefreshArgs {
    /// An AWS region; repeat for more [default: the profile's]
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<Region>,
}

#[cfg(feature = "aws")]
impl Verb for RefreshArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let mut regions = self.regions.clone();
        if regions.is_empty() {
            regions.push(default_region(session).await?);
        }
        let api = session.environment.services(&regions[0]).await?;
        let mut refreshed = Vec::new();
        for region in &regions {
            refreshed.push(refresh(&api, region, session).await?);
        }
        Ok(Finished::done(RefreshDocument { refreshed }))
    }
}

#[cfg(not(feature = "aws"))]
impl Verb for RefreshArgs {
    async fn run(&self, _: &Session) -> Result<Finished, Failure> {
        Err(Failure::input(
            "this clusterup was built without AWS support, so it cannot download prices",
        ))
    }
}

/// Downloads the prices of one region. The cache is replaced only if the whole answer is valid.
#[cfg_attr(
    not(feature = "aws"),
    expect(dead_code, reason = "without AWS nothing calls it")
)]
async fn refresh<A: Serve<GetProducts>>(
    api: &A,
    region: &Region,
    session: &Session,
) -> Result<RefreshedPrices, Failure> {
    let reporter = &session.reporter;
    let progress = reporter.progress();
    let offers = offers(api, region, &*progress).await;
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
    let path = session.environment.price_cache()?.write(region, &text)?;
    let types = text.lines().filter(|line| line.starts_with("ec2 ")).count() as u64;
    let file = path.display();
    let counted = count(types, "instance type");
    reporter.text(&format!("{region}: {counted} as of {today}, in {file}"));
    Ok(RefreshedPrices {
        region: region.clone(),
        as_of: today,
        instance_types: types,
        file: path,
    })
}

/// The hint after a failed refresh.
const KEPT: &str = "nothing is lost: the earlier prices stay in use";

/// Prices that were downloaded.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct RefreshDocument {
    /// The regions.
    refreshed: Vec<RefreshedPrices>,
}

/// The prices of one region.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct RefreshedPrices {
    /// The region.
    region: Region,
    /// The day of the prices.
    as_of: NaiveDate,
    /// How many instance types have one.
    instance_types: u64,
    /// The file that keeps them.
    file: PathBuf,
}
