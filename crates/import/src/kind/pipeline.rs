//! An image pipeline: a `pipeline` with its schedule, gates and what it distributes to.

use super::image_recipe::is_arm;
use super::{LATER, in_file, leave};
use crate::World;
use crate::hcl::{Writer, string};
use crate::report::Report;
use crate::resource::{Fields, Kind, Resource};

pub(super) fn convert(
    resource: &Resource,
    world: &World<'_>,
    writer: &mut Writer,
    report: &mut Report,
) {
    let mut fields = resource.take();
    let head = format!("pipeline {}", string(&resource.slug()));
    let reference = fields.text("imageRecipeArn").unwrap_or_default();
    let Some(recipe) = world.find(Kind::ImageRecipe, &reference) else {
        let why =
            "its recipe was not given: import it as well (`aws imagebuilder get-image-recipe`)";
        writer.blank();
        writer.remark(&format!(
            "not carried over: {head}, imageRecipeArn = {reference} ({why})"
        ));
        report.left(&resource.title(), "imageRecipeArn", &reference, why);
        leave(
            resource,
            "",
            fields,
            &|_| "its recipe was not given",
            writer,
            report,
        );
        return;
    };
    let mut tests = fields.fields("imageTestsConfiguration");
    let parent = recipe.take().text("parentImage").unwrap_or_default();
    let boot = if is_arm(&parent) {
        "[\"uefi\"]"
    } else {
        "[\"bios\", \"uefi\"]"
    };
    let is_tested = tests.flag("imageTestsEnabled").unwrap_or(true);
    // Stored by the service, and without any effect there.
    drop(tests.take("timeoutMinutes"));
    writer.blank();
    writer.block(&head, |writer| {
        writer.attribute("recipe", &format!("recipe.{}", recipe.slug()));
        if is_tested {
            writer.blank();
            writer.block("test", |writer| {
                writer.attribute("boot", boot);
            });
        } else {
            let why = "without a `test` block every firmware that the disk starts with is tested, when `goldsmith test` is called";
            writer.remark(&format!("imageTestsEnabled = false: {why}"));
            report.left(&resource.title(), "imageTestsConfiguration.imageTestsEnabled", "false", why);
        }
        schedule(resource, fields.fields("schedule"), writer, report);
        scan(resource, fields.fields("imageScanningConfiguration"), writer, report);
        for (field, kind, attribute) in [
            ("distributionConfigurationArn", Kind::Distribution, "distribution"),
            ("infrastructureConfigurationArn", Kind::Infrastructure, "infrastructure"),
        ] {
            let Some(arn) = fields.text(field) else { continue };
            let target = match (world.find(kind, &arn), kind) {
                (Some(found), Kind::Infrastructure) => format!("infrastructure.aws.{}", found.slug()),
                (Some(found), _) => format!("{attribute}.{}", found.slug()),
                (None, _) => string(&arn),
            };
            writer.commented(|writer| writer.attribute(attribute, &target));
            report.left(&resource.title(), field, &arn, LATER);
        }
        // When it is written, the image is enabled; the log and metadata switches have no meaning.
        leave(resource, "", fields, &why, writer, report);
    });
    report.turned(resource.title(), in_file(&head));
}

fn why(field: &str) -> &'static str {
    match field {
        "enhancedImageMetadataEnabled" => "packages are always in the record of an image",
        "status" => "there is no schedule yet that could be disabled",
        field if field.starts_with("workflows") || field == "executionRole" => {
            "stages of a run come with `goldsmith run`; no role is needed"
        }
        field if field.starts_with("loggingConfiguration") => {
            "logs go to the terminal and, with `--json`, to any collector"
        }
        _ => "Goldsmith has no counterpart",
    }
}

fn schedule(resource: &Resource, mut fields: Fields, writer: &mut Writer, report: &mut Report) {
    let Some(expression) = fields.text("scheduleExpression") else {
        return;
    };
    writer.commented(|writer| {
        writer.block("schedule", |writer| {
            writer.attribute("cron", &string(&expression));
            if let Some(zone) = fields.text("timezone") {
                writer.attribute("timezone", &string(&zone));
            }
            let condition = fields.text("pipelineExecutionStartCondition");
            let condition = match condition.as_deref() {
                Some("EXPRESSION_MATCH_ONLY") => "always",
                _ => "dependency-updates",
            };
            writer.attribute("start_condition", &string(condition));
            let mut disable = fields.fields("autoDisablePolicy");
            if let Some(count) = disable.text("failureCount") {
                writer.attribute("disable_after_failures", &count);
            }
        });
    });
    report.left(&resource.title(), "schedule", &expression, LATER);
    leave(
        resource,
        "schedule.",
        fields,
        &|_| "Goldsmith has no counterpart",
        writer,
        report,
    );
}

fn scan(resource: &Resource, mut fields: Fields, writer: &mut Writer, report: &mut Report) {
    if fields.flag("imageScanningEnabled") != Some(true) {
        return;
    }
    let mut condition = fields.fields("scanResultCondition");
    let most = condition.text("maximumSeverityLabel");
    // Image Builder names the worst that passes, we the least that fails.
    let fail_on = match most.as_deref() {
        Some("INFORMATIONAL") => "low",
        Some("LOW") => "medium",
        Some("MEDIUM") => "high",
        _ => "critical",
    };
    writer.commented(|writer| {
        writer.block("scan", |writer| {
            writer.attribute("fail_on", &string(fail_on));
            let is_fixable = condition.flag("fixAvailable").unwrap_or(true);
            writer.attribute("only_fixable", &is_fixable.to_string());
        });
    });
    report.left(
        &resource.title(),
        "imageScanningConfiguration",
        fail_on,
        LATER,
    );
    leave(
        resource,
        "imageScanningConfiguration.",
        fields,
        &|_| "Goldsmith scans by itself: no service, no repository",
        writer,
        report,
    );
}
