//! EMR's fee on top of EC2's price.
//!
//! Published fees are a quarter of us-east-1's on-demand price, the same dollars in every
//! commercial region (x2iedn.32xlarge: $6.669 in sixteen of them), on spot as well (EMR pricing
//! page). Four families are known to be rounded to a tenth of a cent and capped at $0.27/h, three
//! newer ones not to be. For the others too little is published, so the more expensive
//! interpretation is used and marked.

use super::{BASE, Catalog, EVERYWHERE, FeeRule, Item, NoPrice, Note, Price};
use crate::model::instance::InstanceType;
use crate::model::money::Usd;
use crate::model::name::Region;
use rust_decimal::{Decimal, RoundingStrategy};

const QUARTER: Decimal = Decimal::from_parts(25, 0, 0, false, 2);
/// $0.27/h: the maximum fee of a capped family.
const CAP: Decimal = Decimal::from_parts(27, 0, 0, false, 2);
const DECIMALS: u32 = 6;

impl Catalog {
    /// EMR's fee for an instance in dollars per hour, on demand or spot.
    ///
    /// # Errors
    /// Returns an error if the fee is not listed and EC2's price is unknown.
    pub fn emr(&self, region: &Region, instance_type: &InstanceType) -> Result<Price, NoPrice> {
        let local = self.ec2(region, instance_type)?;
        let here = self.stated(Item::Emr, region.as_str(), instance_type);
        let everywhere = self.stated(Item::Emr, EVERYWHERE, instance_type);
        if region.as_str().starts_with("us-gov-") {
            return Ok(here.map_or_else(|| gov(&local, everywhere), |(price, _)| price));
        }
        let newest = match (here, everywhere) {
            (Some(here), Some(all)) if here.0.source.as_of >= all.0.source.as_of => Some(here),
            (here, all) => all.or(here),
        };
        if let Some((mut price, of_the_type)) = newest {
            if !of_the_type {
                price.note = price.note.or(Some(Note::FeeOfOldFamily));
            }
            return Ok(price);
        }
        // If there is no price in us-east-1, the local price is used, which is rarely lower.
        let base = self.stated(Item::Ec2, BASE, instance_type);
        let base = base.map_or(local, |(price, _)| price);
        let Some(family) = self.families.get(instance_type.family()) else {
            return Ok(by_rule(FeeRule::Newer, base));
        };
        let source = super::Source::clone(&family.source);
        Ok(Price {
            source,
            ..by_rule(family.fee, base)
        })
    }
}

/// GovCloud has its own base (x2iedn.32xlarge: a quarter of us-gov-east-1's price); no cap is known
/// there, and no fee below the commercial one.
fn gov(local: &Price, commercial: Option<(Price, bool)>) -> Price {
    let fee = by_rule(FeeRule::Older, local.clone());
    let stated = commercial.map_or(Usd::ZERO, |(price, _)| price.usd);
    Price {
        usd: fee.usd.max(stated),
        note: Some(Note::FeeOfGovCloud),
        ..fee
    }
}

fn by_rule(rule: FeeRule, base: Price) -> Price {
    let quarter = base.usd.times(QUARTER);
    let exact = quarter.up_to(DECIMALS);
    let half_up = RoundingStrategy::MidpointAwayFromZero;
    let rounded = Usd::new(quarter.amount().round_dp_with_strategy(3, half_up));
    let may_be_capped = quarter.amount() > CAP;
    let unproven = may_be_capped.then_some(Note::FeeCapUnproven);
    let (usd, note) = match rule {
        FeeRule::Capped => (rounded.min(Usd::new(CAP)), None),
        FeeRule::Exact => (exact, None),
        FeeRule::Newer => (exact, unproven),
        FeeRule::Older => (exact.max(rounded), unproven),
        FeeRule::Old => (exact.max(rounded), Some(Note::FeeOfOldFamily)),
    };
    Price {
        usd,
        note: note.or(base.note),
        ..base
    }
}
