//! The descriptor of an OVA: OVF 1.0, as vSphere reads it.
//!
//! ```text
//! Envelope
//!   References        the disk's file and its size
//!   DiskSection       the disk, its capacity
//!   NetworkSection    one network
//!   VirtualSystem     the machine: guest, hardware family, processors, memory,
//!                     paravirtual SCSI controller, disk, vmxnet3 card; its firmware
//! ```
//!
//! Parts of an `Item` stand in the order of their names, as the schema wants it. LSI Logic and
//! e1000 are not offered: Debian's cloud kernel has no drivers for them. Sources: DSP0243 1.1.0
//! and its schemas DSP8023, DSP8027; names of VMware's from what ovftool exports.

use super::super::Machine;
use super::DISK;

/// vSphere 6.7 U2 and newer.
const HARDWARE: &str = "vmx-15";
/// As vSphere 8 calls Debian 12; an older one takes it for some other Linux.
const GUEST: &str = "debian12_64Guest";
/// CIM's number of 64-bit Debian.
const GUEST_CIM: u32 = 96;
const PROCESSORS: u32 = 2;
const MEMORY_MIB: u32 = 2048;

/// How large things are, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// The disk, as the machine sees it.
    pub(super) capacity: u64,
    /// Its file.
    pub(super) file: u64,
}

pub(super) fn descriptor(machine: &Machine<'_>, sizes: Sizes) -> Vec<u8> {
    let name = escaped(machine.name);
    let firmware = if machine.is_uefi { "efi" } else { "bios" };
    let items: String = [
        item(&[
            ("AllocationUnits", "hertz * 10^6"),
            ("Description", "Number of virtual CPUs"),
            ("ElementName", &format!("{PROCESSORS} virtual CPUs")),
            ("InstanceID", "1"),
            ("ResourceType", "3"),
            ("VirtualQuantity", &PROCESSORS.to_string()),
        ]),
        item(&[
            ("AllocationUnits", "byte * 2^20"),
            ("Description", "Memory size"),
            ("ElementName", &format!("{MEMORY_MIB} MiB of memory")),
            ("InstanceID", "2"),
            ("ResourceType", "4"),
            ("VirtualQuantity", &MEMORY_MIB.to_string()),
        ]),
        item(&[
            ("Address", "0"),
            ("Description", "SCSI controller"),
            ("ElementName", "SCSI controller 0"),
            ("InstanceID", "3"),
            ("ResourceSubType", "VirtualSCSI"),
            ("ResourceType", "6"),
        ]),
        item(&[
            ("AddressOnParent", "0"),
            ("ElementName", "Hard disk 1"),
            ("HostResource", "ovf:/disk/vmdisk1"),
            ("InstanceID", "4"),
            ("Parent", "3"),
            ("ResourceType", "17"),
        ]),
        item(&[
            ("AddressOnParent", "7"),
            ("AutomaticAllocation", "true"),
            ("Connection", "VM Network"),
            ("ElementName", "Network adapter 1"),
            ("InstanceID", "5"),
            ("ResourceSubType", "VmxNet3"),
            ("ResourceType", "10"),
        ]),
    ]
    .concat();
    let (capacity, file) = (sizes.capacity, sizes.file);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>
    <File ovf:href="{name}{DISK}" ovf:id="file1" ovf:size="{file}"/>
  </References>
  <DiskSection>
    <Info>Virtual disks</Info>
    <Disk ovf:capacity="{capacity}" ovf:capacityAllocationUnits="byte" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection>
    <Info>Networks</Info>
    <Network ovf:name="VM Network">
      <Description>The network of the machine</Description>
    </Network>
  </NetworkSection>
  <VirtualSystem ovf:id="{name}">
    <Info>A virtual machine</Info>
    <Name>{name}</Name>
    <OperatingSystemSection ovf:id="{GUEST_CIM}" vmw:osType="{GUEST}">
      <Info>The operating system</Info>
      <Description>Debian GNU/Linux (64-bit)</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>{name}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>{HARDWARE}</vssd:VirtualSystemType>
      </System>
{items}      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="{firmware}"/>
      <vmw:Config ovf:required="false" vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="false"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"#
    )
    .into_bytes()
}

/// A device. Parts are in the order of their names.
fn item(parts: &[(&str, &str)]) -> String {
    debug_assert!(parts.is_sorted(), "the schema's order is the alphabet's");
    let parts: String = parts
        .iter()
        .map(|(name, value)| format!("        <rasd:{name}>{value}</rasd:{name}>\n"))
        .collect();
    format!("      <Item>\n{parts}      </Item>\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
