//! Images of AWS in the lock.

use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::recipe::{AmiSource, WhichAmi};

use super::*;

/// The newest of Debian's.
pub(crate) fn on_ami() -> Section {
    Section {
        source: "vendor".to_owned(),
        request: Request::Ami(AmiRequest {
            id: None,
            owners: vec!["136693071363".to_owned()],
            filters: [("name".to_owned(), vec!["debian-12-amd64-*".to_owned()])].into(),
            parameter: None,
            region: "eu-north-1".to_owned(),
            arch: "amd64".to_owned(),
        }),
        parent: Some(Parent::Ami(AmiPin {
            id: "ami-0123456789abcdef0".to_owned(),
            name: "debian-12-amd64-20260711-1234".to_owned(),
            owner: "136693071363".to_owned(),
            region: "eu-north-1".to_owned(),
            arch: "amd64".to_owned(),
            created: Moment(1_783_764_997),
        })),
        boot: Vec::new(),
        ..on_image()
    }
}

#[test]
fn a_newer_image_of_aws_is_an_update() {
    let with = |change: fn(&mut AmiPin)| {
        let mut section = on_ami();
        let Some(Parent::Ami(pin)) = &mut section.parent else {
            unreachable!()
        };
        change(pin);
        diff(&lock(on_ami()), &lock(section))
    };
    assert!(!with(|_| {}).has_updates());
    let newer = with(|pin| {
        pin.id = "ami-0fedcba9876543210".to_owned();
        pin.created = Moment(1_783_851_397);
    });
    assert!(newer.has_updates());
    assert_eq!(
        newer.to_string(),
        "recipe web\n  * vendor: ami-0123456789abcdef0 (debian-12-amd64-20260711-1234, 2026-07-11 10:16 UTC) \
         -> ami-0fedcba9876543210 (debian-12-amd64-20260711-1234, 2026-07-12 10:16 UTC)\n"
    );
    // An id is of a region.
    assert!(with(|pin| pin.region = "eu-west-1".to_owned()).has_updates());
    let other = diff(&lock(on_disk()), &lock(on_ami())).to_string();
    assert!(
        other.contains(
            "* starts from ami-0123456789abcdef0 (debian-12-amd64-20260711-1234), before from disk "
        ),
        "{other}"
    );
}

/// What a source asks, and what another one would change.
#[test]
fn requests_of_aws() {
    let newest = |owners: &[&str], names: &[&str]| WhichAmi::Newest {
        owners: owners.iter().map(|&owner| owner.to_owned()).collect(),
        filters: [(
            "name".to_owned(),
            names.iter().map(|&name| name.to_owned()).collect(),
        )]
        .into(),
    };
    let ask = |which: WhichAmi, region: &str, arch: &str| {
        let source = AmiSource {
            name: "vendor".to_owned(),
            span: Span::new(&SourceFile::new("a.gold.hcl", ""), 0..0),
            which,
            arch: arch.to_owned(),
        };
        let request = Request::Ami(stale::ami(&source, region));
        let old = on_ami();
        stale(&old, &request, &old.documents).map(|reason| reason.to_string())
    };
    let debian = || newest(&["136693071363"], &["debian-12-amd64-*"]);
    for (which, region, arch, words) in [
        (debian(), "eu-north-1", "amd64", None),
        (
            newest(
                &["136693071363", "136693071363"],
                &["debian-12-amd64-*", "debian-12-amd64-*"],
            ),
            "eu-north-1",
            "amd64",
            None,
        ),
        (
            debian(),
            "eu-west-1",
            "arm64",
            Some("region: eu-north-1 to eu-west-1; arch: amd64 to arm64"),
        ),
        (
            newest(&["self", "136693071363"], &["debian-13-*"]),
            "eu-north-1",
            "amd64",
            Some("owners: added self; filter `name`: added debian-13-*, removed debian-12-amd64-*"),
        ),
        (
            WhichAmi::Id("ami-0123456789abcdef0".to_owned()),
            "eu-north-1",
            "amd64",
            Some(
                "id: none to ami-0123456789abcdef0; owners: removed 136693071363; \
                 filter `name`: removed debian-12-amd64-*",
            ),
        ),
    ] {
        assert_eq!(ask(which, region, arch).as_deref(), words);
    }
    let old = section();
    let reason = stale(&old, &on_ami().request, &old.documents).unwrap();
    assert_eq!(reason.to_string(), "source: debian to aws-ami");
}
