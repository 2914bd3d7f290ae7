//! A parameter store and instance metadata that are known by heart.

use std::sync::atomic::{AtomicU32, Ordering};

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::{InstanceMetadata, ParameterStore, ParameterValue, RemoteError};
use goldsmith_core::secret::Secret;

#[derive(Default)]
pub(crate) struct Cloud {
    pub(crate) asked: AtomicU32,
}

impl ParameterStore for Cloud {
    fn parameter(&self, _: &Cx, name: &str) -> Result<ParameterValue, RemoteError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(match name {
            "/app/name" => ParameterValue::Text("web".to_owned()),
            "/app/pointer" => ParameterValue::Text("/app/name".to_owned()),
            "/app/list" => ParameterValue::List(vec!["a".to_owned(), "b".to_owned()]),
            "/app/key" => ParameterValue::Secret(Secret::new("hunter22".to_owned())),
            "/app/pem" => ParameterValue::Secret(Secret::new("BEGIN\nEND".to_owned())),
            _ => {
                return Err(RemoteError::NotFound {
                    what: format!("the parameter `{name}`"),
                });
            }
        })
    }
}

impl InstanceMetadata for Cloud {
    fn metadata(&self, _: &Cx, path: &str) -> Result<String, RemoteError> {
        Ok(format!("<{path}>"))
    }
}
