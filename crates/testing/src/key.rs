//! OpenPGP keys and signatures made to order: good ones, and every kind of bad one.
//!
//! Everything follows from a seed and given moments, so a test sees the same bytes always.

use pgp::composed::{ArmorOptions, CleartextSignedMessage, KeyType, SignedKeyDetails};
use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
pub use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{
    KeyFlags, PubKeyInner, PublicKey, PublicSubkey, SecretKey, Signature, SignatureConfig,
    SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::ser::Serialize as _;
use pgp::types::{
    Duration, KeyDetails as _, KeyVersion, PacketHeaderVersion, Password, SignedUser, Tag,
    Timestamp,
};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// A private key.
#[derive(Debug, Clone)]
pub struct TestKey {
    secret: SecretKey,
}

/// When a signature is made, how long it counts, and over which digest.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// Unix seconds.
    pub at: u32,
    /// Seconds until the signature ends.
    pub lasts: Option<u32>,
    /// The digest that is signed.
    pub hash: HashAlgorithm,
}

impl Made {
    /// Over SHA-256, without an end.
    pub const fn at(at: u32) -> Self {
        Self {
            at,
            lasts: None,
            hash: HashAlgorithm::Sha256,
        }
    }
}

/// How a certificate is made of a key.
#[derive(Debug, Clone, Copy)]
pub struct Cert<'a> {
    /// The self-signature; `None` leaves it out.
    pub bound: Option<Made>,
    /// Seconds after its creation at which the key expires.
    pub expires: Option<u32>,
    /// Whether the key may sign.
    pub can_sign: bool,
    /// When the key was revoked.
    pub revoked: Option<u32>,
    /// A subkey.
    pub subkey: Option<Subkey<'a>>,
}

/// How a subkey is bound.
#[derive(Debug, Clone, Copy)]
pub struct Subkey<'a> {
    /// The key.
    pub key: &'a TestKey,
    /// The binding.
    pub bound: Made,
    /// Seconds after its creation at which the subkey expires.
    pub expires: Option<u32>,
    /// Whether the subkey may sign.
    pub can_sign: bool,
    /// Whether the subkey has signed that it belongs to the key.
    pub consents: bool,
    /// When the subkey was revoked.
    pub revoked: Option<u32>,
}

impl<'a> Subkey<'a> {
    /// A good signing subkey.
    pub const fn new(key: &'a TestKey, at: u32) -> Self {
        Self {
            key,
            bound: Made::at(at),
            expires: None,
            can_sign: true,
            consents: true,
            revoked: None,
        }
    }
}

impl Cert<'_> {
    /// A good certificate.
    pub const fn new(at: u32) -> Self {
        Self {
            bound: Some(Made::at(at)),
            expires: None,
            can_sign: true,
            revoked: None,
            subkey: None,
        }
    }
}

impl TestKey {
    /// An Ed25519 key.
    pub fn new(seed: u64, created: u32) -> Self {
        Self::of(&KeyType::Ed25519Legacy, seed, created)
    }

    /// An RSA key. Slow: about a second.
    pub fn rsa(bits: u32, seed: u64, created: u32) -> Self {
        Self::of(&KeyType::Rsa(bits), seed, created)
    }

    fn of(kind: &KeyType, seed: u64, created: u32) -> Self {
        let (public, secret) = kind
            .generate(StdRng::seed_from_u64(seed))
            .expect("a key of a known kind");
        let inner = PubKeyInner::new(
            KeyVersion::V4,
            kind.to_alg(),
            Timestamp::from_secs(created),
            None,
            public,
        );
        let public = inner
            .and_then(PublicKey::from_inner)
            .expect("parameters that fit");
        Self {
            secret: SecretKey::new(public, secret).expect("parameters that fit"),
        }
    }

    fn public(&self) -> &PublicKey {
        self.secret.public_key()
    }

    /// Fingerprint in upper case.
    pub fn fingerprint(&self) -> String {
        self.public().fingerprint().to_string().to_uppercase()
    }

    /// The public key with its certificate, binary.
    pub fn cert(&self, cert: Cert<'_>) -> Vec<u8> {
        self.certificate(cert).to_bytes().expect("writes to memory")
    }

    /// The public key with its certificate, armored.
    pub fn armored_cert(&self, cert: Cert<'_>) -> String {
        self.certificate(cert)
            .to_armored_string(ArmorOptions::default())
            .expect("writes to memory")
    }

    fn certificate(&self, cert: Cert<'_>) -> SignedPublicKey {
        let user = UserId::from_str(
            PacketHeaderVersion::New,
            "Test Archive <archive@example.com>",
        )
        .expect("a short name");
        let own = cert.bound.map(|made| {
            let mut flags = KeyFlags::default();
            flags.set_certify(true);
            flags.set_sign(cert.can_sign);
            let mut more = vec![SubpacketData::KeyFlags(flags)];
            more.extend(lifetime(cert.expires));
            self.config(SignatureType::CertPositive, made, more)
                .sign_certification(
                    &self.secret,
                    self.public(),
                    &no_password(),
                    Tag::UserId,
                    &user,
                )
                .expect("signs")
        });
        let revocation = cert.revoked.map(|at| {
            self.config(SignatureType::KeyRevocation, Made::at(at), Vec::new())
                .sign_key(&self.secret, &no_password(), self.public())
                .expect("signs")
        });
        let details = SignedKeyDetails {
            revocation_signatures: revocation.into_iter().collect(),
            direct_signatures: Vec::new(),
            users: vec![SignedUser {
                id: user,
                signatures: own.into_iter().collect(),
            }],
            user_attributes: Vec::new(),
        };
        SignedPublicKey {
            primary_key: self.public().clone(),
            details,
            public_subkeys: cert
                .subkey
                .map(|subkey| self.bind(subkey))
                .into_iter()
                .collect(),
        }
    }

    fn bind(&self, subkey: Subkey<'_>) -> SignedPublicSubKey {
        let public = subkey.key.public();
        let mut flags = KeyFlags::default();
        flags.set_sign(subkey.can_sign);
        let mut more = vec![SubpacketData::KeyFlags(flags)];
        more.extend(lifetime(subkey.expires));
        if subkey.consents {
            let back = subkey
                .key
                .config(SignatureType::KeyBinding, subkey.bound, Vec::new())
                .sign_primary_key_binding(&subkey.key.secret, public, &no_password(), self.public())
                .expect("signs");
            more.push(SubpacketData::EmbeddedSignature(Box::new(back)));
        }
        let sign = |typ, made, more| {
            self.config(typ, made, more)
                .sign_subkey_binding(&self.secret, self.public(), &no_password(), public)
                .expect("signs")
        };
        let mut signatures = vec![sign(SignatureType::SubkeyBinding, subkey.bound, more)];
        signatures.extend(
            subkey
                .revoked
                .map(|at| sign(SignatureType::SubkeyRevocation, Made::at(at), Vec::new())),
        );
        let inner = PubKeyInner::new(
            KeyVersion::V4,
            public.algorithm(),
            public.created_at(),
            None,
            public.public_params().clone(),
        );
        SignedPublicSubKey {
            key: inner
                .and_then(PublicSubkey::from_inner)
                .expect("parameters that fit"),
            signatures,
        }
    }

    fn config(&self, typ: SignatureType, made: Made, more: Vec<SubpacketData>) -> SignatureConfig {
        let mut config = SignatureConfig::v4(typ, self.public().algorithm(), made.hash);
        let mut data = vec![
            SubpacketData::SignatureCreationTime(Timestamp::from_secs(made.at)),
            SubpacketData::IssuerFingerprint(self.public().fingerprint()),
        ];
        data.extend(
            made.lasts
                .map(|s| SubpacketData::SignatureExpirationTime(Duration::from_secs(s))),
        );
        data.extend(more);
        config.hashed_subpackets = data
            .into_iter()
            .map(|data| Subpacket::regular(data).expect("a short packet"))
            .collect();
        config.unhashed_subpackets = vec![
            Subpacket::regular(SubpacketData::IssuerKeyId(self.public().legacy_key_id()))
                .expect("a short packet"),
        ];
        config
    }

    fn sign(&self, text: &str, made: Made) -> Signature {
        self.config(SignatureType::Text, made, Vec::new())
            .sign(&self.secret, &no_password(), text.as_bytes())
            .expect("signs")
    }
}

/// The text, signed by each of the keys: the form of an `InRelease` file.
pub fn clearsign(text: &str, signers: &[(&TestKey, Made)]) -> String {
    CleartextSignedMessage::new_many(text.trim_end(), |text| {
        Ok(signers
            .iter()
            .map(|(key, made)| key.sign(text, *made))
            .collect())
    })
    .and_then(|message| message.to_armored_string(ArmorOptions::default()))
    .expect("signs")
}

fn lifetime(seconds: Option<u32>) -> Option<SubpacketData> {
    seconds.map(|seconds| SubpacketData::KeyExpirationTime(Duration::from_secs(seconds)))
}

fn no_password() -> Password {
    Password::empty()
}
