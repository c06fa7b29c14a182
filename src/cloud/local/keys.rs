//! Key pairs of this machine: a folder each.

use super::place::{Place, names};
use crate::cloud::error::CloudError;
use crate::cloud::keypair::{PRIVATE, public};
use crate::model::name::{KeyPairName, StackName};
use crate::model::observed::ObservedKeyPair;

pub(super) fn observe(
    place: &Place,
    stack: &StackName,
) -> Result<Vec<ObservedKeyPair>, CloudError> {
    let mut seen = Vec::new();
    for name in names(&place.keys(stack))? {
        let Ok(name) = name.parse::<KeyPairName>() else {
            continue;
        };
        let folder = place.key(stack, &name);
        // Without its public half it is nobody's: to be replaced, or removed with the stack.
        let public_key = public(&folder);
        let ours = !public_key.is_empty() && folder.join(PRIVATE).exists();
        seen.push(ObservedKeyPair {
            name,
            public_key,
            ours,
        });
    }
    Ok(seen)
}
