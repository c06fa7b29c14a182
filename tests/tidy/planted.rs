//! The mistakes that `benches/planted.py` plants fit the sources.

use std::collections::BTreeSet;
use std::fs;
use toml_edit::Document;

#[test]
fn each_planted_mistake_has_one_place() {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = fs::read_to_string(format!("{root}/benches/planted/defects.toml")).unwrap();
    let document = Document::parse(text.as_str()).unwrap();
    let defects = document["defect"].as_array_of_tables().unwrap();
    let (mut names, mut promises) = (BTreeSet::new(), BTreeSet::new());
    for defect in defects {
        let field = |key: &str| defect[key].as_str().unwrap().to_owned();
        let (name, file, find) = (field("name"), field("file"), field("find"));
        let source = fs::read_to_string(format!("{root}/{file}")).unwrap();
        let found = find.replacen("<<", "", 1).replacen(">>", "", 1);
        assert_eq!(
            source.matches(&found).count(),
            1,
            "{name} in {file}: {found}"
        );
        assert!(!field("what").is_empty());
        assert!(names.insert(name.clone()), "{name} twice");
        promises.insert(field("promise"));
    }
    assert!(names.len() >= 40, "only {} mistakes", names.len());
    assert_eq!(promises.len(), 5, "{promises:?}");
}
