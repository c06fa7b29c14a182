//! Asks AWS's price list for a region: a few dozen pages, not a call a type.

use crate::cloud::api::pricing::GetProducts;
use crate::cloud::api::{ApiError, Kind, Serve};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::unserved::unserved;
use crate::cost::offers::Offers;
use crate::cost::product::Product;
use crate::model::event::{Event, Listener};
use crate::model::name::Region;

/// More pages than any service's products in a region fill.
const MOST_PAGES: usize = 200;

/// What a public address in use is called, after the region's own letters (AWS price list).
const ADDRESS: &str = "PublicIPv4:InUseAddress";

/// All of a region that clusters are made of.
///
/// # Errors
/// Returns an error if a call to AWS fails or its reply cannot be read.
pub async fn offers<A: Serve<GetProducts>>(
    api: &A,
    region: &Region,
    listener: &dyn Listener,
) -> Result<Offers, CloudError> {
    let ask = |what, service, filters| Asking {
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
    let mut addresses = ask("IPv4", "AmazonVPC", Vec::new()).all().await?;
    addresses.retain(|product| {
        let usage = product.attribute("usagetype");
        usage.is_some_and(|usage| usage.ends_with(ADDRESS))
    });
    Ok(Offers {
        ec2: ask("EC2", "AmazonEC2", instances).all().await?,
        emr: ask("EMR", "ElasticMapReduce", fees).all().await?,
        gp2: ask("gp2", "AmazonEC2", volumes("gp2")).all().await?,
        gp3: ask("gp3", "AmazonEC2", volumes("gp3")).all().await?,
        addresses,
    })
}

struct Asking<'a, A> {
    api: &'a A,
    region: &'a Region,
    listener: &'a dyn Listener,
    /// In a word.
    what: &'static str,
    service: &'static str,
    filters: Vec<(&'static str, &'static str)>,
}

impl<A: Serve<GetProducts>> Asking<'_, A> {
    /// Every page of it, as far as it is of the region itself and not of a place of its own in it.
    async fn all(&self) -> Result<Vec<Product>, CloudError> {
        let (mut products, mut next) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            self.tell(products.len());
            let page = self.api.serve(self.call(next)).await;
            let page = page.map_err(|error| self.refused(error))?;
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
        Err(self.unreadable(&format!("it has more than {MOST_PAGES} pages")))
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

    fn tell(&self, products: usize) {
        let what = format!("{} prices of {}", self.what, self.region);
        let (done, total) = (products as u64, 0);
        self.listener
            .on_event(&Event::Progress { what, done, total });
    }

    fn unreadable(&self, why: &str) -> CloudError {
        let (what, region) = (self.what, self.region);
        let message = format!("AWS's answer on {what} prices of {region} cannot be read: {why}");
        CloudError::new(Class::Failed, message).hint("try again later")
    }

    fn refused(&self, error: ApiError) -> CloudError {
        let error = match unserved(error) {
            Ok(told) => return told,
            Err(error) => error,
        };
        let message = format!("cannot ask AWS for {} prices of {}", self.what, self.region);
        let (class, hint) = match error.kind {
            Kind::Denied => (Class::Missing, "ask for the permission pricing:GetProducts"),
            Kind::Throttled | Kind::Doubt => (Class::Unreachable, "try again in a minute"),
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
