//! `GET /page`: the first rows whose name begins with a prefix.

use anyhow::{Result, ensure};
use demo_data::{ALPHABET, NAME_LEN, SEED};

use crate::{
    bench::{Bench, TRUTH},
    cases::wire::Cost,
    http::{Answer, Connection, encoded},
    packets::EXECUTION,
    request::Request,
};

/// The most rows of a page.
const ROWS: usize = 100;

fn page(prefix: &str) -> String {
    format!("/page?prefix={}", encoded(prefix))
}

/// Asks for a page and compares every value and the order with the truth. A prefix that no name can have may be refused.
async fn check_page(bench: &Bench, connection: &mut Connection, prefix: &str) -> Result<()> {
    let answer = connection.get(&page(prefix)).await?;
    if prefix.contains('\0') && answer.status == 400 {
        return answer.check_error(400);
    }
    check_rows(bench, prefix, &answer)
}

fn check_rows(bench: &Bench, prefix: &str, answer: &Answer) -> Result<()> {
    answer.check_array(&bench.in_json(|| TRUTH.rows_beginning_with(prefix, ROWS))?)
}

/// Pages hold the first hundred rows by name and then by id, or all if there are fewer.
pub(in crate::cases) async fn pages_in_order(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    // The rows of a name of one character come first, and are told apart by their ids alone.
    for &character in ALPHABET {
        check_page(bench, &mut connection, &char::from(character).to_string()).await?;
    }
    let longest = *NAME_LEN.end();
    let long = (0..TRUTH.rows()).filter(|&i| demo_data::name_len(SEED, i) == longest).take(2);
    for index in (0..40).map(|i| i * 24_989).chain(long) {
        let name = TRUTH.row(index).name;
        for length in [2, 3, 8, 9, 100, longest - 1, longest] {
            check_page(bench, &mut connection, &name[..length.min(name.len())]).await?;
        }
    }
    Ok(())
}

/// A prefix is text, whatever it means in a pattern, in SQL or in another alphabet.
pub(in crate::cases) async fn prefixes_are_literal(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for prefix in [
        "%",
        "_",
        "%%",
        "__",
        "A%",
        "A_",
        "%A",
        "\\",
        "\\%",
        "A\\",
        "*",
        "a*",
        "?",
        ".*",
        "^a",
        "$",
        "$1",
        "[a-z]",
        "{}",
        "'",
        "''",
        "\"",
        "' OR '1'='1",
        "a' -- ",
        "a'; DROP TABLE demo_data; -- ",
        "+",
        "&x",
        "#",
        "%41",
        "zz!",
        "aB",
        "Ab",
        "AB",
        "ab",
        " ",
        "a ",
        " a",
        "a\t",
        "\n",
        "~",
        "é",
        "É",
        "日本",
        "\u{1f980}",
        "a\u{301}",
        "a\u{d7ff}",
        "a\u{10ffff}",
        "\u{10ffff}",
        "\u{feff}a",
        "\0",
        "A\0",
        "\0A",
    ] {
        check_page(bench, &mut connection, prefix).await?;
    }
    Ok(())
}

/// A prefix that is missing, empty, longer than 253 characters, or given twice is 400; other parameters are ignored.
pub(in crate::cases) async fn refused_prefixes(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for target in [
        "/page".to_owned(),
        "/page?".to_owned(),
        "/page?x=1".to_owned(),
        "/page?prefix".to_owned(),
        "/page?prefix=".to_owned(),
        "/page?PREFIX=a".to_owned(),
        page(&"a".repeat(254)),
        page(&"a".repeat(4_000)),
        page(&"é".repeat(254)),
        "/page?prefix=a&prefix=b".to_owned(),
        "/page?prefix=a&x=1&prefix=a".to_owned(),
    ] {
        connection.get(&target).await?.check_error(400)?;
    }
    // Characters count, not bytes.
    check_page(bench, &mut connection, &"é".repeat(253)).await?;
    check_page(bench, &mut connection, &"a".repeat(253)).await?;
    for target in ["/page?x=1&prefix=Q&name=&y", "/page?&pre%66ix=%51&"] {
        check_rows(bench, "Q", &connection.get(target).await?)?;
    }
    for encoded in ["%FF", "A%FF", "%C3%28"] {
        let answer = connection.get(&format!("/page?prefix={encoded}")).await?;
        if answer.status == 400 {
            answer.check_error(400)?;
        } else {
            ensure!(answer.array()?.is_empty(), "prefix={encoded} finds rows");
        }
    }
    Ok(())
}

/// A page is one query.
pub(in crate::cases) async fn one_query_per_page(bench: &Bench) -> Result<()> {
    let requests = ["a", "Q%", "zz", "é"].map(|prefix| Request::get(page(prefix))).to_vec();
    let cost = Cost { what: "pages", requests, owed: &[(EXECUTION, 1)], allowed: None };
    cost.check(bench, 1, 40).await?;
    cost.check(bench, 8, 10).await
}
