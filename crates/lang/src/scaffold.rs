//! `goldsmith init`: a project that builds. The texts are those of `examples/nginx`, so what is
//! tested there is what a new user gets.

/// The files of a new project: path and text.
pub fn scaffold(name: &str) -> Vec<(&'static str, String)> {
    let readme = format!(
        "# {name}\n\nA golden image: Debian with nginx.\n\n\
         ```console\n$ goldsmith lock          # pin every package\n$ goldsmith build web     # make the disk\n\
         $ goldsmith test web      # boot it, BIOS and UEFI\n$ goldsmith export web    # hand it over\n```\n\n\
         Commit `goldsmith.lock`: it is what makes a build the same everywhere.\n"
    );
    vec![
        (
            "web.gold.hcl",
            include_str!("../../../examples/nginx/web.gold.hcl").to_owned(),
        ),
        (
            "components/nginx.yaml",
            include_str!("../../../examples/nginx/components/nginx.yaml").to_owned(),
        ),
        (".gitignore", "*.raw\n*.part\n".to_owned()),
        ("README.md", readme),
    ]
}
