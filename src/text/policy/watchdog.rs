//! `watchdog` and `unmanaged`: how clusters end that must not live on, and those of others.

use crate::model::orders::{Exempt, Unmanaged, UnmanagedAction, WatchdogRules};
use crate::text::collections::{Unique, list};
use crate::text::field::record;
use crate::text::format::{IDLE, LIFETIME, TAG_KEY};
use crate::text::policy_format::{APPLICATION, PERCENT};
use crate::text::types::{Switch, Whole, Words};

record! {
    /// Clusters that clusterup did not make.
    pub(super) UNMANAGED: (Unmanaged, Option<Exempt>) = |at| {
        /// What becomes of those that are forgotten.
        action: default("notify") = Words([
            ("ignore", UnmanagedAction::Ignore, "They are not looked at."),
            ("notify", UnmanagedAction::Notify, "People are told of those that are forgotten."),
            ("terminate", UnmanagedAction::Terminate,
                "Those that are forgotten end, after a warning."),
        ]), "notify";
        /// How long one has idled when it is forgotten.
        idle_timeout: default("1h") = IDLE, "1h";
        /// The age at which one is forgotten whatever it does; none where nothing is said.
        max_lifetime: optional = LIFETIME, "24h";
        /// How long after its warning one ends.
        grace: default("1h") = IDLE, "1h";
        /// Applications whose work YARN does not show, and with which a cluster is idle all the
        /// same when no step and nothing in YARN runs. With HBase, Trino, Presto, Flink,
        /// JupyterHub and others that are not named here, idleness is unknown.
        idle_by_yarn: or_empty =
            list(APPLICATION, Unique::ByText, "an application of EMR", "JupyterHub").filled(),
            "[JupyterHub]";
        /// Clusters that are left alone; clusters of clusterup are not ended as idle then.
        exempt: optional = EXEMPT, "{ tag: keep, max_lifetime: 7d }";
    } => {
        let idle_by_yarn = idle_by_yarn.into_iter().collect();
        (Unmanaged { action, idle_timeout, max_lifetime, grace, idle_by_yarn }, exempt)
    };
}

record! {
    /// Clusters that are left alone.
    EXEMPT: Exempt = |at| {
        /// The key of the tag that they have; its value may be anything but `false`.
        tag: required = TAG_KEY, "keep";
        /// The age from which the tag no longer helps; none where nothing is said.
        max_lifetime: optional = LIFETIME, "7d";
    } => Exempt { tag, max_lifetime };
}

record! {
    /// How clusters are ended that the policy does not let live on.
    pub(super) WATCHDOG: WatchdogRules = |at| {
        /// How long before a cluster is ended its people are warned.
        warn_before: default("10m") = IDLE, "10m";
        /// When more than so many clusters would end at once for idling, none does; 5 where no
        /// policy says, and of several the lowest.
        max_kills_per_sweep: optional = Whole(1, 500, "a number of clusters"), "5";
        /// The same as a share of the clusters that live, where there are more than three; 50%
        /// where no policy says.
        max_kill_fraction: optional = PERCENT, "50%";
        /// Whether termination protection is taken off a cluster that has to end; else people are
        /// told.
        lift_protection: default("false") = Switch, "true";
        /// How long a cluster may take to come up; 1h where no policy says.
        start_within: optional = LIFETIME, "1h";
        /// How long a step may run without a sign of progress before people are told; 30m where no
        /// policy says.
        stuck_after: optional = IDLE, "30m";
        /// How long after a stack's last cluster its keys, groups and locks are removed; not at
        /// all where no policy says.
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
