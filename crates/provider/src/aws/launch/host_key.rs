//! The keys of a machine's `sshd`, as `cloud-init` prints them to the console. That is a way that
//! nobody in the network is on.
//!
//! ```text
//! -----BEGIN SSH HOST KEY KEYS-----
//! ecdsa-sha2-nistp256 AAAAE2VjZHNh... root@ip-10-0-0-1
//! ssh-ed25519 AAAAC3NzaC1lZDI1... root@ip-10-0-0-1
//! -----END SSH HOST KEY KEYS-----
//! ```
//!
//! <https://cloudinit.readthedocs.io/en/latest/reference/modules.html#keys-to-console>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN SSH HOST KEY KEYS-----";
const END: &str = "-----END SSH HOST KEY KEYS-----";

/// The keys that a console shows, those of the last boot that has shown them all: type and key of
/// each. Empty: none yet.
pub(super) fn host_keys(console: &str) -> Vec<String> {
    let Some((before, _)) = console.rsplit_once(END) else {
        return Vec::new();
    };
    let Some((_, block)) = before.rsplit_once(BEGIN) else {
        return Vec::new();
    };
    block.lines().filter_map(key).collect()
}

/// The key of a line, whatever the console has put before it.
fn key(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.windows(2).find_map(|pair| {
        let [kind, key] = pair else { return None };
        let bytes = STANDARD.decode(key).ok()?;
        // The type stands at the beginning of the key, too.
        let length = usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).ok()?;
        let is_it = bytes.get(4..4 + length)? == kind.as_bytes();
        is_it.then(|| format!("{kind} {key}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: &str, rest: &[u8]) -> String {
        let length = u32::try_from(kind.len()).unwrap().to_be_bytes();
        let bytes = [&length[..], kind.as_bytes(), rest].concat();
        format!("{kind} {}", STANDARD.encode(bytes))
    }

    #[test]
    fn consoles() {
        let (one, two) = (line("ssh-ed25519", b"1"), line("ecdsa-sha2-nistp256", b"2"));
        let block = |lines: &[&str]| format!("x\r\n{BEGIN}\r\n{}\r\n{END}\r\n", lines.join("\r\n"));
        let check = |console: &str, expected: &[&String]| {
            let expected: Vec<String> = expected.iter().copied().cloned().collect();
            assert_eq!(host_keys(console), expected, "{console}");
        };
        let plain = block(&[&format!("{one} root@ip"), &two]);
        check(&plain, &[&one, &two]);
        let stamped = block(&[&format!("[   12.3] cloud-init[7]: {one} root@ip")]);
        check(&stamped, &[&one]);
        // Another boot, whose keys are not all there yet.
        check(&format!("{plain}{BEGIN}\n{two}"), &[&one, &two]);
        check(&format!("{stamped}{}", block(&[&two])), &[&two]);
        check(&block(&["ssh-ed25519 AAAA", "ssh-rsa !", ""]), &[]);
        // A key that says it is of another type.
        check(&block(&[&one.replace("ssh-ed25519", "ssh-rsa")]), &[]);
        check(&format!("{BEGIN}\n{one}"), &[]);
        check("", &[]);
    }
}
