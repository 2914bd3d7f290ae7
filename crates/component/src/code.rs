//! The codes of problems in component documents. Those of lints stand with the lints.

/// A code, and what is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// As it is shown: `C0101`.
    pub code: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Whether a warning of it is an error in strict mode: Image Builder itself would, or
    /// may, refuse the document.
    pub is_strict: bool,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $strict:ident, $summary:literal;)*) => {
        $(#[doc = $summary] pub const $name: &str = $code;)*

        /// Every code.
        pub const ALL: &[Code] = &[$(Code { code: $code, summary: $summary, is_strict: codes!(@$strict) },)*];
    };
    (@strict) => { true };
    (@same) => { false };
}

codes! {
    SYNTAX = "C0001", same, "the text is no YAML";
    DUPLICATE_KEY = "C0002", same, "a key stands twice in one mapping";
    SIZE = "C0003", same, "the text is too large, too deep, or more than one document";
    NO_DOCUMENT = "C0004", same, "a file that is no component document";
    MISSING = "C0101", strict, "a field that is required is not there";
    UNKNOWN_FIELD = "C0102", same, "a field that the schema does not have";
    TYPE = "C0103", same, "a value of the wrong kind";
    VALUE = "C0104", same, "a value outside of what is allowed";
    FIXED_FIELD = "C0105", same, "a field that steps of this action may not set";
    DUPLICATE_NAME = "C0201", same, "a name stands twice";
    NAME = "C0202", same, "a name with characters or of a length that is not allowed";
    PHASES = "C0203", strict, "no phase is named build, validate or test";
    UNKNOWN_ACTION = "C0301", same, "an action that does not exist";
    PLATFORM = "C0302", same, "an action or an input that does not exist on the platform";
    MISSING_INPUT = "C0303", same, "an input that the action requires is not there";
    UNKNOWN_INPUT = "C0304", strict, "an input that the action does not know";
    INPUT_TYPE = "C0305", strict, "an input of the wrong kind";
    INPUT_FORM = "C0306", strict, "inputs in another form than the action is documented with";
    BLOCKED = "C0307", same, "an action that whoever runs the document does not allow";
    UNKNOWN_REFERENCE = "C0401", same, "a reference to something that does not exist";
    FORWARD_REFERENCE = "C0402", same, "a reference to a step that has not run by then";
    UNSUPPORTED_REFERENCE = "C0403", same, "a reference to credentials of the machine";
    LITERAL_REFERENCE = "C0404", same, "text in double braces that is not replaced";
    CONDITION = "C0501", strict, "a condition that is not one, or has more than it needs";
    LOOP = "C0502", same, "a loop that is not one or does not end";
    NO_VALUE = "C0601", same, "a parameter without default and without value";
    UNKNOWN_PARAMETER = "C0602", same, "a value for a parameter that the document does not have";
}

/// Whether strict mode makes an error of a warning of this code.
pub(crate) fn is_strict(code: &str) -> bool {
    ALL.iter()
        .any(|known| known.code == code && known.is_strict)
}
