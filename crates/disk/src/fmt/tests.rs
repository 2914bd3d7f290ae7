use super::*;

#[test]
fn names_and_endings_decide() {
    for (file, expected) in [
        ("web.raw", Some("raw")),
        ("web.img", Some("raw")),
        ("web-1.0.0-1.qcow2", Some("qcow2")),
        ("web.zlib.qcow2", Some("qcow2-zlib")),
        ("web.vhd", Some("vhd")),
        ("web.dynamic.vhd", Some("vhd-dynamic")),
        ("disk.tar.gz", Some("gce")),
        ("web.raw.zst", Some("raw.zst")),
        ("web.iso", None),
        ("qcow2", None),
    ] {
        let found = Format::of_file(file).map(|format| format.name);
        assert_eq!(found, expected, "{file}");
    }
    for format in all() {
        let again = Format::named(format.name).map(|found| found.name);
        assert_eq!(again, Some(format.name));
        assert_eq!(
            Format::of_file(&format!("web{}", format.endings[0])).map(|f| f.name),
            Some(format.name)
        );
    }
}
