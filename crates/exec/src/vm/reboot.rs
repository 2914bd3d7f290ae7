//! A reboot of the guest, asked for by itself.
//!
//! A machine ends when its guest resets it, so that a guest which fails in a circle is seen.
//! Around a reboot that is wanted, and only there, a reset is a reset.

use std::time::Duration;

use goldsmith_core::cx::Cx;
use serde_json::json;

use super::guest::Script;
use super::{Vm, VmError, command};

/// What the guest may take to answer before it goes down.
const ASK: Duration = Duration::from_secs(30);

impl Vm {
    /// Reboots the guest and waits until its agent runs again; gives the time that took.
    /// `limit` is for the whole of it.
    pub fn reboot_guest(&mut self, cx: &Cx, limit: Duration) -> Result<Duration, VmError> {
        let began = cx.clock().monotonic();
        let until = began + limit;
        self.on_reset(cx, "reset")?;
        // The answer has to come back before the agent is stopped.
        let ask = Script {
            text: "systemd-run -q --on-active=1 systemctl reboot || (sleep 1; systemctl reboot) &",
            input: b"",
            limit: ASK,
        };
        self.run(cx, ask, &mut |_, _| {})?;
        let left = until.saturating_sub(cx.clock().monotonic());
        let is_reset = self.event(cx, left, "RESET", |data| data["guest"] == true)?;
        if !is_reset {
            return Err(VmError::TooLate {
                what: "reset of the guest",
                seconds: limit.as_secs(),
            });
        }
        // Plugged anew later: the guest has to see the port come.
        self.unplug(cx)?;
        self.forget_guest();
        self.connect_guest(cx, until)?;
        // Not before: the BIOS resets the machine a second time when it finds that it ran before.
        self.on_reset(cx, "shutdown")?;
        Ok(cx.clock().monotonic().saturating_sub(began))
    }

    fn on_reset(&mut self, cx: &Cx, action: &str) -> Result<(), VmError> {
        self.execute(cx, "set-action", &json!({ "reboot": action }))
            .map(drop)
    }

    pub(super) fn unplug(&mut self, cx: &Cx) -> Result<(), VmError> {
        // Gone from QEMU at once or when the guest has agreed; gone already is fine.
        self.execute(cx, "device_del", &json!({ "id": command::CONTROL }))?;
        let gone = self.event(cx, super::guest::GREETING, "DEVICE_DELETED", |data| {
            data["device"] == command::CONTROL
        })?;
        if gone {
            Ok(())
        } else {
            Err(VmError::Silent {
                command: "device_del",
            })
        }
    }
}
