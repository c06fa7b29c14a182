//! `budget`: what a team may spend in a month.

use crate::text::format::{REGION, TIMEZONE, USD};
use crate::text::policy_format as format;
use crate::text::shape::Need::{Default, Optional, Required};
use crate::text::shape::{Kind, List, Object, Unique, Word, field, plain};

pub(super) static BUDGET: Object = plain(
    "What each of the policy's teams may spend in a month.",
    &[
        field(
            "monthly",
            Required,
            Kind::Text(&USD),
            "$200",
            "Dollars of a month.",
        ),
        field(
            "notify_at",
            Optional,
            Kind::List(&SHARES),
            "[50%, 80%]",
            "Shares of the month's dollars that are reported when they are reached: at most nine \
             besides 100%, as many as AWS Budgets has.",
        ),
        field(
            "when_spent",
            Default("block"),
            Kind::Words(&[
                Word {
                    text: "block",
                    doc: "Nothing new is made.",
                },
                Word {
                    text: "terminate",
                    doc: "Nothing new is made, and what runs ends after a warning.",
                },
                Word {
                    text: "notify",
                    doc: "It is told of, and nothing else.",
                },
            ]),
            "block",
            "What becomes of a month that is spent.",
        ),
        field(
            "timezone",
            Default("UTC"),
            Kind::Text(&TIMEZONE),
            "Asia/Seoul",
            "Where months begin at midnight, by its name in the IANA database.",
        ),
        field(
            "subscribers",
            Optional,
            Kind::List(&SUBSCRIBERS),
            "[ana@example.com]",
            "Whom AWS tells: at most ten addresses of e-mail, and at most one topic of SNS.",
        ),
        field(
            "home",
            Optional,
            Kind::Text(&REGION),
            "us-east-1",
            "The region in whose bucket the account is kept. When nothing is said, the region that \
             `limits.regions` names, if it is one, else us-east-1.",
        ),
    ],
);
static SHARES: List = List {
    of: Kind::Text(&format::PERCENT),
    least: 0,
    unique: Unique::ByText,
    item: "a share of the month's budget",
    example: "80%",
};
static SUBSCRIBERS: List = List {
    of: Kind::Text(&format::SUBSCRIBER),
    least: 0,
    unique: Unique::ByText,
    item: "an address of e-mail, or the ARN of an SNS topic,",
    example: "ana@example.com",
};
