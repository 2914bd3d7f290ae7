use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::recipe::{ComponentUse, Firmware};

use super::*;
use crate::lock::AmiPin;
use crate::lock::tests::ami::on_ami;
use crate::lock::tests::{on_image, section};

const SALT: Salt = Salt([7; 32]);

fn component(document: &str, parameters: &[(&str, &str, bool)]) -> Work {
    Work::Component(ComponentUse {
        document: document.to_owned(),
        span: Span::new(&SourceFile::new("a.gold.hcl", ""), 0..0),
        parameters: parameters
            .iter()
            .map(|(name, value, is_sensitive)| {
                let value = Parameter {
                    value: (*value).to_owned(),
                    is_sensitive: *is_sensitive,
                };
                ((*name).to_owned(), value)
            })
            .collect(),
    })
}

fn disk() -> DiskSpec {
    DiskSpec {
        size_bytes: 8 << 30,
        boot: vec![Firmware::Bios],
        kernel_args: vec!["quiet".to_owned()],
    }
}

fn components() -> Vec<Work> {
    vec![component(
        "./a.yaml",
        &[("port", "80", false), ("password", "hunter2", true)],
    )]
}

fn base() -> Inputs {
    image_inputs(&section(), &components(), &disk(), &SALT)
}

/// The change makes another key, and is told in these words.
fn changes(new: &Inputs, words: &[&str]) {
    assert_ne!(base().key(), new.key(), "{words:?}");
    assert_eq!(explain(&base(), new), words);
}

#[test]
fn same_inputs_same_key() {
    assert_eq!(base().key(), base().key());
    assert_eq!(explain(&base(), &base()), [""; 0]);
}

#[test]
fn every_input_counts() {
    let of = |section: &Section| image_inputs(section, &components(), &disk(), &SALT);
    let mut other = section();
    other.packages[0].sha256 = Sha256::of(b"other");
    other.packages.pop();
    changes(
        &of(&other),
        &["changed: package adduser:all", "gone: package nginx:amd64"],
    );
    let mut other = section();
    other.epoch += 1;
    changes(&of(&other), &["changed: epoch"]);
    let mut other = section();
    other.documents[0].sha256 = Sha256::of(b"other");
    changes(&of(&other), &["changed: document ./a.yaml"]);
    let mut other = section();
    let Request::Debian(request) = &mut other.request else {
        unreachable!()
    };
    request.components.push("contrib".to_owned());
    changes(&of(&other), &["changed: archive"]);
    let with = |components: &[_]| image_inputs(&section(), components, &disk(), &SALT);
    let port = [component(
        "./a.yaml",
        &[("port", "81", false), ("password", "hunter2", true)],
    )];
    changes(&with(&port), &["changed: parameter port of ./a.yaml (1)"]);
    let password = [component(
        "./a.yaml",
        &[("port", "80", false), ("password", "x", true)],
    )];
    changes(
        &with(&password),
        &["changed: parameter password of ./a.yaml (1)"],
    );
    let mut args = disk();
    args.kernel_args.clear();
    changes(
        &image_inputs(&section(), &components(), &args, &SALT),
        &["changed: kernel arguments"],
    );
}

#[test]
fn of_a_parent_the_digest_counts() {
    let of = |section: &Section| image_inputs(section, &components(), &disk(), &SALT);
    let old = of(&on_image());
    let mut other = on_image();
    let Some(Parent::Image(pin)) = &mut other.parent else {
        unreachable!()
    };
    pin.name = "renamed".to_owned();
    pin.build = 9;
    assert_eq!(of(&other).key(), old.key());
    let Some(Parent::Image(pin)) = &mut other.parent else {
        unreachable!()
    };
    pin.digest = Sha256::of(b"other");
    assert_eq!(explain(&old, &of(&other)), ["changed: parent image"]);
}

#[test]
fn of_an_image_of_aws_its_id_counts() {
    let of = |section: &Section| image_inputs(section, &components(), &disk(), &SALT);
    let with = |change: fn(&mut AmiPin)| {
        let mut section = on_ami();
        let Some(Parent::Ami(pin)) = &mut section.parent else {
            unreachable!()
        };
        change(pin);
        of(&section)
    };
    let old = of(&on_ami());
    assert_eq!(with(|pin| pin.name = "x".to_owned()).key(), old.key());
    for other in [
        with(|pin| pin.id = "ami-0fedcba9876543210".to_owned()),
        with(|pin| pin.region = "eu-west-1".to_owned()),
    ] {
        assert_eq!(explain(&old, &other), ["changed: parent ami"]);
    }
}

#[test]
fn a_secret_needs_the_salt() {
    let other = image_inputs(&section(), &components(), &disk(), &Salt([8; 32]));
    changes(&other, &["changed: parameter password of ./a.yaml (1)"]);
    let text = serde_json::to_string(&base()).unwrap();
    for digest in [Sha256::of(b"hunter2"), {
        let mut hasher = Hasher::new();
        hasher.field(b"hunter2");
        hasher.finish()
    }] {
        assert!(!text.contains(&digest.to_string()));
    }
}

#[test]
fn long_lists_are_cut() {
    let mut new = base();
    for n in 0..7 {
        new.add(format!("package p{n}:all"), &["x"]);
    }
    changes(
        &new,
        &["new: package p0:all, p1:all, p2:all, p3:all, p4:all and 2 more"],
    );
}
