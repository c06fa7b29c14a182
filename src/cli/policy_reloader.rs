//! The policies of what lives long: those that were read last without a mistake hold until what is
//! there can be read again.

use super::failure::Failure;
use super::policies::LoadedPolicies;
use crate::policy::Policies;

pub(super) struct PolicyReloader {
    read: LoadedPolicies,
    /// What was said last of what could not be read.
    told: Option<String>,
}

impl PolicyReloader {
    pub(super) const fn new(read: LoadedPolicies) -> Self {
        Self { read, told: None }
    }

    pub(super) const fn policies(&self) -> &Policies {
        &self.read.policies
    }

    /// Takes what was read now; of what could not be, gives why, once. Where there were policies,
    /// none at all is a mistake too.
    pub(super) fn renew(&mut self, now: Result<LoadedPolicies, Failure>) -> Option<Failure> {
        let lost =
            |read: &LoadedPolicies| read.policies.is_empty() && !self.read.policies.is_empty();
        let failure = match now {
            Ok(read) if lost(&read) => Failure::input("the policies are gone"),
            Ok(read) => {
                *self = Self::new(read);
                return None;
            }
            Err(failure) => failure,
        };
        let what = format!("{failure:?}");
        if self.told.as_ref() == Some(&what) {
            return None;
        }
        self.told = Some(what);
        Some(failure.hint("until then those that were read last hold"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::load;

    fn read(text: &str) -> Result<LoadedPolicies, Failure> {
        let mut read = LoadedPolicies::default();
        let policy = load("p.yaml", text).map_err(Failure::policy)?;
        read.policies.extend([policy]);
        Ok(read)
    }

    fn names(kept: &PolicyReloader) -> Vec<&str> {
        kept.policies().iter().map(|it| it.name.as_str()).collect()
    }

    #[test]
    fn what_is_broken_or_gone_is_told_once_and_changes_nothing() {
        let mut kept = PolicyReloader::new(read("policy: one\n").unwrap());
        for broken in ["policy: two\nlimits: { node: 1 }\n", "policy: [\n", ""] {
            assert!(kept.renew(read(broken)).is_some(), "{broken}");
            assert!(kept.renew(read(broken)).is_none(), "{broken}");
            assert_eq!(names(&kept), ["one"]);
        }
        let gone = kept.renew(Ok(LoadedPolicies::default())).unwrap();
        assert_eq!(gone.message, "the policies are gone");
        assert_eq!(names(&kept), ["one"]);
        assert!(kept.renew(read("policy: two\n")).is_none());
        assert_eq!(names(&kept), ["two"]);
    }

    #[test]
    fn where_there_are_none_there_may_be_none() {
        let mut kept = PolicyReloader::new(LoadedPolicies::default());
        assert!(kept.renew(Ok(LoadedPolicies::default())).is_none());
        assert!(kept.renew(read("policy: one\n")).is_none());
        assert_eq!(names(&kept), ["one"]);
    }
}
