//! What the name of a type of instances says: `m7g.large` is of Graviton, which is `arm64`.

/// `m7i.large`, `u-6tb1.metal`, `c7i-flex.2xlarge`.
pub(super) fn is_type(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !part.is_empty() && part.bytes().all(|byte| is_letter(byte) || byte == b'-')
    };
    text.split_once('.').is_some_and(|(family, size)| {
        family.starts_with(|c: char| c.is_ascii_lowercase()) && is_part(family) && is_part(size)
    })
}

/// Debian's name of the architecture of a type. `None`: its name does not say it for certain.
///
/// The letters after the number of the generation say whose processor it is: `g` for Graviton, `a`
/// for AMD, `i` for Intel. Without any of these a family is Intel's, but for the first Graviton, the
/// Macs, and families of a later form of name.
pub(in crate::lower) fn arch(kind: &str) -> Option<&'static str> {
    let family = kind.split('.').next()?;
    if family == "a1" {
        return Some("arm64");
    }
    let behind = family.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit());
    let (options, more) = match behind.split_once('-') {
        Some((options, more)) => (options, Some(more)),
        None => (behind, None),
    };
    if options.contains('g') {
        Some("arm64")
    } else if options.starts_with(['a', 'i']) {
        Some("amd64")
    } else if more.is_some() || family.starts_with("mac") {
        None
    } else {
        Some("amd64")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for right in [
            "t3.micro",
            "u-6tb1.metal",
            "c7i-flex.2xlarge",
            "m7i.metal-24xl",
        ] {
            assert!(is_type(right), "{right}");
        }
        for wrong in [
            "",
            "large",
            "m7i",
            "m7i.",
            ".large",
            "M7i.large",
            "7.large",
            "m7i.x large",
        ] {
            assert!(!is_type(wrong), "{wrong}");
        }
    }

    /// As EC2's `DescribeInstanceTypes` has them.
    #[test]
    fn architectures() {
        for (kind, wanted) in [
            ("t3.micro", Some("amd64")),
            ("m1.small", Some("amd64")),
            ("c5n.large", Some("amd64")),
            ("m7i.large", Some("amd64")),
            ("c7i-flex.large", Some("amd64")),
            ("m7a.large", Some("amd64")),
            ("x2iedn.xlarge", Some("amd64")),
            ("g4dn.xlarge", Some("amd64")),
            ("g6.xlarge", Some("amd64")),
            ("p4de.24xlarge", Some("amd64")),
            ("trn1.2xlarge", Some("amd64")),
            ("a1.large", Some("arm64")),
            ("t4g.small", Some("arm64")),
            ("m7g.large", Some("arm64")),
            ("c7gn.large", Some("arm64")),
            ("is4gen.large", Some("arm64")),
            ("im4gn.large", Some("arm64")),
            ("g5g.xlarge", Some("arm64")),
            ("mac2.metal", None),
            ("p6e-gb200.36xlarge", None),
        ] {
            assert_eq!(arch(kind), wanted, "{kind}");
        }
    }
}
