//! The options by which two commits are compared, and what makes a comparison fail.

use std::str::FromStr;

use clap::ValueEnum;

/// Two commits that are compared, in `stackmark run` and `stackmark count`.
#[derive(Debug, Default, clap::Args)]
pub struct Commits {
    /// Compare two commits, each built in a worktree of its own: the one that ratios are to, by whatever git understands
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// The commit that is compared with it (default: HEAD, where nothing is left to commit)
    #[arg(long, value_name = "REV", requires = "base")]
    pub head: Option<String>,
    /// Exit with status 1 where the comparison of two commits shows it
    #[arg(long, value_enum)]
    pub fail_on: Option<FailOn>,
    /// Fail only where all of a ratio's 95% interval is farther from 1 than this, e.g. `1%`
    #[arg(long, value_name = "PERCENT", requires = "fail_on", default_value = "0%")]
    pub tolerance: Tolerance,
}

/// The result for which `--fail-on` exits with status 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Less goodput, more CPU time or instructions, longer response times, or a missing figure
    Regression,
    /// Any difference
    Difference,
}

impl FailOn {
    /// The word on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FailOn::Regression => "regression",
            FailOn::Difference => "difference",
        }
    }
}

/// A difference that is put up with: a share of the figure, such as 0.01 for `1%`.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Tolerance(pub f64);

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Tolerance, String> {
        let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        match percent {
            Some(percent) if (0.0..100.0).contains(&percent) => Ok(Tolerance(percent / 100.0)),
            _ => Err("write a share of less than 100%, such as 1% or 0.5%".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tolerance_has_its_sign_of_percent() {
        assert_eq!("1%".parse(), Ok(Tolerance(0.01)));
        assert_eq!("0.5 %".parse(), Ok(Tolerance(0.005)));
        for text in ["1", "0.01", "-1%", "100%", "%", "NaN%", "inf%"] {
            assert!(text.parse::<Tolerance>().is_err(), "{text}");
        }
    }
}
