//! The command line of QEMU for a machine: a pure function of what it should be.

use std::path::{Path, PathBuf};

use goldsmith_core::recipe::Firmware;
use serde_json::{Value, json};

use super::{Accel, Arch, Network, VmSpec};
use crate::vm::firmware::Uefi;

/// Numbers of the descriptors that QEMU inherits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channels {
    pub(super) qmp: i32,
    pub(super) console: i32,
    /// Control, standard output, standard error of the guest channel.
    pub(super) ports: Option<[i32; 3]>,
}

/// Files that the machine gets besides the disk itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    pub(super) overlay: PathBuf,
    pub(super) uefi: Option<Uefi>,
    /// One `type=11` string each.
    pub(super) smbios: Vec<PathBuf>,
    /// The credential's name and its value.
    pub(super) fw_cfg: Vec<(String, PathBuf)>,
}

/// Identifier of the bus that the guest channel's ports sit on.
pub(super) const PORT_BUS: &str = "ports.0";
/// Identifier of the control port's device: plugged while the machine runs.
pub(super) const CONTROL: &str = "control";

pub(super) fn arguments(spec: &VmSpec, files: &Files, channels: Channels) -> Vec<String> {
    let mut args: Vec<String> = Vec::new();
    let mut add = |option: &str, value: String| args.extend([format!("-{option}"), value]);
    add("name", escaped(Path::new(&spec.name)));
    add("display", "none".to_owned());
    add("machine", machine(spec).to_owned());
    match spec.accel {
        Accel::Kvm => {
            add("accel", "kvm".to_owned());
            add("cpu", "host".to_owned());
        }
        Accel::Tcg => {
            add("accel", "tcg,thread=multi".to_owned());
            add("cpu", "max".to_owned());
        }
    }
    add("smp", spec.cpus.to_string());
    add("m", format!("{}M", spec.memory_mib));
    add("rtc", "base=utc".to_owned());
    // A BIOS that finds nothing to start resets, which ends QEMU, instead of waiting.
    add("boot", "reboot-timeout=500".to_owned());
    add("device", device(&json!({ "driver": "virtio-rng-pci" })));

    let file = |path: &Path, read_only: bool| json!({ "driver": "file", "filename": path, "read-only": read_only });
    add(
        "blockdev",
        json!({
            "node-name": "disk", "driver": "qcow2", "discard": "unmap",
            "cache": { "direct": false, "no-flush": true },
            "file": file(&files.overlay, false),
            "backing": { "driver": "raw", "read-only": true, "file": file(&spec.disk.base, true) },
        })
        .to_string(),
    );
    add(
        "device",
        device(&json!({ "driver": "virtio-blk-pci", "drive": "disk", "bootindex": 0 })),
    );
    for (index, seed) in spec.seeds.iter().enumerate() {
        let node = format!("seed{index}");
        let backend = json!({
            "node-name": node, "driver": "raw", "read-only": true, "file": file(seed, true),
        });
        add("blockdev", backend.to_string());
        add(
            "device",
            device(&json!({ "driver": "virtio-blk-pci", "drive": node })),
        );
    }
    if let Some(uefi) = &files.uefi {
        for (unit, path, read_only) in [(0, &uefi.code, "on"), (1, &uefi.variables, "off")] {
            let path = escaped(path);
            add(
                "drive",
                format!("if=pflash,unit={unit},format=raw,readonly={read_only},file={path}"),
            );
        }
    }
    match spec.network {
        Network::None => add("nic", "none".to_owned()),
        Network::User => {
            add("netdev", "user,id=net".to_owned());
            // No option ROM: the machine must start from its disk.
            add(
                "device",
                device(&json!({ "driver": "virtio-net-pci", "netdev": "net", "romfile": "" })),
            );
        }
    }
    for path in &files.smbios {
        add("smbios", format!("type=11,path={}", escaped(path)));
    }
    for (name, path) in &files.fw_cfg {
        let path = escaped(path);
        add(
            "fw_cfg",
            format!("name=opt/io.systemd.credentials/{name},file={path}"),
        );
    }

    let mut channel = |name: &str, fd: i32| add("chardev", format!("socket,id={name},fd={fd}"));
    channel("qmp", channels.qmp);
    channel("console", channels.console);
    if let Some(ports) = channels.ports {
        for (name, fd) in PORT_NAMES.into_iter().zip(ports) {
            channel(name, fd);
        }
    }
    let mut add = |option: &str, value: String| args.extend([format!("-{option}"), value]);
    add("mon", "chardev=qmp,mode=control".to_owned());
    add("serial", "chardev:console".to_owned());
    if channels.ports.is_some() {
        add(
            "device",
            device(&json!({ "driver": "virtio-serial-pci", "id": "ports" })),
        );
        for name in &PORT_NAMES[1..] {
            add("device", device(&port(name)));
        }
    }
    args.extend(["-nodefaults", "-no-user-config", "-no-reboot"].map(str::to_owned));
    args
}

/// Names of the guest channel's ports, also those of their chardevs; in the guest they
/// are `/dev/virtio-ports/goldsmith.<name>`.
pub(super) const PORT_NAMES: [&str; 3] = [CONTROL, "stdout", "stderr"];

/// The device of one port of the guest channel.
pub(super) fn port(name: &str) -> Value {
    json!({
        "driver": "virtserialport", "bus": PORT_BUS, "chardev": name, "id": name,
        "name": format!("goldsmith.{name}"),
    })
}

fn machine(spec: &VmSpec) -> &'static str {
    match (spec.arch, spec.firmware) {
        (Arch::Amd64, Firmware::Bios) => "pc,usb=off",
        (Arch::Amd64, Firmware::Uefi) => "q35,usb=off",
        (Arch::Arm64, _) => "virt",
    }
}

fn device(value: &Value) -> String {
    value.to_string()
}

/// A path inside a comma-separated option: commas are doubled.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::Disk;

    fn spec(firmware: Firmware, arch: Arch) -> VmSpec {
        VmSpec {
            seeds: vec!["/tmp/a,b/seed.img".into()],
            ..VmSpec::new(
                "web,1",
                arch,
                firmware,
                Disk {
                    base: "/tmp/a,b/disk.raw".into(),
                    size_bytes: 1 << 30,
                },
                "/tmp/a,b",
            )
        }
    }

    fn check(firmware: Firmware, arch: Arch, expected: &[&str], absent: &[&str]) {
        let files = Files {
            uefi: (firmware == Firmware::Uefi).then(|| Uefi {
                code: "/fw/code.fd".into(),
                variables: "/tmp/a,b/vars.fd".into(),
            }),
            smbios: vec!["/tmp/a,b/smbios".into()],
            ..Files::default()
        };
        let channels = Channels {
            qmp: 5,
            console: 6,
            ports: Some([7, 8, 9]),
        };
        let line = arguments(&spec(firmware, arch), &files, channels).join(" ");
        for text in expected {
            assert!(line.contains(text), "{text} not in {line}");
        }
        for text in absent {
            assert!(!line.contains(text), "{text} in {line}");
        }
    }

    #[test]
    fn command_lines() {
        check(
            Firmware::Bios,
            Arch::Amd64,
            &[
                "-name web,,1 ",
                "-machine pc,",
                "-accel tcg,thread=multi -cpu max",
                r#""filename":"/tmp/a,b/disk.raw","read-only":true"#,
                r#""filename":"/tmp/a,b/seed.img","read-only":true"#,
                "-smbios type=11,path=/tmp/a,,b/smbios",
                "socket,id=stderr,fd=9",
                r#""name":"goldsmith.stdout""#,
            ],
            // The control port is plugged while the machine runs.
            &["pflash", r#""name":"goldsmith.control""#],
        );
        check(
            Firmware::Uefi,
            Arch::Amd64,
            &[
                "-machine q35,",
                "unit=1,format=raw,readonly=off,file=/tmp/a,,b/vars.fd",
            ],
            &[],
        );
        check(Firmware::Uefi, Arch::Arm64, &["-machine virt "], &["q35"]);
    }
}
