//! `watchdog` and `unmanaged`: how clusters end that must not live on, and those of others.

use crate::text::format::{IDLE, LIFETIME, TAG_KEY};
use crate::text::policy_format::{APPLICATION, PERCENT};
use crate::text::shape::Need::{Default, Optional, Required};
use crate::text::shape::{Kind, List, Object, Unique, Word, field, plain};

pub(super) static UNMANAGED: Object = plain(
    "Clusters that clusterup did not make.",
    &[
        field(
            "action",
            Default("notify"),
            Kind::Words(&[
                Word {
                    text: "ignore",
                    doc: "They are not looked at.",
                },
                Word {
                    text: "notify",
                    doc: "People are told of those that are forgotten.",
                },
                Word {
                    text: "terminate",
                    doc: "Those that are forgotten end, after a warning.",
                },
            ]),
            "notify",
            "What becomes of those that are forgotten.",
        ),
        field(
            "idle_timeout",
            Default("1h"),
            Kind::Text(&IDLE),
            "1h",
            "How long one has idled when it is forgotten.",
        ),
        field(
            "max_lifetime",
            Optional,
            Kind::Text(&LIFETIME),
            "24h",
            "The age at which one is forgotten whatever it does; none where nothing is said.",
        ),
        field(
            "grace",
            Default("1h"),
            Kind::Text(&IDLE),
            "1h",
            "How long after its warning one ends.",
        ),
        field(
            "idle_by_yarn",
            Optional,
            Kind::List(&APPLICATIONS),
            "[JupyterHub]",
            "Applications whose work YARN does not show, and with which a cluster is idle all the same \
             when no step and nothing in YARN runs. With HBase, Trino, Presto, Flink, JupyterHub and \
             others that are not named here, idleness is unknown.",
        ),
        field(
            "exempt",
            Optional,
            Kind::Map(&EXEMPT),
            "{ tag: keep, max_lifetime: 7d }",
            "Clusters that are left alone; clusters of clusterup are not ended as idle then.",
        ),
    ],
);

static APPLICATIONS: List = List {
    of: Kind::Text(&APPLICATION),
    least: 1,
    unique: Unique::ByText,
    item: "an application of EMR",
    example: "JupyterHub",
};

static EXEMPT: Object = plain(
    "Clusters that are left alone.",
    &[
        field(
            "tag",
            Required,
            Kind::Text(&TAG_KEY),
            "keep",
            "The key of the tag that they have; its value may be anything but `false`.",
        ),
        field(
            "max_lifetime",
            Optional,
            Kind::Text(&LIFETIME),
            "7d",
            "The age from which the tag no longer helps; none where nothing is said.",
        ),
    ],
);

pub(super) static WATCHDOG: Object = plain(
    "How clusters are ended that the policy does not let live on.",
    &[
        field(
            "warn_before",
            Default("10m"),
            Kind::Text(&IDLE),
            "10m",
            "How long before a cluster is ended its people are warned.",
        ),
        field(
            "max_kills_per_sweep",
            Optional,
            Kind::Whole {
                least: 1,
                most: 500,
                what: "a number of clusters",
            },
            "5",
            "When more than so many clusters would end at once for idling, none does; 5 where no \
             policy says, and of several the lowest.",
        ),
        field(
            "max_kill_fraction",
            Optional,
            Kind::Text(&PERCENT),
            "50%",
            "The same as a share of the clusters that live, where there are more than three; 50% \
             where no policy says.",
        ),
        field(
            "lift_protection",
            Default("false"),
            Kind::Switch,
            "true",
            "Whether termination protection is taken off a cluster that has to end; else people are \
             told.",
        ),
        field(
            "start_within",
            Optional,
            Kind::Text(&LIFETIME),
            "1h",
            "How long a cluster may take to come up; 1h where no policy says.",
        ),
        field(
            "stuck_after",
            Optional,
            Kind::Text(&IDLE),
            "30m",
            "How long a step may run without a sign of progress before people are told; 30m where no \
             policy says.",
        ),
        field(
            "clean_up_after",
            Optional,
            Kind::Text(&LIFETIME),
            "7d",
            "How long after a stack's last cluster its keys, groups and locks are removed; not at all \
             where no policy says.",
        ),
    ],
);
