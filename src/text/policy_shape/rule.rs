//! `rules`: conditions in CEL, and what is said where they are true.

use crate::text::policy_format as format;
use crate::text::shape::Need::{Optional, Required};
use crate::text::shape::{Choice, Kind, List, Object, Unique, field};

pub(super) static RULES: List = List {
    of: Kind::Map(&RULE),
    least: 0,
    unique: Unique::ByName,
    item: "a rule",
    example: "{ name: …, deny_when: …, message: … }",
};
static RULE: Object = Object {
    doc: "A condition, and what is said where it is true.",
    fields: &[
        field(
            "name",
            Required,
            Kind::Text(&format::RULE),
            "big-clusters-are-spot",
            "What verdicts and examples call it by.",
        ),
        field(
            "deny_when",
            Optional,
            Kind::Expression(&format::EXPRESSION),
            "stack.cluster.nodes > 5",
            "A condition in CEL under which a stack is refused.",
        ),
        field(
            "warn_when",
            Optional,
            Kind::Expression(&format::EXPRESSION),
            "stack.cluster.nodes > 5",
            "A condition in CEL under which a stack is let pass with a warning.",
        ),
        field(
            "message",
            Required,
            Kind::Text(&format::MESSAGE),
            "more than 5 nodes must run on Spot",
            "What a person is told, and how it can be passed.",
        ),
    ],
    choice: &[
        Choice {
            key: "deny_when",
            needs: &[],
            may: &[],
        },
        Choice {
            key: "warn_when",
            needs: &[],
            may: &[],
        },
    ],
    lack: "does not say when it speaks",
};
