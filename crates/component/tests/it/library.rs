//! The components that ship, run in a tree.

use goldsmith_component::machine::Tree;
use goldsmith_component::run::RunStatus;
use goldsmith_component::{Parameters, Services, library, run_document};
use goldsmith_exec::child::Program;
use goldsmith_exec::ns::{Sandbox, SandboxSpec};

use crate::sandbox::{Fixture, cx};

#[test]
fn timezone() {
    let fixture = Fixture::new();
    let zones = fixture.dir.path().join("lower/usr/share/zoneinfo/Europe");
    std::fs::create_dir_all(&zones).unwrap();
    std::fs::write(zones.join("Helsinki"), "TZif").unwrap();
    std::fs::create_dir(fixture.dir.path().join("lower/usr/share/zoneinfo/Etc")).unwrap();
    let (cx, _) = cx();
    let document = library::find("timezone").unwrap().document();
    let run = |zone: &str| {
        let parameters: Parameters = [("Zone".to_owned(), zone.to_owned())].into();
        let tree = Tree::new(&fixture.sandbox);
        run_document(
            &cx,
            &document,
            &parameters,
            &["build", "validate"],
            &tree,
            &Services::default(),
        )
        .unwrap()
    };
    assert_eq!(run("Europe/Nowhere").status(), RunStatus::Failed);
    let report = run("Europe/Helsinki");
    assert_eq!(report.status(), RunStatus::Success, "{report:?}");
    let root = fixture.sandbox.tree();
    assert_eq!(
        std::fs::read_to_string(root.join("etc/timezone")).unwrap(),
        "Europe/Helsinki\n"
    );
    let link = std::fs::read_link(root.join("etc/localtime")).unwrap();
    assert_eq!(link.to_str(), Some("/usr/share/zoneinfo/Europe/Helsinki"));
}

/// Debian's SSH server with the configuration its package installs.
#[test]
fn sshd_hardening() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    let (cx, _) = cx();
    let mirror = Program::new("awk")
        .args([
            "/^URIs:/{print $2; exit}",
            "/etc/apt/sources.list.d/debian.sources",
        ])
        .lines(&cx)
        .unwrap();
    Program::new("mmdebstrap")
        .args([
            "--quiet",
            "--variant=extract",
            "--include=openssh-server,bash,coreutils,grep",
            "bookworm",
        ])
        .arg(&tree)
        .args(mirror)
        .run_ok(&cx, &mut |_, _| {})
        .unwrap_or_else(|error| panic!("this test needs `mmdebstrap` and a mirror: {error}"));
    for directory in ["proc", "sys", "run", "root"] {
        std::fs::create_dir_all(tree.join(directory)).unwrap();
    }
    // What the package's script does.
    let passwd = "root:x:0:0:root:/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n";
    std::fs::write(tree.join("etc/passwd"), passwd).unwrap();
    let config = tree.join("etc/ssh/sshd_config");
    std::fs::copy(tree.join("usr/share/openssh/sshd_config"), &config).unwrap();
    let sandbox = Sandbox::open(&SandboxSpec::directory(tree.clone())).unwrap();
    let machine = Tree::new(&sandbox);
    let document = library::find("sshd-hardening").unwrap().document();
    let run = |phases: &[&str], tries: &str| {
        let parameters: Parameters = [("MaxAuthTries".to_owned(), tries.to_owned())].into();
        run_document(
            &cx,
            &document,
            &parameters,
            phases,
            &machine,
            &Services::default(),
        )
        .unwrap()
    };
    assert_eq!(run(&["validate"], "3").status(), RunStatus::Failed);
    let report = run(&["build", "validate"], "4");
    assert_eq!(report.status(), RunStatus::Success, "{report:?}");
    assert_eq!(tree.join("tmp").read_dir().unwrap().count(), 0);
    assert!(!tree.join("run/sshd").exists());
    assert_eq!(
        run(&["build", "validate"], "many").status(),
        RunStatus::Failed
    );
    let without = std::fs::read_to_string(&config)
        .unwrap()
        .replace("Include", "#Include");
    std::fs::write(&config, without).unwrap();
    assert_eq!(run(&["build"], "4").status(), RunStatus::Failed);
}
