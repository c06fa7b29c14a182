//! Scripts of any content: the lint ends, and soon, without a panic.

use super::corpus::Case;
use std::time::{Duration, Instant};

fn found(text: String) -> Vec<&'static str> {
    let start = Instant::now();
    let case = Case::of("hostile".to_owned(), text);
    let found = case
        .found()
        .into_iter()
        .map(|(code, ..)| code.as_str())
        .collect();
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
    found
}

#[test]
fn deep_nesting_is_refused() {
    let many = 100_000;
    for (name, text) in [
        ("brackets", "(".repeat(many) + &")".repeat(many)),
        ("brackets left open", "x = [".repeat(many)),
        ("signs", format!("x = {}1", "-".repeat(many))),
        ("sums", format!("x = a{}", "+a".repeat(many))),
        ("attributes", format!("x = a{}", ".a".repeat(many))),
        ("calls", format!("x = a{}", "()".repeat(many))),
        ("subscripts", format!("x = a{}", "[0]".repeat(many))),
        ("lambdas", format!("x = {}1", "lambda a, b: ".repeat(many))),
        ("choices", format!("x = {}1", "1 if x else ".repeat(many))),
        ("negations", format!("x = {}1", "not ".repeat(many))),
        ("powers", format!("x = 1{}", "**1".repeat(many))),
        ("awaits", format!("x = {}1", "await ".repeat(many))),
        (
            "f-strings",
            format!("x = f'{}{}'", "{ ".repeat(many), "}".repeat(many)),
        ),
        (
            "indents",
            (0..2_000)
                .map(|n| format!("{}if x:\n", " ".repeat(n)))
                .collect(),
        ),
    ] {
        assert!(!found(text).is_empty(), "{name}");
    }
}

#[test]
fn what_is_just_not_too_deep_is_followed() {
    let many = 390;
    for text in [
        format!("x = {}1{}", "(".repeat(many), ")".repeat(many)),
        format!("x = a{}", ".map(a)".repeat(many / 2)),
        format!("x = {}1", "not ".repeat(many)),
        format!("x = 'a'{}", "+'a'".repeat(many)),
        format!("x = a{}", "[0]".repeat(many)),
        format!("x = {}1", "lambda: ".repeat(many / 2)),
        (0..99)
            .map(|n| format!("{}if x:\n", " ".repeat(n)))
            .collect::<String>()
            + &" ".repeat(99)
            + "y",
    ] {
        assert!(
            !found(text.clone()).contains(&"not-checked"),
            "{}",
            &text[..40]
        );
    }
}

#[test]
fn long_scripts_end_soon() {
    let many = 4_000;
    let doubled = "x = 'a'\n".to_owned() + &"x = x + x\nx = (x, x)\ny = f'{x}{x}'\n".repeat(500);
    let branches = "if a:\n  b = 1\n".to_owned()
        + &(0..many)
            .map(|n| format!("elif a == {n}:\n  b{n} = {n}\n"))
            .collect::<String>();
    let functions: String = (0..many)
        .map(|n| format!("def f{n}(a):\n  return f{}(a)\n", n + 1))
        .collect();
    let names: String = (0..many).map(|n| format!("a{n}.collect()\n")).collect();
    let list = format!("x = [{}]\n", "'a', ".repeat(many)) + &"print(x)\n".repeat(1_000);
    for text in [
        doubled,
        branches,
        functions,
        names,
        list,
        "x".repeat(3 << 20),
        "\n".repeat(2 << 20),
    ] {
        found(text);
    }
}

#[test]
fn any_bytes_are_taken() {
    let mut seed = 7_u64;
    let mut next = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap()
    };
    let words = [
        "sc",
        ".",
        "(",
        ")",
        "'",
        "\"\"\"",
        "f'{",
        "}'",
        "\n",
        "  ",
        "def f(",
        "):",
        "if ",
        "else:",
        "import ",
        "sys.argv",
        "[1]",
        "=",
        ",",
        "lambda x:",
        "# clusterup: allow(",
        "%s",
        "%",
        ".format(",
        "{}",
        "\u{0}",
        "\u{feff}",
        "\\",
        "\r\n",
        "é",
        "\u{202e}",
        "class A:",
        "return ",
        "try:",
        "except ",
        "match x:",
        "@",
        ":=",
    ];
    for _ in 0..1_000 {
        let text: String = (0..next() % 60)
            .map(|_| words[next() % words.len()])
            .collect();
        found(text);
    }
}
