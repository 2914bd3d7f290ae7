//! What a service is asked in a form, as EC2 and STS are: fields whose names count the entries
//! of lists.
//!
//! ```text
//! Action=DescribeImages&Version=2016-11-15&Owner.1=self&Filter.1.Name=name&Filter.1.Value.1=web
//! ```

use std::collections::BTreeMap;

use super::address::encoded;
use super::api::Operation;

/// Fields of a form, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
    filters: usize,
    tag_specifications: usize,
}

impl Form {
    /// With a field.
    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// With a field, when there is a value.
    pub(super) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With the entries of a list.
    pub(super) fn list(self, name: &str, values: &[&str]) -> Self {
        (1..).zip(values).fold(self, |form, (number, value)| {
            form.with(format!("{name}.{number}"), *value)
        })
    }

    /// With a filter: one of these values.
    pub(super) fn filter(mut self, name: &str, values: &[&str]) -> Self {
        self.filters += 1;
        let start = format!("Filter.{}", self.filters);
        self.with(format!("{start}.Name"), name)
            .list(&format!("{start}.Value"), values)
    }

    /// With what is written on the new things of a kind.
    pub(super) fn tags(mut self, kind: &str, tags: &BTreeMap<String, String>) -> Self {
        if tags.is_empty() {
            return self;
        }
        self.tag_specifications += 1;
        let start = format!("TagSpecification.{}", self.tag_specifications);
        let this = self.with(format!("{start}.ResourceType"), kind);
        this.pairs(&format!("{start}.Tag"), tags)
    }

    /// With keys and values.
    pub(super) fn pairs(self, name: &str, pairs: &BTreeMap<String, String>) -> Self {
        (1..).zip(pairs).fold(self, |form, (number, (key, value))| {
            form.with(format!("{name}.{number}.Key"), key.as_str())
                .with(format!("{name}.{number}.Value"), value.as_str())
        })
    }

    /// The body of a request.
    ///
    /// # Panics
    ///
    /// When the table of operations has no such field: then the table is wrong.
    pub(super) fn body(&self, operation: &Operation) -> String {
        let version = operation.service.version();
        let mut body = format!("Action={}&Version={version}", operation.name);
        for (name, value) in &self.fields {
            let action = operation.name;
            assert!(operation.has_field(name), "`{name}` of {action} is unknown");
            body.push_str(&format!("&{name}={}", encoded(value, "")));
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::ec2;
    use super::*;

    #[test]
    fn fields_of_lists() {
        let tags = BTreeMap::from([("a b".to_owned(), "ü&=".to_owned())]);
        let form = Form::default()
            .with("Name", "x")
            .maybe("Description", None)
            .tags("image", &tags)
            .tags("snapshot", &BTreeMap::new());
        assert_eq!(
            form.body(&ec2::REGISTER_IMAGE),
            "Action=RegisterImage&Version=2016-11-15&Name=x&TagSpecification.1.ResourceType=image\
             &TagSpecification.1.Tag.1.Key=a%20b&TagSpecification.1.Tag.1.Value=%C3%BC%26%3D"
        );
        let form = Form::default()
            .list("Owner", &["self"])
            .filter("name", &["x", "y"])
            .filter("state", &["z"]);
        assert_eq!(
            form.body(&ec2::DESCRIBE_IMAGES),
            "Action=DescribeImages&Version=2016-11-15&Owner.1=self&Filter.1.Name=name\
             &Filter.1.Value.1=x&Filter.1.Value.2=y&Filter.2.Name=state&Filter.2.Value.1=z"
        );
    }

    #[test]
    #[should_panic(expected = "`Nmae` of RegisterImage is unknown")]
    fn unknown_fields() {
        Form::default().with("Nmae", "x").body(&ec2::REGISTER_IMAGE);
    }
}
