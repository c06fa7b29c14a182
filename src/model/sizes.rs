//! The history of a cluster's node counts, recorded with it, so that its meter counts a resize from
//! the time of the request.

use super::desired::{ClusterSpec, InstanceGroups};
use super::instance_span::{InstanceSpan, Role};
use super::invalid::Invalid;
use super::parsed::serde_by_text;
use super::span::Span;
use super::worst_mix;
use chrono::{DateTime, TimeDelta, Utc};
use std::fmt;
use std::str::FromStr;

/// Core and task nodes by seconds after the cluster's creation, oldest first, and whether EMR has
/// chosen instances or their number since. Text: `0:2+0 3600:4+0` or `0:2+0 varies`, short enough for
/// a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    sizes: Vec<Size>,
    varies: bool,
}

/// The last word of the text if EMR has chosen instances or their number.
const VARIES: &str = " varies";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    since: u64,
    core: u16,
    task: u16,
}

/// The maximum number of recorded resizes; more are merged, each with the largest of the merged
/// counts.
const MAX_SIZES: usize = 12;

/// Ten years: no cluster lives as long.
const MAX_SECONDS: u64 = 3_650 * 86_400;

/// How long nodes that are to leave may still work (EMR Release Guide,
/// `yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs`); they are counted until
/// then.
const DECOMMISSION: TimeDelta = TimeDelta::hours(1);

impl Sizes {
    /// The history of a cluster that is created with these groups.
    pub fn of(groups: &InstanceGroups) -> Self {
        let (core, task) = counts(groups);
        let since = 0;
        Self {
            sizes: vec![Size { since, core, task }],
            varies: groups.varies(),
        }
    }

    /// Whether EMR has chosen the cluster's instances or their number at any time.
    pub const fn varies(&self) -> bool {
        self.varies
    }

    /// The history with the observed counts. A resize by somebody else counts as the larger of both
    /// counts since the last recorded resize.
    #[must_use]
    pub fn seen(mut self, now: &InstanceGroups) -> Self {
        self.varies |= now.varies();
        if let Some(last) = self.sizes.last_mut() {
            let (core, task) = counts(now);
            (last.core, last.task) = (last.core.max(core), last.task.max(task));
        }
        self
    }

    /// The history of a cluster whose instances ran as the cloud lists them. The first ones count from its
    /// creation.
    pub fn listed(spans: &[InstanceSpan], created: DateTime<Utc>, groups: &InstanceGroups) -> Self {
        let mut times: Vec<_> = spans.iter().map(|span| span.from).collect();
        times.extend(spans.iter().filter_map(|span| span.until));
        times.sort_unstable();
        times.dedup();
        let running = |role: Role, at: DateTime<Utc>| {
            let runs = |span: &&InstanceSpan| span.role == role && span.runs_at(at);
            let counts = spans.iter().filter(runs).map(|span| span.count);
            counts.fold(0, u16::saturating_add)
        };
        let varies = groups.varies();
        let mut listed = Self {
            sizes: Vec::new(),
            varies,
        };
        for at in times {
            let since = Span::from_delta(at - created).as_secs();
            let since = if listed.sizes.is_empty() { 0 } else { since };
            listed.push(Size {
                since,
                core: running(Role::Core, at),
                task: running(Role::Task, at),
            });
        }
        if listed.sizes.is_empty() {
            Self::of(groups)
        } else {
            listed
        }
    }

    /// The history after a resize at a number of seconds after the cluster's creation.
    #[must_use]
    pub fn resized(mut self, since: u64, groups: &InstanceGroups) -> Self {
        self.varies |= groups.varies();
        let (core, task) = counts(groups);
        self.push(Size { since, core, task });
        self
    }

    fn push(&mut self, size: Size) {
        let Size { since, core, task } = size;
        let last = self.sizes.last();
        // Clocks of two machines may differ.
        let since = last.map_or(since, |last| since.max(last.since));
        if last.is_none_or(|last| (last.core, last.task) != (core, task)) {
            self.sizes.push(Size { since, core, task });
        }
        while self.sizes.len() > MAX_SIZES {
            let second = self.sizes.remove(1);
            if let Some(first) = self.sizes.first_mut() {
                first.core = first.core.max(second.core);
                first.task = first.task.max(second.task);
            }
        }
    }

    /// The instance spans of a cluster of this spec, as far as they are known without the cloud's
    /// list: of these sizes or, if it varies, of the dearest instances that it can have.
    pub fn spans_of(
        &self,
        spec: &ClusterSpec,
        created: DateTime<Utc>,
        ended: Option<DateTime<Utc>>,
    ) -> Vec<InstanceSpan> {
        match &spec.rates {
            Some(rates) if spec.groups.varies() => {
                worst_mix::spans(&spec.groups, Some(rates), created, ended)
            }
            Some(_) | None => self.instance_spans(&spec.groups, created, ended),
        }
    }

    /// The instance spans of a cluster that has these groups `now`.
    pub fn instance_spans(
        &self,
        now: &InstanceGroups,
        created: DateTime<Utc>,
        ended: Option<DateTime<Utc>>,
    ) -> Vec<InstanceSpan> {
        let sizes = self.clone().seen(now).sizes;
        let primary = InstanceSpan {
            role: Role::Primary,
            from: created,
            until: ended,
            count: 1,
            instance_type: None,
        };
        let mut instance_spans = vec![primary];
        for (role, count) in [
            (Role::Core, (|size| size.core) as fn(&Size) -> u16),
            (Role::Task, |size| size.task),
        ] {
            instance_spans.extend(of_role(role, &sizes, count, created, ended));
        }
        instance_spans
    }
}

/// The core and task nodes of these groups; of a scaled cluster, those of its largest size.
fn counts(groups: &InstanceGroups) -> (u16, u16) {
    let mix = worst_mix::worst_mix(groups, None);
    let count = |role: Role| {
        let alike = mix.iter().find(|alike| alike.role == role);
        alike.map_or(0, |alike| alike.count)
    };
    (count(Role::Core), count(Role::Task))
}

/// Nodes that were added together end when as many leave; the newest leave first.
fn of_role(
    role: Role,
    sizes: &[Size],
    count: fn(&Size) -> u16,
    created: DateTime<Utc>,
    ended: Option<DateTime<Utc>>,
) -> Vec<InstanceSpan> {
    let mut instance_spans: Vec<InstanceSpan> = Vec::new();
    let mut living: Vec<InstanceSpan> = Vec::new();
    for size in sizes {
        let seconds = i64::try_from(size.since).unwrap_or(i64::MAX / 1_000);
        let at = created + TimeDelta::seconds(seconds);
        let have: u16 = living.iter().map(|instance_span| instance_span.count).sum();
        let want = count(size);
        if want > have {
            living.push(InstanceSpan {
                role,
                from: at,
                until: ended,
                count: want - have,
                instance_type: None,
            });
        }
        let mut surplus = have.saturating_sub(want);
        while let Some(mut last) = living.pop_if(|_| surplus > 0) {
            let leaves = last.count.min(surplus);
            surplus -= leaves;
            let until = Some(ended.map_or(at + DECOMMISSION, |ended| ended.min(at + DECOMMISSION)));
            instance_spans.push(InstanceSpan {
                role,
                from: last.from,
                until,
                count: leaves,
                instance_type: None,
            });
            last.count -= leaves;
            if last.count > 0 {
                living.push(last);
            }
        }
    }
    instance_spans.extend(living);
    instance_spans
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |size: &Size| format!("{}:{}+{}", size.since, size.core, size.task);
        let sizes: Vec<String> = self.sizes.iter().map(size).collect();
        let varies = if self.varies { VARIES } else { "" };
        f.pad(&(sizes.join(" ") + varies))
    }
}

impl FromStr for Sizes {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let size = |text: &str| {
            let (since, counts) = text.split_once(':')?;
            let (core, task) = counts.split_once('+')?;
            Some(Size {
                since: since.parse().ok()?,
                core: core.parse().ok()?,
                task: task.parse().ok()?,
            })
        };
        let (text, varies) = match text.strip_suffix(VARIES) {
            Some(text) => (text, true),
            None => (text, false),
        };
        let sizes: Option<Vec<Size>> = text.split(' ').map(size).collect();
        let is_life = |sizes: &Vec<Size>| {
            let ends = (
                sizes.first().map(|size| size.since),
                sizes.last().map(|size| size.since),
            );
            matches!(ends, (Some(0), Some(..=MAX_SECONDS)))
                && sizes.is_sorted_by_key(|size| size.since)
        };
        sizes
            .filter(is_life)
            .map(|sizes| Self { sizes, varies })
            .ok_or_else(|| Invalid::new("seconds and counts such as `0:2+0 3600:4+0`"))
    }
}

serde_by_text!(Sizes);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stack::{InstanceGroup, Market};

    fn groups(core: u16) -> InstanceGroups {
        let mut groups = InstanceGroups::single("m5.xlarge".parse().unwrap());
        groups.core = (core > 0).then(|| InstanceGroup {
            nodes: format!("{core} x m5.xlarge").parse().unwrap(),
            market: Market::OnDemand,
            ebs: None,
            bid: None,
            fleet: None,
        });
        groups
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn tuples(instance_spans: &[InstanceSpan]) -> Vec<(Role, i64, Option<i64>, u16)> {
        let seconds = |at: DateTime<Utc>| at.timestamp();
        let tell = |l: &InstanceSpan| (l.role, seconds(l.from), l.until.map(seconds), l.count);
        instance_spans.iter().map(tell).collect()
    }

    #[test]
    fn a_resize_ends_the_newest_nodes_after_decommissioning() {
        let sizes = Sizes::of(&groups(2))
            .resized(600, &groups(5))
            .resized(1_200, &groups(4));
        assert_eq!(sizes.to_string(), "0:2+0 600:5+0 1200:4+0");
        assert_eq!(sizes.to_string().parse::<Sizes>().unwrap(), sizes);
        let expected = [
            (Role::Primary, 0, None, 1),
            (Role::Core, 600, Some(4_800), 1),
            (Role::Core, 0, None, 2),
            (Role::Core, 600, None, 2),
        ];
        assert_eq!(
            tuples(&sizes.instance_spans(&groups(4), at(0), None)),
            expected
        );
        let ended = sizes.instance_spans(&groups(4), at(0), Some(at(2_000)));
        assert!(
            ended
                .iter()
                .all(|instance_span| instance_span.until == Some(at(2_000)))
        );
    }

    #[test]
    fn a_foreign_resize_counts_as_the_larger_size() {
        let sizes = Sizes::of(&groups(2));
        for (now, count) in [(1, 2), (7, 7)] {
            let instance_spans = sizes.instance_spans(&groups(now), at(0), None);
            assert_eq!(tuples(&instance_spans)[1], (Role::Core, 0, None, count));
        }
    }

    #[test]
    fn a_foreign_resize_is_kept_when_we_resize() {
        let back = Sizes::of(&groups(2))
            .seen(&groups(9))
            .resized(600, &groups(2));
        assert_eq!(back.to_string(), "0:9+0 600:2+0");
        let on = Sizes::of(&groups(2))
            .seen(&groups(4))
            .resized(600, &groups(4));
        assert_eq!(on.to_string(), "0:4+0");
    }

    #[test]
    fn a_clock_that_is_behind_leaves_sizes_that_can_be_read() {
        let sizes = Sizes::of(&groups(2))
            .resized(600, &groups(5))
            .resized(590, &groups(3));
        assert_eq!(sizes.to_string(), "0:2+0 600:5+0 600:3+0");
        assert_eq!(sizes.to_string().parse(), Ok(sizes));
    }

    #[test]
    fn impossible_sizes_are_refused() {
        for bad in [
            "",
            "0:2",
            "60:2+0",
            "0:2+0 60:3+0 30:1+0",
            "0:2+0 99999999999999:4+0",
            "0:2+0 9223372036854775807:4+0",
        ] {
            assert!(bad.parse::<Sizes>().is_err(), "{bad}");
        }
    }

    #[test]
    fn many_resizes_fit_a_tag() {
        let mut sizes = Sizes::of(&groups(2));
        for number in 1..40_u16 {
            sizes = sizes.resized(u64::from(number) * 86_400, &groups(number % 7 + 1));
        }
        assert!(sizes.to_string().len() <= 256, "{sizes}");
        let instance_spans = tuples(&sizes.instance_spans(&groups(5), at(0), None));
        let alive = instance_spans
            .iter()
            .filter(|instance_span| instance_span.2.is_none());
        assert_eq!(
            alive.map(|instance_span| instance_span.3).sum::<u16>(),
            1 + 5
        );
    }

    #[test]
    fn listed_instances_are_a_history() {
        let created: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let at = |minutes| created + TimeDelta::minutes(minutes);
        let span = |role, from, until: Option<i64>, count| InstanceSpan {
            role,
            from: at(from),
            until: until.map(at),
            count,
            instance_type: None,
        };
        let spans = [
            span(Role::Primary, 3, None, 1),
            span(Role::Core, 3, None, 2),
            span(Role::Core, 60, Some(120), 4),
            span(Role::Task, 60, None, 1),
        ];
        let listed = Sizes::listed(&spans, created, &groups(2));
        assert_eq!(listed.to_string(), "0:2+0 3600:6+1 7200:2+1");
        let none = Sizes::listed(&[], created, &groups(2));
        assert_eq!(none, Sizes::of(&groups(2)));
    }
}
