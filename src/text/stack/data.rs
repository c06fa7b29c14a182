//! `data`: data sets and their places.

use super::DATA_SETS;
use crate::model::name::DataName;
use crate::model::stack::{Data, Source};
use crate::text::field::{At, Got, record};
use crate::text::format;
use crate::text::named::What;
use crate::text::paths;
use crate::text::types::{LocalPath, Outside, Switch};
use std::collections::BTreeMap;

/// A data set as written, before `beside` is resolved.
#[derive(Debug, Clone)]
pub(super) struct Written {
    place: Place,
    sampled: bool,
    header: Option<bool>,
}

#[derive(Debug, Clone)]
enum Place {
    Own(Source),
    /// A file of this name in the place of another data set.
    Beside(DataName, String),
}

record! {
    /// A data set: files on this machine, a file behind a URL, data in S3, or a file beside another
    /// data set.
    pub(super) DATA: Written [without: "does not say where it is"] = |at| {
        /// A file on this machine, relative to the stack's folder; or a folder, or a pattern such as
        /// `logs/2026-*/*.csv`, whose files are one data set.
        path: either = LocalPath(format::PATH, Some(What::Data)), "ml-1m/ratings.dat";
        /// A file behind http or https, or a zip archive that contains the file.
        url: either = Outside(What::Url, format::URL), "https://example.com/ml-1m.zip";
        /// The file in the zip archive behind `url`.
        member: with("url") = format::MEMBER, "ml-1m/ratings.dat";
        /// The SHA-256 of the file, or of `member` if that is set.
        sha256: with("url") = format::SHA256,
            "506d64ca44484487c11dc2d9a28de5c54948213e6b96285e298afe28d6ea4e0f";
        /// An object in S3, which is read in place and not copied.
        s3: either = Outside(What::DataInS3, format::S3), "s3://bucket/ratings.dat";
        /// Another data set whose folder, archive or prefix contains this one.
        beside: either = DATA_SETS, "ratings";
        /// The name of the file there.
        file: needed_with("beside") = format::FILE, "movies.dat";
        /// Whether `--sample` may take a part of it. Set it to false for lookup tables.
        sampled: default("true") = Switch, "false";
        /// Whether the first line names the columns: a sample keeps it. By default it does for files
        /// whose name ends in .csv or .tsv.
        header: optional = Switch, "true";
    } check {
        if path.place.is_none() {
            name_beside(at, &beside, &file);
        }
    } => {
        let url = url.map(|url| Source::Url { url, member, sha256 });
        let own = path.map(Source::Path).or(url).or(s3.map(Source::S3));
        let beside = || Some(Place::Beside(beside?, file?));
        Written { place: own.map(Place::Own).or_else(beside)?, sampled, header }
    };
}

const PATH: &str = DATA.key("path");
const S3: &str = DATA.key("s3");

/// A file beside a file on this machine or an object in S3 must exist as well.
fn name_beside(
    at: &mut At<'_, '_>,
    beside: &Got<'_, Option<DataName>>,
    file: &Got<'_, Option<String>>,
) {
    let (Some(Some(beside)), Some(Some(file)), Some(place)) =
        (&beside.value, &file.value, file.place)
    else {
        return;
    };
    let Some(reader) = at.reader() else { return };
    let other = |key: &str| {
        let other = reader.root.find(&[DATA_SETS.root, beside.as_str(), key]);
        other.and_then(|other| other.text())
    };
    if let Some(other) = other(PATH) {
        let path = paths::join(reader.base, other).with_file_name(file);
        reader.name(What::Data, file, place.value, Some(path));
    } else if let Some(other) = other(S3) {
        reader.name(
            What::DataInS3,
            &paths::sibling(other, file),
            place.value,
            None,
        );
    }
}

/// Data sets with `beside` resolved; `None` if one refers to a missing data set.
pub(super) fn placed(all: BTreeMap<DataName, Written>) -> Option<BTreeMap<DataName, Data>> {
    let source = |written: &Written| match &written.place {
        Place::Own(source) => Some(source.clone()),
        Place::Beside(other, file) => match &all.get(other)?.place {
            Place::Own(source) => Some(sibling(source.clone(), file)),
            Place::Beside(..) => None,
        },
    };
    let one = |(name, written): (&DataName, &Written)| {
        let source = source(written)?;
        let data = Data {
            source,
            sampled: written.sampled,
            header: written.header,
        };
        Some((name.clone(), data))
    };
    all.iter().map(one).collect()
}

fn sibling(source: Source, file: &str) -> Source {
    match source {
        Source::Path(path) => Source::Path(path.with_file_name(file)),
        Source::Url {
            url,
            member: Some(member),
            ..
        } => {
            let member = Some(paths::sibling(&member, file));
            Source::Url {
                url,
                member,
                sha256: None,
            }
        }
        Source::Url {
            url, member: None, ..
        } => {
            let place = url.split(['?', '#']).next().unwrap_or_default();
            Source::Url {
                url: paths::sibling(place, file),
                member: None,
                sha256: None,
            }
        }
        Source::S3(uri) => Source::S3(paths::sibling(&uri, file)),
    }
}
