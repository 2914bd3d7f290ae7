use goldsmith_core::inventory::SourcePackage;

use super::*;

pub(crate) fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
    Package::new(ecosystem, name, version)
}

fn of_source(name: &str, version: &str, source: &str, source_version: &str) -> Package {
    Package {
        source: Some(SourcePackage {
            name: source.to_owned(),
            version: source_version.to_owned(),
        }),
        ..package(Ecosystem::Deb, name, version)
    }
}

#[test]
fn units_of_advisories() {
    let owned = Package {
        owner: Some("python3-requests".to_owned()),
        ..package(Ecosystem::Python, "requests", "2.28.1")
    };
    let inventory = Inventory {
        distribution: None,
        packages: vec![
            of_source(
                "libssl3",
                "3.0.15-1~deb12u1+b1",
                "openssl",
                "3.0.15-1~deb12u1",
            ),
            of_source("openssl", "3.0.15-1~deb12u1", "openssl", "3.0.15-1~deb12u1"),
            of_source(
                "linux-image-6.1.0-50-amd64",
                "6.1.176-1",
                "linux-signed-amd64",
                "6.1.176+1",
            ),
            of_source("linux-libc-dev", "6.1.176-1", "linux", "6.1.176-1"),
            package(Ecosystem::Python, "Zope.Interface", "5.4"),
            owned,
        ],
    };
    let stock = Stock::of(&inventory);
    let shown: Vec<String> = stock
        .items
        .iter()
        .map(|it| format!("{} {} {}", it.name, it.version, it.binaries.join("+")))
        .collect();
    assert_eq!(
        shown,
        [
            "linux 6.1.176-1 linux-image-6.1.0-50-amd64+linux-libc-dev",
            "openssl 3.0.15-1~deb12u1 libssl3+openssl",
            "zope-interface 5.4 Zope.Interface",
        ]
    );
    assert_eq!(Stock::decode(&stock.encode()), Ok(stock));
}

#[test]
fn refuses_what_it_did_not_write() {
    for text in [
        "",
        "goldsmith-stock 2\nnull\n",
        "goldsmith-stock 1\nnull\ndeb\tx\n",
    ] {
        assert!(Stock::decode(text).is_err(), "{text}");
    }
}
