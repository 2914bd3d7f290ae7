//! `cloud-creds`: no credentials of a cloud.
//!
//! Credentials of whoever built the image would go to whoever runs it.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "cloud-creds",
    summary: "no credentials of a cloud",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["goldsmith"],
    paths: &[
        delete("~/.aws/{credentials,config,cli,sso}"),
        delete(
            "~/.config/gcloud/{credentials.db,access_tokens.db,application_default_credentials.json,legacy_credentials}",
        ),
        delete(
            "~/.azure/{msal_token_cache*,accessTokens.json,azureProfile.json,service_principal*}",
        ),
        delete("~/.{oci,aliyun,bluemix}"),
        delete("~/.config/{doctl,hcloud,scw,linode-cli}"),
        delete("~/.terraform.d/credentials.tfrc.json"),
        delete("~/.terraformrc"),
        delete("/{root,home,opt,srv,etc}/**/*.tfstate{,.backup}"),
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
                ("/root/.aws/credentials", "x"),
                ("/home/ann/.config/gcloud/credentials.db", "x"),
                ("/home/ann/.azure/msal_token_cache.json", "x"),
                ("/opt/infra/terraform.tfstate", "x"),
            ],
            &[
                ("/root/.awsome", "kept"),
                ("/home/ann/.config/app/credentials.db", "kept"),
            ],
        );
    }
}
