//! The codes of problems in component documents.

macro_rules! codes {
    ($($name:ident = $code:literal, $summary:literal;)*) => {
        $(#[doc = $summary] pub const $name: &str = $code;)*

        /// Every code with its summary.
        pub const ALL: &[(&str, &str)] = &[$(($code, $summary),)*];
    };
}

codes! {
    SYNTAX = "C0001", "the text is no YAML";
    DUPLICATE_KEY = "C0002", "a key stands twice in one mapping";
    SIZE = "C0003", "the text is too large, too deep, or more than one document";
    MISSING = "C0101", "a field that is required is not there";
    UNKNOWN_FIELD = "C0102", "a field that the schema does not have";
    TYPE = "C0103", "a value of the wrong kind";
    VALUE = "C0104", "a value outside of what is allowed";
    DUPLICATE_NAME = "C0201", "a name stands twice";
    NAME = "C0202", "a name with characters or of a length that is not allowed";
    PHASES = "C0203", "no phase is named build, validate or test";
    UNKNOWN_ACTION = "C0301", "an action that does not exist";
    UNSUPPORTED_ACTION = "C0302", "an action that Goldsmith does not run";
    MISSING_INPUT = "C0303", "an input that the action requires is not there";
    UNKNOWN_INPUT = "C0304", "an input that the action does not know";
    INPUT_TYPE = "C0305", "an input of the wrong kind";
    UNKNOWN_REFERENCE = "C0401", "a reference to something that does not exist";
    FORWARD_REFERENCE = "C0402", "a reference to a step that runs later";
    UNSUPPORTED_REFERENCE = "C0403", "a reference that Goldsmith does not resolve";
    LITERAL_REFERENCE = "C0404", "text in double braces that is no reference";
    CONDITION = "C0501", "a condition that is not one";
    LOOP = "C0502", "a loop that is not one or does not end";
    NO_VALUE = "C0601", "a parameter without default and without value";
    UNKNOWN_PARAMETER = "C0602", "a value for a parameter that the document does not have";
}
