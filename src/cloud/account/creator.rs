//! Who created a cluster. Its name alone proves nothing, since anybody may choose it.

use super::{Account, names};
use crate::cloud::api::{Api, emr};
use crate::model::name::StackName;

/// The stack of a cluster whose name and tag agree on it.
pub(super) fn stack_of(cluster: &emr::Cluster) -> Option<StackName> {
    let (stack, _) = names::of_cluster(&cluster.name)?;
    let tagged = cluster.tags.get(names::STACK)?;
    (tagged == stack.as_str()).then_some(stack)
}

impl<A: Api> Account<A> {
    /// Whether a cluster belongs to the stack, by the stack's last observation: its note suffices
    /// without a tag. The watchdog does not accept that: to it a cluster in doubt is foreign.
    pub(super) fn is_of(&self, stack: &StackName, cluster: &emr::Cluster) -> bool {
        let named = names::of_cluster(&cluster.name).is_some_and(|(of, _)| of == *stack);
        let tagged = stack_of(cluster).is_some_and(|of| of == *stack);
        let observed = self.observed.borrow();
        let noted = || observed.noted(&cluster.id).is_some();
        let trusts = || observed.trusts_tags(stack, &cluster.id, &cluster.name);
        named && (noted() || tagged && trusts())
    }
}
