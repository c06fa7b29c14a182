//! Looks up the inputs that stacks name in S3, each with one call. A data set without a slash at its
//! end can be an object or a folder, and one listing answers for both.

use super::Account;
use crate::cloud::api::s3::{Bucket, HeadObject, ListObjects, Listed};
use crate::cloud::api::{Api, ApiError, Kind, Page};
use crate::cloud::{InputForm, InputState, Inputs, PATTERN};
use crate::model::staged::is_skipped;
use async_trait::async_trait;

/// Ends the name of an object that EMR writes for a folder.
const FOLDER: &str = "_$folder$";

#[async_trait(?Send)]
impl<A: Api> Inputs for Account<A> {
    async fn look_up(&self, address: &str, form: InputForm) -> InputState {
        let place = address.strip_prefix("s3://");
        let Some((name, key)) = place.and_then(|place| place.split_once('/')) else {
            return InputState::Unknown("it is no address in S3".to_owned());
        };
        // Public data belongs to others.
        let bucket = Bucket {
            name: name.to_owned(),
            owner: None,
        };
        let found = match form {
            InputForm::Object => {
                let key = key.to_owned();
                let head = self.api.serve(HeadObject { bucket, key }).await;
                head.map(|_| InputState::Exists(None))
            }
            InputForm::Data => self.look_up_data(bucket, key).await,
        };
        found.unwrap_or_else(|error| failed(&error, form))
    }
}

impl<A: Api> Account<A> {
    async fn look_up_data(&self, bucket: Bucket, key: &str) -> Result<InputState, ApiError> {
        let list = |prefix: &str| ListObjects {
            bucket: bucket.clone(),
            prefix: prefix.to_owned(),
            delimiter: None,
            next: None,
        };
        let prefix = key.split(PATTERN).next().unwrap_or_default();
        let page = self.api.serve(list(prefix)).await?;
        let state = listed(page, key, prefix != key);
        match marker_beside(key) {
            // A listing of `a/x/` has no object beside that folder.
            Some(marker) if state == InputState::NoObject => {
                let page = self.api.serve(list(&marker)).await?;
                Ok(listed(page, key, false))
            }
            Some(_) | None => Ok(state),
        }
    }
}

/// The object that EMR writes beside a folder, if the key ends as one.
fn marker_beside(key: &str) -> Option<String> {
    let folder = key.strip_suffix('/').filter(|_| !key.contains(PATTERN))?;
    Some(format!("{}{FOLDER}", folder.trim_end_matches('/')))
}

/// What the first page of a listing says.
fn listed(page: Page<Listed>, key: &str, is_pattern: bool) -> InputState {
    let is_whole = page.next.is_none();
    let objects = page.items.into_iter().filter_map(|item| match item {
        Listed::Object { key, bytes, .. } => Some((key, bytes)),
        Listed::Prefix(_) => None,
    });
    let below = format!("{}/", key.trim_end_matches('/'));
    let marker = format!("{}{FOLDER}", key.trim_end_matches('/'));
    let is_of_it =
        |found: &str| is_pattern || found == key || found == marker || found.starts_with(&below);
    let found: Vec<_> = objects.filter(|(found, _)| is_of_it(found)).collect();
    match (found.is_empty(), is_whole) {
        (true, true) => InputState::NoObject,
        (true, false) => {
            let why =
                "more than 1,000 objects begin with this name, and only the first 1,000 were read";
            InputState::Unknown(why.to_owned())
        }
        // Which of them match is not known.
        (false, _) if is_pattern => InputState::Exists(None),
        (false, true) => {
            let read = found
                .into_iter()
                .filter(|(found, _)| is_read(found, &below));
            InputState::Exists(Some(read.collect()))
        }
        (false, false) => InputState::Exists(None),
    }
}

/// Whether Hadoop reads an object as a file of the folder `below`.
fn is_read(key: &str, below: &str) -> bool {
    let name = key.strip_prefix(below).unwrap_or_default();
    !key.ends_with('/') && !key.ends_with(FOLDER) && !name.split('/').any(is_skipped)
}

fn failed(error: &ApiError, form: InputForm) -> InputState {
    let right = match form {
        InputForm::Object => "s3:GetObject",
        InputForm::Data => "s3:ListBucket",
    };
    match error.kind {
        Kind::NotFound if error.code.as_deref() == Some("NoSuchBucket") => InputState::NoBucket,
        Kind::NotFound => InputState::NoObject,
        Kind::Denied => InputState::Unknown(format!(
            "you do not have {right} there, and the cluster's role may have it"
        )),
        // S3 answers so for a bucket of another region.
        Kind::Invalid => InputState::Unknown(
            "S3 refuses the request, as it does for a bucket of another region".to_owned(),
        ),
        Kind::Throttled
        | Kind::Unauthenticated
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::OutcomeUnknown => InputState::NoAnswer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn page(keys: &[&str], next: Option<&str>) -> Page<Listed> {
        let object = |key: &&str| Listed::Object {
            key: (*key).to_owned(),
            bytes: 7,
            modified: DateTime::UNIX_EPOCH,
        };
        Page {
            items: keys.iter().map(object).collect(),
            next: next.map(str::to_owned),
        }
    }

    fn exists(keys: &[&str]) -> InputState {
        let files = keys.iter().map(|key| ((*key).to_owned(), 7));
        InputState::Exists(Some(files.collect()))
    }

    #[test]
    fn one_listing_answers_for_objects_and_folders() {
        let all = [
            "a/x",
            "a/x-old/1",
            "a/x/_SUCCESS",
            "a/x/1.gz",
            "a/x/d=1/2.gz",
        ];
        let read = ["a/x", "a/x/1.gz", "a/x/d=1/2.gz"];
        assert_eq!(listed(page(&all, None), "a/x", false), exists(&read));
        assert_eq!(listed(page(&all, None), "a/x/", false), exists(&read[1..]));
        for none in [&[][..], &["a/x-old/1", "a/xy"]] {
            assert_eq!(listed(page(none, None), "a/x", false), InputState::NoObject);
        }
        let markers = ["a/x/", "a/x_$folder$", "a/x/y_$folder$"];
        assert_eq!(listed(page(&markers, None), "a/x", false), exists(&[]));
    }

    #[test]
    fn empty_folders_have_a_marker_beside_them() {
        assert_eq!(marker_beside("a/x/").as_deref(), Some("a/x_$folder$"));
        for none in ["a/x", "", "a/*/"] {
            assert_eq!(marker_beside(none), None, "{none}");
        }
        let marker = page(&["a/x_$folder$"], None);
        assert_eq!(listed(marker, "a/x/", false), exists(&[]));
    }

    #[test]
    fn what_one_page_does_not_tell_is_not_known() {
        let siblings = page(&["a/x-1", "a/x-2"], Some("more"));
        let found = listed(siblings, "a/x", false);
        assert!(matches!(found, InputState::Unknown(_)), "{found:?}");
        let many = page(&["a/x/1.gz"], Some("more"));
        assert_eq!(listed(many, "a/x", false), InputState::Exists(None));
        let matching = page(&["a/x-1.gz"], None);
        assert_eq!(listed(matching, "a/x-*.gz", true), InputState::Exists(None));
        let none = page(&[], None);
        assert_eq!(listed(none, "a/x-*.gz", true), InputState::NoObject);
    }
}
