//! Reads a region's prices from AWS's price list, in a few dozen pages rather than one call per
//! instance type.

use crate::cloud::api::pricing::GetProducts;
use crate::cloud::api::{ApiError, Kind, Serve};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::unserved::unserved;
use crate::cost::offers::Offers;
use crate::cost::product::Product;
use crate::model::event::{Event, Listener};
use crate::model::name::Region;

/// A limit on pages that no service's products in a region reach.
const MAX_PAGES: usize = 200;

/// The usage type of a public IPv4 address in use, after the region's prefix (AWS price list).
const ADDRESS: &str = "PublicIPv4:InUseAddress";

/// Returns the prices of everything in a region that clusters consist of.
///
/// # Errors
/// Returns an error if a call to AWS fails or its reply cannot be read.
pub async fn offers<A: Serve<GetProducts>>(
    api: &A,
    region: &Region,
    listener: &dyn Listener,
) -> Result<Offers, CloudError> {
    let query = |what, service, filters| ProductQuery {
        api,
        region,
        listener,
        what,
        service,
        filters,
    };
    let volumes = |kind| vec![("productFamily", "Storage"), ("volumeApiName", kind)];
    let instances = vec![
        ("operatingSystem", "Linux"),
        ("tenancy", "Shared"),
        ("preInstalledSw", "NA"),
        // Without these two, reservations and capacity blocks come as well, some of them for $0.
        ("capacitystatus", "Used"),
        ("marketoption", "OnDemand"),
    ];
    let fees = vec![
        ("productFamily", "Elastic Map Reduce Instance"),
        ("softwareType", "EMR"),
    ];
    let mut addresses = query("IPv4", "AmazonVPC", Vec::new()).all().await?;
    addresses.retain(|product| {
        let usage = product.attribute("usagetype");
        usage.is_some_and(|usage| usage.ends_with(ADDRESS))
    });
    Ok(Offers {
        ec2: query("EC2", "AmazonEC2", instances).all().await?,
        emr: query("EMR", "ElasticMapReduce", fees).all().await?,
        gp2: query("gp2", "AmazonEC2", volumes("gp2")).all().await?,
        gp3: query("gp3", "AmazonEC2", volumes("gp3")).all().await?,
        addresses,
    })
}

struct ProductQuery<'a, A> {
    api: &'a A,
    region: &'a Region,
    listener: &'a dyn Listener,
    /// The kind of product, for messages.
    what: &'static str,
    service: &'static str,
    filters: Vec<(&'static str, &'static str)>,
}

impl<A: Serve<GetProducts>> ProductQuery<'_, A> {
    /// Reads all pages. Products of local zones and other places inside the region are left out.
    async fn all(&self) -> Result<Vec<Product>, CloudError> {
        let mut products = Vec::new();
        let mut next = None;
        for _ in 0..MAX_PAGES {
            self.report(products.len());
            let page = self.api.serve(self.call(next)).await;
            let page = page.map_err(|error| self.failure(error))?;
            for item in &page.items {
                let product = Product::parse(item).map_err(|why| self.unreadable(&why))?;
                let place = product.attribute("locationType");
                if place.is_none_or(|place| place == "AWS Region") {
                    products.push(product);
                }
            }
            next = page.next;
            if next.is_none() {
                return Ok(products);
            }
        }
        Err(self.unreadable(&format!("it has more than {MAX_PAGES} pages")))
    }

    fn call(&self, next: Option<String>) -> GetProducts {
        let filters = self.filters.iter();
        let mut filters: Vec<_> = filters
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        filters.push(("regionCode", self.region.to_string()));
        GetProducts {
            service: self.service,
            filters,
            next,
        }
    }

    fn report(&self, products: usize) {
        let what = format!("{} prices of {}", self.what, self.region);
        let done = products as u64;
        let total = 0;
        self.listener
            .on_event(&Event::Progress { what, done, total });
    }

    fn unreadable(&self, why: &str) -> CloudError {
        let what = self.what;
        let region = self.region;
        let message = format!("AWS's answer on {what} prices of {region} cannot be read: {why}");
        CloudError::new(Class::Failed, message).hint("try again later")
    }

    fn failure(&self, error: ApiError) -> CloudError {
        let error = match unserved(error) {
            Ok(unserved) => return unserved,
            Err(error) => error,
        };
        let message = format!(
            "cannot download the {} prices of {} from AWS",
            self.what, self.region
        );
        let (class, hint) = match error.kind {
            Kind::Denied => (Class::Missing, "ask for the permission pricing:GetProducts"),
            Kind::Throttled | Kind::OutcomeUnknown => (Class::Unreachable, "try again in a minute"),
            Kind::Unauthenticated
            | Kind::NotFound
            | Kind::Exists
            | Kind::Precondition
            | Kind::InUse
            | Kind::Invalid => (Class::Failed, "try again later"),
        };
        CloudError::new(class, message).hint(hint).caused_by(error)
    }
}
