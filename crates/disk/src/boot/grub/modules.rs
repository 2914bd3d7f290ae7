//! Which modules go into a core image, and in which order: those a module needs before it.

use std::collections::{BTreeMap, BTreeSet};

use super::GrubError;

/// Lines of `moddep.lst`; GRUB 2.06 has 281.
const LINES_MAX: usize = 10_000;
/// Modules that need modules; GRUB 2.06 has chains of 8.
const DEPTH_MAX: usize = 100;

/// `wanted` and all they need, in the order GRUB's own tools put them.
pub(super) fn order(list: &str, wanted: &[&str]) -> Result<Vec<String>, GrubError> {
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in list.lines() {
        let Some((name, rest)) = line.split_once(':') else {
            continue;
        };
        needs.insert(name.trim(), rest.split_whitespace().rev().collect());
        if needs.len() > LINES_MAX {
            return Err(GrubError::Dependencies("too many modules"));
        }
    }
    let mut ordered = vec![];
    let mut seen = BTreeSet::new();
    for module in wanted {
        add(module, &needs, &mut seen, &mut ordered, 0)?;
    }
    Ok(ordered)
}

fn add<'l>(
    module: &'l str,
    needs: &BTreeMap<&'l str, Vec<&'l str>>,
    seen: &mut BTreeSet<&'l str>,
    ordered: &mut Vec<String>,
    depth: usize,
) -> Result<(), GrubError> {
    if depth > DEPTH_MAX {
        return Err(GrubError::Dependencies("modules need each other"));
    }
    if seen.contains(module) {
        return Ok(());
    }
    let own = needs
        .get(module)
        .ok_or_else(|| GrubError::Module(module.to_owned()))?;
    for needed in own {
        add(needed, needs, seen, ordered, depth + 1)?;
    }
    seen.insert(module);
    ordered.push(module.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &str, wanted: &[&str], expected: &str) {
        let got = order(list, wanted).map_or_else(|e| e.to_string(), |names| names.join(" "));
        assert_eq!(got, expected);
    }

    #[test]
    fn orders() {
        let list = "ext2: fshelp\nfshelp:\nnormal: gettext terminal\nterminal:\ngettext:\n";
        check(
            list,
            &["ext2", "normal", "fshelp"],
            "fshelp ext2 terminal gettext normal",
        );
        check(list, &["zfs"], "GRUB has no module `zfs`");
        check("a: b\nb: a\n", &["a"], {
            "GRUB's list of modules cannot be used: modules need each other"
        });
    }
}
