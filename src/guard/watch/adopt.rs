//! Whether a policy has a foreign cluster adopted.

use super::WatchInput;
use crate::model::orders::UnmanagedAction;

/// Whether it is to be adopted now. A cluster that claims to be of clusterup is not: people look into
/// its claim.
pub(super) fn is_due(watched: &WatchInput<'_>) -> bool {
    let snapshot = watched.snapshot;
    let unmanaged = &watched.orders.unmanaged;
    let orders = unmanaged.action == UnmanagedAction::Adopt && unmanaged.limits().has_cap();
    let is_free = snapshot.guarded().is_none() && snapshot.disputed().is_none();
    orders && is_free && watched.unseen.is_none() && !watched.unadoptable
}

#[cfg(test)]
mod tests {
    use super::super::sample::World;
    use super::*;
    use crate::guard::watch::{Force, Stage};
    use crate::model::observed::EndReason::{Forgotten, IdleTimeout, MaxLifetime};
    use crate::model::span::Span;

    const ACTIONS: [UnmanagedAction; 4] = [
        UnmanagedAction::Ignore,
        UnmanagedAction::Notify,
        UnmanagedAction::Adopt,
        UnmanagedAction::Terminate,
    ];

    #[test]
    fn an_adopted_cluster_ends_at_its_deadline_whatever_policies_say_of_foreign_ones() {
        for action in ACTIONS {
            let mut world = World::adopted();
            world.orders.unmanaged.action = action;
            world.runs_since(310);
            // The warning comes five minutes before its two hours are over.
            assert_eq!(world.says(6_899), ("keep", None), "{action:?}");
            assert_eq!(world.says(6_901), ("warn", Some(MaxLifetime)), "{action:?}");
            let Stage::End(end, force, _) = world.judge(7_200).stage else {
                panic!("{action:?}")
            };
            assert_eq!(
                (end.reason, force),
                (MaxLifetime, Force::Hard),
                "{action:?}"
            );
        }
    }

    #[test]
    fn an_adopted_cluster_has_its_own_idle_timeout_and_that_of_policies_that_end_forgotten_ones() {
        let mut world = World::adopted();
        world.orders.unmanaged.action = UnmanagedAction::Notify;
        world.quiet_until(1_500);
        // Idle since 600 s, for ten minutes, with a warning five minutes before.
        assert_eq!(world.says(1_000), ("warn", Some(IdleTimeout)));
        world.orders.unmanaged.max_lifetime = Some(Span::from_secs(1_800));
        world.runs_since(310);
        assert_eq!(world.says(1_900), ("keep", None));
        world.orders.unmanaged.action = UnmanagedAction::Terminate;
        assert_eq!(world.says(1_900), ("warn", Some(Forgotten)));
        world.exempt("yes", None);
        assert_eq!(world.judge(1_900).stage, Stage::Exempt);
    }

    #[test]
    fn a_policy_has_a_foreign_cluster_adopted_once_it_has_a_cap() {
        let mut world = World::others();
        world.orders.unmanaged.action = UnmanagedAction::Adopt;
        world.runs_since(310);
        assert_ne!(world.judge(900).stage, Stage::Adopt);
        world.orders.unmanaged.max_lifetime = Some(Span::from_secs(7_200));
        assert_eq!(world.judge(900).stage, Stage::Adopt);
        world.unseen = Some("its clusters cannot be listed");
        assert_ne!(world.judge(900).stage, Stage::Adopt);
        world.unseen = None;
        // If it cannot be adopted, people are notified of it as of any forgotten one.
        world.unadoptable = true;
        assert_eq!(world.judge(900).stage, Stage::Keep);
        assert_eq!(world.judge(7_201).stage, Stage::Forgotten);
        world.unadoptable = false;
        world.exempt("yes", None);
        assert_eq!(world.judge(900).stage, Stage::Exempt);
    }
}
