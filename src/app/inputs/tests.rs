//! What is said of inputs that were looked up.

use super::*;
use crate::text::ReadStack;
use std::path::Path;

fn input(address: &str, form: InputForm, reader: Reader, maker: Option<Maker>) -> Wanted {
    let text = "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 2 x m5.xlarge }\n\
                data: { in: { s3: \"s3://lake/in\" } }\n";
    let names = ReadStack::new("t.yaml", text, Path::new(""), &[]).names();
    Wanted {
        address: address.to_owned(),
        form,
        named: names
            .by_text(What::DataInS3, "s3://lake/in")
            .unwrap()
            .clone(),
        reader,
        maker,
    }
}

fn data(address: &str) -> Wanted {
    input(address, InputForm::Data, Reader::Stack, None)
}

#[test]
fn only_what_the_stack_names_as_an_input_is_an_error() {
    let script = || Reader::Script("one".to_owned());
    let at = |reader, maker| input("s3://lake/x", InputForm::Data, reader, maker);
    let maker = Maker::Step("two".to_owned());
    for (wanted, state, is_error, said) in [
        (
            at(Reader::Stack, None),
            InputState::NoObject,
            true,
            "there is no data at s3://lake/x",
        ),
        (
            at(script(), None),
            InputState::NoObject,
            false,
            "the script of step \"one\" reads s3://lake/x, and it does not exist",
        ),
        (
            at(script(), None),
            InputState::NoBucket,
            false,
            "the script of step \"one\" reads s3://lake/x, and its bucket does not exist",
        ),
        (
            at(Reader::Stack, Some(maker)),
            InputState::NoBucket,
            false,
            "s3://lake/x does not exist yet; step \"two\" may write it, so it was not checked",
        ),
        (
            at(Reader::Stack, Some(Maker::Earlier)),
            InputState::NoObject,
            false,
            "s3://lake/x does not exist yet; an earlier step may write it, so it was not checked",
        ),
        (
            at(Reader::Stack, None),
            InputState::NoAnswer,
            false,
            "s3://lake/x could not be checked: S3 did not answer",
        ),
    ] {
        let (_, complaint) = complaint(wanted, &state);
        assert_eq!(
            (complaint.message.as_str(), complaint.is_warning()),
            (said, !is_error)
        );
    }
}

#[test]
fn the_folder_of_an_input_is_listed() {
    for (address, expected) in [
        ("s3://lake/a/x", "aws s3 ls s3://lake/a/"),
        ("s3://lake/a/x/", "aws s3 ls s3://lake/a/"),
        ("s3://lake/a/x-*/y", "aws s3 ls s3://lake/a/"),
        ("s3://lake/a/*.gz", "aws s3 ls s3://lake/a/"),
    ] {
        assert_eq!(listing(&data(address), &InputState::NoObject), expected);
    }
    assert_eq!(
        listing(&data("s3://lake/a"), &InputState::NoBucket),
        "aws s3 ls"
    );
}

#[test]
fn what_is_left_out_is_counted() {
    let left = |count: usize| left_out((0..count).map(|n| data(&format!("s3://lake/{n}"))));
    assert_eq!(left(0), None);
    let message = |count| left(count).map(|(_, complaint)| complaint.message);
    assert_eq!(message(1).unwrap(), "s3://lake/0 was not looked up");
    assert_eq!(
        message(7).unwrap(),
        "s3://lake/0 and 6 more were not looked up"
    );
}
