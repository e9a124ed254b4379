"""A declared table as a file, so that a schema can be tried before the platform runs on it.

What does not belong here: how the rows are made (items.py) and how they are written (exports/write.py).
"""

import logging
import time
from pathlib import Path

from upath import UPath

from tv5_assets.declaration.read import read_declaration
from tv5_assets.errors import InputError
from tv5_assets.exports.write import FORMATS, Exported, write
from tv5_assets.files import replacing
from tv5_assets.progress import progress
from tv5_assets.synthetic.catalog.items import items

logger = logging.getLogger(__name__)


def generate(schema: Path, rows: int, out: Path, seed: int, *, force: bool = False) -> Exported:
    """Write the rows of a declared table to a file, which is there whole or not at all; the log tells the progress.

    Args:
        schema: the schema file.
        rows: how many rows.
        out: the file; its ending says in which of exports.write.FORMATS.
        seed: the seed of everything random.
        force: replace a file that is there.

    Raises:
        InputError: the schema is wrong, the file is there already or cannot be written, or its ending is no format. The
            message says what to do.
    """
    declaration = read_declaration(schema)
    file_format = out.suffix.lower().removeprefix(".")
    if file_format not in FORMATS:
        raise InputError(f"--out {out}: let the name end in one of .{', .'.join(FORMATS)}")
    if out.exists() and not force:
        raise InputError(f"{out} is there already; choose another file, or replace it with --force")
    started = time.perf_counter()
    with replacing(out) as part, progress(logger, f"Generating {out.name}", rows, "row") as counter:
        write(items(declaration, rows, seed, on_chunk=counter.update), file_format, part)
        size = part.stat().st_size
    return Exported(UPath(out), rows, size, time.perf_counter() - started)
