//! The packet filter's permanent rules: nftables.

use super::{Outcome, Ran, Wrong};
use crate::harden::facts::{Facts, rows};

/// What must hold.
#[derive(Debug, Clone, Copy)]
pub(in crate::harden) enum Rule {
    /// There is a table.
    Table,
    /// Base chains hook into input, forward and output.
    Chains,
    /// What no rule lets in is dropped: input and forward.
    DropByDefault,
    /// The loopback is let in.
    Loopback,
}

const CONFIG: &str = "/etc/nftables.conf";

pub(super) fn run(facts: &Facts<'_>, rule: Rule) -> Ran {
    if facts.snapshot.resolve("/usr/sbin/nft").is_none() {
        return Ok(Outcome::skip("no nftables"));
    }
    let texts = facts.texts(&[
        "/etc/nftables.conf",
        "/etc/nftables.d/*",
        "/etc/nftables/*.{nft,rules,conf}",
        "/etc/sysconfig/nftables.conf",
    ])?;
    let whole: String = texts
        .iter()
        .flat_map(|(_, text)| rows(text))
        .map(|row| format!("{row}\n"))
        .collect();
    let chain = |hook: &str| {
        whole
            .split("chain ")
            .skip(1)
            .find(|body| body.contains(&format!("hook {hook} ")))
    };
    let missing = |hooks: &[&str], holds: &dyn Fn(&str) -> bool| -> Vec<String> {
        let bad = hooks.iter().filter(|hook| !chain(hook).is_some_and(holds));
        bad.map(|hook| (*hook).to_owned()).collect()
    };
    let text = match rule {
        Rule::Table if whole.contains("table ") => return Ok(Outcome::Pass),
        Rule::Table => "no table".to_owned(),
        Rule::Chains => match missing(&["input", "forward", "output"], &|_| true)[..] {
            [] => return Ok(Outcome::Pass),
            ref hooks => format!("no base chain of `{}`", hooks.join("`, `")),
        },
        Rule::DropByDefault => match missing(&["input", "forward"], &|body| {
            body.split('}')
                .next()
                .is_some_and(|body| body.contains("policy drop"))
        })[..]
        {
            [] => return Ok(Outcome::Pass),
            ref hooks => format!(
                "what no rule lets in is not dropped: `{}`",
                hooks.join("`, `")
            ),
        },
        Rule::Loopback
            if [
                "iif lo accept",
                "iif \"lo\" accept",
                "iifname lo accept",
                "iifname \"lo\" accept",
            ]
            .iter()
            .any(|rule| whole.contains(rule)) =>
        {
            return Ok(Outcome::Pass);
        }
        Rule::Loopback => "the loopback is not let in".to_owned(),
    };
    Ok(Outcome::Fail(vec![Wrong::file(
        texts.first().map_or(CONFIG, |(path, _)| path),
        text,
    )]))
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};

    const NFT: (&str, &str) = ("/usr/sbin/nft", "x");
    /// Debian's own.
    const OPEN: &str = "#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter;\n\t}\n\tchain forward {\n\t\ttype filter hook forward priority filter;\n\t}\n\tchain output {\n\t\ttype filter hook output priority filter;\n\t}\n}\n";

    #[test]
    fn default_drop() {
        let drop = Test::Firewall(Rule::DropByDefault);
        skips(&drop, &[]);
        fails(&drop, &[NFT]);
        fails(&drop, &[NFT, ("/etc/nftables.conf", OPEN)]);
        let closed = OPEN
            .replace(
                "put priority filter;",
                "put priority filter; policy drop;\n\t\tiif lo accept",
            )
            .replace(
                "forward priority filter;",
                "forward priority filter; policy drop;",
            );
        passes(&drop, &[NFT, ("/etc/nftables.conf", &closed)]);
        for rule in [Rule::Table, Rule::Chains, Rule::Loopback] {
            passes(
                &Test::Firewall(rule),
                &[NFT, ("/etc/nftables.conf", &closed)],
            );
        }
        fails(
            &Test::Firewall(Rule::Loopback),
            &[NFT, ("/etc/nftables.conf", OPEN)],
        );
    }
}
