//! A stack that has a value for every name: rules are tried on it when they are read, and its
//! values are the examples of the documentation.

use crate::model::stack::Stack;
use crate::policy::subject::{Price, Subject};
use std::path::Path;
use std::sync::LazyLock;

static STACK: LazyLock<Stack> = LazyLock::new(|| {
    let text = include_str!("specimen.yaml");
    let read = crate::text::parse("specimen.yaml", text, Path::new(""), &[]);
    let mut stack = read.expect("the specimen is read by tests");
    let tags = [("owner", "ada"), ("cost-center", "4711")];
    stack.tags = tags
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    stack
});

/// An ordinary stack with its price and caller.
pub(in crate::policy) fn specimen() -> Subject<'static> {
    Subject {
        stack: &STACK,
        price: "$0.96".parse().ok().zip("$3".parse().ok()).map(price),
        by: "ada@laptop",
    }
}

fn price((hourly, worst): (crate::model::money::Usd, crate::model::money::Usd)) -> Price {
    let least = hourly;
    Price {
        hourly,
        worst,
        least,
    }
}
