//! Infrastructure as code, secret stores, observability, networks.

use goldsmith_core::finding::Severity::{Critical, High};

use super::{Detector, Verdict, assigned, token};

const UUID: &str = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

pub(super) const TABLE: &[Detector] = &[
    token("terraform-token", "a token of HCP Terraform", Critical, &[".atlasv1."], r"\b([A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70})").entropy(3.5).reach(16, 96),
    token("vault-token", "a token of Vault", Critical, &["hvs.", "hvb.", "hvr."], r"\b(hv[sbr]\.[\w-]{24,300})").entropy(3.5),
    assigned("vault-token-old", "a token of Vault", &["vault_token", "vault", "client_token"], r"vault[\w.-]{0,12}|client_token", r"s\.[A-Za-z0-9]{24}"),
    token("vault-unseal-key", "an unseal key of Vault", Critical, &["Unseal Key "], r"Unseal Key \d{1,2}: ([A-Za-z0-9+/]{43,44}={0,2})").entropy(3.5).text(),
    assigned("consul-token", "a token of Consul or Nomad", &["consul", "nomad_token", "secretid"], "consul|nomad_token|secretid", UUID),
    token("pulumi-token", "a token of Pulumi", Critical, &["pul-"], r"\b(pul-[a-f0-9]{40})\b").entropy(3.0),
    token("doppler-token", "a token of Doppler", High, &["dp.pt.", "dp.st.", "dp.sa.", "dp.ct.", "dp.scim.", "dp.audit."], r"\b(dp\.(?:pt|st|sa|ct|scim|audit)\.(?:[\w-]{2,35}\.)?[A-Za-z0-9]{40,44})\b").entropy(3.5),
    token("infisical-token", "a token of Infisical", High, &["st."], r"\b(st\.[a-f0-9]{24}\.[a-f0-9]{32}\.[a-f0-9]{32})\b").entropy(3.0),
    token("onepassword-service-token", "a service account token of 1Password", Critical, &["ops_eyJ"], r"\b(ops_eyJ[A-Za-z0-9+/_-]{200,480}={0,3})").entropy(4.0),
    token("onepassword-secret-key", "a secret key of 1Password", Critical, &["A3-"], r"\b(A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5})\b").entropy(3.5),
    token("databricks-token", "a token of Databricks", Critical, &["dapi"], r"\b(dapi[a-f0-9]{32}(?:-\d)?)\b").entropy(3.0),
    assigned("datadog-key", "a key of Datadog", &["datadog", "dd_api", "dd_app", "dd-api", "api_key", "app_key"], r"datadog|dd[_-](?:api|app)|(?m:^)(?:api|app)_key", r"[a-f0-9]{32}|[a-f0-9]{40}"),
    token("newrelic-key", "a key of New Relic", High, &["NRAK-", "NRII-", "NRAL", "NRJS-", "NRRA-"], r"\b(NRAK-[A-Z0-9]{27}|NRII-[A-Za-z0-9-]{32}|NRJS-[a-f0-9]{19}|NRRA-[a-f0-9]{42}|[a-f0-9]{36}NRAL)\b").entropy(3.0).reach(40, 64),
    token("grafana-token", "a token of Grafana", High, &["glsa_", "glc_"], r"\b(glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,400}={0,3})").entropy(3.5),
    token("grafana-api-key", "an API key of Grafana", High, &["eyJrIjoi"], r"\b(eyJrIjoi[A-Za-z0-9]{60,400}={0,3})").entropy(3.5),
    token("sentry-token", "a token of Sentry", High, &["sntrys_", "sntryu_"], r"\b(sntryu_[a-f0-9]{64}|sntrys_eyJ[A-Za-z0-9+/=_-]{80,400})").entropy(3.0),
    token("dynatrace-token", "a token of Dynatrace", High, &["dt0"], r"\b(dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64})\b").entropy(3.5),
    assigned("pagerduty-key", "a key of PagerDuty", &["pagerduty", "pd_api"], "pagerduty|pd_api", r"[\w+-]{20}|[a-f0-9]{32}"),
    assigned("opsgenie-key", "a key of Opsgenie", &["opsgenie"], "opsgenie", UUID),
    assigned("splunk-token", "a token of Splunk", &["splunk", "hec_token"], "splunk|hec_token", UUID),
    assigned("logzio-token", "a token of Logz.io", &["logzio", "logz_io"], "logzio|logz_io", r"[A-Za-z]{32}"),
    assigned("sumologic-key", "a key of Sumo Logic", &["sumologic", "sumo_"], r"sumo(?:logic)?[\w.-]{0,16}key", r"[A-Za-z0-9]{64}"),
    assigned("elastic-key", "a key of Elastic", &["elastic"], r"elastic[\w.-]{0,16}(?:key|token|password)", r"[A-Za-z0-9+/=_-]{20,100}"),
    token("tailscale-key", "a key of Tailscale", High, &["tskey-"], r"\b(tskey-(?:auth-|api-|client-|scim-|webhook-)?[A-Za-z0-9]{8,20}(?:CNTRL)?-[A-Za-z0-9]{20,60})\b").entropy(3.0),
    token("wireguard-key", "a private key of WireGuard", Critical, &["PrivateKey", "PresharedKey"], r"(?:PrivateKey|PresharedKey)\s{0,4}=\s{0,4}([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)").entropy(3.5).text(),
    token("prefect-token", "a token of Prefect", High, &["pnu_", "pnb_"], r"\b(pn[ub]_[A-Za-z0-9]{36})\b").entropy(3.5),
    assigned("okta-token", "a token of Okta", &["okta", "ssws"], "okta|ssws", r"00[\w-]{40}"),
    token("okta-header", "a token of Okta", High, &["SSWS "], r"\bSSWS (00[\w-]{40})(?:[^\w-]|\z)").entropy(3.5),
    assigned("auth0-secret", "a client secret of Auth0", &["auth0"], r"auth0[\w.-]{0,16}secret", r"[\w-]{64}"),
    assigned("launchdarkly-key", "a key of LaunchDarkly", &["launchdarkly", "ld_sdk"], "launchdarkly|ld_sdk", r"(?:api|sdk|mob)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    assigned("kubernetes-bootstrap-token", "a bootstrap token of Kubernetes", &["token"], r"token", r"[a-z0-9]{6}\.[a-z0-9]{16}").entropy(3.0),
    token("kubernetes-join", "a bootstrap token of Kubernetes", High, &["--token "], r"--token ([a-z0-9]{6}\.[a-z0-9]{16})\b").text(),
    token("rancher-token", "a token of Rancher or k3s", High, &["token-", "K10"], r"\b(token-[a-z0-9]{5}:[a-z0-9]{54}|K10[a-f0-9]{64}::[\w-]{1,32}:[A-Za-z0-9.]{16,64})").entropy(3.0),
    token("ansible-vault-password", "a password of Ansible", High, &["ansible_"], r#"\bansible_(?:ssh_|become_|sudo_)?pass(?:word)?["']?\s{0,3}[:=]\s{0,3}["']?([^\s"'{}$#]{6,80})"#).entropy(2.0).text(),
    assigned("meraki-key", "an API key of Cisco Meraki", &["meraki"], "meraki", r"[0-9a-f]{40}"),
    assigned("zerotier-token", "a token of ZeroTier", &["zerotier"], "zerotier", r"[A-Za-z0-9]{32}"),
    token("cloudflared-token", "a token of a Cloudflare tunnel", High, &["eyJhIjoi"], r"\b(eyJhIjoi[A-Za-z0-9+/=_-]{100,300})").entropy(3.5).validate(|c| Verdict::when(c.is_near("tunnel", 200, 300) || c.is_near("cloudflared", 200, 300) || c.is_near("TUNNEL", 200, 300))),
];

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, HEX, LOWER, UPPER, found, made, nothing};

    #[test]
    fn keys() {
        found(
            "terraform-token",
            &format!(
                "token = \"{}.at{}.{}\"",
                made(ALNUM, 14),
                "lasv1",
                made(ALNUM, 67)
            ),
        );
        found("vault-token", &format!("hv{}.{}", "s", made(ALNUM, 95)));
        found(
            "vault-token-old",
            &format!("VAULT_TOKEN=s.{}", made(ALNUM, 24)),
        );
        found("databricks-token", &format!("da{}{}", "pi", made(HEX, 32)));
        found("datadog-key", &format!("DD_API_KEY={}", made(HEX, 32)));
        found("datadog-key", &format!("api_key: {}\n", made(HEX, 32)));
        found("newrelic-key", &format!("NR{}-{}", "AK", made(UPPER, 27)));
        found(
            "newrelic-key",
            &format!("license_key: {}NR{}", made(HEX, 36), "AL"),
        );
        found(
            "grafana-token",
            &format!("gl{}_{}_{}", "sa", made(ALNUM, 32), made(HEX, 8)),
        );
        found("pulumi-token", &format!("pu{}-{}", "l", made(HEX, 40)));
        found("doppler-token", &format!("d{}.pt.{}", "p", made(ALNUM, 43)));
        found("sentry-token", &format!("sntr{}_{}", "yu", made(HEX, 64)));
        found(
            "dynatrace-token",
            &format!("dt{}c01.{}.{}", 0, made(UPPER, 24), made(UPPER, 64)),
        );
        found(
            "tailscale-key",
            &format!(
                "ts{}-auth-{}CNTRL-{}",
                "key",
                made(ALNUM, 11),
                made(ALNUM, 32)
            ),
        );
        found(
            "wireguard-key",
            &format!("[Interface]\nPrivateKey = {}A=\n", made(ALNUM, 42)),
        );
        found(
            "consul-token",
            &format!(
                "CONSUL_HTTP_TOKEN={}-{}-{}-{}-{}",
                made(HEX, 8),
                made(HEX, 4),
                made(HEX, 4),
                made(HEX, 4),
                made(HEX, 12)
            ),
        );
        found(
            "okta-token",
            &format!("OKTA_API_TOKEN=00{}", made(ALNUM, 40)),
        );
        found(
            "kubernetes-join",
            &format!(
                "kubeadm join host --token {}.{}",
                made(LOWER, 6),
                made(LOWER, 16)
            ),
        );
        found(
            "onepassword-secret-key",
            &format!(
                "A{}-{}-{}-{}-{}-{}",
                3,
                made(UPPER, 6),
                made(UPPER, 11),
                made(UPPER, 5),
                &made(UPPER, 9)[4..],
                &made(UPPER, 10)[5..]
            ),
        );
        found(
            "ansible-vault-password",
            "web ansible_become_pass=Kq7wolke+9\n",
        );
    }

    #[test]
    fn look_alikes() {
        nothing("hvs.CAESIJ");
        nothing(&format!("checksum of datadog.deb\n{}", made(HEX, 32)));
        nothing("ansible_become_pass='{{ vault_pass }}'\n");
        nothing(&format!("pul-{}", "0".repeat(40)));
    }
}
