//! The cost of machines without public addresses, as in a private subnet.

use super::catalog::{Catalog, NoPrice};
use super::estimate::{ComponentKind, Estimate};
use super::unit_rates;
use crate::model::desired::InstanceGroups;
use crate::model::money::Usd;
use crate::model::name::Region;
use rust_decimal::Decimal;

impl Estimate {
    /// Estimates the cost of a cluster without public IPv4 addresses.
    ///
    /// # Errors
    /// Returns an error if the price of a component is unknown.
    pub fn private(
        catalog: &Catalog,
        region: &Region,
        groups: &InstanceGroups,
    ) -> Result<Self, NoPrice> {
        let rates = unit_rates::rates(catalog, region, groups)?.without_addresses();
        let mut estimate = Self::at_rates(catalog, region, groups, rates)?;
        for group in &mut estimate.groups {
            let is_charged = |kind| kind != ComponentKind::PublicAddress;
            group.components.retain(|it| is_charged(it.kind));
            group.hourly = group.components.iter().map(|it| it.hourly).sum();
            let count = Decimal::from(group.nodes.count.max(1));
            group.node_hourly = Usd::new(group.hourly.amount() / count);
        }
        estimate.hourly = estimate.groups.iter().map(|group| group.hourly).sum();
        Ok(estimate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stack::{InstanceGroup, Market};

    #[test]
    fn private_machines_cost_what_public_ones_do_without_their_addresses() {
        let mut groups = InstanceGroups::single("m5.xlarge".parse().unwrap());
        groups.core = Some(InstanceGroup {
            nodes: "4 x m5.xlarge".parse().unwrap(),
            market: Market::OnDemand,
            ebs: None,
            bid: None,
            fleet: None,
        });
        let region = "us-east-1".parse().unwrap();
        let public = Estimate::of(Catalog::bundled(), &region, &groups).unwrap();
        let private = Estimate::private(Catalog::bundled(), &region, &groups).unwrap();
        let address: Usd = "$0.005".parse().unwrap();
        let less = public.hourly.amount() - private.hourly.amount();
        assert_eq!(less, address.amount() * Decimal::from(5));
        let core = &private.groups[1];
        assert_eq!(core.node_hourly.times(4.into()), core.hourly);
        assert_eq!(core.node_hourly + address, public.groups[1].node_hourly);
        let (public, private) = (public.rates().unwrap(), private.rates().unwrap());
        assert_eq!(private, public.clone().without_addresses());
        assert_ne!(private, public);
        assert_eq!(private.core.unwrap().ipv4(), Usd::ZERO);
        assert_eq!(private.clone().without_addresses(), private);
    }
}
