"""The comment's text, in GitHub's Markdown. Nothing that comes from a stack is markup in it."""

from decimal import Decimal
from urllib.parse import quote

# By this line the comment is found again and updated.
MARKER = "<!-- clusterup: stacks of this pull request -->"
MOST_ROWS = 50
MOST_LINES = 100
MOST_IN_LINE = 500
# GitHub's own limit is 65,536 characters.
MOST_CHARACTERS = 60_000
PLAIN = " !\"#$&'()*+,-./:;=?@[]^_{}~"


def code(text):
    """Text as a span of code in a table. Characters that could end either are percent-encoded."""
    safe = "".join(
        letter if letter.isalnum() or letter in PLAIN else quote(letter, errors="surrogateescape")
        for letter in text[:MOST_IN_LINE]
    )
    return f"`{safe.strip() or '%20'}`"


def literal(lines):
    """Lines as a block of code, with a fence that is longer than any run of its character in them."""
    shown = [printable(line) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"and {len(lines) - MOST_LINES} more")
    fence = "```"
    while any(fence in line for line in shown):
        fence += "`"
    return "\n".join([f"{fence}text", *shown, fence])


def printable(line):
    kept = (letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
    return "".join(kept)[:MOST_IN_LINE]


def dollars(amount, digits=4):
    return "" if amount is None else f"${amount:.{digits}f}"


def difference(price):
    if price.before is None or price.after is None:
        return ""
    change = price.after - price.before
    if not change:
        return "none"
    sign = "+" if change > 0 else "-"
    share = f" ({change / price.before:+.0%})" if price.before else ""
    return f"{sign}${abs(change):.4f}{share}"


def row(change, price, verdict):
    """A line of the table."""
    before = "not valid" if price.before_unknown else dollars(price.before) or "new"
    after = "not valid" if price.after_unknown else dollars(price.after) or "removed"
    path = code(change.path)
    if change.old_path is not None:
        path += f" (was {code(change.old_path)})"
    cells = [path, before, after, difference(price), dollars(price.at_most, 2), verdict]
    return f"| {' | '.join(cells)} |"


def table(rows):
    heads = "| stack | before $/h | after $/h | change | at most per run | policies |"
    lines = [heads, "|---|---:|---:|---:|---:|---|", *rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        lines.append(f"| and {len(rows) - MOST_ROWS} more | | | | | |")
    return "\n".join(lines)


def total(priced):
    """The sum of both columns, if there are several rows and each price is known."""
    prices = [price for _, price in priced]
    unknown = any(price.before_unknown or price.after_unknown for price in prices)
    if len(prices) < 2 or unknown:
        return []
    before, after = (sum((it or Decimal() for it in column), Decimal()) for column in (
        [price.before for price in prices], [price.after for price in prices],
    ))
    return [f"| all | {dollars(before)} | {dollars(after)} | | | |"]


def details(priced):
    """What changes in the groups of nodes, and why a price is unknown."""
    lines = []
    for change, price in priced:
        about = [*price.groups]
        about += [f"after: {price.after_unknown}"] if price.after_unknown else []
        about += [f"before: {price.before_unknown}"] if price.before_unknown else []
        lines += [f"{change.path}: {line}" for line in about]
    return lines


def finding_lines(checked):
    for stack in checked:
        for finding in stack.get("findings") or []:
            effect = "overridden" if finding.get("overridden") else finding.get("effect")
            where = f"{stack.get('file')}: {effect}"
            yield f"{where}: {finding.get('message')} ({finding.get('place')})"
            if finding.get("pass"):
                yield f"  to pass: {finding['pass']}"


def text(priced, verdicts, checked, error):
    """The whole comment. `error`: why the policies were not checked, if they were not."""
    parts = [MARKER, "### Price and policies of the changed stacks"]
    if not priced:
        parts.append("No stack differs from the base.")
    else:
        rows = [row(*pair, verdicts[pair[0].path]) for pair in priced]
        parts.append("\n".join([table(rows), *total(priced)]))
    if error:
        parts += ["The policies were not checked:", literal(error.split("\n"))]
    findings = list(finding_lines(checked))
    if findings:
        parts += ["**What policies say**", literal(findings)]
    changes = details(priced)
    if changes:
        parts += ["**What changes**", literal(changes)]
    if priced:
        parts.append("Prices are estimates at list price; *at most* is what the guardrails allow.")
    whole = "\n\n".join(parts) + "\n"
    if len(whole) <= MOST_CHARACTERS:
        return whole
    short = "The comment is too long for GitHub; the job's log has all of it."
    return f"{parts[0]}\n\n{parts[1]}\n\n{short}\n"
