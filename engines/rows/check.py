"""Executes docs/explore-rows.md: what it shows has to come out, from the JSON Lines and from the Parquet file alike;
`--write` puts there what does. And holds the Parquet file against the JSON Lines, value by value, as pyarrow reads it.

SPLITBRAIN is a command with the feature `parquet`.
"""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import duckdb
import pyarrow.parquet

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs/explore-rows.md"
BLOCK = re.compile(r"```(sh|sql|python)\n(.*?)```\n(\n```text\n.*?```\n)?", re.DOTALL)


class Side:
    """The page's code for one of the two formats."""

    def __init__(self, other):
        self.other = other  # a name that only the code for the other format has
        self.database = duckdb.connect()
        self.names = {}

    def play(self, language, code):
        """What is printed, or nothing if the code is for the other format."""
        if self.other in code:
            return ""
        if language == "sql":
            table = self.database.sql(code)
            return "" if code.startswith("CREATE") else str(table)
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            exec(code, self.names)
        return told.getvalue()


def shown(sides, block):
    """A block of the page, with what comes out of it."""
    language, code, _ = block.groups()
    if language == "sh":
        subprocess.run(["bash", "-euc", code], check=True)
        return block[0]
    told = {side.play(language, code).strip() for side in sides} - {""}
    assert len(told) < 2, f"JSON Lines and Parquet give different figures:\n{code}\n" + "\n".join(told)
    lines = [line.rstrip() for one in told for line in one.splitlines()]
    output = "\n```text\n" + "\n".join(lines) + "\n```\n" if lines else ""
    return f"```{language}\n{code}```\n{output}"


def check_parquet():
    files = sorted(pathlib.Path("rows").glob("rows-*.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    rows = [line for line in lines if "run" in line]
    table = pyarrow.parquet.read_table("rows.parquet")
    assert table.num_rows == len(rows) > 0
    for name in rows[0]:
        assert table[name].to_pylist() == [row[name] for row in rows], name
    merged = json.loads(
        subprocess.run(["splitbrain", "merge", "rows", "--json", "-"], capture_output=True, check=True).stdout
    )
    about = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert about["splitbrain.digest"] == merged["digest"] and about["splitbrain.plan"] == merged["plan"]["hash"], about
    settings = {cell["cell"]: cell["settings"] for cell in merged["cells"]}
    for name in merged["current"]:
        assert [str(value) for value in table[name].to_pylist()] == [settings[row["cell"]][name] for row in rows], name
    return f"{len(rows)} rows of {table.num_columns} columns, digest {merged['digest']}"


def main(write):
    page = PAGE.read_text()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.mkdir("bin")
        os.symlink(os.environ["SPLITBRAIN"], "bin/splitbrain")
        os.symlink(ROOT / "scenarios", "scenarios")
        os.environ["PATH"] = f"{folder}/bin:{os.environ['PATH']}"
        sides = [Side(other="rows.parquet"), Side(other="rows-*.jsonl")]
        made = BLOCK.sub(lambda block: shown(sides, block), page)
        told = check_parquet()
        os.chdir("/")
    if write:
        PAGE.write_text(made)
    assert write or made == page, (
        "docs/explore-rows.md shows other figures: look at what `engines/rows/check.py --write` changes"
    )
    print(f"rows: {told}; the recipes give the same from both formats")


if __name__ == "__main__":
    main("--write" in sys.argv)
