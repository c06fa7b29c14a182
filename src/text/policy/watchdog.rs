//! `watchdog` and `unmanaged`: how clusters that must not go on are ended, and how foreign clusters
//! are treated.

use super::rules;
use crate::model::orders::{Exempt, Unmanaged, UnmanagedAction, WatchdogRules};
use crate::text::collections::{Unique, list};
use crate::text::field::record;
use crate::text::format::{IDLE, LIFETIME, TAG_KEY, USD};
use crate::text::policy_format::{APPLICATION, PERCENT};
use crate::text::types::{Switch, Whole, Words};

record! {
    /// Clusters that clusterup did not create.
    pub(super) UNMANAGED: (Unmanaged, Option<Exempt>) = |at| {
        /// What happens to forgotten clusters.
        action: default("notify") = Words([
            ("ignore", UnmanagedAction::Ignore, "They are ignored."),
            ("notify", UnmanagedAction::Notify, "People are notified of forgotten ones."),
            ("adopt", UnmanagedAction::Adopt,
                "Each is adopted with the limits below, as by `clusterup adopt`."),
            ("terminate", UnmanagedAction::Terminate,
                "Forgotten ones end, after a warning."),
        ]), "notify";
        /// How long a cluster must be idle to count as forgotten.
        idle_timeout: default("1h") = IDLE, "1h";
        /// The age at which a cluster counts as forgotten even if it is working; by default none.
        max_lifetime: optional = LIFETIME, "24h";
        /// With `adopt`, the dollars that a cluster may cost from its creation; by default no limit.
        budget: optional = USD, "$20";
        /// The time between the warning about a cluster and its end.
        grace: default("1h") = IDLE, "1h";
        /// Applications that work outside YARN and are ignored: a cluster with them counts as idle
        /// when no step and no YARN application runs. With HBase, Trino, Presto, Flink, JupyterHub
        /// or another such application that is not in this list, idleness is unknown.
        idle_by_yarn: or_empty =
            list(APPLICATION, Unique::ByText, "an application of EMR", "JupyterHub").filled(),
            "[JupyterHub]";
        /// Clusters that are left alone; clusterup's own clusters with the tag are not ended as
        /// idle either.
        exempt: optional = EXEMPT, "{ tag: keep, max_lifetime: 7d }";
    } check {
        rules::adoption_without_cap(at, &action, &max_lifetime, &budget);
    } => {
        let idle_by_yarn = idle_by_yarn.into_iter().collect();
        let unmanaged = Unmanaged { action, idle_timeout, max_lifetime, budget, grace, idle_by_yarn };
        (unmanaged, exempt)
    };
}

record! {
    /// Clusters that are left alone.
    EXEMPT: Exempt = |at| {
        /// The key of the tag that exempts them; any value but `false` counts.
        tag: required = TAG_KEY, "keep";
        /// The age from which the tag has no effect; by default none.
        max_lifetime: optional = LIFETIME, "7d";
    } => Exempt { tag, max_lifetime };
}

record! {
    /// How the watchdog ends clusters, and when it notifies people.
    pub(super) WATCHDOG: WatchdogRules = |at| {
        /// How long before its end the owner of a cluster is warned.
        warn_before: default("10m") = IDLE, "10m";
        /// If more idle clusters than this would end at once, none is ended. By default
        /// 5; of several policies, the lowest applies.
        max_kills_per_sweep: optional = Whole(1, 500, "a number of clusters"), "5";
        /// The same limit as a share of the living clusters; applies if there are more than three.
        /// By default 50%.
        max_kill_fraction: optional = PERCENT, "50%";
        /// Whether termination protection is removed from a cluster that must end; if not, people
        /// are notified.
        lift_protection: default("false") = Switch, "true";
        /// How long a cluster may take to start. By default 1h.
        start_within: optional = LIFETIME, "1h";
        /// How long a step may run without progress before people are notified. By default 30m.
        stuck_after: optional = IDLE, "30m";
        /// How long after a stack's last cluster its keys, groups and locks are removed. By default
        /// never.
        clean_up_after: optional = LIFETIME, "7d";
    } => WatchdogRules {
        warn_before,
        max_kills_per_sweep: max_kills_per_sweep.map(u32::from),
        max_kill_fraction,
        lift_protection,
        start_within,
        stuck_after,
        clean_up_after,
    };
}
