//! The boot test on a real image: what passes, and that it can fail.

use std::fs;

use crate::fixture;

#[test]
fn boots_bios_and_uefi_and_serves_its_page() {
    let env = fixture::with_layers();
    env.run(&["build", "web", "--offline"]).expect(0);
    let tested = env.run(&["test", "web", "--json"]).expect(0);
    let report = tested.json();
    assert_eq!(report["report"]["is_passed"], true, "{}", tested.stdout);
    let folder = env.home().join("images/web/1.0.0-1/test");
    for file in ["report.json", "junit.xml"] {
        assert!(folder.join(file).is_file(), "{file} is missing");
    }
    let text = fs::read_to_string(folder.join("junit.xml")).unwrap();
    for word in ["bios", "uefi", "Fetch"] {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
    let shown = env.run(&["images"]).expect(0).stdout;
    assert!(shown.contains("passed"), "{shown}");
}

/// Steps that end the boot and go on in the next one.
const REBOOT: &str = "      - name: Mark
        action: ExecuteBash
        inputs: {commands: ['cat /proc/sys/kernel/random/boot_id | tee /var/lib/boot']}
      - {name: Reboot, action: Reboot}
      - name: Rebooted
        action: ExecuteBash
        inputs:
          commands:
            - now=$(cat /proc/sys/kernel/random/boot_id)
            - test '{{ test.Mark.outputs.stdout }}' = \"$(cat /var/lib/boot)\" && test \"$now\" != \"$(cat /var/lib/boot)\"
";

#[test]
fn a_failing_test_phase_and_a_budget_fail_the_test() {
    let env = fixture::with_layers();
    let document = env
        .read("components/nginx.yaml")
        .replace("grep -q '{{ greeting }}'", "grep -q 'what nobody says'")
        .replace(
            "  - name: test\n    steps:\n",
            &format!("  - name: test\n    steps:\n{REBOOT}"),
        );
    assert!(document.contains("Rebooted"), "the example has changed");
    fs::remove_file(env.project().join("components/nginx.yaml")).unwrap();
    env.write("components/nginx.yaml", document);
    let recipe = env
        .read("web.gold.hcl")
        .replace("\"1.2GiB\"", "\"10MiB\"")
        .replace(
            "boot = [\"bios\", \"uefi\"]\n    budget",
            "boot = [\"bios\"]\n    budget",
        );
    fs::remove_file(env.project().join("web.gold.hcl")).unwrap();
    env.write("web.gold.hcl", recipe);
    env.run(&["lock", "--offline"]).expect(0);
    env.run(&["build", "web", "--offline"]).expect(0);
    let tested = env.run(&["test", "web"]).expect(6);
    let said = format!("{}{}", tested.stdout, tested.stderr);
    assert!(said.contains("rebooted in"), "{said}");
    assert!(!said.contains("Rebooted: exit code"), "{said}");
    for word in ["Fetch", "disk_usage", "console"] {
        assert!(said.contains(word), "{word} is missing in\n{said}");
    }
    assert!(env.run(&["images"]).expect(0).stdout.contains("FAILED"));
}
