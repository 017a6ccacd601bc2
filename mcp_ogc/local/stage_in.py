"""Stage-in, as ZOO-Project-DRU does it: what a File or Directory input refers to, brought into the job's folder.

A File is downloaded, with the files that belong beside it. A Directory given as a STAC item or collection becomes a
folder with `catalog.json`, its items and local copies of their assets. Runs in the driver, where blocking is fine.

cwltool reads whatever a File or Directory names, in a value of any type: so each of them is made anew here, of what was
brought, and none is passed on as it was given.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from mcp_ogc.errors import Unreachable
from mcp_ogc.local.folder import safe_name
from mcp_ogc.local.reader import FileMissing, Reader
from mcp_ogc.local.staged_items import StageInError, bring_items, name_of

logger = logging.getLogger(__name__)

QUALIFIED = {"value", "mediaType", "encoding", "schema", "format"}
FILES = ("File", "Directory")
TAKEN = re.compile(r"(?!\.\.?$)[\w.+,:@^-]{1,200}")
"""Names of files that cwltool takes; others, blanks in them, it refuses."""
LITERAL_BYTES = 64 << 10
REFERENCE = ("href", "location", "path")
SCALARS: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    **dict.fromkeys(("float", "double"), (int, float)),
    "string": (str,),
}
BITS = {"int": 32, "long": 64}


class StageIn:
    """Brings the inputs of a job.

    Args:
        reader: Reads what they refer to.
        types: Those that the package defines, by name (CWL's SchemaDefRequirement).
    """

    def __init__(self, reader: Reader, types: Mapping[str, Any] | None = None) -> None:
        self._reader = reader
        self._types = types or {}

    def bring(self, value: Any, declared: Mapping[str, Any], folder: Path) -> Any:
        """A value as CWL wants it: files and directories brought, everything else as it is.

        Args:
            value: As executed, or a CWL default.
            declared: The input, or a field of a record: its `type`, as cwltool resolved it.
            folder: For what is brought, its own.

        Raises:
            StageInError: It is not what the type says.
            OgcError: It can't be read.
        """
        kind = self._kind(declared["type"], value)
        if isinstance(value, dict) and "value" in value and set(value) <= QUALIFIED and not _has_value(kind):
            value = value["value"]
            kind = self._kind(declared["type"], value)
        if value is None:
            return None
        match kind:
            case {"type": "array", "items": items}:
                values = value if isinstance(value, list) else [value]
                one = {**declared, "type": items}
                return [self.bring(each, one, folder / str(number)) for number, each in enumerate(values)]
            case {"type": "record", "fields": fields} if isinstance(value, dict) and value.get("class") not in FILES:
                return self._record(value, {_short(field["name"]): field for field in fields}, folder)
            case "File" | "Directory":
                return self._object(value, declared, kind, folder)
            case "int" | "long" if isinstance(value, float) and value.is_integer():
                return int(value)  # JSON has one kind of number, and cwltool takes 3.0 for no int
        return self._anything(value, folder)

    def _record(self, value: Mapping[str, Any], fields: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """A record; members that its type does not have are no less what cwltool reads."""
        brought = {
            name: self.bring(one, fields.get(name, {"type": "Any"}), folder / str(number))
            for number, (name, one) in enumerate(value.items())
        }
        if brought.get("class") in FILES:  # it was wrapped: {"class": {"value": "File"}}
            raise StageInError(f"{str(value)[:100]!r} is no record")
        return brought

    def _anything(self, value: Any, folder: Path) -> Any:
        """A value of which no type tells where its files are."""
        if isinstance(value, list):
            return [self._anything(one, folder / str(number)) for number, one in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if value.get("class") in FILES:
            return self._object(value, {}, value["class"], folder)
        return {name: self._anything(one, folder / str(number)) for number, (name, one) in enumerate(value.items())}

    # --- which type of a union

    def _kind(self, told: Any, value: Any) -> Any:
        """The type a value is brought as: the definition of one that is named, the one of a union that it fits."""
        if isinstance(told, str):
            return self._types.get(told) or _short(told)
        if isinstance(told, Mapping):
            return told if told["type"] in ("array", "record", "enum") else self._kind(told["type"], value)
        kinds = [self._kind(one, value) for one in told]
        kinds = [kind for kind in kinds if kind != "null"]
        if len(kinds) == 1:
            return kinds[0]
        fitting = [kind for kind in kinds if self._fits(value, kind)]
        alone = [kind for kind in kinds if _is(kind, "array") and self._fits([value], kind)]
        return self._nearest(value, fitting or alone)

    def _nearest(self, value: Any, kinds: Sequence[Any]) -> Any:
        """A text is a text before it is a URL, and a URL of a folder is no file."""
        first = [kind for kind in kinds if kind not in (*FILES, "Any")] if isinstance(value, str) else []
        if not first and "File" in kinds and "Directory" in kinds:
            local = self._reader.path(_href(value))
            if local is not None:
                return "Directory" if local.is_dir() else "File"
        return next(iter((*first, *kinds)), "Any")

    def _fits(self, value: Any, kind: Any) -> bool:
        if kind in FILES:
            is_literal = isinstance(value, dict) and value.get("class") == kind
            return isinstance(value, str) or is_literal or ("class" not in value if _refers(value) else False)
        if kind == "Any":
            return True
        if isinstance(kind, str) and kind in BITS:
            is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
            return is_whole and -(2 ** (BITS[kind] - 1)) <= value < 2 ** (BITS[kind] - 1)
        if isinstance(kind, str) and kind in SCALARS:
            return isinstance(value, SCALARS[kind]) and (kind == "boolean") == isinstance(value, bool)
        if _is(kind, "array"):
            items = kind["items"]
            return isinstance(value, list) and all(self._fits(one, self._kind(items, one)) for one in value)
        if _is(kind, "enum"):
            return value in [_short(symbol) for symbol in kind["symbols"]]
        if _is(kind, "record"):
            names = {_short(field["name"]) for field in kind["fields"]}
            return isinstance(value, dict) and set(value) <= names
        return False

    # --- files

    def _object(self, value: Any, declared: Mapping[str, Any], kind: str, folder: Path) -> dict[str, Any]:
        """A CWL File or Directory of what was brought: of one that was given, the members that hold no path."""
        given = value if isinstance(value, dict) and value.get("class") == kind else {}
        if kind == "Directory" and "listing" in given and not _refers(given):
            listing = self._several(given["listing"], folder)
            return {"class": kind, "basename": _basename(given, "folder"), "listing": listing}
        if kind == "File" and "contents" in given and not _refers(given):
            return _made(given, kind, _literal(given, folder), "", declared)
        href = _href(value)
        path = (self._file if kind == "File" else self._directory)(href, folder)
        made = _made(given or _as_linked(value, declared), kind, path, _last_segment(href), declared)
        if kind == "File":
            beside = self._several(given.get("secondaryFiles", []), folder / "beside")
            beside += self._beside(href, _name(made), {_name(made), *map(_name, beside)}, declared, folder)
            if beside:
                made["secondaryFiles"] = [{**one, "basename": _name(one)} for one in beside]
        return made

    def _beside(self, href: str, name: str, there: set[str], declared: Mapping[str, Any], folder: Path) -> list[Any]:
        """The files that belong beside one (CWL's secondaryFiles), as far as they are not there yet."""
        brought = []
        told = declared.get("secondaryFiles") or ()
        for one in [told] if isinstance(told, Mapping) else told:
            # One that an expression decides about is brought where it is there, and cwltool says whether it had to be.
            pattern, is_required = one["pattern"], one.get("required") in (None, True)
            if _is_expression(pattern):  # it may name nothing, or what is there: cwltool says what is missing
                continue
            basename = _replaced(name, pattern)
            if basename in there:
                continue
            if not TAKEN.fullmatch(basename):
                raise StageInError(f"secondaryFiles {pattern!r} gives {basename!r}, which is no name of a file")
            sibling = _sibling(href, pattern)
            try:
                path = self._fetched(sibling, folder / basename)
            except (FileMissing, Unreachable) as error:
                if is_required:
                    raise StageInError(f"{sibling}, which belongs beside {href}, is not there: {error}") from error
                logger.info("%s is not brought: %s", sibling, error)
                continue
            kind = "Directory" if path.is_dir() else "File"
            brought.append({"class": kind, "location": path.as_uri(), "basename": basename})
        return brought

    def _several(self, given: Any, folder: Path) -> list[Any]:
        """What a folder lists, or what belongs beside a file."""
        if not isinstance(given, list) or not all(isinstance(one, dict) and one.get("class") in FILES for one in given):
            raise StageInError(f"{str(given)[:100]!r} is no list of Files and Directories")
        return [self._anything(one, folder / str(number)) for number, one in enumerate(given)]

    def _file(self, href: str, folder: Path) -> Path:
        path = self._fetched(href, folder / name_of(href))
        if not path.is_file():
            raise StageInError(f"{path} is not a file")
        return path

    def _fetched(self, href: str, target: Path) -> Path:
        """Where it is, if that is on this machine, else where it was saved."""
        local = self._reader.path(href)
        if local is None:
            self._reader.save(href, target)
        return local or target

    def _directory(self, href: str, folder: Path) -> Path:
        local = self._reader.path(href)
        if local is not None and local.is_dir():
            return local
        bring_items(href, folder, self._reader)
        return folder


def _made(given: Mapping[str, Any], kind: str, path: Path, name: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    """A CWL object of what is at a path: under the name that was given, or that its address has."""
    made: dict[str, Any] = {"class": kind, "location": path.as_uri()}
    basename = _basename(given, name or path.name)
    if basename != path.name:
        made["basename"] = basename
    if kind == "File" and (file_format := _format(given, declared)):
        made["format"] = file_format
    return made


def _basename(given: Mapping[str, Any], name: str) -> str:
    """A name as cwltool takes it; it is one, and no way to elsewhere."""
    told = given.get("basename")
    name = told if isinstance(told, str) and told else name
    return name if TAKEN.fullmatch(name) else safe_name(name)


def _format(given: Mapping[str, Any], declared: Mapping[str, Any]) -> str | None:
    """Of a file that tells none, that of the input, the first of several: cwltool takes no file without."""
    told = given.get("format", declared.get("format"))
    first = next(iter(told), None) if isinstance(told, list) else told
    return first if isinstance(first, str) and not _is_expression(first) else None


def _as_linked(value: Any, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Of several formats the one whose media type a link has."""
    media_type, told = value.get("type") if isinstance(value, dict) else None, declared.get("format")
    formats = [one for one in (told if isinstance(told, list) else ()) if str(one).endswith(f"/{media_type}")]
    return {"format": formats[0]} if formats else {}


def _is_expression(text: str) -> bool:
    return "$(" in text or "${" in text


def _literal(given: Mapping[str, Any], folder: Path) -> Path:
    """A file that comes as its text (CWL v1.2, File: `contents`)."""
    contents = given["contents"]
    data = contents.encode(errors="surrogatepass") if isinstance(contents, str) else None
    if data is None or len(data) > LITERAL_BYTES:
        raise StageInError(f"contents is no text of at most {LITERAL_BYTES:,} bytes", remedy="Give the file's URL")
    path = folder / _basename(given, "file")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _name(made: Mapping[str, Any]) -> str:
    """The name cwltool knows a file by that was brought."""
    return str(made.get("basename") or _last_segment(made["location"]))


def _replaced(name: str, pattern: str) -> str:
    """The name of a file beside another: each ^ takes one extension away, the rest is put behind (CWL v1.2)."""
    while pattern.startswith("^"):
        name, pattern = name.rpartition(".")[0] or name, pattern[1:]
    return name + pattern


def _sibling(href: str, pattern: str) -> str:
    """The URL or path of a file beside another; a query, in which storages have a signature, stays."""
    parts = urlsplit(href)
    if not parts.scheme:
        return str(Path(href).with_name(_replaced(Path(href).name, pattern)))
    head, slash, last = parts.path.rpartition("/")
    name = quote(_replaced(unquote(last), pattern))
    return urlunsplit(parts._replace(path=f"{head}{slash}{name}", fragment=""))


def _last_segment(href: str) -> str:
    """The name at the end of a URL, or of a path, in which nothing is escaped."""
    parts = urlsplit(href)
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) if parts.scheme else Path(href).name


def _is(kind: Any, name: str) -> bool:
    return isinstance(kind, Mapping) and kind.get("type") == name


def _has_value(kind: Any) -> bool:
    """Whether `value` is a field of a record's own."""
    return _is(kind, "record") and any(_short(field["name"]) == "value" for field in kind["fields"])


def _refers(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(value.get(name), str) for name in REFERENCE)


def _href(value: Any) -> str:
    """Of a link, of a URL, or of a CWL File or Directory."""
    hrefs = [value.get(name) for name in REFERENCE] if isinstance(value, dict) else [value]
    href = next((one for one in hrefs if isinstance(one, str) and one), None)
    if href is None:
        raise StageInError(f"{str(value)[:100]!r} is not a URL", remedy="A File or Directory input is given by its URL")
    return href


def _short(name: str) -> str:
    """The last part of a name: of `org.w3id.cwl.cwl.File`, as cwltool calls it, or of an IRI."""
    return (
        name.rsplit("#", 1)[-1].rsplit("/", 1)[-1].removeprefix("org.w3id.cwl.cwl.").removeprefix("org.w3id.cwl.salad.")
    )
