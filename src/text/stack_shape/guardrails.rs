//! `guardrails`: what ends a cluster.

use super::super::format;
use super::super::shape::{
    Kind,
    Need::{Default, Optional, Required},
    Object, Word, field, plain,
};

pub(super) static GUARDRAILS: Object = plain(
    "What ends the cluster, whatever else happens.",
    &[
        field(
            "idle_timeout",
            Default("10m"),
            Kind::Text(&format::IDLE),
            "10m",
            "How long the cluster may do nothing: from 60s to 7d, and no longer than max_lifetime.",
        ),
        field(
            "max_lifetime",
            Default("2h"),
            Kind::Text(&format::LIFETIME),
            "2h",
            "How long the cluster may live at all.",
        ),
        field(
            "budget",
            Optional,
            Kind::Text(&format::USD),
            "$3",
            "The cluster ends before it has cost more.",
        ),
        field(
            "lease",
            Optional,
            Kind::Text(&format::LIFETIME),
            "4h",
            "The cluster ends when no apply has followed it for so long.",
        ),
        field(
            "off_hours",
            Optional,
            Kind::Map(&OFF_HOURS),
            "{ timezone: Asia/Seoul, terminate: \"Mon-Fri 20:00-07:00, Sat-Sun\" }",
            "The cluster ends when they begin.",
        ),
        field(
            "ceiling",
            Optional,
            Kind::Map(&CEILING),
            "{ max_lifetime: 8h, budget: $10 }",
            "How far `clusterup extend` may move the others; not at all where nothing is said.",
        ),
        field(
            "when_done",
            Default("terminate"),
            Kind::Words(&[
                Word {
                    text: "terminate",
                    doc: "The cluster ends with the job.",
                },
                Word {
                    text: "keep",
                    doc: "The cluster waits for more, until a guardrail ends it.",
                },
            ]),
            "terminate",
            "What becomes of the cluster when the job is done.",
        ),
    ],
);

pub(crate) static OFF_HOURS: Object = plain(
    "Hours in which no cluster shall run.",
    &[
        field(
            "timezone",
            Required,
            Kind::Text(&format::TIMEZONE),
            "Asia/Seoul",
            "Where the clocks hang, by its name in the IANA database.",
        ),
        field(
            "terminate",
            Required,
            Kind::Text(&format::WEEK),
            "Mon-Fri 20:00-07:00, Sat-Sun",
            "Days, and from when to when unless all day.",
        ),
    ],
);

static CEILING: Object = plain(
    "The most that a deadline may be moved to while a cluster lives.",
    &[
        field(
            "max_lifetime",
            Optional,
            Kind::Text(&format::LIFETIME),
            "8h",
            "The longest life.",
        ),
        field(
            "budget",
            Optional,
            Kind::Text(&format::USD),
            "$10",
            "The largest budget.",
        ),
    ],
);
