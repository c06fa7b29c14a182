//! `data`: data sets and where they are.

use super::DATA_SETS;
use crate::text::format;
use crate::text::shape::Need::{Default, Optional};
use crate::text::shape::{Choice, Kind, Object, field};

pub(super) static DATA: Object = Object {
    doc: "A data set: a file here, behind a URL, in S3, or beside another data set.",
    fields: &[
        field(
            "path",
            Optional,
            Kind::Text(&format::PATH),
            "ml-1m/ratings.dat",
            "A file of this machine, seen from the stack's folder.",
        ),
        field(
            "url",
            Optional,
            Kind::Text(&format::URL),
            "https://example.com/ml-1m.zip",
            "A file behind http or https, or a zip archive with the file in it.",
        ),
        field(
            "member",
            Optional,
            Kind::Text(&format::MEMBER),
            "ml-1m/ratings.dat",
            "The file in the zip archive behind `url`.",
        ),
        field(
            "sha256",
            Optional,
            Kind::Text(&format::SHA256),
            "506d64ca44484487c11dc2d9a28de5c54948213e6b96285e298afe28d6ea4e0f",
            "The SHA-256 of the data itself: of `member` where there is one.",
        ),
        field(
            "s3",
            Optional,
            Kind::Text(&format::S3),
            "s3://bucket/ratings.dat",
            "An object in S3. It is read from there and not copied.",
        ),
        field(
            "beside",
            Optional,
            Kind::Reference(&DATA_SETS),
            "ratings",
            "Another data set, in whose folder, archive or prefix this one lies.",
        ),
        field(
            "file",
            Optional,
            Kind::Text(&format::FILE),
            "movies.dat",
            "The name of the file that lies there.",
        ),
        field(
            "sampled",
            Default("true"),
            Kind::Switch,
            "false",
            "Whether `--sample` may take a part of it. Lookup tables say false.",
        ),
    ],
    choice: &[
        Choice {
            key: "path",
            needs: &[],
            may: &[],
        },
        Choice {
            key: "url",
            needs: &[],
            may: &["member", "sha256"],
        },
        Choice {
            key: "s3",
            needs: &[],
            may: &[],
        },
        Choice {
            key: "beside",
            needs: &["file"],
            may: &[],
        },
    ],
    lack: "does not say where it is",
};
