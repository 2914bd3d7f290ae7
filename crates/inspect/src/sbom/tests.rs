//! Written, held against the official schemas, read back; and those of other tools.

use goldsmith_testing::emulators;

use super::*;
use crate::inventory::plain;
use crate::sanitize::testing::{Tree, cx};
use crate::snapshot::Snapshot;
use crate::view::tree::TreeView;

const SUBJECT: Subject<'_> = Subject {
    name: "web",
    version: Some("1.4.0/2"),
    sha256: Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    epoch: Some(1_700_000_000),
    files: None,
};

fn sample() -> Inventory {
    let mut packages = Vec::new();
    let mut add = |ecosystem, name: &str, version: &str, more: &dyn Fn(&mut Package)| {
        let mut package = plain(ecosystem, name, version, "/var/lib/some where");
        more(&mut package);
        packages.push(package);
    };
    let nothing = |_: &mut Package| {};
    add(Ecosystem::Deb, "libstdc++6", "12.2.0-14+deb12u1", &|p| {
        p.arch = Some("amd64".to_owned());
        p.source = Some(SourcePackage {
            name: "gcc-12".to_owned(),
            version: "12.2.0-14".to_owned(),
        });
        p.maintainer = Some("Debian GCC Maintainers <debian-gcc@lists.debian.org>".to_owned());
    });
    add(Ecosystem::Rpm, "openssl", "1:3.0.7-27.el9", &|p| {
        p.module = Some("nodejs:18".to_owned());
        p.license = Some("ASL 2.0".to_owned());
        p.maintainer = Some("Red Hat, Inc.".to_owned());
    });
    add(Ecosystem::Apk, "musl", "1.2.4-r2", &nothing);
    add(Ecosystem::Python, "Zope.Interface", "5.4", &nothing);
    add(Ecosystem::Python, "requests", "2.28.1", &|p| {
        p.owner = Some("python3-requests".to_owned());
    });
    add(Ecosystem::Python, "requests", "2.28.1", &nothing);
    add(Ecosystem::Npm, "@angular/core", "1.0.0", &|p| {
        p.license = Some("MIT".to_owned());
    });
    add(
        Ecosystem::Maven,
        "org.apache.logging.log4j:log4j-core",
        "2.14.1",
        &nothing,
    );
    add(Ecosystem::Go, "golang.org/x/crypto", "v0.1.0", &nothing);
    add(Ecosystem::Cargo, "serde", "1.0.0+x", &nothing);
    packages.sort();
    Inventory {
        distribution: Some(Distribution {
            id: "debian".to_owned(),
            like: Vec::new(),
            version: Some("12".to_owned()),
            codename: Some("bookworm".to_owned()),
            title: "Debian GNU/Linux 12 (bookworm)".to_owned(),
            point_release: Some("12.15".to_owned()),
        }),
        packages,
    }
}

/// Has Python look at documents; it prints what is wrong with them.
fn python(script: &str, documents: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        let path = folder.path().join(format!("{number}.spdx.json"));
        std::fs::write(&path, document).unwrap();
        files.push(path);
    }
    #[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
    let output = std::process::Command::new(emulators::program("python3"))
        .arg("-c")
        .arg(script)
        .args(files)
        .env_clear()
        .output()
        .expect("python starts");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// Both forms of what may be in a document, and of nothing.
fn documents(form: Form) -> Vec<String> {
    let bare = Subject {
        name: "some disk.raw",
        version: None,
        sha256: None,
        epoch: None,
        files: None,
    };
    vec![
        write(&sample(), form, &SUBJECT),
        write(&Inventory::default(), form, &bare),
    ]
}

#[test]
fn cyclonedx_by_its_schema() {
    let script = "import sys\n\
        from cyclonedx.schema import SchemaVersion\n\
        from cyclonedx.validation.json import JsonStrictValidator\n\
        for path in sys.argv[1:]:\n    \
            error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(path).read())\n    \
            print('valid' if error is None else error)\n";
    assert_eq!(
        python(script, &documents(Form::CycloneDx)),
        "valid\nvalid\n"
    );
    let bent = write(&sample(), Form::CycloneDx, &SUBJECT).replace("\"library\"", "\"book\"");
    assert!(python(script, &[bent]).contains("book"), "the oracle looks");
}

#[test]
fn spdx_by_its_tools() {
    let script = "import sys\n\
        from spdx_tools.spdx.parser.parse_anything import parse_file\n\
        from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document\n\
        for path in sys.argv[1:]:\n    \
            messages = validate_full_spdx_document(parse_file(path))\n    \
            print([m.validation_message for m in messages] or 'valid')\n";
    assert_eq!(python(script, &documents(Form::Spdx)), "valid\nvalid\n");
    let bent = write(&sample(), Form::Spdx, &SUBJECT).replace("SPDXRef-Image", "Image");
    assert!(
        !python(script, &[bent]).contains("valid\n"),
        "the oracle looks"
    );
}

#[test]
fn ours_is_read_as_it_was() {
    for form in [Form::CycloneDx, Form::Spdx] {
        let document = write(&sample(), form, &SUBJECT);
        assert_eq!(document, write(&sample(), form, &SUBJECT));
        assert_eq!(read(document.as_bytes()).unwrap(), sample(), "{form:?}");
        let other = Subject {
            sha256: None,
            ..SUBJECT
        };
        let serial = |text: &str| {
            let line = text
                .lines()
                .find(|l| l.contains("serialNumber") || l.contains("documentNamespace"));
            line.unwrap().to_owned()
        };
        assert_ne!(serial(&document), serial(&write(&sample(), form, &other)));
    }
}

#[test]
fn with_the_files_of_packages() {
    let tree = Tree::clean();
    tree.put(&[
        (
            "/var/lib/dpkg/status",
            "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 2\n",
        ),
        ("/var/lib/dpkg/info/a.list", "/opt\n/opt/a\n"),
    ]);
    let view = TreeView::open(tree.root()).unwrap();
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    let inventory = crate::inventory::inventory(&snapshot, Vec::new()).unwrap();
    let subject = Subject {
        files: Some(snapshot.system()),
        ..SUBJECT
    };
    for form in [Form::CycloneDx, Form::Spdx] {
        let document = write(&inventory, form, &subject);
        let found = read(document.as_bytes()).unwrap();
        assert_eq!(
            found.packages[0].evidence,
            ["/var/lib/dpkg/status", "/opt", "/opt/a"]
        );
    }
}

#[test]
fn of_other_tools() {
    let trivy = r#"{ "bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
        { "type": "operating-system", "name": "debian", "version": "12.5" },
        { "type": "library", "name": "libc6", "version": "2.36-9+deb12u4",
          "purl": "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12.5",
          "properties": [ { "name": "aquasecurity:trivy:SrcName", "value": "glibc" },
            { "name": "aquasecurity:trivy:SrcVersion", "value": "2.36" },
            { "name": "aquasecurity:trivy:SrcRelease", "value": "9+deb12u4" } ] } ] }"#;
    let syft = r#"{ "spdxVersion": "SPDX-2.3", "packages": [
        { "name": "openssl-libs", "versionInfo": "1:3.0.7-27.el9", "supplier": "Organization: Red Hat, Inc.",
          "licenseDeclared": "Apache-2.0", "externalRefs": [
            { "referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x" },
            { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
              "referenceLocator": "pkg:rpm/rhel/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rhel-9.3&epoch=1&upstream=openssl-3.0.7-27.el9.src.rpm" } ] },
        { "name": "core", "versionInfo": "1.0.0", "externalRefs": [
            { "referenceType": "purl", "referenceLocator": "pkg:npm/%40angular/core@1.0.0" } ] },
        { "name": "image", "externalRefs": [ { "referenceType": "purl", "referenceLocator": "pkg:oci/image" } ] } ] }"#;
    let show = |document: &str| {
        let found = read(document.as_bytes()).unwrap();
        let system = found.distribution.unwrap();
        let rows = found.packages.iter().map(|p| {
            let (source, version) = (p.source_name(), p.source_version());
            format!(
                "{} {} {} of {source} {version}",
                p.ecosystem, p.name, p.version
            )
        });
        (system.id, system.version, rows.collect::<Vec<_>>())
    };
    let (id, version, rows) = show(trivy);
    assert_eq!((&*id, version.as_deref()), ("debian", Some("12")));
    assert_eq!(rows, ["deb libc6 2.36-9+deb12u4 of glibc 2.36-9+deb12u4"]);
    let (id, version, rows) = show(syft);
    assert_eq!((&*id, version.as_deref()), ("rhel", Some("9.3")));
    assert_eq!(
        rows,
        [
            "rpm openssl-libs 1:3.0.7-27.el9 of openssl 3.0.7-27.el9",
            "npm @angular/core 1.0.0 of @angular/core 1.0.0",
        ]
    );
    assert!(matches!(read(b"{}"), Err(SbomError::Other)));
    assert!(matches!(read(b"<bom/>"), Err(SbomError::Json(_))));
}
