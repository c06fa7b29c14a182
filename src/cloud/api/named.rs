//! The names and ids of a call, for the log of calls: those parameters that the call's declaration
//! lists. Values that belong to users (tags, documents, arguments, contents, keys) are not listed,
//! so that they are never logged.

use super::Tags;
use super::ec2::Filter;
use super::s3::Bucket;
use super::scheduler::Schedule;
use crate::cloud::budgets::model::Budget;
use crate::model::shown;
use std::fmt::{self, Write};

/// The maximum number of characters of a call's names in the log.
const MAX_CHARS: usize = 300;

/// A parameter, or the part of it, that names something.
pub trait Named {
    /// The label if its field has no name.
    const LABEL: Option<&'static str> = None;

    /// Its names; may be empty.
    fn names(&self) -> Vec<&str>;
}

/// The names of a call, such as `id=j-1 keys=a,b`.
#[derive(Default)]
pub struct Names(String);

impl Names {
    /// Adds the names of a parameter.
    pub fn add<T: Named>(&mut self, field: &str, parameter: &T) {
        let names = parameter.names();
        if names.is_empty() {
            return;
        }
        let gap = if self.0.is_empty() { "" } else { " " };
        let label = T::LABEL.unwrap_or(field);
        // Writing to a string never fails.
        let _ = write!(self.0, "{gap}{label}={}", names.join(","));
    }
}

/// On one line, also with untrusted names.
impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown::line(&self.0, MAX_CHARS))
    }
}

impl Named for String {
    fn names(&self) -> Vec<&str> {
        vec![self]
    }
}

impl Named for &'static str {
    fn names(&self) -> Vec<&str> {
        vec![self]
    }
}

impl Named for Vec<String> {
    fn names(&self) -> Vec<&str> {
        self.iter().map(String::as_str).collect()
    }
}

impl Named for Bucket {
    fn names(&self) -> Vec<&str> {
        vec![&self.name]
    }
}

impl Named for Budget {
    fn names(&self) -> Vec<&str> {
        vec![&self.name]
    }
}

impl Named for Schedule {
    const LABEL: Option<&'static str> = Some("schedule");

    fn names(&self) -> Vec<&str> {
        vec![&self.name]
    }
}

/// Only the keys.
impl Named for Tags {
    fn names(&self) -> Vec<&str> {
        self.keys().map(String::as_str).collect()
    }
}

/// The filters' names and values, which are clusterup's own names and tags.
impl Named for Vec<Filter> {
    fn names(&self) -> Vec<&str> {
        let all = self.iter().flat_map(|filter| {
            let values = filter.values.iter().map(String::as_str);
            std::iter::once(filter.name.as_str()).chain(values)
        });
        all.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::Call;
    use crate::cloud::api::emr::{AddTags, TerminateJobFlows};
    use crate::cloud::api::s3::GetObject;

    fn names(call: &impl Call) -> String {
        let mut names = Names::default();
        call.names(&mut names);
        names.to_string()
    }

    #[test]
    fn a_call_has_the_names_and_ids_of_its_declaration() {
        let ids = vec!["j-1".to_owned(), "j-2".to_owned()];
        assert_eq!(names(&TerminateJobFlows { ids }), "ids=j-1,j-2");
        let bucket = Bucket {
            name: "b".to_owned(),
            owner: None,
        };
        let get = GetObject::note(bucket, "k/1".to_owned());
        assert_eq!(names(&get), "bucket=b key=k/1");
        let tags = [("team".to_owned(), "planted".to_owned())].into();
        let id = "j-1".to_owned();
        assert_eq!(names(&AddTags { id, tags }), "id=j-1 tags=team");
    }

    #[test]
    fn untrusted_names_forge_no_line() {
        for key in ["a\nb", "a\r\x1b[2Jb", "a\u{2028}b\u{202e}", "a\0\u{85}b"] {
            let ids = vec![key.to_owned()];
            let shown = names(&TerminateJobFlows { ids });
            assert!(shown.starts_with("ids=a"), "{shown}");
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            assert!(!shown.contains(['\u{2028}', '\u{202e}']), "{shown:?}");
        }
        let ids = vec!["x".repeat(2 * MAX_CHARS)];
        assert_eq!(names(&TerminateJobFlows { ids }).chars().count(), MAX_CHARS);
    }
}
