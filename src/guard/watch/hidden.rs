//! Applications whose work shows neither in steps nor in YARN: with them, a quiet cluster does not
//! count as idle, unless a policy allows it.

use super::WatchInput;
use crate::model::application::{Application, Work};
use crate::model::place::Place;

/// Why the idleness of a cluster does not follow from its steps and YARN; `None` if it does.
pub(super) fn evidence(watched: &WatchInput<'_>) -> Option<String> {
    let snapshot = watched.snapshot;
    if snapshot.place == Place::Local {
        return None;
    }
    if snapshot.applications.is_empty() && !snapshot.is_described() {
        return None;
    }
    if snapshot.applications.is_empty() {
        return Some("idleness unknown: EMR lists no applications for it".to_owned());
    }
    let allowed = &watched.orders.unmanaged.idle_by_yarn;
    let open = || {
        snapshot
            .applications
            .iter()
            .filter(|it| !allowed.contains(it))
    };
    let of = |work: Work| -> Vec<&Application> { open().filter(|it| it.work() == work).collect() };
    let elsewhere = of(Work::Elsewhere);
    if !elsewhere.is_empty() {
        let names = listed(&elsewhere);
        return Some(format!(
            "idleness unknown: the work of {names} is not in YARN"
        ));
    }
    let unknown = of(Work::Unknown);
    (!unknown.is_empty()).then(|| {
        let names = listed(&unknown);
        format!("idleness unknown: it is unknown whether the work of {names} is in YARN")
    })
}

fn listed(applications: &[&Application]) -> String {
    match applications {
        [] => String::new(),
        [one] => one.to_string(),
        [others @ .., last] => {
            let others: Vec<&str> = others.iter().map(|it| it.as_str()).collect();
            format!("{} and {last}", others.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::World;
    use super::super::stage::Stage;
    use crate::model::observed::EndReason::Forgotten;
    use crate::model::span::Span;

    #[test]
    fn work_outside_yarn_is_not_idle_unless_a_policy_allows_it() {
        for names in [
            &["Hadoop", "HBase"][..],
            &["Hadoop", "hbase", "ZooKeeper"],
            &["Trino"],
            &["Presto"],
            &["PrestoSQL", "Hive"],
            &["Hadoop", "Spark", "Flink"],
            &["Spark", "JupyterHub"],
            &["Spark", "JupyterEnterpriseGateway"],
            &["Spark", "Zeppelin"],
            // Nothing is known about these applications.
            &["Hadoop", "Druid"],
            &["Spark", "Sp\u{430}rk"],
            &[],
        ] {
            let mut world = World::others();
            world.quiet_until(30_000);
            world.has(names);
            let assessment = world.judge(20_000);
            assert_eq!(assessment.stage, Stage::Unseen, "{names:?}");
            assert_eq!((assessment.ends_at, assessment.idle_since), (None, None));
            assert!(
                assessment.evidence.starts_with("idleness unknown: "),
                "{names:?}"
            );
            // A mark from before this check is removed; a claim by age still counts.
            world.marked(20_001, Forgotten);
            assert_eq!(world.says(20_000), ("clear", None), "{names:?}");
            world.snapshot.mark = None;
            world.orders.unmanaged.max_lifetime = Some(Span::from_secs(20_000));
            assert_eq!(world.says(20_000), ("warn", Some(Forgotten)), "{names:?}");
            world.orders.unmanaged.max_lifetime = None;
            for name in names {
                let name = name.parse();
                world.orders.unmanaged.idle_by_yarn.extend(name);
            }
            let readable = !names.is_empty() && names.iter().all(|name| name.is_ascii());
            let word = if readable { "warn" } else { "unseen" };
            assert_eq!(world.says(20_000).0, word, "{names:?}");
        }
        let mut world = World::others();
        world.quiet_until(30_000);
        world.has(&["Hadoop", "HBase", "Trino", "Spark", "Druid"]);
        let says = "idleness unknown: the work of HBase and Trino is not in YARN";
        assert_eq!(world.judge(20_000).evidence, says);
        // A running step is work, whatever else is on the cluster.
        world.runs_since(310);
        assert_eq!(world.judge(400).evidence, "step work runs");
    }
}
