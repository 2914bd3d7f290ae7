//! The components that ship, run in a tree.

use goldsmith_component::machine::Tree;
use goldsmith_component::run::RunStatus;
use goldsmith_component::{Parameters, library, run_document};

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
        run_document(&cx, &document, &parameters, &["build", "validate"], &tree).unwrap()
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
