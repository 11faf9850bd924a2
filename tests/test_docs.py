"""Every Python listing of the README and the guide runs as written, in the order of its page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *(ROOT / "docs" / name for name in ("index.md", "start.md"))]
PAGES += sorted((ROOT / "docs" / "guide").glob("*.md"))
LISTING = re.compile(r"^```python\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_listings_run_as_written(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    names = {"__name__": page.stem}
    for found in LISTING.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        code = compile("\n" * line + found[1], str(page), "exec")  # a traceback then names the page's own line
        exec(code, names)
    for name in [name for name in names if name.startswith("test_")]:
        names[name]()
