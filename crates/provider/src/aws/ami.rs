//! Images of others that a build starts from: asked for in words, pinned by their id.

use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::WhichAmi;
use goldsmith_core::remote::{ParameterStore as _, ParameterValue, RemoteError};

use super::Aws;
use super::api::ec2 as api;
use super::call::Request;
use super::form::Form;
use super::node::Node;

/// An image that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ami {
    /// Its id, which is of these bytes for ever.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Number of its owner's account.
    pub owner: String,
    /// `x86_64`, `arm64`.
    pub architecture: String,
    /// When it was made, in seconds since 1970.
    pub created_unix: i64,
}

/// An image that was not found.
#[derive(Debug, thiserror::Error)]
pub enum AmiError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] RemoteError),
    /// Nobody says whose.
    #[error("no owner is named of the images to choose from")]
    NoOwner,
    /// There is none.
    #[error("no image that can be used fits {asked}")]
    None {
        /// What was asked for.
        asked: String,
    },
    /// The parameter holds something else.
    #[error("the parameter `{name}` names no image")]
    Parameter {
        /// Its name.
        name: String,
    },
}

impl goldsmith_core::failure::Failure for AmiError {
    fn class(&self) -> goldsmith_core::failure::Class {
        use goldsmith_core::failure::Class;
        match self {
            Self::Call(error) => error.class(),
            Self::NoOwner => Class::Config,
            Self::None { .. } | Self::Parameter { .. } => Class::Remote,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Call(error) => return error.hints(),
            Self::NoOwner => {
                "name the account that makes them: everybody may use the name of a known image"
            }
            Self::None { .. } => {
                "look at them with `aws ec2 describe-images`: owner, region and filters count"
            }
            Self::Parameter { .. } => "it must hold an id, such as `ami-0abcd1234`, as plain text",
        };
        vec![hint.to_owned()]
    }
}

/// What was asked for, in words.
fn words(wanted: &WhichAmi) -> String {
    match wanted {
        WhichAmi::Id(id) => format!("the id `{id}`"),
        WhichAmi::Parameter(name) => format!("the parameter `{name}`"),
        WhichAmi::Newest { owners, filters } => {
            let filters = filters.iter();
            let filters = filters.map(|(name, values)| format!("{name} = {}", values.join(" or ")));
            let filters: Vec<String> = filters.collect();
            format!(
                "the owners {} with {}",
                owners.join(", "),
                filters.join(", ")
            )
        }
    }
}

impl Aws {
    /// Finds an image. Of several the newest is taken, and of several of one moment the one whose
    /// id comes last: the same answer gives the same image.
    pub fn ami(&self, cx: &Cx, wanted: &WhichAmi) -> Result<Ami, AmiError> {
        let none = || AmiError::None {
            asked: words(wanted),
        };
        let form = match wanted {
            WhichAmi::Id(id) => Form::default().list("ImageId", &[id]),
            WhichAmi::Parameter(name) => {
                let id = self.named_by(cx, name)?;
                Form::default().list("ImageId", &[&id])
            }
            WhichAmi::Newest { owners, .. } if owners.is_empty() => return Err(AmiError::NoOwner),
            WhichAmi::Newest { owners, filters } => {
                let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
                filters.iter().fold(
                    Form::default().list("Owner", &owners),
                    |form, (name, values)| {
                        let values: Vec<&str> = values.iter().map(String::as_str).collect();
                        form.filter(name, &values)
                    },
                )
            }
        };
        let subject = format!("the images of {}", words(wanted));
        let mut found: Vec<Ami> = Vec::new();
        let request = |token: Option<&str>| {
            let form = form.clone().maybe("NextToken", token);
            Request::form(&api::DESCRIBE_IMAGES, subject.clone(), &form)
        };
        let asked = self.pages(cx, request, |page| {
            page.each("imagesSet/item", |image| found.extend(read(image)));
        });
        match asked {
            Err(RemoteError::NotFound { .. }) => return Err(none()),
            asked => asked?,
        }
        let newest = |ami: &Ami| (ami.created_unix, ami.id.clone());
        found.into_iter().max_by_key(newest).ok_or_else(none)
    }

    /// The id that a parameter holds, by itself or, as those of some vendors, in JSON.
    fn named_by(&self, cx: &Cx, name: &str) -> Result<String, AmiError> {
        let wrong = || AmiError::Parameter {
            name: name.to_owned(),
        };
        let ParameterValue::Text(text) = self.parameter(cx, name)? else {
            return Err(wrong());
        };
        let id = match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(value) => value["image_id"].as_str().map(str::to_owned),
            Err(_) => Some(text.trim().to_owned()),
        };
        id.filter(|id| id.starts_with("ami-")).ok_or_else(wrong)
    }
}

/// An image that can be used.
fn read(image: Node<'_>) -> Option<Ami> {
    let is_there = image.text("imageState").as_deref() == Some("available");
    is_there.then_some(())?;
    let made: jiff::Timestamp = image.text("creationDate")?.parse().ok()?;
    Some(Ami {
        id: image.text("imageId")?,
        name: image.text("name").unwrap_or_default(),
        owner: image.text("imageOwnerId")?,
        architecture: image.text("architecture")?,
        created_unix: made.as_second(),
    })
}
