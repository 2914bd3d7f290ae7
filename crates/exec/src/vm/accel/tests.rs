//! The probe guest, for real.

use super::*;
use crate::vm::tests::{SystemClock, cx};

#[test]
fn the_probe_runs_in_the_translator() {
    let scratch = tempfile::tempdir().unwrap();
    match run_probe(&cx(), scratch.path(), Accel::Tcg) {
        Ok(time) => assert!(time < DEADLINE),
        Err(Failed::Guest(text)) => panic!("{text}"),
        Err(Failed::Host(error)) => panic!("{error}: install qemu-system-x86"),
    }
}

#[test]
fn the_probe_of_kvm_ends_with_a_verdict() {
    let scratch = tempfile::tempdir().unwrap();
    let began = SystemClock::now();
    let probe = probe(&cx(), scratch.path()).unwrap();
    assert!(SystemClock::now() - began < DEADLINE + Duration::from_secs(3));
    assert!(!probe.reason.is_empty());
    assert!(probe.is_current());
    let other_boot = Probe {
        boot_id: "another".to_owned(),
        ..probe
    };
    assert!(!other_boot.is_current());
}
