//! Key pairs of this machine: one folder each.

use super::layout::{Layout, names};
use crate::cloud::error::CloudError;
use crate::cloud::keypair::{PRIVATE, public};
use crate::model::name::{KeyPairName, StackName};
use crate::model::observed::ObservedKeyPair;

pub(super) fn observe(
    layout: &Layout,
    stack: &StackName,
) -> Result<Vec<ObservedKeyPair>, CloudError> {
    let mut observed = Vec::new();
    for name in names(&layout.keys(stack))? {
        let Ok(name) = name.parse::<KeyPairName>() else {
            continue;
        };
        let folder = layout.key(stack, &name);
        // Without its public half it is not ours: it is replaced, or removed with the stack.
        let public_key = public(&folder);
        let ours = !public_key.is_empty() && folder.join(PRIVATE).exists();
        observed.push(ObservedKeyPair {
            name,
            public_key,
            ours,
        });
    }
    Ok(observed)
}
