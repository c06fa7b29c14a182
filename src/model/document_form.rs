//! Values that have two forms in JSON: the text that people write and that records keep, such as
//! `"2h"`, and the form in documents of `--output json`, such as `{"seconds": 7200}`.
//!
//! Both are in one value, so that each type says once how it is written. What writes records, such as
//! `serde_json`, writes the first. What writes documents knows [`FORM`] and writes the second.

use serde::{Serialize, Serializer};

/// The name of the newtype whose content says in documents that it is not human-readable, and gets
/// the second form.
pub const FORM: &str = "clusterup document form";

/// The name of the newtype whose text is a number in documents, digit by digit.
pub const NUMBER: &str = "clusterup number";

/// Serializes a value that has two forms.
///
/// # Errors
/// Returns the error of the serializer.
pub fn serialize<S: Serializer>(
    kept: &impl Serialize,
    document: &impl Serialize,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.serialize_newtype_struct(FORM, &Forms { kept, document })
}

struct Forms<'a, K, D> {
    kept: &'a K,
    document: &'a D,
}

impl<K: Serialize, D: Serialize> Serialize for Forms<'_, K, D> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            self.kept.serialize(to)
        } else {
            self.document.serialize(to)
        }
    }
}
