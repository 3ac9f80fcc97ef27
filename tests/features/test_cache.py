import pytest

from adan.features.cache import Cache, cache_root


def test_gives_back_what_was_put(tmp_path):
    cache = Cache(tmp_path / "deep" / "er")
    assert cache.get("key") is None
    cache.put("key", b"content")
    assert cache.get("key") == b"content"


@pytest.mark.parametrize(
    "damage", [lambda entry: entry[:-1], lambda entry: entry[:-1] + b"?", lambda _: b""]
)
def test_damaged_entry_counts_as_missing(tmp_path, damage):
    cache = Cache(tmp_path)
    cache.put("key", b"content")
    (tmp_path / "key").write_bytes(damage((tmp_path / "key").read_bytes()))
    assert cache.get("key") is None


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file" / "cache")
    cache.put("key", b"content")
    assert cache.get("key") is None


def test_root(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAN_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.delenv("ADAN_CACHE")
    pytest.importorskip("platformdirs")
    assert "adan" in str(cache_root())
