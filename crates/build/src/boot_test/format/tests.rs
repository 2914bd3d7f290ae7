//! A report in each of its forms, and a report of version 1 that must stay readable.

use super::super::{junit, text};
use super::*;

const REPORT: &str = r#"{
  "version": 1,
  "image": "web <1>",
  "is_passed": false,
  "accel": "tcg",
  "accel_reason": "/dev/kvm: not found",
  "total_ms": 61500,
  "boots": [
    {
      "firmware": "bios",
      "is_passed": false,
      "way": "credential",
      "times": {
        "multi_user_ms": 15500,
        "loader_ms": 4500,
        "kernel_ms": 3200,
        "userspace_ms": 7800,
        "settled_ms": 17000,
        "agent_ms": 9000
      },
      "usage": {
        "memory_bytes": 209715200,
        "memory_total_bytes": 1073741824,
        "disk_bytes": 1610612736,
        "disk_total_bytes": 17179869184,
        "ports": [
          {
            "port": "22/tcp",
            "process": "sshd"
          }
        ]
      },
      "power_off_ms": 2400,
      "total_ms": 20000,
      "checks": [
        {
          "name": "multi-user",
          "is_passed": true,
          "summary": "after 15.5 s",
          "details": [],
          "ms": 0
        },
        {
          "name": "failed units",
          "is_passed": false,
          "summary": "ssh.service",
          "details": [
            "no hostkeys & \"none\" \u0007",
            "exiting"
          ],
          "ms": 1250
        }
      ],
      "console_log": "/logs/console-bios.log",
      "console_tail": [
        "golden login:"
      ]
    }
  ],
  "checks": [
    {
      "name": "fresh machine-id",
      "is_passed": true,
      "summary": "two copies differ",
      "details": [],
      "ms": 0
    }
  ]
}"#;

fn report() -> TestReport {
    serde_json::from_str(REPORT).unwrap()
}

#[test]
fn version_1_reads_and_writes() {
    assert_eq!(serde_json::to_string_pretty(&report()).unwrap(), REPORT);
    assert_eq!(report().version, VERSION);
    let later = REPORT.replace("\"version\": 1,", "\"version\": 1, \"new\": [1],");
    assert_eq!(
        serde_json::from_str::<TestReport>(&later).unwrap(),
        report()
    );
}

#[test]
fn junit_form() {
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="boot test" tests="3" failures="1" time="61.500">
  <testsuite name="web &lt;1&gt; bios" tests="2" failures="1" time="20.000">
    <testcase classname="web &lt;1&gt; bios" name="multi-user" time="0.000"><system-out>after 15.5 s</system-out></testcase>
    <testcase classname="web &lt;1&gt; bios" name="failed units" time="1.250">
      <failure message="ssh.service">no hostkeys &amp; &quot;none&quot; �&#10;exiting</failure>
    </testcase>
  </testsuite>
  <testsuite name="web &lt;1&gt;" tests="1" failures="0" time="0.000">
    <testcase classname="web &lt;1&gt;" name="fresh machine-id" time="0.000"><system-out>two copies differ</system-out></testcase>
  </testsuite>
</testsuites>
"#;
    assert_eq!(junit(&report()), expected);
}

#[test]
fn text_form() {
    let mut report = report();
    report.boots[0].checks[1].details.truncate(0);
    let expected = "\
bios boot, 20.0 s
  ok      multi-user        after 15.5 s
  FAILED  failed units      ssh.service
  memory 200 MiB of 1 GiB, root file system 1.5 GiB of 16 GiB
  listening: 22/tcp (sshd)
  last lines of the console:
    | golden login:
  full console log: /logs/console-bios.log
image
  ok      fresh machine-id  two copies differ
1 of 3 checks failed in 61.5 s (tcg: /dev/kvm: not found)
";
    assert_eq!(text(&report), expected);
}
