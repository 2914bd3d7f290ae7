//! `pkg-cache`: no package lists and no caches of package tools.
//!
//! Old lists make the first `apt-get install` fetch what is gone; caches hold times and
//! hash order. Folders that packages own stay.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "pkg-cache",
    summary: "no package lists and no caches of package tools",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &[
        "virt-sysprep",
        "kubernetes-image-builder",
        "eks-ami",
        "bento",
        "mmdebstrap",
    ],
    paths: &[
        delete("/var/cache/apt/archives/**"),
        delete("/var/cache/apt/*.bin"),
        delete("/var/lib/apt/lists/**"),
        delete("/var/lib/apt/mirrors/**"),
        delete("/var/lib/apt/periodic/**"),
        delete("/var/cache/{dnf,yum,zypp,zypper,PackageKit,libdnf5,apk}/**"),
        delete("/var/lib/{dnf,yum}/{history*,yumdb/**,system-releases}"),
        delete("/var/lib/zypp/{LastDistributionFlavor,RequestedLocales,SolverTestcase*}"),
        delete(
            "/var/cache/{man,fontconfig,ldconfig,apt-show-versions,apt-file,PackageKit,snapd}/**",
        ),
        delete(
            "~/.cache/{pip,pypoetry,uv,go-build,yarn,composer,gem,node,node-gyp,helm,pnpm,Homebrew}",
        ),
        delete("~/.{npm,yarn-cache,pnpm-store}"),
        delete("~/.cargo/{registry,git}"),
        delete("~/go/pkg/mod/cache"),
        delete("~/.{bundle,gem}/cache"),
        delete("/{var/lib,usr/local/lib}/**/gems/**/cache/*.gem"),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/var/lib/apt/lists/deb_InRelease", "x"),
                ("/var/cache/apt/pkgcache.bin", "x"),
                ("/var/cache/man/de/index.db", "x"),
                ("/root/.cache/pip/http/a", "x"),
                ("/home/ann/.npm/_cacache/x", "x"),
                ("/var/cache/dnf/fedora/repodata/x", "x"),
                ("/var/lib/dnf/history.sqlite", "x"),
                ("/var/cache/zypp/packages/a.rpm", "x"),
            ],
            &[
                ("/var/lib/apt/extended_states", "kept"),
                ("/root/.cache/mine", "kept"),
                ("/root/.cargo/config.toml", "kept"),
            ],
        );
    }
}
