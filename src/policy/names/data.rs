//! The names of data sets and key pairs.

use super::tree::part;
use super::{Datum, Name, Shape, read};
use crate::model::stack::{Data, KeyPair, Source, Stack};
use Shape::{Bool, Text};

pub(super) const DATA: &[Name] = &[
    part("name", Text, "The data set's name."),
    part("source", Text, "`path`, `url` or `s3`."),
    part("location", Text, "The path or address itself."),
    part(
        "member",
        Text,
        "The file in the zip archive behind a `url`; empty if none.",
    ),
    part(
        "sha256",
        Text,
        "The SHA-256 that the stack expects; empty if none.",
    ),
    part("sampled", Bool, "Whether `--sample` may take a part of it."),
    part(
        "header",
        Text,
        "Whether the first line names the columns: `true`, `false`, or empty if its name decides.",
    ),
];

pub(super) const KEY_PAIR: &[Name] = &[
    part("name", Text, "The key pair's name."),
    part(
        "public_key",
        Text,
        "The path of an existing public key; empty if the key pair is created.",
    ),
];

pub(super) fn data(stack: &Stack) -> Datum {
    let one = |(name, data): (_, &Data)| {
        let name: &crate::model::name::DataName = name;
        let (source, location) = match &data.source {
            Source::Path(path) => ("path", read::text(path.display())),
            Source::Url { url, .. } => ("url", read::text(url)),
            Source::S3(address) => ("s3", read::text(address)),
        };
        let (member, sha256) = match &data.source {
            Source::Url { member, sha256, .. } => (member.as_ref(), sha256.as_ref()),
            Source::Path(_) | Source::S3(_) => (None, None),
        };
        read::record([
            ("name", read::text(name)),
            ("source", read::text(source)),
            ("location", location),
            ("member", read::or_none(member)),
            ("sha256", read::or_none(sha256)),
            ("sampled", Datum::Bool(data.sampled)),
            ("header", read::or_none(data.header)),
        ])
    };
    Datum::List(stack.data.iter().map(one).collect())
}

pub(super) fn key_pairs(stack: &Stack) -> Datum {
    let one = |pair: &KeyPair| {
        let path = pair.public_key.as_ref().map(|path| path.display());
        read::record([
            ("name", read::text(&pair.name)),
            ("public_key", read::or_none(path)),
        ])
    };
    Datum::List(stack.key_pairs.iter().map(one).collect())
}
