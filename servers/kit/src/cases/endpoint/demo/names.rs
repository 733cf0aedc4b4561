//! The names that a server accepts, each taken literally.

use anyhow::{Context as _, Result, ensure};
use demo_data::{ALPHABET, NAME_LEN, SEED};

use crate::{
    bench::{Bench, TRUTH},
    http::{abridged, demo, raw},
};

/// Names of one character, with about 52 rows each, and of 253 characters find their rows.
pub(in crate::cases) async fn boundary_names(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for &character in ALPHABET {
        bench.check_lookup(&mut connection, &char::from(character).to_string()).await?;
    }
    let longest =
        (0..TRUTH.rows()).filter(|&i| demo_data::name_len(SEED, i) == *NAME_LEN.end()).take(3);
    for index in longest {
        let name = TRUTH.row(index).name;
        bench.check_lookup(&mut connection, &name).await?;
        // One character less is another name.
        bench.check_lookup(&mut connection, &name[1..]).await?;
    }
    bench.check_lookup(&mut connection, &"a".repeat(253)).await
}

/// A name that is empty, longer than 253 characters, or given twice is 400.
pub(in crate::cases) async fn refused_names(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    let longest = TRUTH.row(0).name;
    for target in [
        "/demo?name=".to_owned(),
        "/demo?name".to_owned(),
        "/demo?name=&x=1".to_owned(),
        demo(&"a".repeat(254)),
        demo(&"a".repeat(4_000)),
        demo(&"é".repeat(254)),
        demo(&format!("{longest}{}", " ".repeat(254))),
        "/demo?name=a&name=b".to_owned(),
        "/demo?name=a&x=1&name=a".to_owned(),
        "/demo?name=&name=a".to_owned(),
    ] {
        connection.get(&target).await?.check_error(400)?;
    }
    // Characters count, not bytes.
    bench.check_lookup(&mut connection, &"é".repeat(253)).await
}

/// Names find their rows with each of the 76 characters in them.
pub(in crate::cases) async fn all_characters(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for &character in ALPHABET {
        let character = char::from(character);
        let name = (0..TRUTH.rows())
            .map(|index| TRUTH.row(index).name)
            .find(|name| (10..40).contains(&name.len()) && name[1..].contains(character))
            .with_context(|| format!("no name in the table holds {character:?}"))?;
        bench.check_lookup(&mut connection, &name).await?;
    }
    Ok(())
}

/// Every way to write the same form-encoded name finds the same rows.
pub(in crate::cases) async fn percent_encoded_names(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    let name = (0..TRUTH.rows())
        .map(|index| TRUTH.row(index).name)
        .find(|name| {
            name.len() < 40 && name.contains('+') && name.contains('%') && name.contains('=')
        })
        .context("no name in the table holds +, % and =")?;
    let upper: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let lower: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
    // A character that a form need not encode may also stand for itself.
    let plain: String = name
        .bytes()
        .map(|byte| match byte {
            b'%' | b'+' | b'&' | b'#' | b'^' => format!("%{byte:02X}"),
            _ => char::from(byte).to_string(),
        })
        .collect();
    for target in [
        format!("/demo?name={upper}"),
        format!("/demo?name={lower}"),
        format!("/demo?name={plain}"),
        format!("/demo?n%61me={upper}"),
        format!("/demo?x=1&name={upper}&y"),
        format!("/demo?&name={upper}&"),
    ] {
        let answer = connection.get(&target).await?;
        bench.check_rows(&name, &answer).with_context(|| target)?;
    }
    // A name is decoded once only.
    bench.check_lookup(&mut connection, "%41").await
}

/// Any character may be asked for. A name with characters outside the alphabet finds nothing, even if it looks like a row's.
pub(in crate::cases) async fn utf8_names(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for name in [
        "é",
        "ß",
        "ſ",
        "Å",
        "日本語",
        "\u{1f980}",
        "Ａ",
        "a\u{301}",
        "\u{200b}a",
        "A\u{0}",
        "\u{0}",
        "\n",
        "Ω≈ç√∫",
        "\u{10ffff}",
        "\u{feff}A",
    ] {
        bench.check_lookup(&mut connection, name).await?;
    }
    Ok(())
}

/// Bytes that are no UTF-8 are refused, or find nothing.
pub(in crate::cases) async fn bytes_that_are_not_utf8(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for encoded in ["%FF", "A%FF", "%C3%28", "%ED%A0%80", "%F4%90%80%80", "%00%FF", "%E9"] {
        let answer = connection.get(&format!("/demo?name={encoded}")).await?;
        if answer.status == 400 {
            answer.check_error(400)?;
        } else {
            ensure!(answer.rows()?.is_empty(), "name={encoded} finds rows");
        }
    }
    // A percent sign that begins nothing is refused or taken for itself.
    for encoded in ["%", "%4", "%zz", "A%"] {
        let answer = connection.get(&format!("/demo?name={encoded}")).await?;
        if answer.status == 400 {
            answer.check_error(400)?;
        } else {
            bench.check_rows(encoded, &answer)?;
        }
    }
    Ok(())
}

/// Upper and lower case are different: 'a' is not 'A'.
pub(in crate::cases) async fn case_matters(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    let short = (0..TRUTH.rows()).map(|index| TRUTH.row(index).name).filter(|name| name.len() < 6);
    for name in short.take(20) {
        for variant in [name.to_lowercase(), name.to_uppercase(), name] {
            bench.check_lookup(&mut connection, &variant).await?;
        }
    }
    Ok(())
}

/// Spaces are neither added, ignored nor cut off: 'a' is not 'a '.
pub(in crate::cases) async fn spaces_matter(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for name in ["A ", " A", "A\t", "A  ", " ", "  ", "A\u{a0}", "A\r\n"] {
        bench.check_lookup(&mut connection, name).await?;
    }
    // In a form a plus sign is a space, and only %2B is a plus.
    for (encoded, name) in [("A%20", "A "), ("A+", "A "), ("+", " "), ("%2B", "+")] {
        let answer = connection.get(&format!("/demo?name={encoded}")).await?;
        bench.check_rows(name, &answer).with_context(|| format!("name={encoded}"))?;
    }
    Ok(())
}

/// Text that is SQL, a pattern or an escape elsewhere is a name like any other.
pub(in crate::cases) async fn injection_shaped_names(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for name in [
        "' OR '1'='1",
        "' OR 1=1 -- ",
        "\" OR \"\"=\"",
        "'; DROP TABLE demo_data; -- ",
        "\\' OR 1=1 -- ",
        "\\",
        "'",
        "''",
        "A' -- ",
        "A'#",
        "A\\",
        "%",
        "_",
        "A%",
        "?",
        ":name",
        "$1",
        "{}",
        "' UNION SELECT 1,user(),now(),now() -- ",
        "A\u{0}' OR 1=1 -- ",
        "¿' OR 1=1 -- ",
    ] {
        bench.check_lookup(&mut connection, name).await?;
    }
    Ok(())
}

/// A name of 8 KiB and more is refused, and does the server no harm.
pub(in crate::cases) async fn long_names(bench: &Bench) -> Result<()> {
    let running = bench.shared()?;
    for size in [8 * 1024, 32 * 1024, 64 * 1024, 1024 * 1024] {
        let request = format!(
            "GET /demo?name={} HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n\r\n",
            "a".repeat(size)
        );
        let answer = raw(running.address(), request.as_bytes(), false).await?;
        let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let status = line.split(' ').nth(1).unwrap_or_default();
        // A server that closes while the client still writes may lose its answer: above 64 KiB silence will do.
        ensure!(
            matches!(status, "400" | "414" | "431") || (answer.is_empty() && size > 64 * 1024),
            "a name of {size} bytes is answered {:?} instead of 400, 414 or 431",
            abridged(&line)
        );
        let mut connection = running.connect().await?;
        bench.check_lookup(&mut connection, &TRUTH.row(7).name).await?;
    }
    Ok(())
}

/// Unknown parameters are ignored.
pub(in crate::cases) async fn other_parameters(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for target in [
        "/demo?x=1",
        "/demo?NAME=",
        "/demo?names=&x",
        "/demo?",
        "/demo?&",
        "/demo?=",
        "/demo?x=1&x=2",
    ] {
        connection.get(target).await?.rows()?;
    }
    let name = TRUTH.row(3).name;
    let answer = connection.get(&format!("{}&x=1&NAME=&x=2", demo(&name))).await?;
    bench.check_rows(&name, &answer)
}
