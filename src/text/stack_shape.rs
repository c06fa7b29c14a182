//! The shape of a stack's file: every key, what it is for, and what it is when nothing is said.

use super::format;
use super::forms::{expand_group, expand_primary, expand_size};
use super::shape::Need::{Default, Optional, Required};
use super::shape::{Choice, Field, Forms, Kind, List, Names, Need, Object, Unique, Word};

const fn field(
    key: &'static str,
    need: Need,
    kind: Kind,
    example: &'static str,
    doc: &'static str,
) -> Field {
    Field {
        key,
        doc,
        need,
        kind,
        example,
    }
}

const fn plain(doc: &'static str, fields: &'static [Field]) -> Object {
    Object {
        doc,
        fields,
        choice: &[],
    }
}

pub(crate) static KEY_PAIRS: Names = Names {
    what: "key pair",
    root: "key_pairs",
    format: &format::KEY_PAIR,
};
pub(crate) static GROUPS: Names = Names {
    what: "security group",
    root: "security_groups",
    format: &format::GROUP,
};
pub(crate) static DATA_SETS: Names = Names {
    what: "data set",
    root: "data",
    format: &format::DATA,
};

pub(crate) static STACK: Object = plain(
    "A stack of clusterup: keys, firewall, data, cluster and job, with the limits of their cost.",
    &[
        field(
            "stack",
            Required,
            Kind::Text(&format::STACK),
            "movie-similarities",
            "The stack's name. It becomes part of the names of what is made for it.",
        ),
        field(
            "team",
            Optional,
            Kind::Text(&format::TEAM),
            "recsys",
            "The team that pays; its policies apply.",
        ),
        field(
            "region",
            Required,
            Kind::Text(&format::REGION),
            "us-east-1",
            "The AWS region that everything is made in.",
        ),
        field(
            "key_pairs",
            Optional,
            Kind::List(&KEY_PAIR_LIST),
            "[{ name: spark }]",
            "SSH keys for the cluster's nodes.",
        ),
        field(
            "security_groups",
            Optional,
            Kind::List(&GROUP_LIST),
            "[{ name: spark-ssh, ingress: [{ port: 22, from: caller }] }]",
            "Firewall rules for the cluster's primary node.",
        ),
        field(
            "data",
            Optional,
            Kind::Named(&format::DATA, &DATA),
            "{ ratings: { path: ratings.dat } }",
            "Data sets by name. A step is told where one lies by `${data.NAME}`.",
        ),
        field(
            "cluster",
            Required,
            Kind::Map(&CLUSTER),
            "{ release: emr-7.x, size: 3 x m5.xlarge }",
            "The EMR cluster.",
        ),
        field(
            "job",
            Optional,
            Kind::Map(&JOB),
            "{ steps: [{ name: main, script: job.py }] }",
            "What the cluster runs. Without it a cluster is made and nothing runs.",
        ),
        field(
            "guardrails",
            Optional,
            Kind::Map(&GUARDRAILS),
            "{ idle_timeout: 10m, max_lifetime: 2h, budget: $3 }",
            "What ends the cluster, whatever else happens.",
        ),
    ],
);

static KEY_PAIR_LIST: List = List {
    of: Kind::Map(&KEY_PAIR),
    least: 0,
    unique: Unique::ByName,
    item: "a key pair such as `{ name: spark }`",
};
static KEY_PAIR: Object = plain(
    "An SSH key pair. It is made on this machine, and its private half never leaves it.",
    &[
        field(
            "name",
            Required,
            Kind::Text(&format::KEY_PAIR),
            "spark",
            "What the cluster calls it by.",
        ),
        field(
            "public_key",
            Optional,
            Kind::Text(&format::PATH),
            "~/.ssh/id_ed25519.pub",
            "The public half of a key that you have already; none is made then.",
        ),
    ],
);

static GROUP_LIST: List = List {
    of: Kind::Map(&GROUP),
    least: 0,
    unique: Unique::ByName,
    item: "a security group such as `{ name: spark-ssh, ingress: […] }`",
};
static GROUP: Object = plain(
    "A security group: what may reach the primary node. All else is closed.",
    &[
        field(
            "name",
            Required,
            Kind::Text(&format::GROUP),
            "spark-ssh",
            "What the cluster calls it by.",
        ),
        field(
            "ingress",
            Optional,
            Kind::List(&INGRESS_LIST),
            "[{ port: 22, from: caller }]",
            "The openings.",
        ),
    ],
);
static INGRESS_LIST: List = List {
    of: Kind::Map(&INGRESS),
    least: 0,
    unique: Unique::No,
    item: "an opening such as `{ port: 22, from: caller }`",
};
static INGRESS: Object = plain(
    "One opening: a TCP port and who may reach it.",
    &[
        field(
            "port",
            Required,
            Kind::Whole {
                least: 1,
                most: 65_535,
                what: "a TCP port",
            },
            "22",
            "The TCP port.",
        ),
        field(
            "from",
            Required,
            Kind::Text(&format::INGRESS),
            "caller",
            "`caller` is this machine's public address, followed when it changes; \
             or a range of addresses.",
        ),
        field(
            "anywhere",
            Default("false"),
            Kind::Switch,
            "true",
            "Has to be true where `from` is as wide as the world.",
        ),
    ],
);

static DATA: Object = Object {
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
};

static CLUSTER: Object = plain(
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

static JOB: Object = plain(
    "What the cluster runs.",
    &[
        field(
            "python_packages",
            Optional,
            Kind::List(&PACKAGES),
            "[numpy]",
            "Packages that pip installs on every node before the first step.",
        ),
        field(
            "steps",
            Required,
            Kind::List(&STEPS),
            "[{ name: main, script: job.py }]",
            "Scripts for spark-submit, one after the other; the first that fails ends the job.",
        ),
        field(
            "results",
            Optional,
            Kind::Text(&format::PATH),
            "../results/movie-similarities",
            "The folder that `${results}` is brought home to. Without it results stay in the bucket.",
        ),
    ],
);
static PACKAGES: List = List {
    of: Kind::Text(&format::PACKAGE),
    least: 0,
    unique: Unique::ByText,
    item: "a package such as `numpy`",
};
static STEPS: List = List {
    of: Kind::Map(&STEP),
    least: 1,
    unique: Unique::ByName,
    item: "a step such as `{ name: main, script: job.py }`",
};
static STEP: Object = plain(
    "One spark-submit.",
    &[
        field(
            "name",
            Required,
            Kind::Text(&format::STEP),
            "similarities",
            "What progress, logs and `--set` call it by.",
        ),
        field(
            "script",
            Required,
            Kind::Text(&format::PATH),
            "job.py",
            "A PySpark script, seen from the stack's folder.",
        ),
        field(
            "args",
            Optional,
            Kind::List(&ARGS),
            "[--out, \"${results}\"]",
            "Arguments of the script. `${data.NAME}`, `${results}` and `${scratch}` become \
             locations; `$${` is a plain `${`.",
        ),
        field(
            "spark",
            Optional,
            Kind::Map(&SPARK),
            "{ executor_memory: 1g }",
            "Settings of Spark for this step.",
        ),
    ],
);
static ARGS: List = List {
    of: Kind::Argument,
    least: 0,
    unique: Unique::No,
    item: "an argument of the script",
};
static SPARK: Object = plain(
    "Settings of Spark.",
    &[
        field(
            "executor_memory",
            Default("auto"),
            Kind::Text(&format::EXECUTOR_MEMORY),
            "1g",
            "Memory of each executor; `auto` is what suits the instance type.",
        ),
        field(
            "conf",
            Optional,
            Kind::Conf,
            "{ spark.sql.shuffle.partitions: 64 }",
            "Any of Spark's own settings, as spark-submit's --conf takes them.",
        ),
    ],
);

static GUARDRAILS: Object = plain(
    "What ends the cluster, whatever else happens.",
    &[
        field(
            "idle_timeout",
            Default("10m"),
            Kind::Text(&format::SPAN),
            "10m",
            "How long the cluster may do nothing: from 60s to 7d, and no longer than max_lifetime.",
        ),
        field(
            "max_lifetime",
            Default("2h"),
            Kind::Text(&format::SPAN),
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
