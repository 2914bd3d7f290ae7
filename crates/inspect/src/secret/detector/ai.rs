//! Machine learning services.

use goldsmith_core::finding::Severity::{Critical, High};

use super::{Detector, assigned, token};

pub(super) const TABLE: &[Detector] = &[
    token(
        "openai-key",
        "an API key of OpenAI",
        Critical,
        &["T3BlbkFJ"],
        r"\b(sk-(?:(?:proj|svcacct|admin|None)-)?[\w-]{20,90}T3BlbkFJ[\w-]{20,90})",
    )
    .entropy(3.5)
    .reach(110, 100),
    token(
        "openai-project-key",
        "an API key of OpenAI",
        Critical,
        &["sk-proj-", "sk-svcacct-", "sk-admin-"],
        r"\b(sk-(?:proj|svcacct|admin)-[\w-]{40,200})",
    )
    .entropy(3.5),
    token(
        "anthropic-key",
        "an API key of Anthropic",
        Critical,
        &["sk-ant-"],
        r"\b(sk-ant-[a-z]{2,8}\d\d-[\w-]{80,120})",
    )
    .entropy(3.5),
    token(
        "huggingface-token",
        "a token of Hugging Face",
        Critical,
        &["hf_", "api_org_"],
        r"\b((?:hf_|api_org_)[A-Za-z]{34})\b",
    )
    .entropy(3.5),
    token(
        "perplexity-key",
        "an API key of Perplexity",
        High,
        &["pplx-"],
        r"\b(pplx-[A-Za-z0-9]{48})\b",
    )
    .entropy(3.5),
    token(
        "groq-key",
        "an API key of Groq",
        High,
        &["gsk_"],
        r"\b(gsk_[A-Za-z0-9]{52})\b",
    )
    .entropy(3.5),
    token(
        "replicate-token",
        "a token of Replicate",
        High,
        &["r8_"],
        r"\b(r8_[A-Za-z0-9]{37})\b",
    )
    .entropy(3.5),
    token(
        "xai-key",
        "an API key of xAI",
        High,
        &["xai-"],
        r"\b(xai-[A-Za-z0-9]{80})\b",
    )
    .entropy(3.5),
    token(
        "openrouter-key",
        "an API key of OpenRouter",
        High,
        &["sk-or-v1-"],
        r"\b(sk-or-v1-[0-9a-f]{64})\b",
    )
    .entropy(3.0),
    token(
        "nvidia-key",
        "an API key of NVIDIA",
        High,
        &["nvapi-"],
        r"\b(nvapi-[\w-]{60,70})",
    )
    .entropy(3.5),
    token(
        "langsmith-key",
        "an API key of LangSmith",
        High,
        &["lsv2_"],
        r"\b(lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10})\b",
    )
    .entropy(3.0),
    token(
        "pinecone-key",
        "an API key of Pinecone",
        High,
        &["pcsk_"],
        r"\b(pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{60,70})\b",
    )
    .entropy(3.5),
    token(
        "fireworks-key",
        "an API key of Fireworks",
        High,
        &["fw_"],
        r"\b(fw_[A-Za-z0-9]{24})\b",
    )
    .entropy(3.8)
    .text(),
    token(
        "elevenlabs-key",
        "an API key of ElevenLabs",
        High,
        &["sk_"],
        r"\b(sk_[a-f0-9]{48})\b",
    )
    .entropy(3.0),
    token(
        "deepseek-key",
        "an API key of DeepSeek",
        High,
        &["sk-"],
        r"\b(sk-[a-f0-9]{32})\b",
    )
    .entropy(3.2),
    assigned(
        "cohere-key",
        "an API key of Cohere",
        &["cohere", "co_api_key"],
        "cohere|co_api_key",
        r"[A-Za-z0-9]{40}",
    )
    .entropy(3.5),
    assigned(
        "mistral-key",
        "an API key of Mistral",
        &["mistral"],
        "mistral",
        r"[A-Za-z0-9]{32}",
    )
    .entropy(3.5),
    assigned(
        "wandb-key",
        "an API key of Weights & Biases",
        &["wandb"],
        "wandb",
        r"[a-f0-9]{40}",
    ),
    assigned(
        "together-key",
        "an API key of Together",
        &["together"],
        r"together[\w.-]{0,12}key",
        r"[a-f0-9]{64}",
    ),
];

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, HEX, LETTERS, found, made, nothing};

    #[test]
    fn keys() {
        found(
            "openai-key",
            &format!(
                "s{}-{}T3Blb{}{}",
                "k",
                made(ALNUM, 20),
                "kFJ",
                made(ALNUM, 20)
            ),
        );
        found(
            "openai-project-key",
            &format!("s{}-proj-{}", "k", made(ALNUM, 60)),
        );
        found(
            "anthropic-key",
            &format!("s{}-ant-api03-{}AA", "k", made(ALNUM, 93)),
        );
        found(
            "huggingface-token",
            &format!("h{}_{}", "f", made(LETTERS, 34)),
        );
        found("groq-key", &format!("gs{}_{}", "k", made(ALNUM, 52)));
        found("replicate-token", &format!("r{}_{}", 8, made(ALNUM, 37)));
        found("perplexity-key", &format!("ppl{}-{}", "x", made(ALNUM, 48)));
        found("xai-key", &format!("xa{}-{}", "i", made(ALNUM, 80)));
        found(
            "openrouter-key",
            &format!("s{}-or-v1-{}", "k", made(HEX, 64)),
        );
        found("nvidia-key", &format!("nva{}-{}", "pi", made(ALNUM, 64)));
        found(
            "langsmith-key",
            &format!("ls{}_pt_{}_{}", "v2", made(HEX, 32), made(HEX, 10)),
        );
        found("cohere-key", &format!("CO_API_KEY={}", made(ALNUM, 40)));
        found("wandb-key", &format!("WANDB_API_KEY={}", made(HEX, 40)));
    }

    #[test]
    fn look_alikes() {
        nothing("sk-ant-api03-your-key");
        nothing(&format!("hf_{}", "x".repeat(34)));
        nothing("disk-0123456789abcdef0123456789abcdef");
        nothing("hf_hub_download_of_this_model_file_here");
    }
}
