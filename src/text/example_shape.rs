//! The shape of a file of examples: stacks, and what policies are expected to say of them.

use super::format::PATH;
use super::policy_format as format;
use super::shape::Need::{Optional, Required};
use super::shape::{Kind, List, Object, Unique, Word, field, plain};

pub(crate) static EXAMPLES: Object = plain(
    "Stacks, and what policies are expected to say of them.",
    &[field(
        "examples",
        Required,
        Kind::List(&LIST),
        "[{ name: …, stack: stack.yaml, expect: allow }]",
        "The examples.",
    )],
);
static LIST: List = List {
    of: Kind::Map(&EXAMPLE),
    least: 1,
    unique: Unique::ByName,
    item: "an example",
    example: "{ name: …, stack: stack.yaml, expect: allow }",
};
static EXAMPLE: Object = plain(
    "A stack, and what is expected.",
    &[
        field(
            "name",
            Required,
            Kind::Text(&format::TITLE),
            "a small cluster passes",
            "What it shows.",
        ),
        field(
            "stack",
            Required,
            Kind::Text(&PATH),
            "../stacks/quickstart.yaml",
            "The stack's file, seen from the folder of this one.",
        ),
        field(
            "set",
            Optional,
            Kind::List(&SETS),
            "[cluster.size=12 x m5.xlarge]",
            "Changes to the stack, as `--set` has them.",
        ),
        field(
            "month",
            Optional,
            Kind::Map(&MONTH),
            "{ spent: $150, promised: $20 }",
            "How the month of the stack's team stands.",
        ),
        field(
            "expect",
            Required,
            Kind::Words(&[
                Word {
                    text: "allow",
                    doc: "Nothing is said against it.",
                },
                Word {
                    text: "warn",
                    doc: "It passes with a warning.",
                },
                Word {
                    text: "deny",
                    doc: "It is refused.",
                },
            ]),
            "deny",
            "What becomes of the stack.",
        ),
        field(
            "because",
            Optional,
            Kind::List(&REASONS),
            "[limits.nodes]",
            "What has to be among the reasons: limits, and names of rules.",
        ),
    ],
);
static SETS: List = List {
    of: Kind::Text(&format::SETTING),
    least: 0,
    unique: Unique::No,
    item: "a change",
    example: "cluster.size=12 x m5.xlarge",
};
static REASONS: List = List {
    of: Kind::Text(&format::REASON),
    least: 0,
    unique: Unique::ByText,
    item: "a reason",
    example: "limits.nodes",
};
static MONTH: Object = plain(
    "How a team's month stands.",
    &[
        field(
            "spent",
            Optional,
            Kind::Text(&format::AMOUNT),
            "$150",
            "What clusters have cost.",
        ),
        field(
            "promised",
            Optional,
            Kind::Text(&format::AMOUNT),
            "$20",
            "What living clusters may cost yet.",
        ),
    ],
);
