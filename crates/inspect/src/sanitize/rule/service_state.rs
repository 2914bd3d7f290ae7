//! `service-state`: nothing that services remember of the machine the image was made on.
//!
//! Where the log daemon had read up to, what the clock said, which radios were off: small files
//! that tell of one machine and mislead another.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "service-state",
    summary: "services remember nothing of the machine the image was made on",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["ec2-image-builder", "goldsmith"],
    paths: &[
        delete("/var/lib/rsyslog/imjournal.state"),
        delete("/var/lib/systemd/timesync/clock"),
        delete("/var/lib/private/systemd/timesync/clock"),
        delete("/var/lib/systemd/{rfkill,backlight}/*"),
        delete("/var/lib/chrony/{drift,chrony.drift,*.dat}"),
        delete("/var/lib/ntp/{drift,ntp.drift}"),
        delete("/var/lib/upower/*"),
        delete("/var/lib/fwupd/{pending.db,metadata/*}"),
        delete("/var/lib/avahi-autoipd/*"),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        check(
            &RULE,
            &[
                ("/var/lib/rsyslog/imjournal.state", "x"),
                ("/var/lib/systemd/timesync/clock", ""),
                ("/var/lib/chrony/chrony.drift", "1 2"),
            ],
            &[
                ("/var/lib/rsyslog/other", "x"),
                ("/var/lib/systemd/linger/ann", ""),
            ],
        );
    }
}
