//! AWS Price List through the SDK.

use super::Sdk;
use super::error::{from_sdk, unbuilt};
use crate::cloud::api::pricing::GetProducts;
use crate::cloud::api::{ApiError, Page, Serve};
use aws_config::SdkConfig;
use aws_sdk_pricing::types::{Filter, FilterType};

/// One of the few regions that serve prices. It has those of all regions.
const REGION: &str = "us-east-1";

/// The largest page of the API.
const PAGE: i32 = 100;

pub(super) fn client(config: &SdkConfig) -> aws_sdk_pricing::Client {
    let region = aws_config::Region::new(REGION);
    let own = aws_sdk_pricing::config::Builder::from(config).region(region);
    aws_sdk_pricing::Client::from_conf(own.build())
}

impl Serve<GetProducts> for Sdk {
    async fn serve(&self, call: GetProducts) -> Result<Page<String>, ApiError> {
        let filter = |(field, value): (&'static str, String)| {
            let filter = Filter::builder().r#type(FilterType::TermMatch);
            filter.field(field).value(value).build()
        };
        let filters: Result<Vec<_>, _> = call.filters.into_iter().map(filter).collect();
        let reply = self
            .pricing
            .get_products()
            .service_code(call.service)
            .set_filters(Some(filters.map_err(unbuilt::<GetProducts>)?))
            .format_version("aws_v1")
            .max_results(PAGE)
            .set_next_token(call.next)
            .send()
            .await
            .map_err(from_sdk::<GetProducts, _>)?;
        Ok(Page {
            items: reply.price_list.unwrap_or_default(),
            next: reply.next_token.filter(|token| !token.is_empty()),
        })
    }
}
