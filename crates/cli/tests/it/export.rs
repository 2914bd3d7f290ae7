//! Handing over: the command line on a small image, and the example in every form, which boots.

mod boot;

use std::fs;
use std::path::Path;

use goldsmith_build::record::{Artifact, Images, Record};
use goldsmith_core::digest::Sha256;
use goldsmith_disk::fmt::all;
use goldsmith_disk::sparse::{CHUNK, DiskDigest};

use crate::env::TestEnv;
use crate::fixture;

/// An image of one chunk of text and one of zeros, without a build.
fn with_small_image() -> TestEnv {
    let env = TestEnv::new();
    let folder = env.home().join("images/fresh");
    fs::create_dir_all(&folder).unwrap();
    let mut bytes = b"golden image\n".repeat(100_000);
    bytes.truncate(CHUNK);
    let mut digest = DiskDigest::default();
    digest.add(0, *Sha256::of(&bytes).as_bytes());
    bytes.resize(2 * CHUNK, 0);
    fs::write(folder.join("disk.raw"), &bytes).unwrap();
    let size = bytes.len() as u64;
    let mut record = Record::new("web", Sha256::of(b"key"));
    record.artifacts = vec![Artifact {
        file: "disk.raw".into(),
        kind: "raw".into(),
        size_bytes: size,
        allocated_bytes: size,
        digest: Sha256::from_bytes(digest.finish(size)),
        sha256: Some(Sha256::of(&bytes)),
    }];
    let images = Images::new(&env.home());
    images
        .publish(&folder, "1.0.0".parse().unwrap(), record)
        .unwrap();
    env
}

#[test]
fn forms_by_name_and_by_option() {
    let env = with_small_image();
    for (arguments, file, format) in [
        (&["--output", "a.vhdx"][..], "a.vhdx", "vhdx"),
        (&["--output", "a.tar.gz"], "a.tar.gz", "gce"),
        (&["--output", "a.bin", "--format", "vmdk"], "a.bin", "vmdk"),
        (&["--format", "ova"], "web-1.0.0-1.ova", "ova"),
        (&[], "web-1.0.0-1.raw", "raw"),
    ] {
        let arguments = [&["export", "web", "--json"], arguments].concat();
        let exported = env.run(&arguments).expect(0).json();
        assert_eq!(exported["image"], "web 1.0.0/1");
        let export = &exported["exports"][0];
        assert_eq!(export["format"], format);
        let path = env.project().join(file);
        assert_eq!(export["file"], path.to_str().unwrap());
        let bytes = fs::read(&path).unwrap();
        assert_eq!(export["size_bytes"], bytes.len() as u64);
        assert_eq!(export["sha256"], Sha256::of(&bytes).to_string());
    }
    fs::create_dir(env.project().join("out")).unwrap();
    let text = env
        .run(&[
            "export",
            "web",
            "--format",
            "qcow2,qcow2-zlib,vhd",
            "--output",
            "out",
        ])
        .expect(0)
        .stdout;
    for name in [
        "web-1.0.0-1.qcow2",
        "web-1.0.0-1.zlib.qcow2",
        "web-1.0.0-1.vhd",
    ] {
        assert!(env.project().join("out").join(name).exists(), "{name}");
        assert!(text.contains(name), "{text}");
    }
    for (arguments, word) in [
        (&["--output", "a.iso"][..], "--format"),
        (&["--output", "b.vhd", "--format", "vhd,ova"], "folder"),
        (&["--output", "a.vhdx"], "--force"),
        (&["--output", "/dev/null", "--format", "raw"], "--output -"),
        (&["--output", "-", "--format", "qcow2"], "raw.zst"),
        (&["--output", "-", "--format", "raw,vhd"], "folder"),
        (&["--format", "vdi"], "vhd"),
    ] {
        let arguments = [&["export", "web"], arguments].concat();
        let refused = env.run(&arguments).expect(2).stderr;
        assert!(refused.contains(word), "{arguments:?}: {refused}");
    }
}

#[test]
fn standard_output_is_the_disk_alone() {
    let env = with_small_image();
    for format in all().iter().filter(|format| format.unstreamed.is_none()) {
        let file = format!("disk{}", format.endings[0]);
        env.run(&["export", "web", "--output", &file]).expect(0);
        for is_json in [false, true] {
            let mut arguments = vec!["export", "web", "--format", format.name, "--output", "-"];
            arguments.extend(is_json.then_some("--json"));
            let streamed = env.command(&arguments).output().unwrap();
            assert!(streamed.status.success());
            let bytes = fs::read(env.project().join(&file)).unwrap();
            assert!(streamed.stdout == bytes, "{}: other bytes", format.name);
            let said = String::from_utf8(streamed.stderr).unwrap();
            assert!(said.contains(&Sha256::of(&bytes).to_string()), "{said}");
            if is_json {
                let last: serde_json::Value =
                    serde_json::from_str(said.lines().last().unwrap()).unwrap();
                assert_eq!(last["exports"][0]["file"], "-");
            }
        }
    }
}

/// Runs a tool and gives what it printed; fails when it is missing or says no.
#[expect(clippy::disallowed_methods, reason = "oracles are tools of the host")]
fn tool(name: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new(name).args(arguments).output();
    let output = output.unwrap_or_else(|e| panic!("this test needs `{name}`: {e}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{name} {arguments:?}\n{text}{errors}"
    );
    text
}

/// Every form of the example is the same disk to QEMU, and boots where QEMU boots it. One test: the
/// image is built once.
#[test]
fn the_example_in_every_form() {
    let env = fixture::with_layers();
    env.run(&["build", "web", "--offline"]).expect(0);
    let out = env.project().join("out");
    fs::create_dir(&out).unwrap();
    let names: Vec<&str> = all().iter().map(|format| format.name).collect();
    env.run(&[
        "export",
        "web",
        "--format",
        &names.join(","),
        "--output",
        "out",
    ])
    .expect(0);
    let at = |ending: &str| {
        out.join(format!("web-1.0.0-1{ending}"))
            .to_str()
            .unwrap()
            .to_owned()
    };
    let folder = out.to_str().unwrap();
    tool(
        "zstd",
        &[
            "-q",
            "-d",
            "--sparse",
            &at(".raw.zst"),
            "-o",
            &at(".unpacked"),
        ],
    );
    tool("tar", &["-xSzf", &at(".tar.gz"), "-C", folder]);
    tool("tar", &["-xf", &at(".ova"), "-C", folder]);
    let inside = |name: &str| out.join(name).to_str().unwrap().to_owned();
    let raw = env.home().join("images/web/1.0.0-1/disk.raw");
    for (file, driver) in [
        (at(".raw"), "raw"),
        (at(".unpacked"), "raw"),
        (inside("disk.raw"), "raw"),
        (at(".qcow2"), "qcow2"),
        (at(".zlib.qcow2"), "qcow2"),
        (at(".vmdk"), "vmdk"),
        (inside("web-disk1.vmdk"), "vmdk"),
        (at(".vhd"), "vpc"),
        (at(".dynamic.vhd"), "vpc"),
        (at(".vhdx"), "vhdx"),
    ] {
        let compare = [
            "compare",
            "-f",
            driver,
            "-F",
            "raw",
            &file,
            raw.to_str().unwrap(),
        ];
        tool("qemu-img", &compare);
    }
    // Machines as the forms are for: VMware's, Hyper-V's second generation, and the rest.
    for (file, driver, machine) in [
        (at(".qcow2"), "qcow2", boot::UEFI),
        (at(".zlib.qcow2"), "qcow2", boot::BIOS),
        (inside("web-disk1.vmdk"), "vmdk", boot::VMWARE),
        (at(".vhdx"), "vhdx", boot::UEFI),
        (at(".dynamic.vhd"), "vpc", boot::BIOS),
    ] {
        boot::boots(Path::new(&file), driver, machine, env.root());
    }
}
