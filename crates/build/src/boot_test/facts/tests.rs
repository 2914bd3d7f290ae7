//! Facts as a Debian 12 guest prints them.

use super::*;

/// A guest with nginx on 80, sshd on 22, a resolver on loopback, and DHCP under way.
pub(in crate::boot_test) const SETTLED: &str = "\
\x1esystemd
Version=252 (252.38-1~deb12u1)
UserspaceTimestampMonotonic=3200000
FinishTimestampMonotonic=12500000
SystemState=running
\x1emulti-user
ActiveState=active
ActiveEnterTimestampMonotonic=11000000
\x1efailed
\x1ememinfo
MemTotal:        1000000 kB
MemFree:          700000 kB
MemAvailable:     800000 kB
\x1eroute
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
ens2\t00000000\t0202000A\t0003\t0\t0\t1024\t00000000\t0\t0\t0
ens2\t0002000A\t00000000\t0001\t0\t0\t1024\t00FFFFFF\t0\t0\t0
\x1efib
Main:
     |-- 10.0.2.15
        /32 host LOCAL
     |-- 10.0.2.255
        /32 link BROADCAST
           |-- 127.0.0.1
              /32 host LOCAL
Local:
     |-- 10.0.2.15
        /32 host LOCAL
\x1etcp
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 114 1 0 100 0 0 10 0
   1: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 115 1 0 100 0 0 10 0
   2: 0F02000A:0016 0202000A:8822 01 00000000:00000000 00:00000000 00000000     0        0 116 1 0 100 0 0 10 0
\x1etcp6
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 120 1 0 100 0 0 10 0
   1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 121 1 0 100 0 0 10 0
   2: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 122 1 0 100 0 0 10 0
   3: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 123 1 0 100 0 0 10 0
\x1eudp
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  100: 0F02000A:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000   998        0 130 2 0 0
  101: 0F02000A:9C40 0302000A:007B 01 00000000:00000000 00:00000000 00000000   998        0 131 2 0 0
\x1esockets
114 sshd
120 sshd
121 nginx
121 nginx
130 systemd-network
\x1eroot-size
35514368
\x1eroot-start
135168
\x1eroot-partition
3
\x1eroot-../size
35651584
\x1eroot-fs
4096 4350000 4210000
\x1emachine-id
1979c6e01b7c4b8ba5d109c231a54924
\x1ehost-key
ssh-ed25519 AAAAC3Nza root@golden
\x1ehost-key
ecdsa-sha2-nistp256 AAAAE2Vj root@golden
\x1ecloud-init
{
 \"v1\": {
  \"datasource\": \"DataSourceNoCloud\",
  \"init\": { \"errors\": [] },
  \"modules-config\": { \"errors\": [\"('locale', Error(1))\"] }
 }
}
\x1euptime
13.70 20.01
\x1eclock
1795433284.123456
";

#[test]
fn a_settled_guest() {
    let facts = Facts::parse(SETTLED);
    assert_eq!(facts.system_state(), "running");
    assert_eq!(facts.multi_user(), Some(Duration::from_secs(11)));
    assert_eq!(facts.userspace(), Some(Duration::from_millis(3200)));
    assert_eq!(facts.settled(), Some(Duration::from_millis(12500)));
    assert_eq!(facts.uptime(), Some(Duration::from_millis(13700)));
    assert_eq!(facts.clock(), Some(1_795_433_284));
    assert!(facts.failed_units().is_empty());
    assert_eq!(facts.memory("MemAvailable"), Some(800_000 * 1024));
    assert_eq!(facts.default_routes(), ["ens2"]);
    assert_eq!(facts.addresses(), [Ipv4Addr::new(10, 0, 2, 15)]);
    assert_eq!(facts.machine_id(), Some("1979c6e01b7c4b8ba5d109c231a54924"));
    assert_eq!(
        facts.host_keys(),
        ["ssh-ed25519 AAAAC3Nza", "ecdsa-sha2-nistp256 AAAAE2Vj"]
    );
    assert_eq!(
        facts.cloud_init_errors(),
        Some(vec!["modules-config: ('locale', Error(1))".to_owned()])
    );
    let root = facts.root().unwrap();
    assert_eq!(
        (root.disk, root.partition, root.end),
        (17 << 30, 35_514_368 * 512, (35_514_368 + 135_168) * 512)
    );
    assert_eq!(root.used, 4096 * 140_000);
    let ports: Vec<String> = facts
        .ports()
        .iter()
        .map(|port| format!("{} {}", port.port, port.process))
        .collect();
    assert_eq!(
        ports,
        ["22/tcp sshd", "68/udp systemd-network", "80/tcp nginx"]
    );
}

#[test]
fn what_is_missing_is_missing() {
    for text in [
        "",
        "no section\n",
        "\x1esystemd\n",
        "\x1eroot-fs\n1 2 3\n\x1eroot-size\nx\n",
    ] {
        let facts = Facts::parse(text);
        assert_eq!(facts.system_state(), "unknown");
        assert_eq!(facts.multi_user(), None);
        assert_eq!(facts.root(), None);
        assert_eq!(facts.clock(), None);
        assert_eq!(facts.machine_id(), None);
        assert_eq!(facts.cloud_init_errors(), None);
        assert!(facts.ports().is_empty() && facts.addresses().is_empty());
    }
    let inactive = SETTLED.replace("ActiveState=active", "ActiveState=inactive");
    assert_eq!(Facts::parse(&inactive).multi_user(), None);
    let blank = SETTLED.replace("1979c6e01b7c4b8ba5d109c231a54924", "uninitialized");
    assert_eq!(Facts::parse(&blank).machine_id(), None);
}

#[test]
fn a_guest_that_lies_makes_no_panic() {
    let lines: Vec<&str> = SETTLED.lines().collect();
    for at in 0..lines.len() {
        for garbage in [
            "",
            "\u{fffd} \u{1e}",
            "18446744073709551615 18446744073709551615 18446744073709551615",
            "0: zz:zz é:0000 0A : : 0 0 0 0",
            "1e400",
        ] {
            let mut lines = lines.clone();
            lines[at] = garbage;
            let facts = Facts::parse(&lines.join("\n"));
            facts.root();
            facts.ports();
            facts.uptime();
            facts.memory("MemTotal");
            facts.addresses();
            facts.default_routes();
            facts.host_keys();
            facts.cloud_init_errors();
        }
    }
}

#[test]
fn a_root_without_a_partition() {
    let text = "\x1eroot-size\n2048\n\x1eroot-fs\n4096 200 100\n";
    let root = Facts::parse(text).root().unwrap();
    assert_eq!((root.disk, root.end), (1 << 20, 1 << 20));
}

#[test]
fn loopback_addresses() {
    for (address, expected) in [
        ("0100007F", true),
        ("3500007F", true),
        ("00000000", false),
        ("0F02000A", false),
        ("00000000000000000000000001000000", true),
        ("0000000000000000FFFF00000100007F", true),
        ("00000000000000000000000000000000", false),
        ("zz", false),
        ("ééééééééééééééé1", false),
    ] {
        assert_eq!(is_loopback(address), expected, "{address}");
    }
}
