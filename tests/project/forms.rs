//! The forms for issues are valid for GitHub, request what is needed, and ask to redact secrets.

use super::text;
use super::workflows::yaml;
use serde_json::Value;

fn body(form: &Value) -> &Vec<Value> {
    form["body"].as_array().unwrap()
}

fn field<'a>(form: &'a Value, id: &str) -> &'a Value {
    let found = body(form).iter().find(|field| field["id"] == id);
    found.unwrap_or_else(|| panic!("no {id}"))
}

/// GitHub, "Syntax for GitHub's form schema": the kinds, a label for each but `markdown`, each id and
/// label once.
#[test]
fn forms_are_valid_for_github() {
    for file in ["bug.yml", "feature.yml"] {
        let form = yaml(&format!("ISSUE_TEMPLATE/{file}"));
        assert!(form["name"].is_string() && form["description"].is_string());
        let mut seen = Vec::new();
        for field in body(&form) {
            let kind = field["type"].as_str().unwrap();
            let asked = &field["attributes"];
            if kind == "markdown" {
                assert!(asked["value"].is_string());
                continue;
            }
            let kinds = ["textarea", "input", "dropdown", "checkboxes"];
            assert!(kinds.contains(&kind), "{file}: {kind}");
            for name in [&field["id"], &asked["label"]] {
                assert!(name.is_string() && !seen.contains(name), "{file}: {name}");
                seen.push(name.clone());
            }
            // A word such as yes is a truth value in YAML, and GitHub refuses the form.
            for option in asked["options"].as_array().into_iter().flatten() {
                assert!(
                    option.is_string() || option["label"].is_string(),
                    "{option}"
                );
            }
        }
    }
}

#[test]
fn a_bug_comes_with_version_and_doctor_and_redacted() {
    let form = yaml("ISSUE_TEMPLATE/bug.yml");
    for (id, words) in [
        ("version", "clusterup --version"),
        ("doctor", "clusterup doctor"),
    ] {
        let asked = field(&form, id);
        assert_eq!(asked["validations"]["required"], true, "{id}");
        assert!(
            asked["attributes"]["description"]
                .as_str()
                .unwrap()
                .contains(words)
        );
    }
    let redacted = &field(&form, "redacted")["attributes"]["options"][0];
    assert_eq!(redacted["required"], true);
    let first = body(&form)[0]["attributes"]["value"].as_str().unwrap();
    assert!(first.contains("redact") && first.contains("SECURITY.md"));
}

#[test]
fn faults_are_reported_in_private() {
    let address = "https://github.com/clusterup/clusterup/security/advisories/new";
    assert_eq!(
        yaml("ISSUE_TEMPLATE/config.yml")["contact_links"][0]["url"],
        address
    );
    let security = text("SECURITY.md");
    assert!(security.contains(address));
    for part in [
        "Supported versions",
        "Report a vulnerability",
        "Scope",
        "does not promise",
    ] {
        assert!(security.contains(part), "{part}");
    }
    let minor = env!("CARGO_PKG_VERSION").rsplit_once('.').unwrap().0;
    assert!(security.contains(&format!("({minor}.x)")));
    assert!(text("README.md").contains("(SECURITY.md)"));
}
