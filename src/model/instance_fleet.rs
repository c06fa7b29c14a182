//! Instance fleets, whose instances have one of several types, and managed scaling: sizes that a
//! cluster's cost can reach, and not only sizes that it has.

use super::instance::InstanceType;
use super::money::Usd;
use super::span::Span;
use super::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How the instances of one role are bought as a fleet (EMR API, InstanceFleetConfig).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fleet {
    /// The types that EMR chooses from, at least one, in the stack's order.
    pub types: Vec<FleetType>,
    /// The units to buy on demand (TargetOnDemandCapacity).
    pub on_demand: u16,
    /// The units to buy on Spot (TargetSpotCapacity).
    pub spot: u16,
    /// How EMR chooses among Spot pools; `None` for EMR's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation: Option<Allocation>,
    /// What happens when Spot capacity is not found in time; `None` for EMR's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot_timeout: Option<SpotTimeout>,
}

/// A type of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FleetType {
    /// The type.
    pub instance_type: InstanceType,
    /// The units that one instance counts for, at least 1 (WeightedCapacity).
    pub weight: u16,
}

words! {
    /// How EMR chooses among Spot pools (EMR API, SpotProvisioningAllocationStrategy).
    pub enum Allocation {
        /// The pools with the most free capacity.
        CapacityOptimized = "capacity-optimized",
        /// The cheapest of the pools with the most free capacity.
        PriceCapacityOptimized = "price-capacity-optimized",
        /// The cheapest pool.
        LowestPrice = "lowest-price",
        /// All pools alike.
        Diversified = "diversified",
        /// The pools with the most free capacity, in the order of the types.
        CapacityOptimizedPrioritized = "capacity-optimized-prioritized",
    }
}

/// What happens when Spot capacity is not found while the cluster starts (EMR API,
/// SpotProvisioningSpecification).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpotTimeout {
    /// How long EMR tries: whole minutes from 5 to 1440.
    pub after: Span,
    /// What it does then.
    pub then: SpotTimeoutAction,
}

words! {
    /// What EMR does when Spot capacity was not found in time (EMR API, TimeoutAction).
    pub enum SpotTimeoutAction {
        /// It buys on-demand capacity instead.
        OnDemand = "on-demand",
        /// It ends the cluster.
        Terminate = "terminate",
    }
}

/// The limits within which EMR's managed scaling sizes a cluster, in instances or, with fleets, in
/// units. The primary does not count (EMR API, ComputeLimits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Scaling {
    /// The least capacity of core and task nodes together.
    pub from: u16,
    /// The most capacity of core and task nodes together.
    pub to: u16,
    /// The most on-demand capacity; the rest is Spot. `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_at_most: Option<u16>,
    /// The most core capacity; the rest are task nodes. `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core_at_most: Option<u16>,
}

/// How many types are named in words.
const NAMED: usize = 3;

/// As in `1 on-demand + 8 spot units of m5.xlarge or m5.2xlarge (weight 2)`.
impl fmt::Display for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets = [(self.on_demand, "on-demand"), (self.spot, "spot")];
        let targets = targets.into_iter().filter(|(units, _)| *units > 0);
        let targets: Vec<_> = targets
            .map(|(units, market)| format!("{units} {market}"))
            .collect();
        let units = if self.units() == 1 { "unit" } else { "units" };
        write!(f, "{} {units} of ", targets.join(" + "))?;
        let named = self.types.iter().take(NAMED).map(FleetType::to_string);
        f.write_str(&named.collect::<Vec<_>>().join(" or "))?;
        match self.types.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " or {more} more types"),
        }
    }
}

/// As in `m5.2xlarge (weight 2)`.
impl fmt::Display for FleetType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.instance_type)?;
        match self.weight {
            1 => Ok(()),
            weight => write!(f, " (weight {weight})"),
        }
    }
}

/// As in `10m, then terminate`.
impl fmt::Display for SpotTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, then {}", self.after, self.then.as_str())
    }
}

/// As in `2 to 10, at most 4 on demand, at most 4 core`.
impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)?;
        let limits = [
            (self.on_demand_at_most, "on demand"),
            (self.core_at_most, "core"),
        ];
        for (most, what) in limits {
            if let Some(most) = most {
                write!(f, ", at most {most} {what}")?;
            }
        }
        Ok(())
    }
}

impl Fleet {
    /// As many instances of the first type as fill the targets, at least one.
    pub fn nominal(&self) -> u16 {
        let weight = self.types.first().map_or(1, |first| first.weight);
        self.units().div_ceil(weight.max(1)).max(1)
    }

    /// The units to buy.
    pub const fn units(&self) -> u16 {
        self.on_demand.saturating_add(self.spot)
    }

    /// The instances that cost the most among all that EMR may launch for these targets. EMR buys
    /// each target for itself and may exceed it by less than one instance, so one instance of any
    /// type comes after the dearest way to fill the rest. A type without a price counts as free.
    pub fn dearest(
        &self,
        targets: &[u16],
        price: impl Fn(&InstanceType) -> Usd,
    ) -> Vec<(InstanceType, u16)> {
        let prices: Vec<Usd> = self
            .types
            .iter()
            .map(|of| price(&of.instance_type))
            .collect();
        let mut counts = vec![0_u16; self.types.len()];
        for target in targets.iter().filter(|target| **target > 0) {
            let fill = self.fill(target - 1, &prices);
            let last = (0..prices.len()).max_by_key(|index| prices[*index]);
            for index in fill.into_iter().chain(last) {
                counts[index] = counts[index].saturating_add(1);
            }
        }
        let types = self.types.iter().zip(counts);
        types
            .filter(|(_, count)| *count > 0)
            .map(|(of, count)| (of.instance_type.clone(), count))
            .collect()
    }

    /// The most that instances can cost whose units are at most 0, 1, 2, … `units`, without the one
    /// that may exceed a target.
    pub fn dearest_fills(&self, units: u16, price: impl Fn(&InstanceType) -> Usd) -> Vec<Usd> {
        let price = |of: &FleetType| price(&of.instance_type);
        let prices: Vec<Usd> = self.types.iter().map(price).collect();
        let best = self.table(units, &prices);
        best.into_iter().map(|(cost, _)| cost).collect()
    }

    /// The least that instances cost that fill this many units.
    pub fn cheapest(&self, units: u16, price: impl Fn(&InstanceType) -> Usd) -> Usd {
        let mut least = vec![Usd::ZERO];
        for filled in 1..=usize::from(units) {
            let with = |of: &FleetType| {
                let before = filled.saturating_sub(usize::from(of.weight.max(1)));
                least[before] + price(&of.instance_type)
            };
            let cost = self.types.iter().map(with).min();
            least.push(cost.unwrap_or(Usd::ZERO));
        }
        least[usize::from(units)]
    }

    /// The most instances that these targets can come to.
    pub fn most_instances(&self, targets: &[u16]) -> u16 {
        let lightest = self.types.iter().map(|of| of.weight.max(1)).min();
        let of = |target: &u16| target.div_ceil(lightest.unwrap_or(1));
        targets.iter().map(of).fold(0, u16::saturating_add)
    }

    /// The dearest instances, by index of their types, whose units are at most `units`.
    fn fill(&self, units: u16, prices: &[Usd]) -> Vec<usize> {
        let best = self.table(units, prices);
        let mut chosen = Vec::new();
        let mut filled = usize::from(units);
        while filled > 0 {
            match best[filled].1 {
                Some(index) => {
                    chosen.push(index);
                    filled -= usize::from(self.types[index].weight.max(1));
                }
                None => filled -= 1,
            }
        }
        chosen
    }

    /// For 0, 1, 2, … `units`: the most that instances of at most so many units can cost, and the
    /// type to add last; `None` to leave the last unit empty.
    fn table(&self, units: u16, prices: &[Usd]) -> Vec<(Usd, Option<usize>)> {
        let units = usize::from(units);
        let mut best = vec![(Usd::ZERO, None); units + 1];
        for filled in 1..=units {
            best[filled] = (best[filled - 1].0, None);
            for (index, of) in self.types.iter().enumerate() {
                let Some(before) = filled.checked_sub(usize::from(of.weight.max(1))) else {
                    continue;
                };
                let cost = best[before].0 + prices[index];
                if cost > best[filled].0 {
                    best[filled] = (cost, Some(index));
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet(types: &[(&str, u16)]) -> Fleet {
        let of = |(name, weight): &(&str, u16)| FleetType {
            instance_type: name.parse().unwrap(),
            weight: *weight,
        };
        Fleet {
            types: types.iter().map(of).collect(),
            on_demand: 0,
            spot: 0,
            allocation: None,
            spot_timeout: None,
        }
    }

    fn dearest(types: &[(&str, u16, &str)], targets: &[u16]) -> Vec<(String, u16)> {
        let named: Vec<_> = types
            .iter()
            .map(|(name, weight, _)| (*name, *weight))
            .collect();
        let price = |of: &InstanceType| {
            let mut all = types.iter();
            let found = all.find(|(name, ..)| *name == of.to_string());
            found.unwrap().2.parse().unwrap()
        };
        let mix = fleet(&named).dearest(targets, price);
        mix.into_iter()
            .map(|(of, count)| (of.to_string(), count))
            .collect()
    }

    #[test]
    fn alike_types_cost_the_dearest_at_the_whole_size() {
        let types = [("m5.xlarge", 1, "$0.24"), ("m5a.xlarge", 1, "$0.20")];
        assert_eq!(dearest(&types, &[8]), [("m5.xlarge".to_owned(), 8)]);
        assert_eq!(dearest(&types, &[0, 3]), [("m5.xlarge".to_owned(), 3)]);
        assert_eq!(dearest(&types, &[0, 0]), []);
    }

    #[test]
    fn a_heavy_type_may_exceed_the_target() {
        let types = [("m5.xlarge", 1, "$0.24"), ("m5.4xlarge", 4, "$0.90")];
        let mix = [("m5.xlarge".to_owned(), 7), ("m5.4xlarge".to_owned(), 1)];
        assert_eq!(dearest(&types, &[8]), mix);
        // Each target is bought for itself.
        let mix = [("m5.xlarge".to_owned(), 6), ("m5.4xlarge".to_owned(), 2)];
        assert_eq!(dearest(&types, &[4, 4]), mix);
    }
}
