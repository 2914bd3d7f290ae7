//! Every check of a boot: a pure function of what the guest said.

use std::fmt::Write as _;
use std::time::Duration;

use goldsmith_core::recipe::Budget;
use goldsmith_core::size::{format_bytes, format_duration};

use super::facts::{Facts, Root};
use super::format::{Check, Port, Times, Usage};

/// The guest's clock may be off by this: the answer takes its time on a busy host.
const CLOCK_TOLERANCE_S: i64 = 30;
/// What may stay free at the end of the disk: alignment and the second partition table.
const TAIL_MAX: u64 = 16 << 20;
/// Clients listen there for answers, not servers for questions: DHCP of both versions.
const CLIENT_PORTS: [&str; 2] = ["68/udp", "546/udp"];

/// Multi-user was reached.
pub(super) fn multi_user(facts: &Facts, times: Option<&Times>) -> Check {
    let check = |is_passed, summary| Check::new("multi-user", is_passed, summary);
    match times {
        Some(times) => check(
            true,
            format!(
                "after {}: loader {}, kernel {}, services {}",
                ms(times.multi_user_ms),
                ms(times.loader_ms),
                ms(times.kernel_ms),
                ms(times.userspace_ms)
            ),
        ),
        None => check(
            false,
            format!("not reached: the system is `{}`", facts.system_state()),
        ),
    }
}

/// Every job of the boot came to its end.
pub(super) fn settled(facts: &Facts, times: Option<&Times>) -> Check {
    if let Some(time) = times.and_then(|times| times.settled_ms) {
        return Check::new("settled", true, format!("after {}", ms(time)));
    }
    let summary = format!("jobs are left: the system is `{}`", facts.system_state());
    Check::new("settled", false, summary)
}

/// No unit failed. `journal` has the last lines of those that did.
pub(super) fn failed_units(facts: &Facts, journal: Vec<String>) -> Check {
    let failed = facts.failed_units();
    match &failed[..] {
        [] => Check::new("failed units", true, "none"),
        units => Check::new("failed units", false, units.join(", ")).details(journal),
    }
}

/// The guest got an address and a default route.
pub(super) fn network(facts: &Facts) -> Check {
    let addresses = facts.addresses();
    let routes = facts.default_routes();
    let mut listed = String::new();
    for address in &addresses {
        let separator = if listed.is_empty() { "" } else { ", " };
        write!(listed, "{separator}{address}").expect("a string takes everything");
    }
    match (addresses.is_empty(), routes.first()) {
        (false, Some(route)) => Check::new(
            "network",
            true,
            format!("{listed}, default route by {route}"),
        ),
        (false, None) => Check::new("network", false, format!("{listed}, but no default route")),
        (true, _) => Check::new("network", false, "no address besides loopback"),
    }
}

/// The root partition and its file system have grown to the disk's end, or to what comes next.
pub(super) fn root_grown(facts: &Facts) -> Check {
    let name = "root grown";
    let Some(root) = facts.root() else {
        return Check::new(name, false, "the guest does not tell where its root is");
    };
    let Root {
        disk,
        end,
        limit,
        partition,
        total,
        ..
    } = root;
    let sizes = format!(
        "disk {}, partition {}, file system {}",
        format_bytes(disk),
        format_bytes(partition),
        format_bytes(total)
    );
    // The file system's own tables count as neither free nor used.
    let is_grown = end + TAIL_MAX >= limit && total >= partition / 10 * 9;
    Check::new(name, is_grown, sizes)
}

/// The guest knows what time it is.
pub(super) fn clock(facts: &Facts, host_seconds: i64) -> Check {
    let Some(guest) = facts.clock() else {
        return Check::new("clock", false, "the guest does not tell the time");
    };
    let off = guest.saturating_sub(host_seconds);
    let is_passed = off.abs() <= CLOCK_TOLERANCE_S;
    let summary = if is_passed {
        "as the host's".to_owned()
    } else {
        format!("off by {off} s")
    };
    Check::new("clock", is_passed, summary)
}

/// The machine identifier was made.
pub(super) fn machine_id(facts: &Facts) -> Check {
    match facts.machine_id() {
        Some(_) => Check::new("machine-id", true, "made at this boot"),
        None => Check::new("machine-id", false, "`/etc/machine-id` has no identifier"),
    }
}

/// cloud-init did all it should; `None` when it did not run.
pub(super) fn cloud_init(facts: &Facts) -> Option<Check> {
    let errors = facts.cloud_init_errors()?;
    Some(match errors.len() {
        0 => Check::new("cloud-init", true, "finished without errors"),
        count => Check::new("cloud-init", false, format!("errors: {count}")).details(errors),
    })
}

/// The limits of the recipe's pipeline.
pub(super) fn budgets(budget: &Budget, times: Option<&Times>, usage: &Usage) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut limit = |name: &str, is_passed: bool, found: String, most: String| {
        let summary = format!("{found} of {most}");
        checks.push(Check::new(format!("budget {name}"), is_passed, summary));
    };
    if let Some(most) = budget.boot_time {
        let found = times.map(|times| Duration::from_millis(times.multi_user_ms));
        limit(
            "boot_time",
            found.is_some_and(|found| found <= most),
            found.map_or_else(|| "not reached".to_owned(), format_duration),
            format_duration(most),
        );
    }
    for (name, most, found) in [
        ("disk_usage", budget.disk_usage_bytes, usage.disk_bytes),
        ("memory", budget.memory_bytes, usage.memory_bytes),
    ] {
        if let Some(most) = most {
            limit(name, found <= most, format_bytes(found), format_bytes(most));
        }
    }
    if let Some(allowed) = &budget.listening_ports {
        let extra: Vec<String> = usage
            .ports
            .iter()
            .filter(|port| !CLIENT_PORTS.contains(&port.port.as_str()))
            .filter(|port| !allowed.contains(&port.port))
            .map(Port::shown)
            .collect();
        let name = "budget listening_ports";
        checks.push(match &extra[..] {
            [] => Check::new(name, true, format!("only {}", or_none(allowed))),
            extra => Check::new(
                name,
                false,
                format!("besides {}: {}", or_none(allowed), extra.join(", ")),
            ),
        });
    }
    checks
}

/// Two copies of the image must not be the same machine.
pub(super) fn fresh_identity(one: &Facts, other: &Facts) -> Vec<Check> {
    let ids = (one.machine_id(), other.machine_id());
    let is_fresh = ids.0.is_some() && ids.1.is_some() && ids.0 != ids.1;
    let mut checks = vec![Check::new(
        "fresh machine-id",
        is_fresh,
        if is_fresh {
            "two copies differ"
        } else {
            "two copies have the same, or none"
        },
    )];
    let (keys, others) = (one.host_keys(), other.host_keys());
    let shared: Vec<String> = keys
        .iter()
        .filter(|key| others.contains(key))
        .cloned()
        .collect();
    let check = |is_passed, summary: String| Check::new("fresh ssh host keys", is_passed, summary);
    checks.push(if !shared.is_empty() {
        check(
            false,
            format!("keys that are the same on two copies: {}", shared.len()),
        )
        .details(shared)
    } else if keys.is_empty() && others.is_empty() {
        check(true, "no copy has any".to_owned())
    } else {
        check(
            true,
            format!("{} keys, all differ on two copies", keys.len()),
        )
    });
    checks
}

fn or_none(ports: &[String]) -> String {
    if ports.is_empty() {
        "none".to_owned()
    } else {
        ports.join(", ")
    }
}

fn ms(ms: u64) -> String {
    format_duration(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests;
