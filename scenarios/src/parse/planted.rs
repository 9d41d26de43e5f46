//! `planted`: a bug that the model is given on purpose, to see whether the checkers notice.

use crate::nearest::nearest;
use crate::reader::{Field, Read};
use splitbrain_model::planted::Planted;

/// Reads the name of a bug. A build without the bugs refuses it: its verdict would mean nothing.
pub fn read(field: Option<&Field<'_>>) -> Read<Option<Planted>> {
    let Some(field) = field else { return Ok(None) };
    let name = field.as_text().ok_or_else(|| field.wrong("the name of a planted bug, like \"double-vote\""))?;
    let Some(planted) = Planted::from_name(name) else {
        let error = field.error(format!("there is no planted bug `{name}`"));
        return Err(match nearest(name, Planted::bugs().map(Planted::name)) {
            Some(word) => error.did_you_mean(Some(word)),
            None => error.expected("a name in docs/detection.md"),
        });
    };
    if !Planted::available() {
        let error = field.error(format!("the bug `{name}` is not in this build"));
        return Err(error.help(format!("this one has it: `{}`", Planted::COMMAND)));
    }
    Ok(Some(planted))
}
