//! Rules, and what becomes of them.

/// Rules, whether they hold for the specimen, and whether for the bare stack.
pub(super) const GOOD: &[(&str, bool, bool)] = &[
    ("true", true, true),
    ("stack.name == 'films'", true, false),
    (r"stack.name == '\x66\u0069\U0000006c\155\x73'", true, false),
    ("int('5') == 5 && double('1.5') == 1.5", true, true),
    ("1e2 == 100.0 && 1E+2 == 1e2 && 1.5e-1 == 0.15", true, true),
    ("stack.team == \"\"", false, true),
    ("stack.region.startsWith(\"eu-\")", true, false),
    ("\"owner\" in stack.tags", true, false),
    (
        "has(stack.tags.owner) && stack.tags.owner == \"ada\"",
        true,
        false,
    ),
    (
        "\"cost-center\" in stack.tags && stack.tags[\"cost-center\"].size() == 4",
        true,
        false,
    ),
    ("stack.tags.size() == 0", false, true),
    (
        "stack.tags.all(key, key.matches(r\"^[a-z-]+$\"))",
        true,
        true,
    ),
    ("stack.cluster.release == \"emr-7.x\"", true, false),
    ("stack.cluster.size == \"1 x m5.xlarge\"", false, true),
    ("stack.cluster.nodes == 5", true, false),
    (
        "stack.cluster.nodes > 1.5 // a half is more than none",
        true,
        false,
    ),
    ("stack.cluster.nodes * 1.5 == 7.5", true, false),
    ("1.5 * (stack.cluster.nodes + 1) == 9.0", true, false),
    ("stack.cluster.nodes / 2 == 2", true, false),
    ("stack.cluster.nodes % 2 == 1", true, true),
    ("-stack.cluster.nodes < -2", true, false),
    (
        "stack.cluster.instance_types == ['m5.xlarge', 'r5.xlarge']",
        true,
        false,
    ),
    (
        "stack.cluster.instance_types.all(it, it in ['m5.xlarge'])",
        false,
        true,
    ),
    ("stack.cluster.primary.type == 'm5.xlarge'", true, true),
    (
        "stack.cluster.core.nodes == 2 && stack.cluster.core.volume_gib == 128",
        true,
        false,
    ),
    (
        "stack.cluster.core.type == '' || stack.cluster.core.volume_gib == 0",
        false,
        true,
    ),
    ("stack.cluster.task.market == 'spot'", true, false),
    ("stack.cluster.task.market == 'on-demand'", false, true),
    ("stack.cluster.key_pair == 'spark'", true, false),
    ("!stack.cluster.has_existing_key_pair", true, true),
    (
        "stack.cluster.network.subnet.startsWith('subnet-0a')",
        true,
        false,
    ),
    ("stack.cluster.network.subnet_tags.size() == 0", true, true),
    ("stack.cluster.network.access == 'ssh'", true, true),
    (
        "stack.cluster.network.service_access_group == ''",
        false,
        true,
    ),
    ("'spark-ssh' in stack.cluster.security_groups", true, false),
    (
        "stack.ingress.exists(it, it.port == 22 && it.from == 'caller')",
        true,
        false,
    ),
    (
        "stack.ingress.exists_one(it, it.group == 'spark-ssh')",
        true,
        false,
    ),
    (
        "stack.ingress.filter(it, it.port < 1024).size() == 1",
        true,
        false,
    ),
    (
        "stack.job.steps.map(it, it.name) == ['similarities']",
        true,
        false,
    ),
    (
        "stack.job.steps.map(it, it.args.size() > 1, it.name).size() == 0",
        false,
        true,
    ),
    (
        "stack.job.steps.exists(s, s.args.exists(a, a == '${data.ratings}'))",
        true,
        false,
    ),
    (
        "stack.job.steps.all(it, it.executor_memory_mib == 1024)",
        true,
        true,
    ),
    (
        "stack.job.steps.exists(it, 'spark.sql.shuffle.partitions' in it.conf)",
        true,
        false,
    ),
    (
        "stack.job.python_packages.exists(it, it.startsWith('numpy'))",
        true,
        false,
    ),
    (
        "stack.data.all(it, it.source == 's3' && it.location.contains('//films'))",
        true,
        true,
    ),
    ("stack.data[0].name == 'ratings' || true", true, true),
    ("stack.guardrails.idle_minutes <= 10", true, true),
    (
        "stack.guardrails.lifetime_minutes == 120 && stack.guardrails.has_budget",
        true,
        false,
    ),
    ("stack.guardrails.budget in [1, 2.5, 3]", true, false),
    ("stack.guardrails.budget in [1, 3]", true, false),
    ("stack.guardrails.lease_minutes == 0", false, true),
    ("stack.guardrails.when_done == 'keep'", false, true),
    ("has(cost.hourly) ? cost.hourly < 1 : false", true, false),
    (
        "has(cost.worst) && cost.worst >= stack.guardrails.budget",
        true,
        false,
    ),
    ("caller.startsWith('arn:')", false, true),
    ("(stack.team == '' ? 1 : 0.5) < 1", true, false),
    (
        "int(stack.cluster.nodes + 0.5) == 5 && string(1) == '1'",
        true,
        false,
    ),
    ("stack.name < 'd' && size(stack.name) == 4", false, true),
    (
        "[1] + [2] == [1, 2] && 'a' + 'b' == 'ab' && [] + [1] == [1]",
        true,
        true,
    ),
    (
        "[] == stack.ingress.map(it, it.port) || 1 in []",
        false,
        true,
    ),
    ("!!true && \n\n stack.tags\n.size() >= 0", true, true),
];

/// Rules that are none, with the column, from 1, and the message of each flaw.
pub(super) const BAD: &[(&str, &[(usize, &str)])] = &[
    ("", &[(1, "the rule is empty")]),
    ("  // nothing", &[(1, "the rule is empty")]),
    ("stack.clustr.nodes > 1", &[(7, "`stack` has no `clustr`")]),
    (
        "true || stack.cluster.nods > 1",
        &[(23, "`stack.cluster` has no `nods`")],
    ),
    ("stak.name == ''", &[(1, "rules have no `stak`")]),
    ("hourly > 1", &[(1, "rules have no `hourly`")]),
    (
        "stack.name > 1",
        &[(1, "text cannot be compared with a number")],
    ),
    (
        "true || stack.cluster.nodes == \"3\"",
        &[(9, "a number cannot be compared with text")],
    ),
    ("stack.cluster.nodes && true", &[(1, "this is a number")]),
    ("!stack.name", &[(2, "this is text")]),
    ("[1.5, 'a'].size() == 2", &[(7, "this is text")]),
    (
        "1.size() == 1",
        &[(3, "`size` cannot be applied to a number")],
    ),
    ("1e > 0", &[(1, "a number in a rule has no unit")]),
    (
        "(['a'] + [1]).size() == 2",
        &[(
            1,
            "`+` cannot be applied to a list of text and a list of numbers",
        )],
    ),
    (
        "stack.cluster.nodes % 'a' > 0",
        &[(1, "`%` cannot be applied to a number and text")],
    ),
    (
        "stack.cluster.nodes - 'a' > 0",
        &[(1, "`-` cannot be applied to a number and text")],
    ),
    ("stack.cluster.nodes", &[(1, "this is a number")]),
    ("stack.cluster", &[(1, "this is a group of names")]),
    (
        "stack.ingress.port == 22",
        &[(15, "`stack.ingress` is a list and has no `port`")],
    ),
    (
        "stack.name.length == 3",
        &[(12, "`stack.name` is text and has no `length`")],
    ),
    (
        "stack.ingress.all(it, it.prt == 1)",
        &[(26, "`it` has no `prt`")],
    ),
    (
        "stack.ingress.all(it, it.port)",
        &[(23, "this is a number")],
    ),
    (
        "stack.ingress.all(stack, true)",
        &[(19, "`stack` is already defined")],
    ),
    (
        "stack.ingress.all('it', true)",
        &[(19, "this cannot be a variable")],
    ),
    (
        "stack.ingress.all(it)",
        &[(15, "`all` takes a variable and an expression, not 1")],
    ),
    (
        "stack.name.all(it, true)",
        &[(12, "`all` takes lists, and this is text")],
    ),
    (
        "stack.name.startWith('a')",
        &[(12, "rules have no function `startWith`")],
    ),
    ("now() > 1", &[(1, "rules have no function `now`")]),
    (
        "contains(stack.name, 'a')",
        &[(1, "rules have no function `contains`")],
    ),
    ("stack.name.contains(1)", &[(21, "this is a number")]),
    (
        "stack.name.contains()",
        &[(12, "`contains` takes 1 argument, not 0")],
    ),
    (
        "stack.cluster.instance_types.contains('a')",
        &[(30, "`contains` takes text, and this is a list of text")],
    ),
    (
        "false && stack.name.matches('(')",
        &[(29, "this is not a regular expression")],
    ),
    (
        "stack.name.matches('a' + '(')",
        &[(
            1,
            "this cannot be evaluated even for an ordinary stack: \
             `matches` fails: unclosed group",
        )],
    ),
    (
        "1 in stack.cluster.instance_types",
        &[(1, "a number cannot be in a list of text")],
    ),
    (
        "'a' in stack.name",
        &[(1, "`in` looks into lists and maps, not into text")],
    ),
    (
        "stack['name'] == ''",
        &[(7, "`stack` is a group of names and has no `[…]`")],
    ),
    ("stack.tags[1] == ''", &[(12, "this is a number")]),
    ("has(stack)", &[(5, "`has` needs a name with a dot in it")]),
    ("has(stack.nam)", &[(11, "`stack` has no `nam`")]),
    (
        "stack.name + 1 == ''",
        &[(1, "`+` cannot be applied to text and a number")],
    ),
    ("1.5 % 2 == 0", &[(1, "`%` takes whole numbers")]),
    ("-stack.name == ''", &[(1, "text cannot be negated")]),
    ("true ? 1 : 'a'", &[(12, "this is text")]),
    ("[1, 'a'].size() == 2", &[(5, "this is text")]),
    (
        "1 / 0 == 1",
        &[(
            1,
            "this cannot be evaluated even for an ordinary stack: it divides by zero",
        )],
    ),
    (
        "9223372036854775807 + 1 > 0",
        &[(
            1,
            "this cannot be evaluated even for an ordinary stack: a number grows too large",
        )],
    ),
    (
        "stack.nam == '' || cost.hour > 1",
        &[(7, "`stack` has no `nam`"), (25, "`cost` has no `hour`")],
    ),
    // What cannot be read.
    ("stack.name = 'a'", &[(12, "a rule cannot contain `=`")]),
    ("stack.name == 'a", &[(15, "this text is never closed")]),
    (
        "stack.name == 'é' & true",
        &[(19, "a rule cannot contain `&`")],
    ),
    ("true and false", &[(6, "`and` is not allowed here")]),
    ("not true", &[(5, "`true` is not allowed here")]),
    ("(true", &[(6, "the rule ends too early")]),
    ("true)", &[(5, "`)` is not allowed here")]),
    ("stack. == ''", &[(8, "`==` is not allowed here")]),
    ("stack.tags.in == ''", &[(12, "`in` is not allowed here")]),
    ("cost.hourly > $5", &[(15, "a rule cannot contain `$`")]),
    (
        "stack.guardrails.idle_minutes > 10m",
        &[(33, "a number in a rule has no unit")],
    ),
    (
        "stack.name.matches('\\d')",
        &[(21, "this backslash does not begin a CEL escape")],
    ),
    (
        r"stack.name == '\x+1'",
        &[(16, "this backslash does not begin a CEL escape")],
    ),
    (
        r"stack.name == '\ud800'",
        &[(16, "this backslash does not begin a CEL escape")],
    ),
    (
        "stack.team == null",
        &[(15, "nothing in a stack is `null`")],
    ),
    (
        "99999999999999999999 > 1",
        &[(1, "this number is too large")],
    ),
    ("for == 1", &[(1, "`for` is not allowed here")]),
    ("{'a': 1}.size() == 1", &[(1, "a rule cannot contain `{`")]),
];
