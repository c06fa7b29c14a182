//! The policies of a long-running process: the last valid ones apply until valid ones can be read
//! again.

use super::failure::Failure;
use super::policies::LoadedPolicies;
use crate::policy::Policies;

pub(crate) struct PolicyReloader {
    read: LoadedPolicies,
    /// The error that was reported last.
    reported: Option<String>,
}

impl PolicyReloader {
    pub(crate) const fn new(read: LoadedPolicies) -> Self {
        Self {
            read,
            reported: None,
        }
    }

    pub(crate) const fn policies(&self) -> &Policies {
        &self.read.policies
    }

    /// Replaces the policies by newly read ones. Returns an error once if they cannot be read, or
    /// if none are left.
    pub(crate) fn renew(&mut self, now: Result<LoadedPolicies, Failure>) -> Option<Failure> {
        let are_gone =
            |read: &LoadedPolicies| read.policies.is_empty() && !self.read.policies.is_empty();
        let failure = match now {
            Ok(read) if are_gone(&read) => Failure::input("the policies were removed"),
            Ok(read) => {
                *self = Self::new(read);
                return None;
            }
            Err(failure) => failure,
        };
        let text = format!("{failure:?}");
        if self.reported.as_ref() == Some(&text) {
            return None;
        }
        self.reported = Some(text);
        Some(failure.hint("the policies that were read last still apply"))
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

    fn names(reloader: &PolicyReloader) -> Vec<&str> {
        reloader
            .policies()
            .iter()
            .map(|policy| policy.name.as_str())
            .collect()
    }

    #[test]
    fn invalid_or_missing_policies_are_reported_once_and_change_nothing() {
        let mut reloader = PolicyReloader::new(read("policy: one\n").unwrap());
        for broken in ["policy: two\nlimits: { node: 1 }\n", "policy: [\n", ""] {
            assert!(reloader.renew(read(broken)).is_some(), "{broken}");
            assert!(reloader.renew(read(broken)).is_none(), "{broken}");
            assert_eq!(names(&reloader), ["one"]);
        }
        let gone = reloader.renew(Ok(LoadedPolicies::default())).unwrap();
        assert_eq!(gone.message, "the policies were removed");
        assert_eq!(names(&reloader), ["one"]);
        assert!(reloader.renew(read("policy: two\n")).is_none());
        assert_eq!(names(&reloader), ["two"]);
    }

    #[test]
    fn no_policies_at_all_is_valid_at_the_start() {
        let mut reloader = PolicyReloader::new(LoadedPolicies::default());
        assert!(reloader.renew(Ok(LoadedPolicies::default())).is_none());
        assert!(reloader.renew(read("policy: one\n")).is_none());
        assert_eq!(names(&reloader), ["one"]);
    }
}
