//! A tar archive of a root file system, read where it stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use goldsmith_core::cx::Cx;
use goldsmith_disk::read::Disk;
use goldsmith_disk::read::tar::{self, Member};

use super::{Kind, Node, View, ViewError, limit};

/// An archive by its members.
pub struct ArchiveView {
    file: Arc<dyn Disk>,
    members: Vec<Member>,
    nodes: Vec<Node>,
}

impl std::fmt::Debug for ArchiveView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArchiveView")
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}

impl ArchiveView {
    /// The members of an archive as a tree. A container's image, whose layers are archives of their
    /// own, is refused.
    pub(super) fn of(file: Arc<dyn Disk>, members: Vec<Member>) -> Result<Self, ViewError> {
        let mut last: BTreeMap<&[u8], usize> = BTreeMap::new();
        for (at, member) in members.iter().enumerate() {
            last.insert(&member.path, at);
        }
        let is_container = [&b"manifest.json"[..], b"oci-layout"]
            .iter()
            .any(|name| last.contains_key(name));
        let is_system = last
            .keys()
            .any(|path| path.starts_with(b"usr/") || path.starts_with(b"etc/"));
        if is_container && !is_system {
            let text = "it is the image of a container, not the archive of a root file system";
            return Err(ViewError::Layout(text.to_owned()));
        }
        let mut nodes: BTreeMap<Vec<u8>, Node> = BTreeMap::new();
        for (path, at) in &last {
            if path.is_empty() {
                continue;
            }
            let Some((at, member)) = follow(&members, &last, *at) else {
                // A hard link to nothing is no file.
                continue;
            };
            let full = [b"/", *path].concat();
            limit(nodes.len(), &full)?;
            // Archives need not list the folders above a member.
            for (slash, _) in full
                .iter()
                .enumerate()
                .skip(1)
                .filter(|(_, byte)| **byte == b'/')
            {
                let folder = &full[..slash];
                if !nodes.contains_key(folder) {
                    let mut node = Node::new(folder, Kind::Folder);
                    node.mode = 0o755;
                    nodes.insert(folder.to_vec(), node);
                }
            }
            nodes.insert(full.clone(), node(&full, at, member));
        }
        let nodes = nodes.into_values().collect();
        Ok(Self {
            file,
            members,
            nodes,
        })
    }
}

/// The member that a hard link leads to, in a step or a few.
fn follow<'m>(
    members: &'m [Member],
    last: &BTreeMap<&[u8], usize>,
    mut at: usize,
) -> Option<(usize, &'m Member)> {
    for _ in 0..8 {
        let member = &members[at];
        if member.kind != tar::Kind::HardLink {
            return Some((at, member));
        }
        at = *last.get(&*member.target)?;
    }
    None
}

fn node(path: &[u8], at: usize, member: &Member) -> Node {
    let kind = match member.kind {
        tar::Kind::File | tar::Kind::HardLink => Kind::File,
        tar::Kind::Link => Kind::Link,
        tar::Kind::Directory => Kind::Folder,
        tar::Kind::Other => Kind::Other,
    };
    let mut node = Node::new(path, kind);
    node.mode = member.mode;
    node.uid = member.uid;
    node.gid = member.gid;
    node.size = member.size;
    node.key = at;
    if kind == Kind::Link {
        node.target = Some(String::from_utf8_lossy(&member.target).into_owned());
    }
    node
}

impl View for ArchiveView {
    fn nodes(&self, _: &Cx) -> Result<Vec<Node>, ViewError> {
        Ok(self.nodes.clone())
    }

    fn open<'v>(&'v self, node: &Node) -> Result<Box<dyn Disk + 'v>, ViewError> {
        let member = &self.members[node.key];
        Ok(Box::new(member.content(Arc::clone(&self.file))))
    }
}
