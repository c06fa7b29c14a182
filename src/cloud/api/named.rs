//! What a call is about, for the log of calls: the names and ids among its parameters, those that its
//! declaration lists. Values that belong to users (tags, documents, arguments, contents, keys) are
//! in no such list, so that none of them can be logged.

use super::Tags;
use super::ec2::Filter;
use super::s3::Bucket;
use super::scheduler::Schedule;
use crate::cloud::budgets::model::Budget;
use crate::model::shown;
use std::fmt::{self, Write};

/// So much of a call's names is shown, in characters.
const LONGEST: usize = 300;

/// A parameter, or the part of it, that names something.
pub trait Named {
    /// What it is called where its field has no name.
    const LABEL: Option<&'static str> = None;

    /// Its names; none where it has none.
    fn names(&self) -> Vec<&str>;
}

/// `id=j-1 keys=a,b`, of a call.
#[derive(Default)]
pub struct Names(String);

impl Names {
    pub fn add<T: Named>(&mut self, field: &str, parameter: &T) {
        let names = parameter.names();
        if names.is_empty() {
            return;
        }
        let gap = if self.0.is_empty() { "" } else { " " };
        let label = T::LABEL.unwrap_or(field);
        // Text is written to text without an error.
        let _ = write!(self.0, "{gap}{label}={}", names.join(","));
    }
}

/// In one line, whatever others have called their things.
impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown::line(&self.0, LONGEST))
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

/// The keys alone.
impl Named for Tags {
    fn names(&self) -> Vec<&str> {
        self.keys().map(String::as_str).collect()
    }
}

/// The filters' names and values: names and tags of ours, that are looked for.
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
    fn what_others_call_their_things_forges_no_line() {
        for key in ["a\nb", "a\r\x1b[2Jb", "a\u{2028}b\u{202e}", "a\0\u{85}b"] {
            let ids = vec![key.to_owned()];
            let shown = names(&TerminateJobFlows { ids });
            assert!(shown.starts_with("ids=a"), "{shown}");
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            assert!(!shown.contains(['\u{2028}', '\u{202e}']), "{shown:?}");
        }
        let ids = vec!["x".repeat(2 * LONGEST)];
        assert_eq!(names(&TerminateJobFlows { ids }).chars().count(), LONGEST);
    }
}
