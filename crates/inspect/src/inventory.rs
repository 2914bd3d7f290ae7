//! The packages that an image has, as its own dpkg knows them.

use std::collections::BTreeSet;

use crate::view::{Kind, Node, View, ViewError};

/// dpkg's database of a very large system has 10 MiB.
const DATABASE_MAX: usize = 256 << 20;
const STATUS: &str = "/var/lib/dpkg/status";
const INFO: &str = "/var/lib/dpkg/info";

/// A package that is installed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Its architecture.
    pub arch: String,
    /// Its version.
    pub version: String,
}

/// The installed packages, in the order of names; `nodes` are those of the view, in the order of
/// paths. An image without dpkg has none.
pub fn installed(view: &dyn View, nodes: &[Node]) -> Result<Vec<Installed>, ViewError> {
    let Some(status) = find(nodes, STATUS) else {
        return Ok(Vec::new());
    };
    let bytes = view.read(status, DATABASE_MAX)?;
    let mut packages = parse(&String::from_utf8_lossy(&bytes));
    packages.sort_unstable();
    Ok(packages)
}

/// The files of some packages, as the tree names them: through no link of its root.
pub fn files_of<'a>(
    view: &dyn View,
    nodes: &[Node],
    packages: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<BTreeSet<String>, ViewError> {
    let links: Vec<(String, String)> = nodes
        .iter()
        .filter(|node| node.kind == Kind::Link && node.path.rfind('/') == Some(0))
        .filter_map(|node| {
            let target = node.target.as_deref()?.trim_start_matches('/');
            Some((format!("{}/", node.path), format!("/{target}/")))
        })
        .collect();
    let mut files = BTreeSet::new();
    for (name, arch) in packages {
        let lists = [
            format!("{INFO}/{name}:{arch}.list"),
            format!("{INFO}/{name}.list"),
        ];
        let Some(list) = lists.iter().find_map(|path| find(nodes, path)) else {
            continue;
        };
        let bytes = view.read(list, DATABASE_MAX)?;
        files.extend(String::from_utf8_lossy(&bytes).lines().map(|path| {
            let real = links.iter().find_map(|(link, target)| {
                Some(format!("{target}{}", path.strip_prefix(link.as_str())?))
            });
            real.unwrap_or_else(|| path.to_owned())
        }));
    }
    Ok(files)
}

fn find<'n>(nodes: &'n [Node], path: &str) -> Option<&'n Node> {
    let at = nodes
        .binary_search_by(|node| node.path.as_str().cmp(path))
        .ok()?;
    Some(&nodes[at]).filter(|node| node.kind == Kind::File)
}

fn parse(status: &str) -> Vec<Installed> {
    let package = |stanza: &str| {
        let field = |name: &str| {
            let mut lines = stanza.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        let is_installed = field("Status")?.ends_with(" installed");
        is_installed.then_some(Installed {
            name: field("Package")?.to_owned(),
            arch: field("Architecture")?.to_owned(),
            version: field("Version")?.to_owned(),
        })
    };
    status.split("\n\n").filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::testing::{Tree, cx};
    use crate::view::tree::TreeView;

    #[test]
    fn of_dpkg() {
        let tree = Tree::clean();
        let status = "Package: b\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2-3\nDescription: x\n Version: 9\n\n\
                      Package: a\nStatus: install ok installed\nArchitecture: all\nMulti-Arch: foreign\nVersion: 2\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 2\n";
        tree.put(&[
            (STATUS, status),
            (
                "/var/lib/dpkg/info/b:amd64.list",
                "/.\n/bin\n/bin/b\n/etc/b.conf\n",
            ),
            ("/var/lib/dpkg/info/a.list", "/opt/a\n"),
            ("/bin", "-> usr/bin"),
        ]);
        let view = TreeView::open(tree.root()).unwrap();
        let mut nodes = view.nodes(&cx()).unwrap();
        nodes.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let found = installed(&view, &nodes).unwrap();
        let shown: Vec<String> = found
            .iter()
            .map(|p| format!("{} {} {}", p.name, p.arch, p.version))
            .collect();
        assert_eq!(shown, ["a all 2", "b amd64 1:2-3"]);
        let files = files_of(&view, &nodes, [("b", "amd64"), ("absent", "all")]).unwrap();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        assert_eq!(files, ["/.", "/bin", "/etc/b.conf", "/usr/bin/b"]);
    }
}
