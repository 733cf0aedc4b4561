//! Writes text between two markers of a document, and leaves the rest alone.

/// The lines between which a text stands that is not written by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Markers {
    pub(super) begin: &'static str,
    pub(super) end: &'static str,
}

/// Around a report in a document.
pub(super) const REPORT: Markers =
    Markers { begin: "<!-- stackmark: begin -->", end: "<!-- stackmark: end -->" };

/// Around the answers of all studies in a document; not every document has a place for them.
pub(super) const ANSWERS: Markers =
    Markers { begin: "<!-- stackmark: answers begin -->", end: "<!-- stackmark: answers end -->" };

/// The document has no place for the text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it needs the line {:?} and after it the line {:?}, once each", .0.begin, .0.end)]
pub(super) struct NoMarkers(Markers);

impl Markers {
    /// Whether a document has either marker.
    pub(super) fn are_in(self, document: &str) -> bool {
        document.contains(self.begin) || document.contains(self.end)
    }

    /// `document` with `text` between the markers.
    ///
    /// # Errors
    /// When the markers are not there, once each and in order.
    pub(super) fn splice(self, document: &str, text: &str) -> Result<String, NoMarkers> {
        let Markers { begin, end } = self;
        let [before, rest] = document.split(begin).collect::<Vec<_>>()[..] else {
            return Err(NoMarkers(self));
        };
        let [_, after] = rest.split(end).collect::<Vec<_>>()[..] else {
            return Err(NoMarkers(self));
        };
        if before.contains(end) {
            return Err(NoMarkers(self));
        }
        Ok(format!("{before}{begin}\n{text}{end}{after}"))
    }
}

/// The name of the run that `document` shows between its markers, by the link that an excerpt ends with.
pub(super) fn shown(document: &str) -> Option<&str> {
    let (_, rest) = document.split_once(REPORT.begin)?;
    let (report, _) = rest.split_once(REPORT.end)?;
    let (_, name) = report.rsplit_once("](results/")?;
    Some(name.split_once('/')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = REPORT.begin;
    const END: &str = REPORT.end;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let document = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let spliced = REPORT.splice(&document, "new\n").unwrap();
        assert_eq!(spliced, format!("a\n{BEGIN}\nnew\n{END}\nb\n"));
        assert_eq!(REPORT.splice(&spliced, "new\n").unwrap(), spliced);
    }

    #[test]
    fn a_document_has_two_places() {
        let Markers { begin, end } = ANSWERS;
        let document = format!("{begin}\nold\n{end}\n{BEGIN}\nold\n{END}\n");
        assert!(ANSWERS.are_in(&document) && !ANSWERS.are_in(&format!("{BEGIN}\n{END}")));
        let spliced = ANSWERS.splice(&document, "[a](results/other/README.md)\n").unwrap();
        let spliced = REPORT.splice(&spliced, "[b](results/one/README.md)\n").unwrap();
        assert_eq!(shown(&spliced), Some("one"), "{spliced}");
        assert!(spliced.contains("results/other"), "{spliced}");
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
            assert_eq!(REPORT.splice(document, "x"), Err(NoMarkers(REPORT)));
        }
    }
}
