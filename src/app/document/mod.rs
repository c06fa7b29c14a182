//! JSON documents for machines. Unlike `serde_json`'s values they keep the order of their keys and
//! every digit of a number, and values with two forms have the one for documents
//! (`model::document_form`).

mod serializer;
mod tree;
mod written;

pub(crate) use tree::Document;

/// An object from names and values, or one value: `document!({ "stack": name, "plan": plan })`.
macro_rules! document {
    ({ $($key:literal: $value:expr),* $(,)? }) => {
        $crate::app::document::Document::Object(vec![
            $(($key.to_owned(), $crate::app::document::Document::of(&$value))),*
        ])
    };
    ($value:expr) => {
        $crate::app::document::Document::of(&$value)
    };
}

pub(crate) use document;
