//! `agents`: no enrolment of a monitoring or security agent.
//!
//! Copies with one agent id overwrite each other at the agent's server.

use super::{Action, Family, Rule, delete, warn};

pub(super) static RULE: Rule = Rule {
    id: "agents",
    summary: "no enrolment of a monitoring or security agent",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["goldsmith"],
    paths: &[
        delete("/etc/datadog-agent/{auth_token,*-id}"),
        delete("/var/ossec/etc/client.keys"),
        delete("/var/osquery/osquery.db"),
        delete("/opt/CrowdStrike/falconstore*"),
        delete("/etc/qualys/hostid"),
        delete("/{usr/local/qualys/cloud-agent,etc/qualys/cloud-agent}/{HostID,*.db}"),
        delete("/opt/Tanium/TaniumClient/{*.db,pki.db,ComputerID}"),
        delete("/opt/splunk{,forwarder}/etc/instance.cfg"),
        delete("/opt/splunk{,forwarder}/etc/auth/splunk.secret"),
        delete("/opt/Elastic/Agent/{fleet.enc*,fleet.yml*,.secret,state.enc}"),
        delete("/{etc,var/lib}/elastic-agent/{fleet.enc*,fleet.yml*,state.enc}"),
        delete("/opt/sentinelone/configuration/agent*.{json,uuid}"),
        delete("/etc/zabbix/*.psk"),
        delete("/var/lib/tailscale/*"),
        delete("/etc/wireguard/*.{key,private}"),
        warn("/etc/wireguard/*.conf", "may hold a private key"),
        warn("/etc/newrelic-infra.yml", "may hold a licence key"),
        warn("/etc/datadog-agent/datadog.yaml", "may hold an API key"),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/var/ossec/etc/client.keys", "x"),
                ("/var/lib/tailscale/tailscaled.state", "x"),
                ("/opt/splunkforwarder/etc/instance.cfg", "x"),
                ("/etc/zabbix/agent.psk", "x"),
            ],
            &[("/etc/zabbix/zabbix_agentd.conf", "kept")],
        );
    }

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[("/etc/wireguard/wg0.conf", "x")],
            &[("/etc/wireguard/readme", "kept")],
        );
    }
}
