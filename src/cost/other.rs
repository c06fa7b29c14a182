//! What things besides clusters cost in a month, and whether they are worth a report.

use super::catalog::Catalog;
use super::estimate::MONTH_HOURS;
use crate::model::money::Usd;
use crate::model::name::Region;
use crate::model::other_cost::{
    IdleApplication, LogBucket, OtherCost, OtherCostKind, RunningNotebook, UnusedAddress,
    UnusedVolume,
};
use crate::model::shown::line;
use crate::model::span::Span;
use crate::model::stack::VolumeKind;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// What a gp3 volume has without extra charge (EBS User Guide, "General Purpose SSD volumes").
const FREE_IOPS: u32 = 3_000;
const FREE_THROUGHPUT: u32 = 125;

/// A notebook that runs for less is not reported.
const LONG: Span = Span::from_secs(24 * 3_600);

/// An application that stops within so many idle minutes is not reported.
const SOON: u64 = 60;

/// A bucket of less is not reported.
const MIN_GIB: u64 = 10;

const GIB: u64 = 1 << 30;

/// A volume that a cluster has left.
pub fn volume(of: &UnusedVolume, region: &Region, catalog: &Catalog) -> OtherCost {
    let UnusedVolume {
        id,
        kind,
        gib,
        cluster,
        ..
    } = of;
    OtherCost {
        kind: OtherCostKind::Volume,
        id: id.clone(),
        says: format!(
            "EBS volume {id}, {gib} GiB of {kind}, is attached to nothing, and its cluster {cluster} \
             has ended"
        ),
        monthly: volume_price(of, region, catalog).map(cents),
    }
}

fn volume_price(of: &UnusedVolume, region: &Region, catalog: &Catalog) -> Option<Usd> {
    let kinds = [VolumeKind::Gp2, VolumeKind::Gp3, VolumeKind::St1];
    let kind = kinds.into_iter().find(|kind| kind.as_str() == of.kind)?;
    let mut usd = catalog.volume(region, kind).ok()?.usd.times(of.gib.into());
    if kind == VolumeKind::Gp3 {
        let more = |has: Option<u32>, free| has.unwrap_or(free).saturating_sub(free);
        let iops = more(of.iops, FREE_IOPS);
        let throughput = more(of.throughput, FREE_THROUGHPUT);
        if iops > 0 {
            usd = usd + catalog.iops(region).ok()?.usd.times(iops.into());
        }
        if throughput > 0 {
            usd = usd
                + catalog
                    .throughput(region)
                    .ok()?
                    .usd
                    .times(throughput.into());
        }
    }
    Some(usd)
}

/// An address that a cluster has left. One that is not used costs as much as one in use.
pub fn address(of: &UnusedAddress, region: &Region, catalog: &Catalog) -> OtherCost {
    let UnusedAddress {
        id,
        address,
        cluster,
    } = of;
    let hourly = catalog.address(region).ok();
    OtherCost {
        kind: OtherCostKind::Address,
        id: id.clone(),
        says: format!(
            "elastic address {address} ({id}) is associated with nothing, and its cluster {cluster} \
             has ended"
        ),
        monthly: hourly.map(|hourly| cents(hourly.usd.times(MONTH_HOURS))),
    }
}

/// A notebook that has run for a day; `None` for a younger one.
pub fn notebook(of: &RunningNotebook, now: DateTime<Utc>) -> Option<OtherCost> {
    let runs = Span::from_delta(now - of.started_at);
    if runs < LONG {
        return None;
    }
    let cluster = of.cluster.as_deref();
    let on = cluster.map_or_else(String::new, |cluster| format!(" on cluster {cluster}"));
    Some(OtherCost {
        kind: OtherCostKind::Notebook,
        id: of.id.clone(),
        says: format!(
            "notebook {} ({}) has run for {runs}{on}, which is billed and not idle as long as it runs",
            line(&of.name, 60),
            of.id
        ),
        monthly: None,
    })
}

/// An application of EMR Serverless whose workers are billed; `None` if it has none, or soon stops by
/// itself. The price list of this program has no prices of EMR Serverless.
pub fn application(of: &IdleApplication) -> Option<OtherCost> {
    let stops = of.stops_after.is_some_and(|minutes| minutes <= SOON);
    let billed = of.workers.iter().filter(|(count, _)| *count > 0);
    let workers: Vec<String> = billed
        .map(|(count, each)| format!("{count} x {}", line(each, 40)))
        .collect();
    if stops || workers.is_empty() {
        return None;
    }
    let stops = of.stops_after.map_or_else(
        || "it does not stop by itself".to_owned(),
        |minutes| format!("it stops by itself after {minutes} idle minutes"),
    );
    Some(OtherCost {
        kind: OtherCostKind::Application,
        id: of.id.clone(),
        says: format!(
            "application {} ({}) of EMR Serverless is started and has no job, {stops}, and its \
             pre-initialized workers are billed: {}",
            line(&of.name, 60),
            of.id,
            workers.join(", ")
        ),
        monthly: None,
    })
}

/// A bucket with logs; `None` if it is small or its size is not known.
pub fn log_bucket(of: &LogBucket, region: &Region, catalog: &Catalog) -> Option<OtherCost> {
    let (first_at, first) = *of.sizes.first()?;
    let (last_at, last) = *of.sizes.last()?;
    let gib = last / GIB;
    if gib < MIN_GIB {
        return None;
    }
    let grown = last.saturating_sub(first) / GIB;
    let days = (last_at - first_at).num_days();
    let growth = if grown > 0 && days > 0 {
        format!(", {grown} GiB more than {days} days before")
    } else {
        String::new()
    };
    let price = catalog.storage(region).ok();
    Some(OtherCost {
        kind: OtherCostKind::LogBucket,
        id: of.name.clone(),
        says: format!(
            "bucket {}, to which EMR uploads logs, has {gib} GiB{growth}",
            of.name
        ),
        monthly: price.map(|price| cents(price.usd.times(Decimal::from(gib)))),
    })
}

fn cents(usd: Usd) -> Usd {
    usd.up_to(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn region(name: &str) -> Region {
        name.parse().unwrap()
    }

    fn unused(kind: &str, gib: u32) -> UnusedVolume {
        UnusedVolume {
            id: "vol-1".to_owned(),
            kind: kind.to_owned(),
            gib,
            iops: None,
            throughput: None,
            cluster: "j-1".to_owned(),
        }
    }

    #[test]
    fn a_volume_costs_its_size_and_its_speed() {
        let cost = |of: &UnusedVolume, at: &str| {
            let cost = volume(of, &region(at), Catalog::bundled());
            cost.monthly.map(|usd| usd.to_string())
        };
        assert_eq!(cost(&unused("gp2", 64), "us-east-1").unwrap(), "$6.40");
        let usual = UnusedVolume {
            iops: Some(3_000),
            throughput: Some(125),
            ..unused("gp3", 100)
        };
        assert_eq!(cost(&usual, "us-east-1").unwrap(), "$8.00");
        let fast = UnusedVolume {
            iops: Some(4_000),
            throughput: Some(225),
            ..usual.clone()
        };
        // 8 for its size, 1,000 x 0.005, and 100 x 0.04.
        assert_eq!(cost(&fast, "us-east-1").unwrap(), "$17.00");
        assert_eq!(cost(&unused("io2", 100), "us-east-1"), None);
        // Its usual speed costs nothing, so it needs no price.
        let sizes: Catalog = "source t 2026-11-01 a test\nebs gp3 0.08 t us-east-1\n"
            .parse()
            .unwrap();
        let usual_price = volume(&usual, &region("us-east-1"), &sizes).monthly;
        assert_eq!(
            usual_price.map(|usd| usd.to_string()).as_deref(),
            Some("$8.00")
        );
        assert_eq!(volume(&fast, &region("us-east-1"), &sizes).monthly, None);
        assert_eq!(cost(&unused("gp2", 100), "xx-north-9"), None);
        let text = volume(
            &unused("io2", 100),
            &region("us-east-1"),
            Catalog::bundled(),
        )
        .text();
        assert!(
            text.ends_with("its cluster j-1 has ended: its price is not known"),
            "{text}"
        );
    }

    #[test]
    fn an_address_costs_half_a_cent_an_hour() {
        let of = UnusedAddress {
            id: "eipalloc-1".to_owned(),
            address: "203.0.113.7".to_owned(),
            cluster: "j-1".to_owned(),
        };
        let cost = address(&of, &region("eu-west-1"), Catalog::bundled());
        assert!(
            cost.text().ends_with("has ended: $3.65 a month"),
            "{}",
            cost.text()
        );
    }

    #[test]
    fn a_notebook_is_reported_after_a_day_and_has_no_price() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let of = |hours: i64| RunningNotebook {
            id: "ex-1".to_owned(),
            name: "a\nb".to_owned(),
            cluster: Some("j-1".to_owned()),
            started_at: now - TimeDelta::hours(hours),
        };
        assert_eq!(notebook(&of(23), now), None);
        assert!(notebook(&of(24), now).is_some());
        let text = notebook(&of(50), now).unwrap().text();
        assert!(
            text.starts_with("notebook a b (ex-1) has run for 2d2h on cluster j-1"),
            "{text}"
        );
        assert!(!text.contains("price"), "{text}");
    }

    #[test]
    fn an_application_with_billed_workers_is_reported_unless_it_soon_stops() {
        let of = |workers: &[(u64, &str)], stops_after| {
            let workers = workers.iter();
            let idle = IdleApplication {
                id: "00f1".to_owned(),
                name: "etl".to_owned(),
                workers: workers
                    .map(|(count, each)| (*count, (*each).to_owned()))
                    .collect(),
                stops_after,
            };
            application(&idle).map(|cost| cost.text())
        };
        let worker = (8, "4vCPU 16GB");
        assert_eq!(of(&[], None), None);
        assert_eq!(of(&[(0, "4vCPU 16GB")], None), None);
        assert_eq!(of(&[worker], Some(15)), None);
        assert_eq!(of(&[worker], Some(60)), None);
        assert!(of(&[worker], Some(61)).is_some());
        let text = of(&[worker], None).unwrap();
        assert!(text.contains("it does not stop by itself"), "{text}");
        assert!(
            text.ends_with("billed: 8 x 4vCPU 16GB: its price is not known"),
            "{text}"
        );
        let later = of(&[worker], Some(600)).unwrap();
        assert!(later.contains("after 600 idle minutes"), "{later}");
    }

    #[test]
    fn a_bucket_is_reported_once_it_is_large() {
        let day = |number: i64| DateTime::UNIX_EPOCH + TimeDelta::days(number);
        let of = |sizes: &[(i64, u64)]| {
            let sizes = sizes
                .iter()
                .map(|(at, gib)| (day(*at), gib * GIB))
                .collect();
            let bucket = LogBucket {
                name: "logs".to_owned(),
                sizes,
            };
            log_bucket(&bucket, &region("us-east-1"), Catalog::bundled()).map(|cost| cost.text())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(1, 50), (15, 9)]), None);
        let small = of(&[(1, 10), (15, 10)]).unwrap();
        assert!(small.contains("has 10 GiB: "), "{small}");
        // Within a day, nothing is said of its growth.
        let day = of(&[(1, 370), (1, 400)]).unwrap();
        assert!(day.contains("has 400 GiB: $9.20"), "{day}");
        assert_eq!(
            of(&[(1, 370), (15, 400)]).unwrap(),
            "bucket logs, to which EMR uploads logs, has 400 GiB, 30 GiB more than 14 days before: \
             $9.20 a month"
        );
        let steady = of(&[(1, 400), (15, 400)]).unwrap();
        assert!(steady.contains("has 400 GiB: $9.20"), "{steady}");
    }
}
