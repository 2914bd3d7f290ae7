//! Chat, mail and telephony.

use goldsmith_core::finding::Severity::{Critical, High, Medium};

use super::{Detector, Verdict, assigned, token};

pub(super) const TABLE: &[Detector] = &[
    token("slack-token", "a token of Slack", Critical, &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxc-", "xoxd-", "xoxe."], r"\b(xox[baprsecd](?:\.xox[bp])?-[\w%-]{20,260})").entropy(2.8),
    token("slack-app-token", "an app token of Slack", Critical, &["xapp-"], r"\b(xapp-\d-[A-Z0-9]{6,14}-\d{8,16}-[a-z0-9]{40,80})\b").entropy(2.8),
    token("slack-webhook", "a webhook of Slack", High, &["hooks.slack.com/"], r"hooks\.slack\.com/((?:services|workflows|triggers)/[A-Za-z0-9+/]{30,64})").entropy(3.0),
    token("discord-webhook", "a webhook of Discord", High, &["/api/webhooks/"], r"discord(?:app)?\.com/api/webhooks/(\d{17,20}/[\w-]{60,80})").entropy(3.5).reach(16, 160),
    assigned("discord-token", "a token of a Discord bot", &["discord"], "discord", r"[MNO][A-Za-z0-9_-]{23,27}\.[\w-]{6}\.[\w-]{27,38}|[a-f0-9]{64}|[\w-]{32}"),
    token("teams-webhook", "a webhook of Microsoft Teams", High, &["webhook.office.com/"], r"webhook\.office\.com/(?:webhookb2/)?([0-9a-f-]{36}@[0-9a-f-]{36}/IncomingWebhook/[0-9a-f]{32}/[0-9a-f-]{36})").entropy(3.0),
    token("telegram-token", "a token of a Telegram bot", High, &[":AA"], r"\b(\d{8,10}:AA[\w-]{33})(?:[^\w-]|\z)").entropy(3.5).reach(12, 48),
    assigned("mattermost-token", "a token of Mattermost", &["mattermost"], "mattermost", r"[a-z0-9]{26}"),
    token("sendgrid-key", "an API key of SendGrid", Critical, &["SG."], r"\b(SG\.[\w-]{20,24}\.[\w-]{39,50})(?:[^\w-]|\z)").entropy(3.5),
    token("mailgun-key", "an API key of Mailgun", High, &["key-"], r"\b(key-[0-9a-f]{32})\b").entropy(3.0),
    token("mailchimp-key", "an API key of Mailchimp", High, &["-us"], r"\b([0-9a-f]{32}-us[0-9]{1,2})\b").entropy(3.0).reach(34, 8),
    token("brevo-key", "an API key of Brevo", High, &["xkeysib-", "xsmtpsib-"], r"\b(x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16})\b").entropy(3.0),
    assigned("postmark-token", "a token of Postmark", &["postmark"], "postmark", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    token("twilio-api-key", "an API key of Twilio", High, &["SK"], r"\b(SK[0-9a-f]{32})\b").entropy(3.0),
    assigned("twilio-auth-token", "an auth token of Twilio", &["twilio", "auth_token"], "twilio|auth_token", r"[0-9a-f]{32}"),
    token("twilio-account-pair", "an account of Twilio with its token", Critical, &["AC"], r#"\bAC[0-9a-f]{32}["']?\s{0,3}[,:]\s{0,3}["']?([0-9a-f]{32})\b"#).entropy(3.0).text(),
    assigned("vonage-secret", "a secret of Vonage", &["nexmo", "vonage"], r"(?:nexmo|vonage)[\w.-]{0,12}secret", r"[A-Za-z0-9]{16}"),
    assigned("messagebird-key", "a key of MessageBird", &["messagebird"], "messagebird", r"[A-Za-z0-9]{25}"),
    assigned("zoom-secret", "a secret of Zoom", &["zoom_"], r"zoom_[\w.-]{0,16}(?:secret|key)", r"[A-Za-z0-9]{22,36}"),
    token("pushover-token", "a token of Pushover", Medium, &["pushover"], r#"(?i:pushover)[\w .-]{0,16}["']?\s{0,3}[=:]\s{0,3}["']?([au][a-z0-9]{29})\b"#).text(),
    token("webex-bot-token", "a token of Webex", High, &["_P0A1_", "_PF84_"], r"\b([A-Za-z0-9]{48,64}[\w-]{0,40}_P(?:0A1|F84)_[0-9a-f-]{36})\b").entropy(3.5).reach(110, 48).validate(|c| Verdict::when(c.secret.len() > 90)),
];

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, HEX, found, made, nothing};

    #[test]
    fn keys() {
        let digits = made("123456789", 12);
        found(
            "slack-token",
            &format!("xo{}-{digits}-{digits}-{}", "xb", made(ALNUM, 24)),
        );
        found(
            "slack-app-token",
            &format!(
                "xa{}-1-A0{}-{digits}-{}",
                "pp",
                made("ABCDEF123", 9),
                made(HEX, 64)
            ),
        );
        found(
            "slack-webhook",
            &format!(
                "https://hooks.slack.com/serv{}/T{}/B{}/{}",
                "ices",
                made(ALNUM, 8),
                made(ALNUM, 8),
                made(ALNUM, 24)
            ),
        );
        found(
            "discord-webhook",
            &format!(
                "https://discord.com/api/web{}/{}/{}",
                "hooks",
                made("123456789", 18),
                made(ALNUM, 68)
            ),
        );
        found(
            "telegram-token",
            &format!(
                "bot = {}:A{}{}",
                made("123456789", 10),
                "A",
                made(ALNUM, 33)
            ),
        );
        found(
            "sendgrid-key",
            &format!("S{}.{}.{}", "G", made(ALNUM, 22), made(ALNUM, 43)),
        );
        found("mailgun-key", &format!("ke{}-{}", "y", made(HEX, 32)));
        found("mailchimp-key", &format!("{}-us{}", made(HEX, 32), 14));
        found(
            "brevo-key",
            &format!("xke{}-{}-{}", "ysib", made(HEX, 64), made(ALNUM, 16)),
        );
        found("twilio-api-key", &format!("S{}{}", "K", made(HEX, 32)));
        found(
            "twilio-auth-token",
            &format!("TWILIO_AUTH_TOKEN={}", made(HEX, 32)),
        );
        found(
            "twilio-account-pair",
            &format!("A{}{}:{}", "C", made(HEX, 32), made(HEX, 32)),
        );
    }

    #[test]
    fn look_alikes() {
        nothing("xoxb-your-bot-token-goes-here");
        nothing(&format!("key-{}", "a".repeat(32)));
        nothing("SG.settings.are.described.here");
        nothing("https://hooks.slack.com/services/");
    }
}
