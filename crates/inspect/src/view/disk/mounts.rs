//! The other file systems of a disk, put where the root's `fstab` says.

use goldsmith_disk::read::Part;
use goldsmith_disk::read::ext4::Ext4;
use goldsmith_disk::read::signature::{self, Found};
use goldsmith_disk::read::table::{Partition, Table};

use super::{DiskView, ESP_MOUNT, Files, Mount, broken};
use crate::view::fat::Fat;
use crate::view::{Node, ViewError};

/// A row of `fstab`.
struct Row {
    device: String,
    folder: String,
}

impl DiskView {
    /// Reads every partition but the root's that `fstab` names, and the EFI system partition.
    pub(super) fn mount_others(&mut self, table: &Table, root: usize) -> Result<(), ViewError> {
        let rows = fstab(&self.text("/etc/fstab").unwrap_or_default());
        for partition in &table.partitions {
            if partition.number == root {
                continue;
            }
            let part = Part::of(self.disk.clone(), partition.start..partition.end());
            if partition.kind.is_esp() {
                let at = rows.iter().map(|row| row.folder.as_str());
                let mut at = at.filter(|at| ["/boot/efi", "/efi", "/boot"].contains(at));
                let at = at.find(|at| *at != "/boot" || !has_boot(&rows));
                let fat = Fat::open(part)
                    .map_err(|text| ViewError::Layout(format!("EFI system partition: {text}")))?;
                self.mounts.push(Mount {
                    at: at.unwrap_or(ESP_MOUNT).to_owned(),
                    files: Files::Fat(fat),
                });
                continue;
            }
            self.mount(partition, part, &rows)?;
        }
        // What is deeper comes later, so that it is found in what it lies in.
        self.mounts[1..].sort_by_key(|mount| mount.at.matches('/').count());
        Ok(())
    }

    fn mount(
        &mut self,
        partition: &Partition,
        part: Part<'static>,
        rows: &[Row],
    ) -> Result<(), ViewError> {
        let failed =
            |source| ViewError::Layout(format!("partition {}: {source}", partition.number));
        let found = signature::on_partition(&part).map_err(|e| failed(e.to_string()))?;
        if found != Found::Ext {
            if let Found::Mountable(name) | Found::Container(name) = found {
                let number = partition.number;
                self.unread.push(format!(
                    "partition {number} is {name}, which is not read here"
                ));
            }
            return Ok(());
        }
        let ext4 = match Ext4::open_replayed(part) {
            Ok(ext4) => ext4,
            Err(error) => {
                let number = partition.number;
                self.unread.push(format!("partition {number}: {error}"));
                return Ok(());
            }
        };
        let label = String::from_utf8_lossy(ext4.label()).into_owned();
        let names = [
            format!("UUID={}", ext4.uuid()),
            format!("LABEL={label}"),
            format!(
                "PARTUUID={}",
                partition.id.map(|id| id.to_string()).unwrap_or_default()
            ),
            format!("PARTLABEL={}", partition.name),
        ];
        let row = rows.iter().find(|row| {
            let same = |name: &String| name.eq_ignore_ascii_case(&row.device);
            names.iter().any(same)
        });
        let Some(row) = row else {
            let number = partition.number;
            self.unread.push(format!(
                "partition {number} is mounted nowhere by `/etc/fstab`"
            ));
            return Ok(());
        };
        let at = row.folder.trim_end_matches('/').to_owned();
        let (tree, contents) = ext4.everything().map_err(|e| broken(&at, e))?;
        self.mounts.push(Mount {
            at,
            files: Files::Ext4(tree, contents),
        });
        Ok(())
    }

    /// Takes out what is hidden by something that is mounted over it.
    pub(super) fn without_covered(&self, nodes: &mut Vec<Node>) {
        let covers: Vec<(usize, String)> = self
            .mounts
            .iter()
            .enumerate()
            .filter(|(_, mount)| matches!(mount.files, Files::Ext4(..)) && !mount.at.is_empty())
            .map(|(key, mount)| (key, format!("{}/", mount.at)))
            .collect();
        if !covers.is_empty() {
            nodes.retain(|node| {
                let is_covered =
                    |(key, at): &(usize, String)| node.key < *key && node.path.starts_with(at);
                !covers.iter().any(is_covered)
            });
        }
    }
}

fn has_boot(rows: &[Row]) -> bool {
    rows.iter()
        .any(|row| row.folder == "/boot/efi" || row.folder == "/efi")
}

fn fstab(text: &str) -> Vec<Row> {
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let device = words.next().filter(|device| !device.starts_with('#'))?;
        let folder = words.next().filter(|folder| folder.starts_with('/'))?;
        Some(Row {
            device: device.replace('"', ""),
            folder: folder.to_owned(),
        })
    };
    let rows = text.lines().filter_map(row);
    rows.filter(|row| row.folder != "/").collect()
}
