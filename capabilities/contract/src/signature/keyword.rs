//! Python's reserved words.

/// Python's reserved words: nothing can be called like one.
const PYTHON_KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Whether Python reserves that word.
pub fn is_python_keyword(word: &str) -> bool {
    PYTHON_KEYWORDS.contains(&word)
}
