//! What a guest says about itself (`facts.sh`), read from the files of its kernel.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::format::Port;

/// The script that prints the facts.
pub(super) const SCRIPT: &str = include_str!("facts.sh");

/// The facts as printed: lines by section; a section that comes twice is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts(BTreeMap<String, Vec<String>>);

/// The root file system and where it lies, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) disk: u64,
    /// From the start of the disk.
    pub(super) end: u64,
    /// Where it can grow to: the next partition, or the end of the disk.
    pub(super) limit: u64,
    pub(super) partition: u64,
    pub(super) total: u64,
    pub(super) used: u64,
}

impl Facts {
    pub(super) fn parse(text: &str) -> Self {
        let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut current = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('\x1e') {
                current = Some(sections.entry(name.to_owned()).or_default());
            } else if let Some(lines) = &mut current {
                lines.push(line.to_owned());
            }
        }
        Self(sections)
    }

    fn lines(&self, section: &str) -> impl Iterator<Item = &str> {
        self.0
            .get(section)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    fn first(&self, section: &str) -> Option<&str> {
        self.lines(section).next().filter(|line| !line.is_empty())
    }

    fn property(&self, section: &str, name: &str) -> Option<&str> {
        self.lines(section)
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }

    /// A moment of systemd's, since the kernel started; `None`: not yet.
    fn moment(&self, section: &str, name: &str) -> Option<Duration> {
        let micros = self.property(section, name)?.parse().ok()?;
        (micros > 0).then(|| Duration::from_micros(micros))
    }

    /// `running`, `degraded`, `starting`, `maintenance`, ...
    pub(super) fn system_state(&self) -> &str {
        self.property("systemd", "SystemState").unwrap_or("unknown")
    }

    /// When multi-user was reached, since the kernel started; `None`: it is not active.
    pub(super) fn multi_user(&self) -> Option<Duration> {
        let state = self.property("multi-user", "ActiveState");
        self.moment("multi-user", "ActiveEnterTimestampMonotonic")
            .filter(|_| state == Some("active"))
    }

    /// When systemd itself started, since the kernel started.
    pub(super) fn userspace(&self) -> Option<Duration> {
        self.moment("systemd", "UserspaceTimestampMonotonic")
    }

    /// When every job of the boot was done, since the kernel started.
    pub(super) fn settled(&self) -> Option<Duration> {
        self.moment("systemd", "FinishTimestampMonotonic")
    }

    /// How long the kernel ran when the facts were taken.
    pub(super) fn uptime(&self) -> Option<Duration> {
        let seconds: f64 = self.first("uptime")?.split(' ').next()?.parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// The guest's clock when the facts were taken, in seconds since 1970.
    pub(super) fn clock(&self) -> Option<i64> {
        self.first("clock")?.split(['.', ',']).next()?.parse().ok()
    }

    /// Names of the units that failed.
    pub(super) fn failed_units(&self) -> Vec<&str> {
        self.lines("failed")
            .filter_map(|line| line.split_whitespace().next())
            .collect()
    }

    /// A field of meminfo in bytes.
    pub(super) fn memory(&self, field: &str) -> Option<u64> {
        let line = self
            .lines("meminfo")
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        kib.checked_mul(1024)
    }

    /// Interfaces with a default route that is up (IPv4).
    pub(super) fn default_routes(&self) -> Vec<&str> {
        self.lines("route")
            .skip(1)
            .filter_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let is_up = u16::from_str_radix(fields.get(3)?, 16).ok()? & 1 == 1;
                (is_up && fields[1] == "00000000" && *fields.get(7)? == "00000000")
                    .then_some(fields[0])
            })
            .collect()
    }

    /// The guest's own IPv4 addresses, without loopback.
    pub(super) fn addresses(&self) -> Vec<Ipv4Addr> {
        let lines: Vec<&str> = self.lines("fib").collect();
        let mut found: Vec<Ipv4Addr> = lines
            .windows(2)
            .filter(|pair| pair[1].contains("/32 host LOCAL"))
            .filter_map(|pair| pair[0].split_whitespace().last()?.parse().ok())
            .filter(|address: &Ipv4Addr| !address.is_loopback())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The root file system; `None` when the facts do not tell.
    pub(super) fn root(&self) -> Option<Root> {
        let sectors = |section: &str| -> Option<u64> {
            self.first(section)?
                .trim()
                .parse::<u64>()
                .ok()?
                .checked_mul(512)
        };
        let mut fs = self.first("root-fs")?.split(' ').map(str::parse::<u64>);
        let mut number = || fs.next()?.ok();
        let (block, blocks, free) = (number()?, number()?, number()?);
        let partition = sectors("root-size")?;
        // A root without a partition begins at the start of the disk.
        let start = sectors("root-start").unwrap_or(0);
        let is_partition = self.first("root-partition").is_some();
        let disk = if is_partition {
            sectors("root-../size")?
        } else {
            partition
        };
        let starts = self.lines("partition-start");
        let starts = starts.filter_map(|line| line.trim().parse::<u64>().ok()?.checked_mul(512));
        let next = starts.filter(|other| is_partition && *other > start).min();
        Some(Root {
            disk,
            limit: next.unwrap_or(disk),
            end: start.checked_add(partition)?,
            partition,
            total: block.checked_mul(blocks)?,
            used: block.checked_mul(blocks.checked_sub(free)?)?,
        })
    }

    /// `/etc/machine-id`; `None` when it is missing, empty or not yet made.
    pub(super) fn machine_id(&self) -> Option<&str> {
        let id = self.first("machine-id")?.trim();
        (id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
    }

    /// Public ssh host keys, without their comments.
    pub(super) fn host_keys(&self) -> Vec<String> {
        self.lines("host-key")
            .filter_map(|line| {
                let mut words = line.split(' ');
                Some(format!("{} {}", words.next()?, words.next()?))
            })
            .collect()
    }

    /// What cloud-init says went wrong; `None` when it is not there or did not run.
    pub(super) fn cloud_init_errors(&self) -> Option<Vec<String>> {
        let lines: Vec<&str> = self.lines("cloud-init").collect();
        let status: serde_json::Value = serde_json::from_str(&lines.join("\n")).ok()?;
        let stages = status.get("v1")?.as_object()?;
        let errors = stages.iter().flat_map(|(stage, value)| {
            let errors = value.get("errors").and_then(|errors| errors.as_array());
            errors.into_iter().flatten().map(move |error| {
                let text = error
                    .as_str()
                    .map_or_else(|| error.to_string(), str::to_owned);
                format!("{stage}: {text}")
            })
        });
        Some(errors.collect())
    }

    /// Ports that listen on other than loopback, each once.
    pub(super) fn ports(&self) -> Vec<Port> {
        let processes: BTreeMap<&str, &str> = self
            .lines("sockets")
            .filter_map(|line| line.split_once(' '))
            .collect();
        let mut found: Vec<Port> = Vec::new();
        for (table, protocol, listening) in [
            ("tcp", "tcp", "0A"),
            ("tcp6", "tcp", "0A"),
            ("udp", "udp", "07"),
            ("udp6", "udp", "07"),
        ] {
            for line in self.lines(table).skip(1) {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let [_, local, remote, state, _, _, _, _, _, inode, ..] = fields[..] else {
                    continue;
                };
                // A UDP socket that is connected to somebody serves nobody else.
                let is_open = state == listening && remote.ends_with(":0000");
                let Some((address, port)) = local.rsplit_once(':') else {
                    continue;
                };
                let Ok(port) = u16::from_str_radix(port, 16) else {
                    continue;
                };
                if is_open && !is_loopback(address) {
                    found.push(Port {
                        port: format!("{port}/{protocol}"),
                        process: processes.get(inode).copied().unwrap_or_default().to_owned(),
                    });
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

/// Whether an address of the kernel's tables (words in the guest's byte order, which is
/// little-endian on every architecture we test) is one of loopback.
fn is_loopback(address: &str) -> bool {
    let word = |text: &str| Some(u32::from_str_radix(text, 16).ok()?.swap_bytes());
    match address.len() {
        8 => word(address).is_some_and(|ip| Ipv4Addr::from(ip).is_loopback()),
        32 => {
            let mut bits = 0_u128;
            for chunk in [0, 8, 16, 24] {
                let Some(part) = address.get(chunk..chunk + 8).and_then(word) else {
                    return false;
                };
                bits = bits << 32 | u128::from(part);
            }
            let ip = Ipv6Addr::from(bits);
            ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
        _ => false,
    }
}

#[cfg(test)]
pub(super) mod tests;
