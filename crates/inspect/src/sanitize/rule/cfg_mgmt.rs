//! `cfg-mgmt`: no identity at a configuration management server.
//!
//! Certificates, keys and node ids of Puppet, Salt, Chef, Ansible, Consul, Nomad, Vault.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "cfg-mgmt",
    summary: "no identity at a configuration management server",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["virt-sysprep"],
    paths: &[
        delete("/var/lib/puppet/ssl"),
        delete("/etc/puppetlabs/puppet/ssl"),
        delete("/opt/puppetlabs/**/cache/**"),
        delete("/etc/salt/{minion_id,pki/minion/*}"),
        delete("/etc/chef/{client.pem,validation.pem,*-validator.pem}"),
        delete("/var/chef/{cache,backup,nodes}/*"),
        delete("/etc/ansible/{vault*,.vault*}"),
        delete(
            "/{opt,var/lib}/{consul,nomad,vault}/{,data/}{node-id,server/node-id,client/client-id,checkpoint-signature,serf/*,raft/**}",
        ),
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
                ("/etc/puppetlabs/puppet/ssl/private_keys/a.pem", "x"),
                ("/etc/salt/minion_id", "x"),
                ("/etc/chef/client.pem", "x"),
                ("/opt/consul/node-id", "x"),
            ],
            &[
                ("/etc/salt/minion", "kept"),
                ("/etc/chef/client.rb", "kept"),
            ],
        );
    }
}
