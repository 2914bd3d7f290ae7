//! Microsoft Azure. Keys of its newer services carry four letters of their own near the end.

use goldsmith_core::finding::Severity::{Critical, High};

use super::{Candidate, Detector, Verdict, assigned, token};
use crate::secret::validate::base64;

pub(super) const TABLE: &[Detector] = &[
    token(
        "azure-storage-key",
        "the key of an Azure storage account",
        Critical,
        &["AccountKey="],
        r"AccountKey=([A-Za-z0-9+/]{86}==)",
    )
    .entropy(4.0)
    .validate(is_64_bytes),
    token(
        "azure-storage-key-marked",
        "the key of an Azure storage account",
        Critical,
        &["+ASt"],
        r"([A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{6}==)",
    )
    .entropy(4.0)
    .reach(80, 16),
    token(
        "azure-shared-access-key",
        "a shared access key of Azure",
        High,
        &["SharedAccessKey="],
        r"SharedAccessKey=([A-Za-z0-9+/]{42,86}={1,2})",
    )
    .entropy(3.5),
    token(
        "azure-sas",
        "a shared access signature of Azure",
        High,
        &["sig="],
        r"\bsig=((?:[A-Za-z0-9/+-]|%[0-9A-Fa-f]{2}){40,80}(?:%3[Dd]|=)?)",
    )
    .entropy(3.5)
    .validate(|c| Verdict::when(c.is_near("sv=20", 600, 300) || c.is_near("&se=1", 300, 300))),
    token(
        "azure-client-secret",
        "a client secret of Microsoft Entra",
        High,
        &["Q~"],
        r"(?:[^\w~.-]|\A)([\w~.]{3}[0-9]Q~[\w~.-]{31,34})(?:[^\w~.-]|\z)",
    )
    .entropy(3.0)
    .reach(6, 48),
    token(
        "azure-devops-token",
        "an access token of Azure DevOps",
        High,
        &["AZDO"],
        r"([A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})\b",
    )
    .entropy(3.5)
    .reach(80, 16),
    assigned(
        "azure-devops-token-old",
        "an access token of Azure DevOps",
        &["azure_devops", "ado_pat", "system_accesstoken", "vsts"],
        r"azure_devops|ado_pat|system_accesstoken|vsts",
        r"[a-z2-7]{52}",
    )
    .entropy(3.5),
    token(
        "azure-function-key",
        "a key of Azure Functions",
        High,
        &["AzFu"],
        r"([A-Za-z0-9_-]{40,46}AzFu[A-Za-z0-9_-]{4,12}={1,2})",
    )
    .entropy(3.5)
    .reach(48, 24),
    token(
        "azure-search-key",
        "a key of Azure AI Search",
        High,
        &["AzSe"],
        r"\b([A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5})\b",
    )
    .entropy(3.5)
    .reach(44, 16),
    token(
        "azure-registry-key",
        "a password of an Azure container registry",
        High,
        &["+ACR"],
        r"([A-Za-z0-9+/]{42}\+ACR[A-D][A-Za-z0-9]{5})\b",
    )
    .entropy(3.5)
    .reach(44, 16),
    assigned(
        "azure-key",
        "a key of an Azure service",
        &["azure_", "cosmos", "cognitive", "ocp-apim-subscription-key"],
        r"(?:azure|cosmos|cognitive|ocp-apim)[\w.-]{0,30}(?:key|secret|password)",
        r"[A-Za-z0-9]{32}|[A-Za-z0-9]{84}|[A-Za-z0-9+/]{86}==",
    )
    .entropy(3.5),
];

fn is_64_bytes(candidate: &Candidate<'_>) -> Verdict {
    Verdict::when(base64(candidate.secret).is_some_and(|bytes| bytes.len() == 64))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, LOWER, found, made, nothing};

    #[test]
    fn keys() {
        // The last letter before the padding has four bits that are zero.
        let key = format!("{}A==", made(ALNUM, 85));
        found(
            "azure-storage-key",
            &format!("AccountName=web;AccountKey={key};EndpointSuffix=x"),
        );
        found(
            "azure-storage-key-marked",
            &format!("key: {}+ASt{}==", made(ALNUM, 76), made(ALNUM, 6)),
        );
        found(
            "azure-shared-access-key",
            &format!("SharedAccessKey={}=", made(ALNUM, 43)),
        );
        found(
            "azure-sas",
            &format!(
                "https://web.blob/c?sv=2022-11-02&se=2030&sr=c&sig={}%3D",
                made(ALNUM, 43)
            ),
        );
        found(
            "azure-client-secret",
            &format!("secret: {}8Q~{}\n", made(ALNUM, 3), made(ALNUM, 34)),
        );
        found(
            "azure-devops-token",
            &format!("pat {}AZDO{}\n", made(ALNUM, 76), made(ALNUM, 4)),
        );
        found(
            "azure-function-key",
            &format!("code={}AzFu{}==", made(ALNUM, 44), made(ALNUM, 6)),
        );
        found(
            "azure-registry-key",
            &format!("pw {}+ACRA{}", made(ALNUM, 42), made(ALNUM, 5)),
        );
        found(
            "azure-key",
            &format!("AZURE_OPENAI_API_KEY={}\n", made(LOWER, 32)),
        );
    }

    #[test]
    fn look_alikes() {
        nothing(&format!("AccountKey={}==;", "A".repeat(86)));
        nothing(&format!("https://host/a?sig={}", made(ALNUM, 43)));
        nothing("SharedAccessKey=<your key>");
        nothing(&format!("a~Q~{}", made(ALNUM, 34)));
    }
}
