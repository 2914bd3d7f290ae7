//! Programs that say what they were made of: those of Go, and those of Rust that
//! `cargo auditable` built.

use std::io;

use goldsmith_core::inventory::Package;

use super::elf::Elf;
use super::{FileKind, Subject};
use crate::view::Node;

mod go;
mod rust;

pub(super) static KIND: FileKind = FileKind { is_wanted, read };

fn is_wanted(node: &Node) -> bool {
    let is_library = node.path.ends_with(".so") || node.path.contains(".so.");
    node.size >= 64 && (node.mode & 0o111 != 0 || is_library)
}

fn read(subject: &Subject<'_>, packages: &mut Vec<Package>) -> io::Result<()> {
    let Some(elf) = Elf::open(subject.file)? else {
        return Ok(());
    };
    go::read(&elf, subject.path, packages)?;
    rust::read(&elf, subject.path, packages)
}

#[cfg(test)]
mod tests;
