"""Downloading an archive over HTTP: resumed where it was cut, retried while that may help, verified where it can be.

What does not belong here: what the archive holds, and where else it could be found (archive.py).
"""

import errno
import hashlib
import logging
import re
from pathlib import Path

import httpx
import tenacity

from tv5_assets.errors import InputError
from tv5_assets.progress import progress

logger = logging.getLogger(__name__)

ATTEMPTS = 4
WAIT = tenacity.wait_exponential_jitter(multiplier=0.5, max=30, jitter=0.5)
_TIMEOUT = httpx.Timeout(30, connect=5)
_CHUNK = 1 << 18
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class ArchiveUnavailableError(InputError):
    """The set cannot be had: it is in no folder that was searched, and no server gives it."""


class _TryAgainError(Exception):
    """The server's answer may be another one soon."""


def download(url: str, path: Path) -> None:
    """Download a URL to a path, unless it is there already.

    What has arrived lies beside it with the suffix ``.part`` and is continued by the next attempt or run, if the server
    still has the same file. Where the server has ``<url>.md5``, the bytes must match it.

    Raises:
        ArchiveUnavailableError: the server cannot be reached, does not have the file, or keeps failing.
        InputError: the file's checksum is not the published one; what was downloaded is removed.
    """
    if path.is_file():  # it is named so only once it is whole and verified
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    attempts = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=WAIT,
        retry=tenacity.retry_if_exception_type((httpx.TransportError, _TryAgainError)),
        before_sleep=tenacity.before_sleep_log(logger, logging.WARNING),
        reraise=True,
    )
    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
            attempts(_fetch, client, url, part)
            published = attempts(_published_md5, client, url + ".md5")
    except (httpx.TransportError, _TryAgainError) as error:
        raise ArchiveUnavailableError(
            f"{url} cannot be downloaded ({error or type(error).__name__}); check the network, or put the archive into "
            "the folder that TV5_ARCHIVE_DIR names"
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:  # what has arrived would keep the disk full
            _discard(part)
        raise
    if published is not None:
        try:
            verify_md5(part, published)
        except InputError:
            _discard(part)
            raise
    _validator(part).unlink(missing_ok=True)
    part.replace(path)


def verify_md5(path: Path, published: str) -> None:
    """Check a file against its published MD5.

    Raises:
        InputError: they differ.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != published:
        raise InputError(f"{path} has the MD5 {found}, published is {published}: it is damaged, obtain it again")


def md5_in(text: str) -> str | None:
    """Return the MD5 in a checksum file, as md5sum or BSD's md5 write it; None where there is none."""
    found = re.search(r"\b[0-9a-fA-F]{32}\b", text)
    return found.group().lower() if found else None


def _fetch(client: httpx.Client, url: str, part: Path) -> None:
    """Bring ``part`` to the whole file, starting from what is there if the server still has the same file."""
    headers = {"Accept-Encoding": "identity"}
    have = part.stat().st_size if part.is_file() else 0
    validator = _validator(part)
    if have and validator.is_file():
        headers |= {"Range": f"bytes={have}-", "If-Range": validator.read_text()}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if answer.headers.get("Content-Range") == f"bytes */{have}":
                return  # all of it had arrived
            part.unlink()
            raise _TryAgainError("the part that was downloaded does not fit the file any more")
        _check_status(answer)
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        if not resumed:
            have = 0
            _remember_validator(answer, validator)
        total = have + int(answer.headers.get("Content-Length", 0))
        with part.open("ab" if resumed else "wb") as file, progress(logger, f"downloading {url}", total, "B") as bar:
            bar.update(have)
            for chunk in answer.iter_bytes(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))


def _published_md5(client: httpx.Client, url: str) -> str | None:
    answer = client.get(url)
    if answer.status_code == httpx.codes.NOT_FOUND:
        logger.info("%s is not there: the download is not verified against a checksum", url)
        return None
    _check_status(answer)
    return md5_in(answer.text)


def _check_status(answer: httpx.Response) -> None:
    if answer.status_code in _TRANSIENT:
        raise _TryAgainError(f"the server answers {answer.status_code} {answer.reason_phrase}")
    if not answer.is_success:
        raise ArchiveUnavailableError(
            f"{answer.url} cannot be downloaded: the server answers {answer.status_code} {answer.reason_phrase}; check "
            "TV5_DOWNLOAD_URL, or put the archive into the folder that TV5_ARCHIVE_DIR names"
        )


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _validator(part).unlink(missing_ok=True)


def _validator(part: Path) -> Path:
    """Return where it is noted by what a server recognises the file that ``part`` began with."""
    return part.with_name(part.name + ".validator")


def _remember_validator(answer: httpx.Response, validator: Path) -> None:
    etag = answer.headers.get("ETag", "")
    mark = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified", "")
    if mark:
        validator.write_text(mark)
    else:
        validator.unlink(missing_ok=True)
