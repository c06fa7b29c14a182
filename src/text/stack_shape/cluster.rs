//! `cluster`: its release, its machines, and who may reach it.

use super::{GROUPS, KEY_PAIRS};
use crate::text::format;
use crate::text::forms::{expand_group, expand_primary, expand_size};
use crate::text::shape::Need::{Default, Optional, Required};
use crate::text::shape::{Field, Forms, Kind, List, Object, Unique, Word, field, plain};

pub(super) static CLUSTER: Object = plain(
    "The EMR cluster.",
    &[
        field(
            "release",
            Required,
            Kind::Text(&format::RELEASE),
            "emr-7.x",
            "An EMR release such as emr-7.12.0; emr-7.x is the newest of its line.",
        ),
        field(
            "size",
            Required,
            Kind::Forms(&SIZE_FORMS),
            "3 x m5.xlarge",
            "How many machines of which type. Of `3 x m5.xlarge` one is the primary, two are core.",
        ),
        field(
            "key_pair",
            Optional,
            Kind::Reference(&KEY_PAIRS),
            "spark",
            "The key pair that opens its nodes to SSH.",
        ),
        field(
            "security_groups",
            Optional,
            Kind::List(&GROUP_NAMES),
            "[spark-ssh]",
            "The security groups of its primary node.",
        ),
    ],
);
static GROUP_NAMES: List = List {
    of: Kind::Reference(&GROUPS),
    least: 0,
    unique: Unique::ByText,
    item: "the name of a security group",
    example: "spark-ssh",
};

static SIZE_FORMS: Forms = Forms {
    short: &format::NODES,
    long: &SIZE,
    expand: expand_size,
};
static SIZE: Object = plain(
    "The cluster's machines by role.",
    &[
        field(
            "primary",
            Required,
            Kind::Forms(&PRIMARY_FORMS),
            "m5.xlarge",
            "The machine that leads. Alone, it does the work too.",
        ),
        field(
            "core",
            Optional,
            Kind::Forms(&GROUP_FORMS),
            "2 x m5.xlarge",
            "The machines that work and keep HDFS.",
        ),
        field(
            "task",
            Optional,
            Kind::Forms(&GROUP_FORMS),
            "2 x m5.xlarge",
            "Machines that work and keep nothing, so that they may be lost.",
        ),
    ],
);
static PRIMARY_FORMS: Forms = Forms {
    short: &format::INSTANCE_TYPE,
    long: &PRIMARY,
    expand: expand_primary,
};
static PRIMARY: Object = plain(
    "The primary node.",
    &[
        field(
            "type",
            Required,
            Kind::Text(&format::INSTANCE_TYPE),
            "m5.xlarge",
            "Its instance type.",
        ),
        MARKET,
        EBS_FIELD,
    ],
);
static GROUP_FORMS: Forms = Forms {
    short: &format::NODES,
    long: &INSTANCES,
    expand: expand_group,
};
static INSTANCES: Object = plain(
    "Machines of one role.",
    &[
        field(
            "nodes",
            Required,
            Kind::Text(&format::NODES),
            "2 x m5.xlarge",
            "How many, and their instance type.",
        ),
        MARKET,
        EBS_FIELD,
    ],
);
const MARKET: Field = field(
    "market",
    Default("on-demand"),
    Kind::Words(&[
        Word {
            text: "on-demand",
            doc: "At the full price, until we end it.",
        },
        Word {
            text: "spot",
            doc: "Cheaper, and AWS may take it back.",
        },
    ]),
    "spot",
    "How the machines are bought.",
);
const EBS_FIELD: Field = field(
    "ebs",
    Optional,
    Kind::Map(&EBS),
    "{ type: gp3, size: 64g }",
    "Disks of each machine, instead of EMR's own choice.",
);
static EBS: Object = plain(
    "EBS volumes of each machine.",
    &[
        field(
            "type",
            Default("gp3"),
            Kind::Words(&[
                Word {
                    text: "gp2",
                    doc: "SSD, faster as it grows.",
                },
                Word {
                    text: "gp3",
                    doc: "SSD, cheaper than gp2.",
                },
            ]),
            "gp3",
            "The kind of volume.",
        ),
        field(
            "size",
            Required,
            Kind::Text(&format::VOLUME_SIZE),
            "64g",
            "The size of each.",
        ),
        field(
            "volumes",
            Default("1"),
            Kind::Whole {
                least: 1,
                most: 25,
                what: "a number of volumes",
            },
            "2",
            "How many.",
        ),
    ],
);
