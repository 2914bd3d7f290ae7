//! What fuzzing of binary forms begins with: small files that the tools make which the forms are of.

use std::fs;
use std::path::Path;

use crate::sh::{self, Outcome};

/// The longest input in bytes; `None`: libFuzzer's own.
pub(super) fn longest(target: &str) -> Option<usize> {
    match target {
        "archives" | "disk" | "ext4" | "packages" => Some(600_000),
        _ => None,
    }
}

/// Fills an empty corpus.
pub(super) fn make(target: &str, corpus: &Path) -> Outcome {
    let is_empty = fs::read_dir(corpus)
        .map_err(|e| e.to_string())?
        .next()
        .is_none();
    if !is_empty || longest(target).is_none() {
        return Ok(());
    }
    let scratch = sh::target().join("fuzz-seeds");
    drop(fs::remove_dir_all(&scratch));
    fs::create_dir_all(&scratch).map_err(|e| e.to_string())?;
    let made = shell(script(target), &scratch, corpus);
    drop(fs::remove_dir_all(&scratch));
    made
}

fn shell(script: &str, scratch: &Path, corpus: &Path) -> Outcome {
    let (scratch, corpus) = (scratch.display().to_string(), corpus.display().to_string());
    sh::run("sh", &["-euc", script, "seed", &scratch, &corpus])
}

fn script(target: &str) -> &'static str {
    match target {
        "archives" => ARCHIVES,
        "packages" => PACKAGES,
        "ext4" => FILE_SYSTEMS,
        _ => DISKS,
    }
}

const FILE_SYSTEMS: &str = r#"
cd "$1"; PATH=$PATH:/usr/sbin
mkdir -p root/etc root/usr/bin root/var/lib/dpkg/info
echo 'root:x:0:0::/root:/bin/sh' > root/etc/passwd
seq 1 2000 > root/usr/bin/program; ln -s ../usr/bin root/bin; ln root/etc/passwd root/etc/twin
for kind in 'ext2 -b 1024' 'ext4 -b 1024 -O ^has_journal' 'ext4 -b 4096 -O ^has_journal,inline_data,meta_bg,^resize_inode'; do
    file="$2/$(echo "$kind" | tr -c 'a-z0-9\n' _)"
    mke2fs -q -F -N 32 -t $kind -d root "$file" 400k
done
"#;

const DISKS: &str = r#"
cd "$1"; PATH=$PATH:/usr/sbin
mkdir -p root/etc root/usr/bin; echo ID=debian > root/etc/os-release; seq 1 900 > root/usr/bin/program
mke2fs -q -F -N 32 -t ext4 -b 1024 -O ^has_journal -d root ext4 200k
truncate -s 300k disk.raw
printf 'label: dos\nstart=64,size=400,type=83\n' | sfdisk -q disk.raw
dd if=ext4 of=disk.raw bs=512 seek=64 conv=notrunc status=none
cp ext4 disk.raw "$2"
for form in qcow2 vmdk vpc vhdx; do qemu-img convert -O $form disk.raw "$2/disk.$form"; done
qemu-img convert -O vmdk -o subformat=streamOptimized disk.raw disk.vmdk; cp disk.vmdk "$2/stream.vmdk"
echo '<Envelope/>' > disk.ovf; tar -cf "$2/disk.ova" disk.ovf disk.vmdk
tar --format=oldgnu -Sczf "$2/gce.tar.gz" disk.raw
tar -C root -cf "$2/root.tar" .; tar -C root -cJf "$2/root.tar.xz" .
zstd -q disk.raw -o "$2/disk.zst"
find "$2" -size +599k -delete
"#;

const PACKAGES: &str = r#"
cd "$1"; PATH=$PATH:/usr/sbin
mkdir -p "db"; rpm --dbpath "$PWD/db" --initdb
seed() { printf "\\$1" | cat - "$2" > "$3"; }
seed 000 db/rpmdb.sqlite "$2/sqlite"
printf 'VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n 01000000\n %04096d\nDATA=END\n' 0 | db5.3_load hash
seed 002 hash "$2/hash"
printf 'Package: a\nStatus: install ok installed\nVersion: 1\nSource: b (2)\n' > status; seed 003 status "$2/status"
mkdir -p META-INF/maven/a/b; printf 'groupId=a\nartifactId=b\nversion=1\n' > META-INF/maven/a/b/pom.properties
zip -q -r inner.jar META-INF; zip -q -0 x.jar inner.jar; seed 005 x.jar "$2/jar"
echo 'int main(void) { return 0; }' > main.c; cc -O1 -s -o main main.c; seed 006 main "$2/program"
"#;

const ARCHIVES: &str = r#"
cd "$1"
mkdir -p root/etc; printf 'pass%s = "%s"\n' word "$(seq -s x 9)" > root/etc/settings; seq 1 300 > root/etc/rows
tar -cf root.tar root; tar --format=pax -cf pax.tar "root/etc/settings"
(cd root && find . | cpio -o -H newc --quiet > ../root.cpio)
zip -q -r root.zip root; (cat root.zip | zip -q - - > piped.zip)
echo 2.0 > debian-binary; gzip -k root.tar; ar -rc root.deb debian-binary root.tar.gz
bzip2 -k root.tar; xz -k root.tar; zstd -q root.cpio
cat root.cpio root.cpio.zst > initrd; tar -cJf nested.tar.xz root.zip root.deb root.tar.bz2
cp *.tar *.tar.* *.zip *.deb *.zst root.cpio initrd "$2"
"#;
