//! The cost of machines without public addresses, as in a private subnet.

use super::estimate::{ComponentKind, Estimate};
use crate::model::money::Usd;
use rust_decimal::Decimal;

impl Estimate {
    /// The estimate without public IPv4 addresses.
    #[must_use]
    pub fn without_addresses(mut self) -> Self {
        for group in &mut self.groups {
            let is_charged = |kind| kind != ComponentKind::PublicAddress;
            group.components.retain(|it| is_charged(it.kind));
            group.hourly = group.components.iter().map(|it| it.hourly).sum();
            let count = Decimal::from(group.nodes.count.max(1));
            group.node_hourly = Usd::new(group.hourly.amount() / count);
        }
        self.hourly = self.groups.iter().map(|group| group.hourly).sum();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::catalog::Catalog;
    use crate::model::desired::InstanceGroups;
    use crate::model::stack::{InstanceGroup, Market};

    #[test]
    fn private_machines_cost_what_public_ones_do_without_their_addresses() {
        let mut groups = InstanceGroups::single("m5.xlarge".parse().unwrap());
        groups.core = Some(InstanceGroup {
            nodes: "4 x m5.xlarge".parse().unwrap(),
            market: Market::OnDemand,
            ebs: None,
            fleet: None,
        });
        let region = "us-east-1".parse().unwrap();
        let public = Estimate::of(Catalog::bundled(), &region, &groups).unwrap();
        let private = public.clone().without_addresses();
        let address: Usd = "$0.005".parse().unwrap();
        let less = public.hourly.amount() - private.hourly.amount();
        assert_eq!(less, address.amount() * Decimal::from(5));
        let (public, private) = (public.rates().unwrap(), private.rates().unwrap());
        assert_eq!(private, public.clone().without_addresses());
        assert_ne!(private, public);
        assert_eq!(private.core.unwrap().ipv4(), Usd::ZERO);
        assert_eq!(private.clone().without_addresses(), private);
    }
}
