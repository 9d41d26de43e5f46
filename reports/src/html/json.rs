//! Data for scripts: JSON inside a `<script>` element, which ends at the first `</script` whatever stands around it.

use serde::Serialize;

/// JSON without a `<`: whatever the data says, it stays data.
pub fn script_safe(data: &impl Serialize) -> String {
    let text = serde_json::to_string(data).expect("strings, numbers and lists are always representable");
    // Outside of strings JSON has no `<`, and inside this is the same character.
    text.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_comes_back_and_none_of_it_can_end_the_element(text in "(.|</script|<!--|<script){0,8}") {
            let json = script_safe(&[&text]);
            prop_assert!(!json.contains('<'));
            let back: Vec<String> = serde_json::from_str(&json).expect("it is JSON");
            prop_assert_eq!(back, [text]);
        }
    }
}
