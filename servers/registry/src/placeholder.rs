//! `{name}` and `{layer}` in a template: the entry's own values take their places.

use crate::Axes;

/// The placeholder that is neither `{name}` nor an axis of the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown(pub(crate) String);

/// What the placeholders of one entry stand for.
pub(crate) struct Values<'a> {
    pub(crate) name: &'a str,
    pub(crate) axes: &'a Axes,
}

impl Values<'_> {
    /// `text` with every placeholder replaced. `${NAME}` is none: it is a variable, and stays.
    pub(crate) fn fill(&self, text: &str) -> Result<String, Unknown> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            rest = match after.split_once('}') {
                Some((word, tail)) if is_word(word) && !before.ends_with('$') => {
                    filled.push_str(self.value(word)?);
                    tail
                }
                _ => {
                    filled.push('{');
                    after
                }
            };
        }
        Ok(filled + rest)
    }

    /// Each of `words` with every placeholder replaced.
    pub(crate) fn fill_all(&self, words: &[String]) -> Result<Vec<String>, Unknown> {
        words.iter().map(|word| self.fill(word)).collect()
    }

    fn value(&self, word: &str) -> Result<&str, Unknown> {
        match word {
            "name" => Ok(self.name),
            axis if self.axes.has(axis) => Ok(self.axes.get(axis)),
            unknown => Err(Unknown(unknown.to_owned())),
        }
    }
}

/// Whether the text has the shape of a name: lower-case letters, digits and hyphens, a letter or digit first.
pub(crate) fn is_word(text: &str) -> bool {
    let in_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    text.chars().all(in_word) && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_and_variables_stay() {
        let axes = Axes::from([("layer", "orm")]);
        let values = Values { name: "one", axes: &axes };
        assert_eq!(values.fill("alone-{layer}").unwrap(), "alone-orm");
        assert_eq!(values.fill("${DIR:-out}/${dir}/{name}").unwrap(), "${DIR:-out}/${dir}/one");
        assert_eq!(values.fill("{ print } {").unwrap(), "{ print } {");
        assert_eq!(values.fill("{nmae}"), Err(Unknown("nmae".into())));
    }
}
