"""`python -m tools.docs_site`: writes build/docs/, and fails where a link of it leads nowhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tools.docs_site.links import findings
from tools.docs_site.pages import write_pages
from tools.docs_site.reference import reference_pages

ROOT = Path(__file__).parents[2]


def build(root: Path, folder: Path) -> Path:
    """Builds the site.

    Args:
        root: The repository.
        folder: Where sources and site are written.

    Returns:
        The folder of the site.
    """
    sources, site = folder / "docs-src", folder / "docs"
    for old in (sources, site):
        shutil.rmtree(old, ignore_errors=True)
    write_pages(root, sources)
    for place, text in reference_pages().items():
        (sources / place).parent.mkdir(parents=True, exist_ok=True)
        (sources / place).write_text(text, "utf-8")
    config = shutil.copy(root / "tools" / "docs_site" / "zensical.toml", folder)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "-f", str(config)]
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603
    return site


def main() -> None:
    """Builds the site and looks at each of its links."""
    site = build(ROOT, ROOT / "build")
    wrong = findings(site)
    sys.exit("\n".join([*wrong, f"{len(wrong)} links lead nowhere, or to another host"]) if wrong else 0)


if __name__ == "__main__":
    main()
