//! Payments and shops.

use goldsmith_core::finding::Severity::{Critical, High, Low};

use super::{Candidate, Detector, Verdict, assigned, token};

pub(super) const TABLE: &[Detector] = &[
    token("stripe-key", "a secret key of Stripe", Critical, &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "sk_prod_", "rk_prod_"], r"\b([sr]k_(?:live|test|prod)_[A-Za-z0-9]{16,120})\b").entropy(3.0).validate(stripe),
    token("stripe-webhook-secret", "a webhook secret of Stripe", High, &["whsec_"], r"\b(whsec_[A-Za-z0-9+/]{24,64}={0,2})").entropy(3.5),
    token("square-token", "a token of Square", Critical, &["sq0atp-", "sq0csp-"], r"\b(sq0(?:atp-[\w-]{22}|csp-[\w-]{43}))(?:[^\w-]|\z)").entropy(3.5),
    token("square-access-token", "an access token of Square", High, &["EAAA"], r"\b(EAAA[\w-]{60})(?:[^\w-]|\z)").entropy(4.0),
    token("braintree-token", "an access token of Braintree", Critical, &["access_token$"], r"(access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32})\b").entropy(3.0),
    token("shopify-token", "a token of Shopify", High, &["shpat_", "shpca_", "shppa_", "shpss_"], r"\b(shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})\b").entropy(3.0),
    token("flutterwave-key", "a key of Flutterwave", High, &["FLWSECK"], r"\b(FLWSECK(?:_TEST)?-[0-9a-z]{12,32}-X)\b").entropy(3.0),
    token("plaid-token", "an access token of Plaid", High, &["access-sandbox-", "access-development-", "access-production-"], r"\b(access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b").entropy(3.0),
    token("razorpay-key", "a key of Razorpay", High, &["rzp_live_"], r"\b(rzp_live_[A-Za-z0-9]{14})\b").entropy(3.0),
    assigned("gocardless-token", "a token of GoCardless", &["gocardless"], "gocardless", r"live_[\w-]{40}"),
    assigned("paypal-secret", "a secret of PayPal", &["paypal"], r"paypal[\w.-]{0,16}secret", r"[\w-]{60,80}"),
    token("adyen-key", "an API key of Adyen", High, &["AQE"], r"\b(AQE[\w+/.*^%-]{40,200}-[A-Za-z0-9+/]{20,60}=?-[\w^(){}<>*%@#.,;:&!?=$+~\[\]-]{12,40})").entropy(4.0),
    token("easypost-key", "an API key of EasyPost", High, &["EZAK", "EZTK"], r"\b(EZ[AT]K[a-z0-9]{54})\b").entropy(3.5),
    token("duffel-token", "a token of Duffel", High, &["duffel_"], r"\b(duffel_(?:test|live)_[\w-]{43})(?:[^\w-]|\z)").entropy(3.5),
    assigned("coinbase-token", "a token of Coinbase", &["coinbase"], "coinbase", r"[\w-]{64}"),
    assigned("kraken-key", "a key of Kraken", &["kraken"], r"kraken[\w.-]{0,16}(?:key|secret)", r"[A-Za-z0-9+/]{80,90}={0,2}"),
    assigned("plaid-secret", "a secret of Plaid", &["plaid"], r"plaid[\w.-]{0,12}secret", r"[a-f0-9]{30}"),
];

/// Keys of the test mode move no money.
fn stripe(candidate: &Candidate<'_>) -> Verdict {
    if candidate.secret[3..].starts_with(b"test") {
        Verdict::As(Low, "a test key of Stripe")
    } else {
        Verdict::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, HEX, LOWER, found, hits, made, nothing};
    use goldsmith_core::finding::Severity;

    #[test]
    fn keys() {
        found("stripe-key", &format!("s{}_live_{}", "k", made(ALNUM, 24)));
        let test = hits(format!("s{}_test_{}", "k", made(ALNUM, 24)).as_bytes());
        assert_eq!(test[0].severity, Severity::Low);
        found(
            "stripe-webhook-secret",
            &format!("wh{}_{}", "sec", made(ALNUM, 32)),
        );
        found("square-token", &format!("sq{}atp-{}", 0, made(ALNUM, 22)));
        found("shopify-token", &format!("shp{}_{}", "at", made(HEX, 32)));
        found(
            "braintree-token",
            &format!(
                "access_{}$production${}${}",
                "token",
                made(LOWER, 16),
                made(HEX, 32)
            ),
        );
        found(
            "razorpay-key",
            &format!("rz{}_live_{}", "p", made(ALNUM, 14)),
        );
        found("easypost-key", &format!("EZ{}{}", "AK", made(LOWER, 54)));
    }

    #[test]
    fn look_alikes() {
        nothing("sk_live_xxxxxxxxxxxxxxxxxxxxxxxx");
        nothing("task_test_this_and_that_and_more");
        nothing("whsec_");
    }
}
