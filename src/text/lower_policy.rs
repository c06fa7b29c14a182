//! A tree in which nothing was found wrong, made a `Policy`: defaults filled in, and the line of
//! each thing kept that verdicts point to.

use super::lower::{
    Lowered, each, maybe, needed, off_hours, parsed, text, unread, value, whole, word,
};
use super::node::{Node, Value};
use super::source::{Mark, Source};
use super::written::{Condition, Written};
use crate::model::Invalid;
use crate::model::glob::Glob;
use crate::model::name::Region;
use crate::model::orders::{Exempt, Unmanaged, UnmanagedAction, WatchdogRules};
use crate::model::policy::{
    AppliesTo, Effect, Limits, Located, MonthlyBudget, Overrides, Policy, Rule, SourceLimit,
    WhenSpent,
};
use crate::model::span::Span;
use crate::model::stack::Market;
use std::collections::BTreeMap;
use std::str::FromStr;

/// When a cluster that others made is forgotten, and how long after its warning it ends, where the
/// policy does not say.
const FORGOTTEN: Span = Span::from_secs(3_600);
/// Where a month's account is kept, where the policy does not say.
const HOME: &str = "us-east-1";

pub(crate) fn policy(root: &Node, source: &Source) -> Lowered<Written> {
    let file = File { source };
    let limits = root.get("limits");
    let limits = limits.map_or_else(|| Ok(Limits::default()), |node| file.limits(node))?;
    let rules = each(root, "rules", |node| file.rule(node))?;
    let (rules, conditions) = rules.into_iter().unzip();
    let policy = Policy {
        name: value(root, "policy")?,
        file: source.name.clone(),
        applies_to: AppliesTo {
            teams: list(root.find(&["applies_to", "teams"]))?,
            stacks: list(root.find(&["applies_to", "stacks"]))?,
        },
        budget: file.said(root, "budget", |node| budget(node, &limits))?,
        limits,
        off_hours: file.said(root, "off_hours", off_hours)?,
        rules,
        overrides: root.get("overrides").map(overrides).transpose()?,
        unmanaged: file.said(root, "unmanaged", unmanaged)?,
        exempt: root
            .find(&["unmanaged", "exempt"])
            .map(exempt)
            .transpose()?,
        watchdog: root
            .get("watchdog")
            .map_or(Ok(WatchdogRules::default()), watchdog)?,
    };
    Ok(Written {
        policy,
        source: source.clone(),
        conditions,
    })
}

fn unmanaged(node: &Node) -> Lowered<Unmanaged> {
    Ok(Unmanaged {
        action: word(
            node,
            "action",
            [
                ("ignore", UnmanagedAction::Ignore),
                ("notify", UnmanagedAction::Notify),
                ("terminate", UnmanagedAction::Terminate),
            ],
        )?,
        idle_timeout: maybe(node, "idle_timeout")?.unwrap_or(FORGOTTEN),
        max_lifetime: maybe(node, "max_lifetime")?,
        grace: maybe(node, "grace")?.unwrap_or(FORGOTTEN),
        idle_by_yarn: each(node, "idle_by_yarn", parsed)?.into_iter().collect(),
    })
}

fn exempt(node: &Node) -> Lowered<Exempt> {
    Ok(Exempt {
        tag: text(needed(node, "tag")?)?,
        max_lifetime: maybe(node, "max_lifetime")?,
    })
}

fn watchdog(node: &Node) -> Lowered<WatchdogRules> {
    let most = node.get("max_kills_per_sweep").map(whole).transpose()?;
    Ok(WatchdogRules {
        warn_before: maybe(node, "warn_before")?.unwrap_or(WatchdogRules::default().warn_before),
        max_kills_per_sweep: most.map(u32::from),
        max_kill_fraction: maybe(node, "max_kill_fraction")?,
        lift_protection: node.get("lift_protection").and_then(Node::text) == Some("true"),
        start_within: maybe(node, "start_within")?,
        stuck_after: maybe(node, "stuck_after")?,
        clean_up_after: maybe(node, "clean_up_after")?,
    })
}

/// The items of a list, where there is one.
fn list<T: FromStr<Err = Invalid>>(node: Option<&Node>) -> Lowered<Option<Vec<T>>> {
    node.map(|node| node.items().iter().map(parsed).collect())
        .transpose()
}

struct File<'a> {
    source: &'a Source,
}

impl File<'_> {
    fn line(&self, mark: Mark) -> usize {
        self.source.place(self.source.clip(mark).start).0
    }

    fn said<T>(
        &self,
        node: &Node,
        key: &str,
        make: impl FnOnce(&Node) -> Lowered<T>,
    ) -> Lowered<Option<Located<T>>> {
        let Some(entry) = node.entry(key) else {
            return Ok(None);
        };
        Ok(Some(Located {
            value: make(&entry.value)?,
            line: self.line(entry.key.mark),
        }))
    }

    fn one<T: FromStr<Err = Invalid>>(
        &self,
        node: &Node,
        key: &str,
    ) -> Lowered<Option<Located<T>>> {
        self.said(node, key, parsed)
    }

    fn globs(&self, node: &Node, key: &str) -> Lowered<Option<Located<Vec<Glob>>>> {
        self.said(node, key, |node| node.items().iter().map(parsed).collect())
    }

    fn limits(&self, node: &Node) -> Lowered<Limits> {
        Ok(Limits {
            hourly_cost: self.one(node, "hourly_cost")?,
            run_cost: self.one(node, "run_cost")?,
            nodes: self.said(node, "nodes", whole)?,
            instance_types: self.globs(node, "instance_types")?,
            regions: self.globs(node, "regions")?,
            releases: self.globs(node, "releases")?,
            market: self.said(node, "market", |_| market(node))?,
            max_lifetime: self.one(node, "max_lifetime")?,
            idle_timeout: self.one(node, "idle_timeout")?,
            ssh_from: self.said(node, "ssh_from", sources)?,
            tags: self.said(node, "tags", tags)?,
        })
    }

    fn rule(&self, node: &Node) -> Lowered<(Rule, Condition)> {
        let (effect, when) = match node.get("warn_when") {
            Some(when) => (Effect::Warn, when),
            None => (Effect::Deny, needed(node, "deny_when")?),
        };
        let condition = Condition {
            mark: when.mark,
            plain: when.scalar().is_some_and(|scalar| scalar.plain),
        };
        let rule = Rule {
            name: value(node, "name")?,
            effect,
            when: text(when)?,
            message: text(needed(node, "message")?)?.trim().to_owned(),
            line: self.line(begin(node)),
        };
        Ok((rule, condition))
    }
}

/// Where a mapping's first key stands.
pub(crate) fn begin(node: &Node) -> Mark {
    node.entries()
        .first()
        .map_or(node.mark, |entry| entry.key.mark)
}

fn market(limits: &Node) -> Lowered<Market> {
    word(
        limits,
        "market",
        [("on-demand", Market::OnDemand), ("spot", Market::Spot)],
    )
}

fn sources(node: &Node) -> Lowered<Vec<SourceLimit>> {
    let source = |node: &Node| match node.text() {
        Some("caller") => Ok(SourceLimit::Caller),
        _ => parsed(node).map(SourceLimit::Range),
    };
    match &node.value {
        Value::Seq(items) => items.iter().map(source).collect(),
        Value::Scalar(_) | Value::Map(_) | Value::Broken => Ok(vec![source(node)?]),
    }
}

fn tags(node: &Node) -> Lowered<BTreeMap<String, Glob>> {
    let tag = |entry: &super::node::Entry| Ok((entry.key.text.clone(), parsed(&entry.value)?));
    node.entries().iter().map(tag).collect()
}

fn budget(node: &Node, limits: &Limits) -> Lowered<MonthlyBudget> {
    let mut notify_at = list(node.get("notify_at"))?.unwrap_or_default();
    notify_at.sort_unstable();
    notify_at.dedup();
    Ok(MonthlyBudget {
        monthly: value(node, "monthly")?,
        notify_at,
        when_spent: word(
            node,
            "when_spent",
            [
                ("block", WhenSpent::Block),
                ("terminate", WhenSpent::Terminate),
                ("notify", WhenSpent::Notify),
            ],
        )?,
        timezone: match node.get("timezone") {
            Some(zone) => parsed(zone)?,
            None => parsed(&Node::plain(node.mark, "UTC"))?,
        },
        subscribers: each(node, "subscribers", text)?,
        home: match (maybe(node, "home")?, only(limits)) {
            (Some(home), _) | (None, Some(home)) => home,
            (None, None) => parsed(&Node::plain(node.mark, HOME))?,
        },
    })
}

/// The one region in which stacks may be, if it is one.
fn only(limits: &Limits) -> Option<Region> {
    match limits.regions.as_ref()?.value.as_slice() {
        [region] => region.as_str().parse().ok(),
        _ => None,
    }
}

fn overrides(node: &Node) -> Lowered<Overrides> {
    let by = needed(node, "by")?;
    let by = list(Some(by))?.filter(|by| !by.is_empty());
    Ok(Overrides {
        by: by.ok_or_else(|| unread(node, "callers"))?,
        budget: node.get("budget").and_then(Node::text) == Some("true"),
    })
}
