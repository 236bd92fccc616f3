"""Downloading a model from the Hugging Face Hub: settings, tokenizer and weights as safetensors, never code."""

from __future__ import annotations

from pathlib import Path

from kb.errors import EncoderError, one_line

FILES = ["*.json", "*.txt", "*.safetensors", "*.model"]
OTHER_FORMATS = ["onnx/*", "openvino/*"]


def download(name: str) -> Path:
    """The folder of a model, downloaded unless it is in the cache of the Hub. Raises `EncoderError`."""
    from huggingface_hub import errors, snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=FILES, ignore_patterns=OTHER_FORMATS))
    except errors.GatedRepoError as error:
        page = f"https://huggingface.co/{name}"
        raise EncoderError(
            f"the model {name!r} needs its licence accepted; do so at {page}, `hf auth login`"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise EncoderError(f"the Hub has no model {name!r}; `kb model list` names some") from error
    except errors.LocalEntryNotFoundError as error:
        raise EncoderError(f"{name!r} is not a folder, and the Hub cannot be reached; check your network") from error
    except (OSError, ValueError) as error:
        raise EncoderError(f"{name!r} is not a folder and cannot be downloaded: {one_line(error)}") from error


def is_downloaded(name: str) -> bool:
    """Whether the weights of a model are in the cache of the Hub."""
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "model.safetensors"), str)
