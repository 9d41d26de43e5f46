//! What the rules are about, one paragraph each.

/// Ids with their paragraphs, in the order of the table of rules.
pub const EXPLAINED: &[(&str, &str)] = &[];
