//! Other services with tokens of their own form.

use goldsmith_core::finding::Severity::{Critical, High, Medium};

use super::{Detector, assigned, token};

pub(super) const TABLE: &[Detector] = &[
    token("postman-key", "an API key of Postman", High, &["PMAK-"], r"\b(PMAK-[a-f0-9]{24}-[a-f0-9]{34})\b").entropy(3.0),
    token("notion-token", "a token of Notion", High, &["ntn_"], r"\b(ntn_[A-Za-z0-9]{40,50})\b").entropy(3.5),
    token("linear-key", "an API key of Linear", High, &["lin_api_", "lin_oauth_"], r"\b(lin_(?:api|oauth)_[A-Za-z0-9]{40,64})\b").entropy(3.5),
    token("airtable-token", "a token of Airtable", High, &["pat"], r"\b(pat[A-Za-z0-9]{14}\.[a-f0-9]{64})\b").entropy(3.0),
    token("figma-token", "a token of Figma", High, &["figd_"], r"\b(figd_[\w-]{38,46})(?:[^\w-]|\z)").entropy(3.5),
    token("contentful-token", "a token of Contentful", High, &["CFPAT-"], r"\b(CFPAT-[\w-]{43})(?:[^\w-]|\z)").entropy(3.5),
    token("typeform-token", "a token of Typeform", High, &["tfp_"], r"\b(tfp_[\w.=-]{40,60})").entropy(3.5),
    token("frameio-token", "a token of Frame.io", High, &["fio-u-"], r"\b(fio-u-[\w=-]{64})").entropy(3.5),
    token("readme-token", "a token of ReadMe", High, &["rdme_"], r"\b(rdme_[a-z0-9]{70})\b").entropy(3.5),
    token("hubspot-token", "a token of HubSpot", High, &["pat-na", "pat-eu"], r"\b(pat-(?:na|eu)\d-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b").entropy(3.0),
    token("dropbox-token", "a token of Dropbox", High, &["sl."], r"\b(sl\.(?:u\.)?[\w-]{130,1200})").entropy(4.0).reach(0, 1300),
    token("facebook-token", "an access token of Facebook", High, &["EAAM", "EAAC", "EAAG", "EAAB"], r"\b(EAA[MCGB][A-Za-z0-9]{100,400})\b").entropy(4.0),
    token("mapbox-secret", "a secret token of Mapbox", High, &["sk.eyJ"], r"\b(sk\.eyJ[\w-]{20,200}\.[\w-]{20,60})").entropy(3.5),
    token("adobe-secret", "a client secret of Adobe", High, &["p8e-"], r"\b(p8e-[A-Za-z0-9_-]{32})(?:[^\w-]|\z)").entropy(3.5),
    token("salesforce-token", "a session of Salesforce", High, &["00D"], r"\b(00D[A-Za-z0-9]{12,15}![\w.]{80,120})").entropy(3.5),
    token("lob-key", "an API key of Lob", High, &["live_"], r"\b(live_[a-f0-9]{35})\b").entropy(3.0),
    token("intercom-token", "a token of Intercom", Medium, &["dG9rO"], r"\b(dG9rO[A-Za-z0-9+/]{50,60}={0,2})").entropy(4.0),
    token("asana-token", "a token of Asana", High, &["1/", "2/"], r"(?:[^\w/.]|\A)([12]/\d{15,17}(?:/\d{15,17})?:[a-f0-9]{32})\b").reach(1, 96).entropy(3.0).text(),
    token("rapidapi-key", "a key of RapidAPI", High, &["msh"], r"\b([a-f0-9]{10}msh[a-f0-9]{15}p1[a-f0-9]{6}jsn[a-f0-9]{12})\b").reach(12, 64).entropy(3.0),
    token("shippo-token", "a token of Shippo", High, &["shippo_"], r"\b(shippo_(?:live|test)_[a-f0-9]{40})\b").entropy(3.0),
    token("defined-networking-token", "a token of Defined Networking", High, &["dnkey-"], r"\b(dnkey-[a-z0-9=_-]{26}-[a-z0-9=_-]{52})").entropy(3.5),
    token("authress-key", "a key of Authress", High, &[".acc_", ".acc-"], r"\b((?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120})").entropy(3.5).reach(48, 200),
    token("settlemint-token", "a token of SettleMint", High, &["sm_aat_", "sm_pat_", "sm_sat_"], r"\b(sm_[aps]at_[A-Za-z0-9]{16})\b").entropy(3.0),
    token("cloudinary-url", "an address of Cloudinary with its secret", High, &["cloudinary://"], r"cloudinary://(\d{10,20}:[\w-]{20,40})@").entropy(3.5),
    assigned("algolia-key", "an API key of Algolia", &["algolia"], "algolia", r"[a-f0-9]{32}"),
    assigned("twitter-secret", "a secret of Twitter", &["twitter"], r"twitter[\w.-]{0,24}(?:secret|key|token)", r"[A-Za-z0-9]{25}|[A-Za-z0-9]{35,50}|[0-9]{15,25}-[A-Za-z0-9]{20,40}|A{22}[A-Za-z0-9%]{80,100}"),
    assigned("linkedin-secret", "a client secret of LinkedIn", &["linkedin"], r"linkedin[\w.-]{0,24}secret", r"[A-Za-z0-9]{16}"),
    assigned("zendesk-secret", "a secret of Zendesk", &["zendesk"], "zendesk", r"[A-Za-z0-9]{40}"),
    assigned("trello-token", "a token of Trello", &["trello"], "trello", r"[a-f0-9]{64}|ATTA[a-f0-9]{72}|[a-f0-9]{32}"),
    assigned("jira-token", "a token of Jira", &["jira", "confluence"], r"(?:jira|confluence)[\w.-]{0,16}(?:token|key|password)", r"[A-Za-z0-9]{24}"),
    assigned("freshdesk-key", "an API key of Freshdesk", &["freshdesk", "freshbooks"], "freshdesk|freshbooks", r"[A-Za-z0-9]{20}|[a-f0-9]{64}"),
    assigned("bittrex-key", "a key of an exchange", &["bittrex", "binance", "kucoin", "bitfinex"], "bittrex|binance|kucoin|bitfinex", r"[A-Za-z0-9]{64}|[a-f0-9]{32}|[a-f0-9]{24}"),
    assigned("mixpanel-secret", "a secret of Mixpanel", &["mixpanel"], r"mixpanel[\w.-]{0,16}secret", r"[a-f0-9]{32}"),
    assigned("segment-key", "a write key of Segment", &["segment_write"], "segment_write", r"[A-Za-z0-9]{32}"),
    assigned("firebase-server-key", "a server key of Firebase", &["fcm_", "firebase"], r"fcm_|firebase", r"AAAA[\w-]{7}:[\w-]{140}").severity(Critical).reach(0, 256),
    assigned("api-key-header", "an API key in a header", &["x-api-key"], "x-api-key", r"[\w.-]{20,128}").entropy(3.5),
];

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, HEX, LOWER, found, made, nothing};

    #[test]
    fn keys() {
        found(
            "postman-key",
            &format!("PM{}-{}-{}", "AK", made(HEX, 24), made(HEX, 34)),
        );
        found("notion-token", &format!("nt{}_{}", "n", made(ALNUM, 46)));
        found("linear-key", &format!("li{}_api_{}", "n", made(ALNUM, 40)));
        found(
            "airtable-token",
            &format!("pa{}{}.{}", "t", made(ALNUM, 14), made(HEX, 64)),
        );
        found("figma-token", &format!("fi{}_{}", "gd", made(ALNUM, 40)));
        found(
            "hubspot-token",
            &format!(
                "pa{}-na1-{}-{}-{}-{}-{}",
                "t",
                made(HEX, 8),
                made(HEX, 4),
                made(HEX, 4),
                made(HEX, 4),
                made(HEX, 12)
            ),
        );
        found("dropbox-token", &format!("s{}.{}", "l", made(ALNUM, 136)));
        found("readme-token", &format!("rd{}_{}", "me", made(LOWER, 70)));
        found(
            "algolia-key",
            &format!("ALGOLIA_ADMIN_KEY={}", made(HEX, 32)),
        );
        found("trello-token", &format!("trello_token: {}", made(HEX, 64)));
    }

    #[test]
    fn look_alikes() {
        nothing(&format!("pattern.{}", made(HEX, 64)));
        nothing("patch-name-of-a-thing");
        nothing("twitter:image = picture");
    }
}
