//! Other tools' resources, as a project that validates.

use std::fs;

use crate::env::{TestEnv, repository};

#[test]
fn image_builder_becomes_a_project() {
    let env = TestEnv::new();
    let corpus = repository("crates/import/tests/corpus");
    for name in ["answers.json", "cloudformation.json", "terraform.json"] {
        let folder = name.trim_end_matches(".json");
        let input = corpus.join(name);
        let input = input.to_str().unwrap();
        let said = env
            .run(&["import", "image-builder", input, "--output", folder])
            .expect(0)
            .stdout;
        assert!(said.contains("not carried over"), "{said}");
        // The document that Terraform only names has to be fetched.
        let code = if name == "terraform.json" { 3 } else { 0 };
        let validated = env.run(&["-C", folder, "validate"]).expect(code);
        assert!(code == 0 || validated.stderr.contains("components/nginx.yaml"));
        let again = env.run(&["import", "image-builder", input, "--output", folder]);
        assert!(again.expect(2).stderr.contains("--force"));
        env.run(&["-C", folder, "fmt", "--check"]).expect(0);
    }
    fs::write(env.project().join("other.json"), "{}").unwrap();
    let refused = env
        .run(&["import", "image-builder", "other.json"])
        .expect(3);
    assert!(refused.stderr.contains("no resource of Image Builder"));
}
