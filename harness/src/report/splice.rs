//! Writes a report between two markers of a document, and leaves the rest alone.

/// Before the report.
pub const BEGIN: &str = "<!-- stackmark: begin -->";
/// After it.
pub const END: &str = "<!-- stackmark: end -->";

/// The document has no place for the report.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it needs the line {BEGIN:?} and after it the line {END:?}, once each")]
pub struct NoMarkers;

/// `document` with `report` between its markers.
///
/// # Errors
/// When the markers are not there, once each and in order.
pub fn splice(document: &str, report: &str) -> Result<String, NoMarkers> {
    let [before, rest] = document.split(BEGIN).collect::<Vec<_>>()[..] else {
        return Err(NoMarkers);
    };
    let [_, after] = rest.split(END).collect::<Vec<_>>()[..] else { return Err(NoMarkers) };
    if before.contains(END) {
        return Err(NoMarkers);
    }
    Ok(format!("{before}{BEGIN}\n{report}{END}{after}"))
}

/// The name of the run that `document` shows between its markers, by the link that an excerpt ends with.
#[must_use]
pub fn shown(document: &str) -> Option<&str> {
    let (_, rest) = document.split_once(BEGIN)?;
    let (report, _) = rest.split_once(END)?;
    let (_, name) = report.rsplit_once("](results/")?;
    Some(name.split_once('/')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let document = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let spliced = splice(&document, "new\n").unwrap();
        assert_eq!(spliced, format!("a\n{BEGIN}\nnew\n{END}\nb\n"));
        assert_eq!(splice(&spliced, "new\n").unwrap(), spliced);
    }

    #[test]
    fn a_document_names_the_run_that_it_shows() {
        let document = format!(
            "[x](results/other/README.md)\n{BEGIN}\n![c](results/one/c.svg)\n[results/one](results/one/README.md).\n{END}\n"
        );
        assert_eq!(shown(&document), Some("one"));
        assert_eq!(shown("no markers"), None);
    }

    #[test]
    fn a_document_without_both_markers_is_left_alone() {
        for document in ["", BEGIN, END, &format!("{END}{BEGIN}"), &format!("{BEGIN}{BEGIN}{END}")]
        {
            assert_eq!(splice(document, "x"), Err(NoMarkers));
        }
    }
}
