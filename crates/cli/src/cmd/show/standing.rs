//! What the catalog knows of an image: how it stands, its tags, copies, statements, and the line
//! that it comes from and that goes on from it.

use std::path::Path;

use goldsmith_core::catalog::{
    Catalog, CatalogError, CopyRow, ImageFilter, ImageRow, StatementRow,
};
use goldsmith_core::image::ImageId;
use goldsmith_core::size::format_bytes;

use crate::output::date;
use crate::style;

/// How many of an image's children are shown.
const CHILDREN_MAX: usize = 20;

/// How far back a line is followed.
const PARENTS_MAX: usize = 32;

pub(super) struct Standing {
    pub(super) row: ImageRow,
    copies: Vec<CopyRow>,
    statements: Vec<StatementRow>,
    /// Parent, its parent, and so on; the last one may be one that the catalog does not know.
    parents: Vec<ImageId>,
    /// What started from it, newest first.
    children: Vec<ImageId>,
}

impl Standing {
    pub(super) fn of(catalog: &dyn Catalog, id: &ImageId) -> Result<Self, CatalogError> {
        let row = catalog.image(id)?;
        let mut parents: Vec<ImageId> = Vec::new();
        let mut next = row.made.parent.clone();
        while let Some(parent) = next.filter(|_| parents.len() < PARENTS_MAX) {
            next = match catalog.image(&parent) {
                Ok(row) => row.made.parent,
                Err(CatalogError::Unknown { .. }) => None,
                Err(error) => return Err(error),
            };
            parents.push(parent);
        }
        let filter = ImageFilter {
            parent: Some(id.clone()),
            ..ImageFilter::default()
        };
        let children = catalog.images(&filter, None, CHILDREN_MAX)?;
        Ok(Self {
            copies: catalog.copies(id)?,
            statements: catalog.statements(id)?,
            parents,
            children: children.into_iter().map(|row| row.made.id).collect(),
            row,
        })
    }

    /// The beginning of the page of an image that has no folder.
    pub(super) fn gone(&self, folder: &Path) -> String {
        let made = &self.row.made;
        let mut text = format!(
            "{}{}{}\n  {:<12} {}\n  {:<12} {}\n  {:<12} {} is gone\n",
            style::BOLD,
            made.id,
            style::RESET,
            "made",
            date(made.created_unix),
            "key",
            made.key,
            "folder",
            folder.display(),
        );
        let rows = made.artifacts.iter().map(|artifact| {
            let size = format_bytes(artifact.size_bytes);
            format!("{:<14} {size}, {}", artifact.file, artifact.digest)
        });
        super::section(&mut text, "artifacts", rows);
        text
    }

    /// Titles with their lines; those without are not shown.
    pub(super) fn sections(&self) -> [(&'static str, Vec<String>); 5] {
        let row = &self.row;
        let reason = match row.reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        let mut standing = vec![format!(
            "{} since {}{reason}",
            row.state.name(),
            date(row.changed_unix)
        )];
        if !row.channels.is_empty() {
            standing.push(format!("channels {}", row.channels.join(", ")));
        }
        let tags = row
            .tags
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let copies = self.copies.iter().map(|copy| {
            let gone = if copy.is_there { "" } else { " (gone)" };
            format!(
                "{:<20} {:<8} {}{gone}",
                copy.target, copy.format, copy.location
            )
        });
        let statements = self.statements.iter().map(|statement| {
            let kind = &statement.predicate_type;
            format!(
                "{kind} ({}, {})",
                statement.digest.short(),
                date(statement.unix)
            )
        });
        let parents = self.parents.iter().map(|parent| format!("from {parent}"));
        let children = self
            .children
            .iter()
            .map(|child| format!("parent of {child}"));
        [
            ("state", standing),
            ("tags", tags.collect()),
            ("copies", copies.collect()),
            ("statements", statements.collect()),
            ("line", parents.chain(children).collect()),
        ]
    }

    pub(super) fn json(&self) -> serde_json::Value {
        let copies = self.copies.iter().map(|copy| {
            serde_json::json!({ "target": copy.target, "format": copy.format, "name": copy.name,
                "location": copy.location, "unix": copy.unix, "is_there": copy.is_there,
                "sha256": copy.digest.map(|digest| digest.to_string()) })
        });
        let statements = self.statements.iter().map(|statement| {
            serde_json::json!({ "predicate_type": statement.predicate_type,
                "digest": statement.digest.to_string(), "unix": statement.unix })
        });
        let names = |images: &[ImageId]| -> Vec<String> {
            images.iter().map(ToString::to_string).collect()
        };
        serde_json::json!({ "copies": copies.collect::<Vec<_>>(),
            "statements": statements.collect::<Vec<_>>(),
            "parents": names(&self.parents), "children": names(&self.children) })
    }
}
