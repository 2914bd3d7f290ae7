//! Each check on guests that are as they should be, and on guests that are not.

use super::super::facts::tests::SETTLED;
use super::super::format::Port;
use super::*;

fn facts(changes: &[(&str, &str)]) -> Facts {
    let mut text = SETTLED.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    Facts::parse(&text)
}

#[track_caller]
fn expect(check: &Check, is_passed: bool, summary: &str) {
    assert_eq!(
        (check.is_passed, &*check.summary),
        (is_passed, summary),
        "{}",
        check.name
    );
}

const TIMES: Times = Times {
    multi_user_ms: 15_500,
    loader_ms: 4500,
    kernel_ms: 3200,
    userspace_ms: 7800,
    settled_ms: Some(17_000),
    agent_ms: 9000,
};

#[test]
fn guests() {
    let good = facts(&[]);
    let summary = "after 15.5 s: loader 4.50 s, kernel 3.20 s, services 7.80 s";
    expect(&multi_user(&good, Some(&TIMES)), true, summary);
    let starting = facts(&[("SystemState=running", "SystemState=starting")]);
    expect(
        &multi_user(&starting, None),
        false,
        "not reached: the system is `starting`",
    );

    expect(&settled(&good, Some(&TIMES)), true, "after 17.0 s");
    expect(
        &settled(&starting, None),
        false,
        "jobs are left: the system is `starting`",
    );

    expect(&failed_units(&good, Vec::new()), true, "none");
    let failed = facts(&[(
        "\x1efailed\n",
        "\x1efailed\nssh.service loaded failed failed x\n",
    )]);
    expect(
        &failed_units(&failed, vec!["why".to_owned()]),
        false,
        "ssh.service",
    );

    expect(&network(&good), true, "10.0.2.15, default route by ens2");
    let lost = facts(&[("ens2\t00000000", "ens2\t0102000A")]);
    expect(&network(&lost), false, "10.0.2.15, but no default route");
    let alone = facts(&[("10.0.2.15", "127.0.0.2")]);
    expect(&network(&alone), false, "no address besides loopback");

    let sizes = "disk 17 GiB, partition 16.9 GiB, file system 16.6 GiB";
    expect(&root_grown(&good), true, sizes);
    let sizes = "disk 17 GiB, partition 2.9 GiB, file system 16.6 GiB";
    expect(
        &root_grown(&facts(&[("35514368", "6000000")])),
        false,
        sizes,
    );
    // Nothing is free behind it: a partition follows.
    let followed = "2000000\n\u{1e}partition-start\n2135168\n\u{1e}partition-start\n135168";
    let sizes = "disk 17 GiB, partition 976.6 MiB, file system 16.6 GiB";
    expect(&root_grown(&facts(&[("35514368", followed)])), true, sizes);
    let sizes = "disk 17 GiB, partition 16.9 GiB, file system 2.7 GiB";
    expect(
        &root_grown(&facts(&[("4350000", "700000"), ("4210000", "1")])),
        false,
        sizes,
    );
    expect(
        &root_grown(&Facts::default()),
        false,
        "the guest does not tell where its root is",
    );

    expect(&clock(&good, 1_795_433_290), true, "as the host's");
    expect(&clock(&good, 1_795_437_000), false, "off by -3716 s");
    expect(&machine_id(&good), true, "made at this boot");
    expect(
        &machine_id(&Facts::default()),
        false,
        "`/etc/machine-id` has no identifier",
    );

    expect(&cloud_init(&good).unwrap(), false, "errors: 1");
    let clean = facts(&[("\"('locale', Error(1))\"", "")]);
    expect(
        &cloud_init(&clean).unwrap(),
        true,
        "finished without errors",
    );
    assert_eq!(cloud_init(&Facts::default()), None);
}

#[test]
fn limits() {
    let port = |port: &str, process: &str| Port {
        port: port.to_owned(),
        process: process.to_owned(),
    };
    let usage = Usage {
        memory_bytes: 200 << 20,
        memory_total_bytes: 1 << 30,
        disk_bytes: 3 << 29,
        disk_total_bytes: 16 << 30,
        ports: vec![
            port("22/tcp", "sshd"),
            port("68/udp", "dhclient"),
            port("5355/udp", ""),
        ],
    };
    assert!(budgets(&Budget::default(), Some(&TIMES), &usage).is_empty());

    let budget = |boot_s: u64, disk: u64, ports: &[&str]| Budget {
        boot_time: Some(Duration::from_secs(boot_s)),
        disk_usage_bytes: Some(disk),
        memory_bytes: Some(disk),
        listening_ports: Some(ports.iter().map(|port| (*port).to_owned()).collect()),
    };
    let checks = budgets(
        &budget(60, 2 << 30, &["22/tcp", "5355/udp"]),
        Some(&TIMES),
        &usage,
    );
    expect(&checks[0], true, "15.5 s of 60.0 s");
    expect(&checks[1], true, "1.5 GiB of 2 GiB");
    expect(&checks[2], true, "200 MiB of 2 GiB");
    expect(&checks[3], true, "only 22/tcp, 5355/udp");

    let checks = budgets(&budget(10, 1 << 20, &[]), Some(&TIMES), &usage);
    expect(&checks[0], false, "15.5 s of 10.0 s");
    expect(&checks[1], false, "1.5 GiB of 1 MiB");
    expect(&checks[2], false, "200 MiB of 1 MiB");
    expect(
        &checks[3],
        false,
        "besides none: 22/tcp (sshd), 5355/udp (unknown)",
    );
    let checks = budgets(&budget(10, 1 << 40, &[]), None, &usage);
    expect(&checks[0], false, "not reached of 10.0 s");
}

#[test]
fn identities() {
    let one = facts(&[]);
    let other = facts(&[
        (
            "1979c6e01b7c4b8ba5d109c231a54924",
            "2979c6e01b7c4b8ba5d109c231a54924",
        ),
        ("AAAAC3Nza", "AAAAC3Nzb"),
        ("AAAAE2Vj", "AAAAE2Vk"),
    ]);
    let checks = fresh_identity(&one, &other);
    expect(&checks[0], true, "two copies differ");
    expect(&checks[1], true, "2 keys, all differ on two copies");
    let checks = fresh_identity(&one, &one);
    expect(&checks[0], false, "two copies have the same, or none");
    expect(&checks[1], false, "keys that are the same on two copies: 2");
    let checks = fresh_identity(&Facts::default(), &Facts::default());
    expect(&checks[0], false, "two copies have the same, or none");
    expect(&checks[1], true, "no copy has any");
}
