//! Other clouds and hosts.

use goldsmith_core::finding::Severity::{Critical, High};

use super::{Detector, assigned, token};

const UUID: &str = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

pub(super) const TABLE: &[Detector] = &[
    token(
        "alibaba-access-key",
        "an access key of Alibaba Cloud",
        High,
        &["LTAI"],
        r"\b(LTAI[A-Za-z0-9]{12,20})\b",
    )
    .entropy(3.0),
    assigned(
        "alibaba-secret-key",
        "a secret key of Alibaba Cloud",
        &["alibaba", "aliyun", "alicloud"],
        "alibaba|aliyun|alicloud",
        r"[A-Za-z0-9]{30}",
    ),
    token(
        "tencent-secret-id",
        "a secret id of Tencent Cloud",
        High,
        &["AKID"],
        r"\b(AKID[A-Za-z0-9]{32})\b",
    )
    .entropy(3.5),
    token(
        "yandex-api-key",
        "an API key of Yandex Cloud",
        High,
        &["AQVN"],
        r"\b(AQVN[\w-]{35,38})(?:[^\w-]|\z)",
    )
    .entropy(3.5),
    assigned(
        "yandex-secret-key",
        "a secret key of Yandex Cloud",
        &["yandex"],
        "yandex",
        r"YC[\w-]{38}",
    ),
    token(
        "digitalocean-token",
        "a token of DigitalOcean",
        Critical,
        &["dop_v1_", "doo_v1_", "dor_v1_"],
        r"\b(do[opr]_v1_[a-f0-9]{64})\b",
    )
    .entropy(3.0),
    assigned(
        "ibm-cloud-key",
        "an API key of IBM Cloud",
        &["ibmcloud", "ibm_cloud", "bluemix"],
        "ibmcloud|ibm_cloud|bluemix",
        r"[\w-]{44}",
    ),
    assigned(
        "linode-token",
        "a token of Linode",
        &["linode"],
        "linode",
        r"[a-f0-9]{64}",
    ),
    assigned(
        "hetzner-token",
        "a token of Hetzner Cloud",
        &["hcloud", "hetzner"],
        "hcloud|hetzner",
        r"[A-Za-z0-9]{64}",
    ),
    token(
        "scaleway-access-key",
        "an access key of Scaleway",
        High,
        &["SCW"],
        r"\b(SCW[A-Z0-9]{17})\b",
    )
    .entropy(3.0),
    assigned(
        "scaleway-secret-key",
        "a secret key of Scaleway",
        &["scw_secret", "scaleway"],
        "scw_secret|scaleway",
        UUID,
    ),
    assigned(
        "ovh-key",
        "a key of OVHcloud",
        &["ovh"],
        r"ovh[\w.-]{0,20}(?:secret|key)",
        r"[A-Za-z0-9]{32}",
    ),
    assigned(
        "exoscale-secret",
        "a secret of Exoscale",
        &["exoscale"],
        "exoscale",
        r"[\w-]{43}",
    ),
    token(
        "heroku-token",
        "a token of Heroku",
        High,
        &["HRKU-AA"],
        r"\b(HRKU-AA[\w-]{58})(?:[^\w-]|\z)",
    )
    .entropy(3.5),
    assigned(
        "heroku-api-key",
        "an API key of Heroku",
        &["heroku"],
        "heroku",
        UUID,
    ),
    token(
        "fly-token",
        "a token of Fly.io",
        High,
        &["fo1_", "fm1a_", "fm1r_", "fm2_"],
        r"\b(fo1_[\w-]{43}|fm1[ar]_[A-Za-z0-9+/]{100,400}={0,3}|fm2_[A-Za-z0-9+/]{100,400}={0,3})",
    )
    .entropy(3.5),
    token(
        "netlify-token",
        "a token of Netlify",
        High,
        &["nfp_", "nfc_", "nfo_"],
        r"\b(nf[pco]_[A-Za-z0-9]{36})\b",
    )
    .entropy(3.5),
    token(
        "render-token",
        "a token of Render",
        High,
        &["rnd_"],
        r"\b(rnd_[A-Za-z0-9]{28,36})\b",
    )
    .entropy(3.5),
    assigned(
        "vercel-token",
        "a token of Vercel",
        &["vercel"],
        "vercel",
        r"[A-Za-z0-9]{24}",
    ),
    assigned(
        "cloudflare-token",
        "a token of Cloudflare",
        &["cloudflare", "cf_api", "cf_dns"],
        "cloudflare|cf_api|cf_dns",
        r"[\w-]{40}|[a-f0-9]{37}",
    ),
    token(
        "cloudflare-origin-key",
        "an origin CA key of Cloudflare",
        High,
        &["v1.0-"],
        r"\b(v1\.0-[a-f0-9]{24}-[a-f0-9]{146})\b",
    )
    .entropy(3.0),
    assigned(
        "fastly-token",
        "a token of Fastly",
        &["fastly"],
        "fastly",
        r"[\w-]{32}",
    ),
    token(
        "scalingo-token",
        "a token of Scalingo",
        High,
        &["tk-us-"],
        r"\b(tk-us-[\w-]{48})(?:[^\w-]|\z)",
    )
    .entropy(3.0),
    token(
        "openshift-token",
        "a token of OpenShift",
        High,
        &["sha256~"],
        r"\b(sha256~[\w-]{43})(?:[^\w-]|\z)",
    )
    .entropy(3.5),
    token(
        "planetscale-token",
        "a token of PlanetScale",
        High,
        &["pscale_"],
        r"\b(pscale_(?:tkn|oauth|pw)_[\w=.-]{32,64})",
    )
    .entropy(3.0),
    token(
        "supabase-token",
        "a token of Supabase",
        High,
        &["sbp_", "sb_secret_"],
        r"\b(sbp_[a-f0-9]{40}|sb_secret_[\w-]{31})\b",
    )
    .entropy(3.0),
    token(
        "neon-key",
        "an API key of Neon",
        High,
        &["napi_"],
        r"\b(napi_[a-z0-9]{64})\b",
    )
    .entropy(3.5),
    token(
        "mongodb-atlas-secret",
        "a secret of MongoDB Atlas",
        High,
        &["mdb_sa_sk_"],
        r"\b(mdb_sa_sk_[\w-]{40})(?:[^\w-]|\z)",
    )
    .entropy(3.5),
    token(
        "clickhouse-key",
        "a key of ClickHouse Cloud",
        High,
        &["4b1d"],
        r"\b(4b1d[A-Za-z0-9]{38})\b",
    )
    .entropy(4.0),
];

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, HEX, LOWER, UPPER, found, made, nothing};

    #[test]
    fn keys() {
        found(
            "alibaba-access-key",
            &format!("LT{}{}", "AI", made(ALNUM, 20)),
        );
        found(
            "digitalocean-token",
            &format!("do{}_v1_{}", "p", made(HEX, 64)),
        );
        found("yandex-api-key", &format!("AQ{}{}", "VN", made(ALNUM, 36)));
        found(
            "scaleway-access-key",
            &format!("SC{}{}", "W", made(UPPER, 17)),
        );
        found(
            "hetzner-token",
            &format!("HCLOUD_TOKEN={}", made(ALNUM, 64)),
        );
        found(
            "linode-token",
            &format!("linode_token: '{}'", made(HEX, 64)),
        );
        found("heroku-token", &format!("HR{}-AA{}", "KU", made(ALNUM, 58)));
        found("fly-token", &format!("fo{}_{}", 1, made(ALNUM, 43)));
        found(
            "cloudflare-token",
            &format!("CLOUDFLARE_API_TOKEN={}", made(ALNUM, 40)),
        );
        found("fastly-token", &format!("FASTLY_KEY={}", made(ALNUM, 32)));
        found("netlify-token", &format!("nf{}_{}", "p", made(ALNUM, 36)));
        found(
            "openshift-token",
            &format!("sha{}~{}", 256, made(ALNUM, 43)),
        );
        found(
            "planetscale-token",
            &format!("psc{}_tkn_{}", "ale", made(ALNUM, 43)),
        );
        found("supabase-token", &format!("sb{}_{}", "p", made(HEX, 40)));
        found("neon-key", &format!("na{}_{}", "pi", made(LOWER, 64)));
    }

    #[test]
    fn look_alikes() {
        nothing(&format!("dop_v1_{}", "0".repeat(64)));
        nothing(&format!("the linode at {}", made(HEX, 64)));
        nothing(&format!("image@sha256:{}", made(HEX, 64)));
    }
}
