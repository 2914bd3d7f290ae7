use std::sync::atomic::AtomicUsize;

use super::*;
use crate::sanitize::testing::{Tree, cx};
use crate::view::tree::TreeView;

/// Counts, and finds every file whose content begins with `bad`.
#[derive(Default)]
struct Bad {
    files: AtomicUsize,
    images: AtomicUsize,
}

impl Engine for Bad {
    fn wants(&self, _: &Scan<'_>, node: &Node) -> bool {
        node.path.starts_with("/srv/")
    }

    fn file(&self, scan: &Scan<'_>, node: &Node, file: &dyn Disk) -> Result<(), ScanError> {
        self.files.fetch_add(1, Ordering::Relaxed);
        let mut start = [0; 3];
        if file.read_at(0, &mut start).is_ok() && &start == b"bad" {
            scan.unread(place(node), "bad");
        }
        Ok(())
    }

    fn image(&self, _: &Scan<'_>) -> Result<(), ScanError> {
        self.images.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn every_file_once_and_in_one_order() {
    let tree = Tree::clean();
    let names: Vec<String> = (0..300).map(|n| format!("/srv/file{n}")).collect();
    for (n, name) in names.iter().enumerate() {
        tree.put(&[(name, if n % 3 == 0 { "bad" } else { "good" })]);
    }
    tree.put(&[
        ("/etc/ssh/ssh_host_rsa_key", "x"),
        ("/srv/link", "-> file0"),
    ]);
    let view = TreeView::open(tree.root()).unwrap();
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    let look = |threads| {
        let bad = Bad::default();
        let engines: [&dyn Engine; 2] = [&bad, &Leaks::default()];
        let found = scan(&cx(), &snapshot, &engines, NonZero::new(threads).unwrap()).unwrap();
        // One file of `Tree::clean` is in `/srv` as well.
        assert_eq!(bad.files.into_inner(), 301);
        assert_eq!(bad.images.into_inner(), 1);
        found
    };
    let found = look(1);
    assert_eq!(found, look(3));
    let unread = found.iter().filter(|f| f.kind == Kind::Coverage);
    assert_eq!(unread.count(), 100);
    let leak = found.iter().find(|f| f.id == "ssh-hostkeys").unwrap();
    assert_eq!(leak.severity, Severity::High);
    assert_eq!(leak.fix.as_deref(), Some("delete it"));
}

#[test]
fn stops_when_asked() {
    let tree = Tree::clean();
    let view = TreeView::open(tree.root()).unwrap();
    let cx = cx();
    let snapshot = Snapshot::take(&view, &cx).unwrap();
    cx.cancel.cancel();
    let result = scan(&cx, &snapshot, &[&Bad::default()], NonZero::<usize>::MIN);
    assert!(matches!(result, Err(ScanError::Cancelled(_))));
}
